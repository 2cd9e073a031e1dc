// SPDX-License-Identifier: ISC
// Images that are set aside: their zones are answered from the image before, and no other zone notices.
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "dns/store.h"
#include "server/zones.h"
#include "tests/support/scratch.h"
#include "tests/support/zone_text.h"

static char *directory;
static struct store *store;
static struct zones *zones;

static int set_up(void **state)
{
    make_scratch(state);
    directory = in_scratch("serve");
    zones = zones_new(directory);
    return store_open_writer(directory, STORE_SERVE, &store, NULL) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    zones_free(zones);
    store_close(store);
    free(directory);
    return remove_scratch(state);
}

static struct name_key key_of(const char *zone)
{
    struct name name;
    struct name_key key;
    assert_int_equal(name_from_text(zone, &name, NULL), STATUS_OK);
    name_key(name.wire, &key);
    return key;
}

// Commits an image with that serial and keeps the one before it, as the signer does; spoilt: one that does not hold up.
// Returns its id.
static uint64_t publish(const char *zone, unsigned serial, bool spoilt)
{
    char text[100];
    struct store_txn *txn;
    struct buf image = {0};
    struct name_key key = key_of(zone);
    snprintf(text, sizeof(text), "@ SOA ns1 hostmaster %u 14400 3600 604800 300\n@ NS ns1\n",
             serial);
    zone_text_image(zone, text, &image);
    image.data[image.len - 1] ^= spoilt ? 1 : 0;
    struct store_entry entry = {key.octets, key.len, image.data, image.len};
    assert_int_equal(store_begin(store, &txn, NULL), STATUS_OK);
    assert_int_equal(store_keep_image(txn, key.octets, key.len, NULL), STATUS_OK);
    assert_int_equal(store_put(txn, STORE_IMAGES, &entry, NULL), STATUS_OK);
    assert_int_equal(store_commit(txn, NULL, NULL), STATUS_OK);
    uint64_t id = ((const struct image_header *)(const void *)image.data)->checksum;
    buf_done(&image);
    return id;
}

// The serial that a question for the zone is answered from, 0: with SERVFAIL.
static unsigned served(const char *zone)
{
    const struct image *image = NULL;
    struct name_key key = key_of(zone);
    assert_true(zones_attend(zones));
    zones_begin(zones);
    enum zones_found found = zones_find(zones, &key, false, &image);
    unsigned serial = found == ZONES_FOUND ? image->header->serial : 0;
    assert_true(found == ZONES_FOUND || found == ZONES_BROKEN);
    zones_end(zones);
    return serial;
}

static void a_zone_is_answered_from_the_image_before_the_one_that_is_set_aside(void **state)
{
    (void)state;
    publish("example.", 1, false);
    publish("other.", 7, false);
    uint64_t deadly = publish("example.", 2, false);
    assert_int_equal(served("example."), 2);
    zones_set_aside(zones, deadly);
    assert_int_equal(served("example."), 1);
    assert_int_equal(served("other."), 7);
    publish("other.", 8, false);
    assert_int_equal(served("example."), 1);
    assert_int_equal(served("other."), 8);
    publish("example.", 3, false); // has another id, and is tried
    assert_int_equal(served("example."), 3);
}

static void it_makes_no_difference_whether_it_was_set_aside_before_it_was_seen(void **state)
{
    (void)state;
    publish("example.", 1, false);
    zones_set_aside(zones, publish("example.", 2, false));
    assert_int_equal(served("example."), 1);
    zones_free(zones);
    zones = zones_new(directory);
    assert_int_equal(served("example."), 2);
}

static void without_an_image_before_it_the_zone_fails_alone(void **state)
{
    (void)state;
    uint64_t only = publish("example.", 1, false);
    publish("other.", 7, false);
    assert_int_equal(served("example."), 1);
    zones_set_aside(zones, only);
    assert_int_equal(served("example."), 0);
    assert_int_equal(served("other."), 7);
    uint64_t second = publish("example.", 2, false);
    assert_int_equal(served("example."), 2);
    zones_set_aside(zones, second); // and the one before it is the first
    assert_int_equal(served("example."), 0);
    publish("example.", 3, false);
    assert_int_equal(served("example."), 3);
}

static void an_image_before_it_that_does_not_hold_up_is_not_served(void **state)
{
    (void)state;
    publish("example.", 1, true);
    uint64_t deadly = publish("example.", 2, false);
    assert_int_equal(served("example."), 2);
    zones_set_aside(zones, deadly);
    assert_int_equal(served("example."), 0);
    assert_int_equal(served("example."), 0);
}

static void the_image_before_it_stays_when_others_are_committed(void **state)
{
    (void)state;
    publish("example.", 1, false);
    uint64_t deadly = publish("example.", 2, false);
    zones_set_aside(zones, deadly);
    for (unsigned i = 1; i < 40; i++) {
        publish("other.", i, false);
        assert_int_equal(served("example."), 1);
        assert_int_equal(served("other."), i);
    }
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        test(a_zone_is_answered_from_the_image_before_the_one_that_is_set_aside),
        test(it_makes_no_difference_whether_it_was_set_aside_before_it_was_seen),
        test(without_an_image_before_it_the_zone_fails_alone),
        test(an_image_before_it_that_does_not_hold_up_is_not_served),
        test(the_image_before_it_stays_when_others_are_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
