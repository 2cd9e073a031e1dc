// SPDX-License-Identifier: ISC
#include "dns/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct name name_of(const char *text)
{
    struct name name;
    struct error err = {0};
    if (name_from_text(text, &name, &err) != STATUS_OK)
        fail_msg("%s: %s", text, err.text);
    return name;
}

// A random valid name of few different octets, so that pairs share labels and prefixes of labels
// often.
static struct name random_name(void)
{
    static const uint8_t alphabet[] = {0, 1, 2, '*', '-', '.', 'A', 'a', 'b', 'Z', '\\', 255};
    struct name name = {0};
    unsigned labels = (unsigned)random() % 6;
    for (unsigned i = 0; i < labels; i++) {
        uint8_t len = (uint8_t)(1 + (random() % 16 == 0 ? random() % 40 : random() % 3));
        name.wire[name.len++] = len;
        for (unsigned n = 0; n < len; n++)
            name.wire[name.len++] = alphabet[(size_t)random() % sizeof(alphabet)];
    }
    name.wire[name.len++] = 0;
    return name;
}

static int sign_of(int value)
{
    return (value > 0) - (value < 0);
}

static void text_becomes_wire(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wire;
        uint8_t len;
    } table[] = {
        {".", "", 1},
        {"com", "\3com", 5},
        {"com.", "\3com", 5},
        {"Www.Example.com.", "\3Www\7Example\3com", 17},
        {"a\\.b.c", "\3a.b\1c", 7},
        {"\\000\\255x", "\3\0\377x", 5},
        {"\\\\\\@", "\2\\@", 4},
        {"*.x", "\1*\1x", 5},
        {"_25._tcp.mx", "\3_25\4_tcp\2mx", 13},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct name name = name_of(table[i].text);
        assert_int_equal(name.len, table[i].len);
        assert_memory_equal(name.wire, table[i].wire, name.len);
    }
}

static void broken_text_is_refused_with_words(void **state)
{
    (void)state;
    char label64[65];
    memset(label64, 'a', 64);
    label64[64] = '\0';
    static const struct {
        const char *text;
        const char *words;
    } table[] = {
        {"", "empty name"},           {"a..b", "empty label"},    {".a", "empty label"},
        {"..", "empty label"},        {"a\\", "behind the last"}, {"\\25", "three digits"},
        {"\\2x5", "three digits"},    {"\\256", "octet"},         {"a b", "octet 32"},
        {"b\303\274cher.de", "xn--"}, {"a\tb", "octet 9"},
    };
    struct name name;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct error err = {0};
        assert_int_equal(name_from_text(table[i].text, &name, &err), STATUS_SYNTAX);
        if (strstr(err.text, table[i].words) == NULL)
            fail_msg("%s: %s", table[i].text, err.text);
    }
    struct error err = {0};
    assert_int_equal(name_from_text(label64, &name, &err), STATUS_SYNTAX);
    assert_non_null(strstr(err.text, "63"));
}

static void the_longest_name_fits_and_one_more_octet_does_not(void **state)
{
    (void)state;
    // 3 × 64 + 62 + 1 = 255
    char text[256];
    memset(text, 'x', sizeof(text));
    text[63] = text[127] = text[191] = '.';
    text[192 + 61] = '\0';
    struct name name = name_of(text);
    assert_int_equal(name.len, 255);
    text[192 + 61] = 'x';
    text[192 + 62] = '\0';
    struct error err = {0};
    assert_int_equal(name_from_text(text, &name, &err), STATUS_SYNTAX);
    assert_non_null(strstr(err.text, "255"));
    // 127 labels of one octet: 254 + 1
    for (int i = 0; i < 127; i++)
        memcpy(text + 2 * i, "a.", 2);
    text[254] = '\0';
    name = name_of(text);
    assert_int_equal(name.len, 255);
    assert_int_equal(name_labels(name.wire), NAME_LABELS_MAX);
    memcpy(text + 252, "ab", 3); // the same number of labels, one octet more
    assert_int_equal(name_from_text(text, &name, &err), STATUS_SYNTAX);
}

static void the_longest_key_and_text_fit(void **state)
{
    (void)state;
    struct name name = {0};
    for (int label = 0; label < 4; label++) { // labels of octets that are all doubled in keys
        uint8_t len = label < 3 ? 63 : 61;
        name.wire[name.len] = len;
        memset(name.wire + name.len + 1, label % 2, len);
        name.len = (uint8_t)(name.len + 1 + len);
    }
    name.wire[name.len++] = 0;
    assert_int_equal(name.len, 255);
    struct name_key key;
    name_key(name.wire, &key);
    assert_int_equal(key.len, 504);
    assert_true(key.len <= NAME_KEY_MAX);
    char text[NAME_TEXT_MAX];
    assert_int_equal(strlen(name_to_text(name.wire, text)), 4 * 250 + 4);
}

static void wire_is_taken_only_whole(void **state)
{
    (void)state;
    struct name from = name_of("mail.example.org");
    struct name name;
    uint8_t octets[300] = {0};
    memcpy(octets, from.wire, from.len);
    for (size_t len = 0; len < from.len; len++)
        assert_int_equal(name_from_wire(octets, len, &name), STATUS_SYNTAX);
    assert_int_equal(name_from_wire(octets, sizeof(octets), &name), STATUS_OK);
    assert_int_equal(name.len, from.len);
    assert_memory_equal(name.wire, from.wire, from.len);
    octets[5] = 0xc0; // a pointer
    assert_int_equal(name_from_wire(octets, sizeof(octets), &name), STATUS_SYNTAX);
    octets[5] = 0x40; // an extended label
    assert_int_equal(name_from_wire(octets, sizeof(octets), &name), STATUS_SYNTAX);
    memset(octets, 1, sizeof(octets)); // 127 labels of one octet and no end in time
    assert_int_equal(name_from_wire(octets, sizeof(octets), &name), STATUS_SYNTAX);
    octets[254] = 0;
    assert_int_equal(name_from_wire(octets, sizeof(octets), &name), STATUS_OK);
    assert_int_equal(name.len, 255);
    octets[254] = 1;
    octets[256] = 0;
    assert_int_equal(name_from_wire(octets, sizeof(octets), &name), STATUS_SYNTAX);
}

static void text_survives_the_way_there_and_back(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct name name = random_name();
        char text[NAME_TEXT_MAX];
        struct name back = name_of(name_to_text(name.wire, text));
        assert_int_equal(back.len, name.len);
        assert_memory_equal(back.wire, name.wire, name.len);
    }
    for (int base = 0; base < 256; base += 32) { // every octet there is
        struct name name = {0};
        name.wire[0] = 32;
        for (int n = 0; n < 32; n++)
            name.wire[1 + n] = (uint8_t)(base + n);
        name.len = 34;
        char text[NAME_TEXT_MAX];
        struct name back = name_of(name_to_text(name.wire, text));
        assert_memory_equal(back.wire, name.wire, 34);
    }
}

static void text_escapes_what_master_files_would_read_differently(void **state)
{
    (void)state;
    char text[NAME_TEXT_MAX];
    assert_string_equal(name_to_text((const uint8_t *)"", text), ".");
    assert_string_equal(name_to_text((const uint8_t *)"\4a. \\\1@", text), "a\\.\\032\\\\.\\@.");
    assert_string_equal(name_to_text((const uint8_t *)"\6\";()$\177", text),
                        "\\\"\\;\\(\\)\\$\\127.");
}

static void keys_go_from_the_root_down(void **state)
{
    (void)state;
    struct name_key key;
    name_key(name_of("WWW.Example.com").wire, &key);
    assert_int_equal(key.len, 16);
    assert_memory_equal(key.octets, "com\0example\0www", 16);
    assert_int_equal(key.labels, 3);
    assert_int_equal(key.end[0], 0);
    assert_int_equal(key.end[1], 4);
    assert_int_equal(key.end[2], 12);
    assert_int_equal(key.end[3], 16);
    name_key(name_of("a\\000\\001\\002b").wire, &key);
    assert_int_equal(key.len, 8);
    assert_memory_equal(key.octets, "a\1\1\1\2\2b", 8);
    name_key(name_of(".").wire, &key);
    assert_int_equal(key.len, 0);
    assert_int_equal(key.labels, 0);
}

// RFC 4034 §6.1: "The following names are sorted in canonical DNS name order."
static const char *const rfc4034_order[] = {
    "example",   "a.example",       "yljkjljk.a.example", "Z.a.example",     "zABC.a.EXAMPLE",
    "z.example", "\\001.z.example", "*.z.example",        "\\200.z.example",
};

static void order_is_that_of_rfc4034(void **state)
{
    (void)state;
    size_t count = sizeof(rfc4034_order) / sizeof(*rfc4034_order);
    for (size_t i = 0; i < count; i++) {
        for (size_t n = 0; n < count; n++) {
            struct name a = name_of(rfc4034_order[i]);
            struct name b = name_of(rfc4034_order[n]);
            struct name_key a_key;
            struct name_key b_key;
            name_key(a.wire, &a_key);
            name_key(b.wire, &b_key);
            int want = (i > n) - (i < n);
            assert_int_equal(sign_of(name_compare(a.wire, b.wire)), want);
            assert_int_equal(
                sign_of(name_key_compare(a_key.octets, a_key.len, b_key.octets, b_key.len)), want);
        }
    }
}

// What two names are to each other must be the same by names and by keys.
static void assert_pair(const struct name *a, const struct name *b)
{
    struct name_key a_key;
    struct name_key b_key;
    name_key(a->wire, &a_key);
    name_key(b->wire, &b_key);
    int order = sign_of(name_compare(a->wire, b->wire));
    assert_int_equal(sign_of(name_key_compare(a_key.octets, a_key.len, b_key.octets, b_key.len)),
                     order);
    assert_int_equal(sign_of(name_compare(b->wire, a->wire)), -order);
    assert_int_equal(name_equal(a->wire, b->wire), order == 0);
    bool prefix = a_key.len >= b_key.len && memcmp(a_key.octets, b_key.octets, b_key.len) == 0;
    assert_int_equal(name_is_under(a->wire, b->wire), prefix);
}

static void names_and_keys_agree_for_random_pairs(void **state)
{
    (void)state;
    srandom(20261122);
    unsigned under = 0;
    for (int i = 0; i < 100000; i++) {
        struct name a = random_name();
        struct name b = random_name();
        if (i % 3 == 0) { // b an ancestor of a
            unsigned labels = name_labels(a.wire);
            const uint8_t *at = a.wire;
            for (unsigned skip = labels ? (unsigned)random() % labels : 0; skip > 0; skip--)
                at += 1 + *at;
            assert_int_equal(name_from_wire(at, a.len, &b), STATUS_OK);
            under++;
        }
        assert_pair(&a, &b);
    }
    assert_true(under > 0);
}

static void ends_in_a_key_are_the_keys_of_the_ancestors(void **state)
{
    (void)state;
    for (int i = 0; i < 10000; i++) {
        struct name name = random_name();
        struct name_key key;
        name_key(name.wire, &key);
        assert_int_equal(key.labels, name_labels(name.wire));
        const uint8_t *at = name.wire;
        for (unsigned off = 0; off <= key.labels; off++) {
            struct name_key ancestor;
            name_key(at, &ancestor);
            assert_int_equal(ancestor.len, key.end[key.labels - off]);
            assert_memory_equal(ancestor.octets, key.octets, ancestor.len);
            at += 1 + *at;
        }
    }
}

static void small_questions_are_answered(void **state)
{
    (void)state;
    assert_true(name_is_wildcard(name_of("*.example").wire));
    assert_true(name_is_wildcard(name_of("*").wire));
    assert_false(name_is_wildcard(name_of("*a.example").wire));
    assert_false(name_is_wildcard(name_of("a.*.example").wire));
    assert_false(name_is_wildcard(name_of(".").wire));
    assert_int_equal(name_wire_len(name_of("a.bc").wire), 6);
    assert_int_equal(name_wire_len(name_of(".").wire), 1);
    assert_true(name_is_under(name_of("a.b").wire, name_of(".").wire));
    assert_true(name_is_under(name_of("A.b").wire, name_of("a.B").wire));
    assert_false(name_is_under(name_of("b").wire, name_of("a.b").wire));
    assert_false(name_is_under(name_of("xb").wire, name_of("b").wire));
    assert_int_equal(name_lower('A'), 'a');
    assert_int_equal(name_lower('Z'), 'z');
    assert_int_equal(name_lower('['), '[');
    assert_int_equal(name_lower('@'), '@');
    assert_int_equal(name_lower(0xc4), 0xc4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_wire),
        cmocka_unit_test(broken_text_is_refused_with_words),
        cmocka_unit_test(the_longest_name_fits_and_one_more_octet_does_not),
        cmocka_unit_test(the_longest_key_and_text_fit),
        cmocka_unit_test(wire_is_taken_only_whole),
        cmocka_unit_test(text_survives_the_way_there_and_back),
        cmocka_unit_test(text_escapes_what_master_files_would_read_differently),
        cmocka_unit_test(keys_go_from_the_root_down),
        cmocka_unit_test(order_is_that_of_rfc4034),
        cmocka_unit_test(names_and_keys_agree_for_random_pairs),
        cmocka_unit_test(ends_in_a_key_are_the_keys_of_the_ancestors),
        cmocka_unit_test(small_questions_are_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
