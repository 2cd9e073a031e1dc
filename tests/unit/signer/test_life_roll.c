// SPDX-License-Identifier: ISC
// `zonebox roll`, `retire`, `move` and taking them back, as the signer takes them.
#include "tests/unit/signer/box.h"

#include <jansson.h>

#include "base/alloc.h"
#include "base/file.h"
#include "signer/life.h"
#include "signer/life_order.h"

static const char every_kind[] = "  - example.com\n"
                                 "  - {name: sub.example.com, zone: parent}\n"
                                 "  - {name: split.example, dnssec: {keys: ksk+zsk}}\n"
                                 "  - {name: plain.example, dnssec: no}\n"
                                 "  - {name: far.example, mode: external}\n";

static struct keyset keyset_of(const struct publisher *publisher, const char *name)
{
    struct keyset set;
    life_read(&zone_named(publisher, name)->state, &set);
    return set;
}

static size_t count_wanted(const struct keyset *set)
{
    size_t count = 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        count += set->keys[i].role != 0 && set->keys[i].wanted && !set->keys[i].spent ? 1 : 0;
    return count;
}

// request: JSON. The reply is the caller's; err has the words of one that is refused.
static enum status order(struct publisher *publisher, const char *request, int64_t now,
                         json_t **reply, struct error *err)
{
    json_t *object = json_loads(request, 0, NULL);
    assert_non_null(object);
    *reply = json_object();
    *err = (struct error){0};
    enum status status = life_order(publisher, object, *reply, now, err);
    json_decref(object);
    return status;
}

static void give(struct publisher *publisher, const char *request, int64_t now)
{
    json_t *reply;
    struct error err;
    if (order(publisher, request, now, &reply, &err) != STATUS_OK)
        fail_msg("%s: %s", request, err.text);
    assert_null(json_object_get(reply, "plan"));
    json_decref(reply);
}

static void assert_refused(struct publisher *publisher, const char *request, const char *words)
{
    json_t *reply;
    struct error err;
    assert_int_not_equal(order(publisher, request, NOW + 10, &reply, &err), STATUS_OK);
    if (strstr(err.text, words) == NULL)
        fail_msg("%s: \"%s\" has no \"%s\"", request, err.text, words);
    json_decref(reply);
}

static void a_dry_order_tells_what_would_come_and_changes_nothing(void **state)
{
    (void)state;
    struct publisher *publisher = begin_sound("  - example.com\n");
    const struct keyset before = keyset_of(publisher, "example.com");
    json_t *reply;
    struct error err;
    static const char *const requests[] = {
        "{\"command\":\"roll\",\"zone\":\"Example.COM.\",\"dry\":true}",
        "{\"command\":\"roll\",\"zone\":\"example.com\",\"algorithm\":15,\"dry\":true}",
        "{\"command\":\"retire\",\"zone\":\"example.com\",\"dry\":true}",
        "{\"command\":\"move\",\"zone\":\"example.com\",\"dry\":true}",
    };
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        assert_int_equal(order(publisher, requests[i], NOW + 10, &reply, &err), STATUS_OK);
        const json_t *first = json_array_get(json_object_get(reply, "plan"), 0);
        assert_int_equal(json_integer_value(json_object_get(first, "at")), NOW + 10);
        assert_string_not_equal(json_string_value(json_object_get(first, "step")), "");
        assert_true(json_is_boolean(json_object_get(reply, "observed")));
        assert_true(json_is_boolean(json_object_get(reply, "secure")));
        json_decref(reply);
    }
    const struct keyset after = keyset_of(publisher, "example.com");
    assert_memory_equal(&before, &after, sizeof(before));
    assert_false(zone_named(publisher, "example.com")->waiting);
    publisher_close(publisher);
}

// The words of all steps of `zonebox roll`. The caller frees them.
static char *plan_of(struct publisher *publisher, const char *zone)
{
    json_t *reply;
    struct error err;
    char *request = xasprintf("{\"command\":\"roll\",\"zone\":\"%s\",\"dry\":true}", zone);
    assert_int_equal(order(publisher, request, NOW + 10, &reply, &err), STATUS_OK);
    char *words = json_dumps(reply, JSON_ENCODE_ANY);
    json_decref(reply);
    free(request);
    return words;
}

static void a_plan_says_who_changes_the_ds(void **state)
{
    (void)state;
    struct publisher *publisher =
        begin_sound("  - example.com\n  - sub.example.com\n  - {name: plain.example, dnssec: no}\n"
                    "  - sub.plain.example\n");
    static const struct {
        const char *zone, *words, *others;
    } rows[] = {
        {"example.com", "has to be entered at the parent", "this box enters"},
        {"sub.plain.example", "has to be entered at the parent", "this box enters"},
        {"sub.example.com", "this box enters the DS of the new key in example.com",
         "at the parent"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *words = plan_of(publisher, rows[i].zone);
        if (strstr(words, rows[i].words) == NULL || strstr(words, rows[i].others) != NULL)
            fail_msg("%s: %s", rows[i].zone, words);
        free(words);
    }
    publisher_close(publisher);
}

static void a_roll_is_in_the_state_before_it_is_answered(void **state)
{
    (void)state;
    struct publisher *publisher = begin_sound("  - example.com\n");
    struct dnskey_id old = keyset_of(publisher, "example.com").keys[0].id;
    give(publisher, "{\"command\":\"roll\",\"zone\":\"example.com\",\"compromised\":true}",
         NOW + 10);
    publisher_close(publisher); // as killed
    publisher = begin(NOW + 20);
    struct keyset set = keyset_of(publisher, "example.com");
    assert_int_equal(count_wanted(&set), 1);
    size_t slot = keyset_find(&set, old);
    if (slot < KEYSET_KEYS_MAX) {
        assert_false(set.keys[slot].wanted);
        assert_true(set.keys[slot].compromised);
    }
    assert_int_equal(count_keys(), 4); // public and private
    publisher_close(publisher);
}

static void one_role_or_another_algorithm_can_be_rolled_alone(void **state)
{
    (void)state;
    struct publisher *publisher = begin_sound(every_kind);
    size_t keys = count_keys();
    give(publisher, "{\"command\":\"roll\",\"zone\":\"split.example\",\"role\":\"zsk\"}", NOW + 10);
    work(publisher, NOW + 10);
    assert_int_equal(count_keys(), keys + 2);
    give(publisher, "{\"command\":\"roll\",\"zone\":\"example.com\",\"algorithm\":15}", NOW + 10);
    work(publisher, NOW + 10);
    struct keyset set = keyset_of(publisher, "example.com");
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (set.keys[i].role != 0 && set.keys[i].wanted)
            assert_int_equal(set.keys[i].id.algorithm, 15);
    // To yet another one it goes on at once.
    give(publisher, "{\"command\":\"roll\",\"zone\":\"example.com\",\"algorithm\":8}", NOW + 20);
    assert_refused(publisher, "{\"command\":\"roll\",\"zone\":\"split.example\",\"role\":\"zsk\"}",
                   "in a rollover already");
    // The other role is not in one.
    give(publisher, "{\"command\":\"roll\",\"zone\":\"split.example\",\"role\":\"ksk\"}", NOW + 30);
    publisher_close(publisher);
}

static void what_is_ordered_can_be_taken_back(void **state)
{
    (void)state;
    struct publisher *publisher = begin_sound("  - example.com\n");
    static const char *const commands[] = {"retire", "move"};
    for (int i = 0; i < 2; i++) {
        char *request = xasprintf("{\"command\":\"%s\",\"zone\":\"example.com\"}", commands[i]);
        give(publisher, request, NOW + 10);
        work(publisher, NOW + 10);
        struct keyset set = keyset_of(publisher, "example.com");
        assert_int_equal(set.order, i == 0 ? KEYSET_RETIRE : KEYSET_MOVE);
        assert_int_equal(count_wanted(&set), 0);
        assert_refused(publisher, request, "ordered already");
        assert_refused(publisher, "{\"command\":\"roll\",\"zone\":\"example.com\"}", "--undo");
        give(publisher, "{\"command\":\"resume\",\"zone\":\"example.com\"}", NOW + 20);
        work(publisher, NOW + 20);
        set = keyset_of(publisher, "example.com");
        assert_int_equal(set.order, KEYSET_NO_ORDER);
        assert_int_equal(count_wanted(&set), 1);
        free(request);
    }
    assert_refused(publisher, "{\"command\":\"resume\",\"zone\":\"example.com\"}",
                   "nothing to take back");
    publisher_close(publisher);
}

static void what_cannot_be_is_refused_with_what_can(void **state)
{
    (void)state;
    struct publisher *publisher = begin_sound(every_kind);
    static const struct {
        const char *request, *words;
    } cases[] = {
        {"{\"command\":\"roll\"}", "which zone"},
        {"{\"command\":\"roll\",\"zone\":7}", "which zone"},
        {"{\"command\":\"roll\",\"zone\":\"example.org\"}", "no zone of this box"},
        {"{\"command\":\"roll\",\"zone\":\"\"}", "no zone of this box"},
        {"{\"command\":\"roll\",\"zone\":\"sub.example.com\"}", "part of the zone example.com"},
        {"{\"command\":\"roll\",\"zone\":\"far.example\"}", "mode: external"},
        {"{\"command\":\"roll\",\"zone\":\"plain.example\"}", "dnssec: no"},
        {"{\"command\":\"retire\",\"zone\":\"plain.example\"}", "it has no keys"},
        {"{\"command\":\"roll\",\"zone\":\"example.com\",\"role\":\"zsk\"}", "without --zsk"},
        {"{\"command\":\"roll\",\"zone\":\"example.com\",\"role\":\"sk\"}", "ksk or zsk"},
        {"{\"command\":\"roll\",\"zone\":\"example.com\",\"algorithm\":5}", "algorithm"},
        {"{\"command\":\"roll\",\"zone\":\"example.com\",\"algorithm\":\"x\"}", "algorithm"},
        {"{\"command\":\"roll\",\"zone\":\"split.example\",\"role\":\"ksk\",\"algorithm\":15}",
         "all keys"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(publisher, cases[i].request, cases[i].words);
    publisher_close(publisher);
}

static void what_was_never_signed_may_move_at_once(void **state)
{
    (void)state;
    struct publisher *publisher = begin_sound(every_kind);
    json_t *reply;
    struct error err;
    assert_int_equal(
        order(publisher, "{\"command\":\"move\",\"zone\":\"plain.example\"}", NOW, &reply, &err),
        STATUS_OK);
    assert_int_equal(json_integer_value(json_object_get(reply, "ns-ttl")), 2 * DAY);
    assert_true(json_is_true(json_object_get(reply, "nothing")));
    assert_null(json_object_get(reply, "plan"));
    assert_false(zone_named(publisher, "plain.example")->waiting);
    json_decref(reply);
    publisher_close(publisher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_dry_order_tells_what_would_come_and_changes_nothing,
                                        box_set_up, box_tear_down),
        cmocka_unit_test_setup_teardown(a_plan_says_who_changes_the_ds, box_set_up, box_tear_down),
        cmocka_unit_test_setup_teardown(a_roll_is_in_the_state_before_it_is_answered, box_set_up,
                                        box_tear_down),
        cmocka_unit_test_setup_teardown(one_role_or_another_algorithm_can_be_rolled_alone,
                                        box_set_up, box_tear_down),
        cmocka_unit_test_setup_teardown(what_is_ordered_can_be_taken_back, box_set_up,
                                        box_tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_is_refused_with_what_can, box_set_up,
                                        box_tear_down),
        cmocka_unit_test_setup_teardown(what_was_never_signed_may_move_at_once, box_set_up,
                                        box_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
