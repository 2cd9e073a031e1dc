// SPDX-License-Identifier: ISC
// Images of which zone-server died: what was good before them is kept and told of, and their zones go on.
#include "tests/unit/signer/box.h"

#include <jansson.h>

#include "base/file.h"
#include "signer/life.h"
#include "signer/status.h"

#define ZONE "example.org"

// A zone that says something else each time.
static void write_version(const char *zone, unsigned version)
{
    struct buf text = {0};
    buf_printf(&text, "  - {name: %s, records: [\"www A 192.0.2.%u\"]}\n", zone, version);
    write_config(buf_text(&text));
    buf_done(&text);
}

// Publishes the next version of ZONE. Returns its image's id.
static uint64_t publish(struct publisher *publisher, unsigned version, int64_t now)
{
    write_version(ZONE, version);
    take(publisher, now);
    return zone_named(publisher, ZONE)->published.id;
}

static struct publisher *begin_with(unsigned version, int64_t now)
{
    write_version(ZONE, version);
    return begin(now);
}

// The id of the image kept as the one before, 0: none.
static uint64_t kept(struct publisher *publisher, const char *zone)
{
    struct name name;
    struct name_key key;
    struct store_entry entry;
    struct image image;
    assert_int_equal(name_from_text(zone, &name, NULL), STATUS_OK);
    name_key(name.wire, &key);
    assert_int_equal(stores_renew(&publisher->stores, NULL), STATUS_OK);
    bool found = store_get(publisher->stores.serve_reader, STORE_PREVIOUS, key.octets, key.len,
                           &entry) == STATUS_OK;
    if (found)
        assert_int_equal(image_open(entry.value, entry.value_len, &image, NULL), STATUS_OK);
    uint64_t id = found ? image.header->checksum : 0;
    stores_reset(&publisher->stores);
    return id;
}

static json_t *order(struct publisher *publisher, uint64_t image, bool suspect, int64_t now)
{
    json_t *request = json_pack("{s:s,s:s,s:b}", "command", "set-aside", "image",
                                quarantine_words(image), "suspect", suspect);
    json_t *reply = json_object();
    struct error err = {0};
    if (aside_order(publisher, request, reply, now, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    json_decref(request);
    return reply;
}

static char *error_of(struct publisher *publisher, int64_t now)
{
    json_t *request = json_pack("{s:s}", "zones", ZONE);
    json_t *reply = json_object();
    assert_int_equal(status_answer(publisher, now, request, reply, NULL), STATUS_OK);
    const json_t *zone = json_array_get(json_object_get(reply, "zones"), 0);
    const char *text = json_string_value(json_object_get(zone, "error"));
    char *copy = text != NULL ? xstrdup(text) : NULL;
    json_decref(request);
    json_decref(reply);
    return copy;
}

// ── What is kept ─────────────────────────────────────────────────────────────────────────────────

static void what_is_replaced_is_kept_and_nothing_before_that(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with(1, NOW);
    uint64_t first = zone_named(publisher, ZONE)->published.id;
    assert_int_equal(kept(publisher, ZONE), 0);
    uint64_t second = publish(publisher, 2, NOW + 100);
    assert_int_equal(kept(publisher, ZONE), first);
    publish(publisher, 3, NOW + 200);
    assert_int_equal(kept(publisher, ZONE), second);
    assert_int_equal(kept(publisher, "box.example.com"), 0); // which has not changed
    write_config("  - example.net\n");
    take(publisher, NOW + 300);
    assert_int_equal(kept(publisher, ZONE), 0); // with its zone
    publisher_close(publisher);
}

static void what_was_served_for_a_moment_is_kept_in_place_of_nothing_else(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with(1, NOW);
    uint64_t first = zone_named(publisher, ZONE)->published.id;
    int64_t now = NOW + DAY;
    publish(publisher, 2, now);
    for (unsigned i = 0; i < ASIDE_KEPT_S / 30; i++) { // a change each half minute, for an hour
        assert_int_equal(kept(publisher, ZONE), first);
        now += 30;
        publish(publisher, 3 + i % 7, now);
    }
    assert_int_not_equal(kept(publisher, ZONE), first);
    publisher_close(publisher);
}

static void after_strangers_wrote_nothing_from_before_is_kept(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with(1, NOW);
    publish(publisher, 2, NOW + 100);
    assert_int_not_equal(kept(publisher, ZONE), 0);
    publisher->distrust = true;
    publisher_touch_all(publisher);
    work(publisher, NOW + 200);
    assert_int_equal(kept(publisher, ZONE), 0);
    publisher_close(publisher);
}

// ── What workers died of ─────────────────────────────────────────────────────────────────────────

static void what_a_worker_died_of_never_becomes_the_one_before(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with(1, NOW);
    uint64_t good = zone_named(publisher, ZONE)->published.id;
    uint64_t suspect = publish(publisher, 2, NOW + DAY);
    json_decref(order(publisher, suspect, true, NOW + DAY));
    assert_null(error_of(publisher, NOW + DAY));
    uint64_t deadly = publish(publisher, 3, NOW + 2 * DAY);
    assert_int_equal(kept(publisher, ZONE), good);
    json_decref(order(publisher, deadly, false, NOW + 2 * DAY));
    uint64_t next = publish(publisher, 4, NOW + 3 * DAY);
    assert_int_equal(kept(publisher, ZONE), good);
    publish(publisher, 5, NOW + 4 * DAY);
    assert_int_equal(kept(publisher, ZONE), next);
    publisher_close(publisher);
}

static void a_zone_whose_image_is_set_aside_is_wrong_until_it_changes(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with(1, NOW);
    uint32_t serial = serial_of(publisher, ZONE);
    int64_t expires = zone_named(publisher, ZONE)->published.expires_at;
    uint64_t deadly = publish(publisher, 2, NOW + DAY);
    json_t *reply = order(publisher, deadly, false, NOW + DAY);
    assert_string_equal(json_string_value(json_object_get(reply, "zone")), ZONE);
    const json_t *before = json_object_get(reply, "before");
    assert_int_equal(json_integer_value(json_object_get(before, "serial")), serial);
    assert_int_equal(json_integer_value(json_object_get(before, "expires")), expires);
    json_decref(reply);
    char *error = error_of(publisher, NOW + DAY);
    char words[40];
    snprintf(words, sizeof(words), "serial %u is served", serial);
    assert_non_null(strstr(error, words));
    assert_non_null(strstr(error, "until 20"));
    free(error);
    publish(publisher, 3, NOW + 2 * DAY);
    assert_null(error_of(publisher, NOW + 2 * DAY));
    publisher_close(publisher);
}

static void what_was_set_aside_before_a_start_still_is(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with(1, NOW);
    struct quarantine images = {0};
    quarantine_add(&images, zone_named(publisher, ZONE)->published.id);
    publisher_close(publisher);
    char *path = path_join(directory, "state");
    assert_int_equal(publisher_open(path, &publisher, NULL), STATUS_OK);
    free(path);
    publisher_set_aside(publisher, &images);
    publisher_set_inputs(publisher, read_inputs(), NOW);
    work(publisher, NOW);
    char *error = error_of(publisher, NOW);
    assert_non_null(strstr(error, "not served until it changes"));
    free(error);
    publish(publisher, 2, NOW + DAY);
    assert_int_equal(kept(publisher, ZONE), 0);
    assert_null(error_of(publisher, NOW + DAY));
    publisher_close(publisher);
}

static void an_image_that_is_nobodys_any_more_is_noted_all_the_same(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with(1, NOW);
    uint64_t old = zone_named(publisher, ZONE)->published.id;
    publish(publisher, 2, NOW + DAY);
    json_t *reply = order(publisher, old, false, NOW + DAY);
    assert_null(json_object_get(reply, "zone"));
    json_decref(reply);
    assert_null(error_of(publisher, NOW + DAY));
    // It is the one before, and of no use to the one that goes the same way.
    reply = order(publisher, zone_named(publisher, ZONE)->published.id, false, NOW + DAY);
    assert_true(json_is_null(json_object_get(reply, "before")));
    json_decref(reply);
    publisher_close(publisher);
}

// What is served is signed with the keys of before: none of them goes on meanwhile.
static void the_keys_of_a_zone_wait_for_an_image_that_is_served(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with(1, NOW);
    uint64_t deadly = publish(publisher, 2, NOW + 10 * DAY);
    struct zone *zone = zone_named(publisher, ZONE);
    struct keyset set;
    life_read(&zone->state, &set);
    struct keyset_sight sight = {.seen_at = NOW + 10 * DAY, .revision = set.revision, .ok = 1};
    keyset_see_zone(&set, &sight, NOW + 10 * DAY);
    life_put(&set, &zone->state);
    const struct keyset_history *signatures = &set.history[KEYSET_SIGNATURES];
    assert_int_not_equal(signatures->list[signatures->count - 1].seen_at, 0);
    json_decref(order(publisher, deadly, false, NOW + 11 * DAY));
    life_read(&zone->state, &set);
    assert_int_equal(signatures->list[signatures->count - 1].seen_at, 0);
    publisher_close(publisher);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_replaced_is_kept_and_nothing_before_that),
        TEST(what_was_served_for_a_moment_is_kept_in_place_of_nothing_else),
        TEST(after_strangers_wrote_nothing_from_before_is_kept),
        TEST(what_a_worker_died_of_never_becomes_the_one_before),
        TEST(a_zone_whose_image_is_set_aside_is_wrong_until_it_changes),
        TEST(what_was_set_aside_before_a_start_still_is),
        TEST(an_image_that_is_nobodys_any_more_is_noted_all_the_same),
        TEST(the_keys_of_a_zone_wait_for_an_image_that_is_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
