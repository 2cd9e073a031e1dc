// SPDX-License-Identifier: ISC
// What the signer says of itself on its control socket.
#include "signer/status.h"

#include "signer/life.h"
#include "tests/unit/signer/box.h"

static json_t *ask(const struct publisher *publisher, int64_t now, const char *zones)
{
    json_t *request = json_object(), *reply = json_object();
    struct error err = {0};
    if (zones != NULL)
        json_object_set_new(request, "zones", json_string(zones));
    if (status_answer(publisher, now, request, reply, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    json_decref(request);
    return reply;
}

static const json_t *zone_in(const json_t *reply, const char *name)
{
    size_t i;
    json_t *zone;
    json_array_foreach(json_object_get(reply, "zones"), i,
                       zone) if (strcmp(json_string_value(json_object_get(zone, "name")), name) ==
                                 0) return zone;
    return NULL;
}

static json_int_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value))
        fail_msg("%s is no number", key);
    return json_integer_value(value);
}

// Nothing goes by time alone then.
static struct publisher *begin_with_channel(void)
{
    struct publisher *publisher = start(NOW);
    publisher_has_channel(publisher);
    work(publisher, NOW);
    return publisher;
}

static void each_zone_tells_serial_times_and_keys(void **state)
{
    (void)state;
    write_text("plain.zone", "@ 300 SOA ns1 a 7 2 3 4 5\n@ 300 NS ns1\nns1 300 A 192.0.2.1\n");
    write_config("  - example.com\n  - {name: example.org, zone-file: plain.zone, dnssec: off}\n");
    struct publisher *publisher = begin_with_channel();
    json_t *reply = ask(publisher, NOW, NULL);
    assert_int_equal(number(reply, "zone-count"), 2);
    assert_int_equal(number(reply, "signed"), 1);
    assert_int_equal(number(reply, "unsigned"), 1);
    assert_int_equal(number(reply, "presigned"), 0);
    assert_int_equal(number(reply, "wrong"), 0);
    assert_int_equal(number(reply, "waiting"), 0);
    const json_t *zone = zone_in(reply, "example.com");
    assert_int_equal(number(zone, "serial"), serial_of(publisher, "example.com"));
    assert_string_equal(json_string_value(json_object_get(zone, "dnssec")), "signed");
    assert_in_range(number(zone, "signatures-expire"), NOW + 13 * DAY, NOW + 14 * DAY);
    assert_int_equal(number(zone, "sign-next"), publisher_next(publisher, NOW));
    assert_int_equal(number(reply, "sign-next"), publisher_next(publisher, NOW));
    const json_t *key = json_array_get(json_object_get(zone, "keys"), 0);
    char *file = xasprintf("%s/state/keys/Kexample.com.+%03d+%05d.private", directory,
                           (int)number(key, "algorithm"), (int)number(key, "tag"));
    assert_int_equal(access(file, F_OK), 0);
    assert_int_equal(number(key, "flags"), 257);
    assert_true(json_is_null(json_object_get(zone, "error")));
    zone = zone_in(reply, "example.org");
    assert_int_equal(number(zone, "serial"), 7);
    assert_string_equal(json_string_value(json_object_get(zone, "dnssec")), "unsigned");
    assert_true(json_is_null(json_object_get(zone, "signatures-expire")));
    assert_true(json_is_null(json_object_get(zone, "sign-next")));
    assert_int_equal(json_array_size(json_object_get(zone, "keys")), 0);
    json_decref(reply);
    free(file);
    publisher_close(publisher);
}

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value != NULL ? value : "";
}

static void a_key_tells_its_state_and_what_it_waits_for(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin_with_channel();
    json_t *reply = ask(publisher, NOW, NULL);
    const json_t *zone = zone_in(reply, "example.com");
    const json_t *key = json_array_get(json_object_get(zone, "keys"), 0);
    assert_string_equal(text(key, "role"), "csk");
    assert_string_equal(text(key, "state"), "published");
    assert_int_equal(number(key, "since"), NOW);
    assert_string_equal(text(key, "ds"), "none");
    assert_string_equal(text(key, "wait"), "servers");
    assert_true(json_is_true(json_object_get(key, "signs-zone")));
    assert_true(json_is_null(json_object_get(key, "until")));
    const json_t *life = json_object_get(zone, "life");
    assert_string_equal(text(life, "wait"), "servers");
    assert_true(json_is_null(json_object_get(life, "order")));
    assert_true(json_is_false(json_object_get(life, "secure")));
    assert_true(json_is_true(json_object_get(life, "holds")));
    assert_true(json_is_null(json_object_get(zone, "served")));
    assert_true(json_is_null(json_object_get(zone, "parent")));
    json_decref(reply);
    publisher_close(publisher);
}

static void what_is_wrong_is_said_until_it_is_right(void **state)
{
    (void)state;
    write_text("bad.zone", "@ 3600 SOA what\n");
    write_config("  - example.com\n  - {name: example.org, zone-file: bad.zone}\n");
    struct publisher *publisher = start(NOW);
    json_t *reply = ask(publisher, NOW, NULL);
    assert_int_equal(number(reply, "waiting"), 2);
    assert_int_equal(number(reply, "wrong"), 0);
    json_decref(reply);
    work(publisher, NOW);
    reply = ask(publisher, NOW, "wrong");
    assert_int_equal(number(reply, "zone-count"), 2);
    assert_int_equal(number(reply, "wrong"), 1);
    assert_int_equal(json_array_size(json_object_get(reply, "zones")), 1);
    const json_t *zone = zone_in(reply, "example.org");
    assert_true(json_is_null(json_object_get(zone, "serial")));
    assert_non_null(strstr(json_string_value(json_object_get(zone, "error")), "bad.zone"));
    json_decref(reply);
    write_text("bad.zone", "@ 300 SOA ns1 a 7 2 3 4 5\n@ 300 NS ns1\nns1 300 A 192.0.2.1\n");
    take(publisher, NOW);
    reply = ask(publisher, NOW, "wrong");
    assert_int_equal(number(reply, "wrong"), 0);
    assert_int_equal(json_array_size(json_object_get(reply, "zones")), 0);
    json_decref(reply);
    publisher_close(publisher);
}

static void inputs_that_are_bad_are_among_the_errors(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    write_text("host.pub", "garbage\n");
    take(publisher, NOW);
    json_t *reply = ask(publisher, NOW, NULL);
    const json_t *errors = json_object_get(reply, "errors");
    assert_int_equal(json_array_size(errors), 1);
    assert_non_null(strstr(json_string_value(json_array_get(errors, 0)), "/host.pub: "));
    json_decref(reply);
    publisher_close(publisher);
}

static void signatures_that_run_out_are_wrong(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    json_t *reply = ask(publisher, NOW + 9 * DAY, "wrong"); // they are renewed at 7 left
    assert_int_equal(number(reply, "wrong"), 0);
    json_decref(reply);
    reply = ask(publisher, NOW + 11 * DAY, "wrong");
    assert_int_equal(number(reply, "wrong"), 1);
    assert_non_null(zone_in(reply, "example.com"));
    json_decref(reply);
    publisher_close(publisher);
}

static void one_zone_can_be_asked_for(void **state)
{
    (void)state;
    write_config("  - example.com\n  - example.org\n");
    struct publisher *publisher = begin(NOW);
    json_t *reply = ask(publisher, NOW, "Example.ORG");
    assert_int_equal(json_array_size(json_object_get(reply, "zones")), 1);
    assert_non_null(zone_in(reply, "example.org"));
    json_decref(reply);
    json_t *request = json_pack("{ss}", "zones", "example.net");
    reply = json_object();
    struct error err = {0};
    assert_int_equal(status_answer(publisher, NOW, request, reply, &err), STATUS_NOT_FOUND);
    assert_string_equal(err.text, "example.net is no zone of this box");
    json_decref(request);
    json_decref(reply);
    publisher_close(publisher);
}

static void before_the_first_inputs_there_is_nothing(void **state)
{
    (void)state;
    json_t *reply = ask(NULL, NOW, NULL);
    assert_int_equal(number(reply, "zone-count"), 0);
    assert_int_equal(json_array_size(json_object_get(reply, "zones")), 0);
    json_decref(reply);
}

static void zones_that_wait_for_their_ds_are_open(void **state)
{
    (void)state;
    write_config("  - example.com\n  - {name: plain.example, dnssec: no}\n");
    struct publisher *publisher = begin(NOW);
    json_t *reply = ask(publisher, NOW, "open");
    assert_int_equal(number(reply, "open"), 0);
    assert_int_equal(json_array_size(json_object_get(reply, "zones")), 0);
    json_decref(reply);
    struct zone *zone = zone_named(publisher, "example.com");
    struct keyset set;
    life_read(&zone->state, &set);
    set.offered = keyset_bit(0);
    life_put(&set, &zone->state);
    reply = ask(publisher, NOW, "open");
    assert_int_equal(number(reply, "open"), 1);
    assert_non_null(zone_in(reply, "example.com"));
    json_decref(reply);
    set.keys[0].ds_seen_at = NOW;
    life_put(&set, &zone->state);
    reply = ask(publisher, NOW, "open");
    assert_int_equal(number(reply, "open"), 0);
    json_decref(reply);
    reply = ask(publisher, NOW, "all");
    assert_null(json_object_get(reply, "open"));
    json_decref(reply);
    publisher_close(publisher);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_zone_tells_serial_times_and_keys),
        TEST(a_key_tells_its_state_and_what_it_waits_for),
        TEST(what_is_wrong_is_said_until_it_is_right),
        TEST(inputs_that_are_bad_are_among_the_errors),
        TEST(signatures_that_run_out_are_wrong),
        TEST(one_zone_can_be_asked_for),
        TEST(before_the_first_inputs_there_is_nothing),
        cmocka_unit_test_setup_teardown(zones_that_wait_for_their_ds_are_open, box_set_up,
                                        box_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
