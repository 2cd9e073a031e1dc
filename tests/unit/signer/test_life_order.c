// SPDX-License-Identifier: ISC
// Orders for the keys of a zone: what they change, what they refuse, and that what was acknowledged is not lost.
#include "tests/unit/signer/box.h"

#include <cmocka.h>

#include "base/file.h"
#include "signer/life.h"
#include "signer/life_order.h"

static const char zone_name[] = "example.com";

// Files of a key that nobody knows.
static struct dnskey_id bring(uint16_t flags, uint8_t algorithm)
{
    struct dnskey key = {0};
    struct error err = {0};
    const struct dnskey_recipe recipe = {.flags = flags, .algorithm = algorithm, .in_use = true};
    struct dnskey_listing listing;
    char *keys = path_join(directory, "state/keys");
    assert_int_equal(dnskey_listing_read(keys, &listing, &err), STATUS_OK);
    assert_int_equal(dnskey_make_listed(&listing, zone_name, &recipe, NOW - DAY, &key, &err),
                     STATUS_OK);
    dnskey_listing_done(&listing);
    free(keys);
    struct dnskey_id id = {key.tag, key.algorithm};
    dnskey_done(&key);
    return id;
}

static enum status order(struct publisher *publisher, const char *zone, struct dnskey_id id,
                         uint16_t flags, bool dry, struct error *err)
{
    json_t *request =
        json_pack("{ss ss s[{si si si}] sb}", "command", "import", "zone", zone, "keys", "tag",
                  id.tag, "algorithm", id.algorithm, "flags", flags, "dry", dry);
    json_t *reply = json_object();
    *err = (struct error){0};
    enum status status = life_order(publisher, request, reply, NOW + 10, err);
    json_decref(request);
    json_decref(reply);
    return status;
}

static struct keyset_key key_of(const struct publisher *publisher, struct dnskey_id id)
{
    struct keyset set;
    life_read(&zone_named(publisher, zone_name)->state, &set);
    size_t slot = keyset_find(&set, id);
    return slot < KEYSET_KEYS_MAX ? set.keys[slot] : (struct keyset_key){.role = 0};
}

static struct dnskey_id own_key(const struct publisher *publisher)
{
    struct keyset set;
    life_read(&zone_named(publisher, zone_name)->state, &set);
    return set.keys[0].id;
}

static void a_key_that_was_brought_takes_the_place_of_the_zones_own(void **state)
{
    (void)state;
    struct publisher *publisher = begin_sound("  - example.com\n");
    struct dnskey_id old = own_key(publisher), brought = bring(DNSKEY_FLAGS_SEP, 13);
    struct error err;
    assert_int_equal(order(publisher, "EXAMPLE.com.", brought, 257, true, &err), STATUS_OK);
    assert_int_equal(key_of(publisher, brought).role, 0); // only asked
    assert_int_equal(order(publisher, zone_name, brought, 257, false, &err), STATUS_OK);
    // It's in state/ already: a crash now loses nothing.
    publisher_close(publisher);
    publisher = start(NOW + 11);
    assert_true(key_of(publisher, brought).wanted);
    work(publisher, NOW + 11);
    assert_true(key_of(publisher, brought).wanted);
    assert_int_not_equal(key_of(publisher, brought).published_at, 0);
    assert_false(key_of(publisher, old).wanted);
    assert_true(key_of(publisher, old).spent || key_of(publisher, old).role == 0);
    // Once more is no other order.
    assert_int_equal(order(publisher, zone_name, brought, 257, false, &err), STATUS_OK);
    assert_true(key_of(publisher, brought).wanted);
    assert_false(key_of(publisher, brought).spent);
    publisher_close(publisher);
}

static void an_order_amid_a_batch_is_not_lost(void **state)
{
    (void)state;
    struct publisher *publisher = begin_sound("  - example.com\n");
    struct dnskey_id brought = bring(DNSKEY_FLAGS_SEP, 13);
    struct error err;
    uint32_t serial = serial_of(publisher, zone_name);
    publisher_touch_all(publisher);
    write_config("  - {name: example.com, ttl: {default: 5m}}\n");
    publisher_set_inputs(publisher, read_inputs(), NOW + 9);
    struct batch *batch = sign_next(publisher, NOW + 9);
    while (batch != NULL && !zone_named(publisher, zone_name)->in_batch) {
        assert_int_equal(publisher_commit(publisher, batch, NOW + 9), STATUS_OK);
        batch = sign_next(publisher, NOW + 9);
    }
    assert_non_null(batch);
    assert_int_equal(order(publisher, zone_name, brought, 257, false, &err), STATUS_OK);
    assert_int_equal(publisher_commit(publisher, batch, NOW + 10), STATUS_OK);
    assert_int_equal(serial_of(publisher, zone_name), serial); // it was left out
    assert_true(key_of(publisher, brought).wanted);
    work(publisher, NOW + 11);
    assert_int_not_equal(key_of(publisher, brought).published_at, 0);
    assert_int_not_equal(serial_of(publisher, zone_name), serial);
    publisher_close(publisher);
}

static void assert_refused(struct publisher *publisher, struct dnskey_id id, uint16_t flags,
                           const char *words)
{
    struct error err;
    struct dnskey_id old = own_key(publisher);
    for (int dry = 1; dry >= 0; dry--) {
        assert_int_not_equal(order(publisher, zone_name, id, flags, dry, &err), STATUS_OK);
        if (strstr(err.text, words) == NULL)
            fail_msg("\"%s\" has no \"%s\"", err.text, words);
    }
    assert_true(key_of(publisher, old).wanted);
    assert_false(key_of(publisher, old).spent);
}

static void what_the_policy_does_not_want_is_refused(void **state)
{
    (void)state;
    struct publisher *publisher = begin_sound("  - example.com\n");
    struct error err;
    assert_refused(publisher, (struct dnskey_id){1, 15}, 257, "ed25519");
    assert_refused(publisher, (struct dnskey_id){1, 13}, 256, "ksk+zsk");
    assert_int_equal(order(publisher, "example.org", (struct dnskey_id){1, 13}, 257, true, &err),
                     STATUS_NOT_FOUND);
    // Files that are not there are no key.
    assert_int_equal(order(publisher, zone_name, (struct dnskey_id){1, 13}, 257, false, &err),
                     STATUS_NOT_FOUND);
    publisher_close(publisher);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_that_was_brought_takes_the_place_of_the_zones_own),
        TEST(an_order_amid_a_batch_is_not_lost),
        TEST(what_the_policy_does_not_want_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
