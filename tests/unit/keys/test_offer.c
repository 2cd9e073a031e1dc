// SPDX-License-Identifier: ISC
// public/ds: what zone-signer writes there is what zonegen reads, and anything else is refused.
#include "keys/offer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scratch.h"

#define NOW INT64_C(1795348800) // 2026-11-22 12:00:00 UTC

static const uint8_t key[] = {1, 1, 3, 13, 'k', 'e', 'y'}; // 257 3 13 a2V5

static void what_was_written_is_read_sorted(void **state)
{
    (void)state;
    struct buf text = {0};
    struct offers offers;
    struct error err = {0};
    offer_put_head(&text);
    offer_put_zone("z.example", OFFER_WAIT, NOW, &text);
    offer_put_key("z.example", key, sizeof(key), &text);
    offer_put_key("z.example", key, sizeof(key), &text);
    offer_put_zone("a.example", OFFER_NONE, 0, &text);
    offer_put_zone("m.example", OFFER_REMOVE, 0, &text);
    put_file(OFFER_FILE, buf_text(&text));
    assert_int_equal(offers_load(".", &offers, &err), STATUS_OK);
    assert_true(offers.known);
    assert_int_equal(offers.count, 3);
    assert_string_equal(offers.list[0].zone, "a.example");
    const struct offer *offer = offers_find(&offers, "Z.Example.");
    assert_non_null(offer);
    assert_int_equal(offer->state, OFFER_WAIT);
    assert_int_equal(offer->time, NOW);
    assert_int_equal(offer->key_count, 2);
    char *dnskey = ldns_rr2str(offer->keys[0]);
    assert_non_null(strstr(dnskey, "z.example."));
    assert_non_null(strstr(dnskey, "257 3 13 a2V5"));
    free(dnskey);
    assert_int_equal(offers_find(&offers, "a.example")->time, 0);
    assert_int_equal(offers_find(&offers, "m.example")->key_count, 0);
    assert_null(offers_find(&offers, "example"));
    assert_null(offers_find(&offers, ""));
    offers_done(&offers);
    buf_done(&text);
}

static void no_file_is_nothing_known(void **state)
{
    (void)state;
    struct offers offers;
    struct error err = {0};
    unlink(OFFER_FILE);
    assert_int_equal(offers_load(".", &offers, &err), STATUS_OK);
    assert_false(offers.known);
    assert_null(offers_find(&offers, "example.com"));
    offers_done(&offers);
}

static void anything_else_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "not a list of DS"},
        {"# only words\n", "not a list of DS"},
        {"zonebox-ds 2\n", "line 1"},
        {"zonebox-ds 1\nzone a.example\n", "line 2"},
        {"zonebox-ds 1\nzone a.example soon -\n", "line 2"},
        {"zonebox-ds 1\nzone a.example enter yesterday\n", "line 2"},
        {"zonebox-ds 1\nzone a.example enter - more\n", "line 2"},
        {"zonebox-ds 1\nkey a.example 257 3 13 a2V5\n", "line 2"},
        {"zonebox-ds 1\nzone a.example enter -\nkey b.example 257 3 13 a2V5\n", "line 3"},
        {"zonebox-ds 1\nzone a.example enter -\nkey a.example\n", "line 3"},
        {"zonebox-ds 1\nzone a.example enter -\nkey a.example 257 3 13\n", "line 3"},
        {"zonebox-ds 1\nzone a.example enter -\nkey a.example 257 3 13 ???\n", "line 3"},
        {"zonebox-ds 1\nsomething else\n", "line 2"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct offers offers;
        struct error err = {0};
        put_file(OFFER_FILE, cases[i].text);
        if (offers_load(".", &offers, &err) != STATUS_SYNTAX || strstr(err.text, "ds: ") == NULL ||
            strstr(err.text, cases[i].words) == NULL)
            fail_msg("%zu: \"%s\"", i, err.text);
        assert_int_equal(offers.count, 0);
        offers_done(&offers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_sorted),
        cmocka_unit_test(no_file_is_nothing_known),
        cmocka_unit_test(anything_else_is_refused_with_its_line),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
