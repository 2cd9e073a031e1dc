// SPDX-License-Identifier: ISC
#include "resolver/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dns/types.h"

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────

// The octets end where their memory ends, so that the sanitizer sees a read beyond.
static bool read_at(const char *octets, size_t len, size_t at, struct name *name, size_t *ret_at)
{
    uint8_t *copy = test_malloc(len);
    memcpy(copy, octets, len);
    struct names_reader reader = {copy, len, at};
    bool good = names_read(&reader, name);
    *ret_at = reader.at;
    test_free(copy);
    return good;
}

static void names_are_read_with_their_pointers_followed(void **state)
{
    (void)state;
    // 0 "b.c." 5 "a" → 0, 9 → 5, 11 "." behind which something else stands
    static const char octets[] = "\x01"
                                 "b\x01"
                                 "c\x00\x01"
                                 "a\xc0\x00\xc0\x05\x00x";
    static const struct {
        size_t at;
        size_t end;
        size_t len;
        const char *wire;
    } names[] = {
        {0, 5, 5,
         "\x01"
         "b\x01"
         "c"},
        {5, 9, 7,
         "\x01"
         "a\x01"
         "b\x01"
         "c"},
        {9, 11, 7,
         "\x01"
         "a\x01"
         "b\x01"
         "c"},
        {11, 12, 1, ""},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct name name;
        size_t at;
        assert_true(read_at(octets, sizeof(octets) - 1, names[i].at, &name, &at));
        assert_int_equal(at, names[i].end);
        assert_int_equal(name.len, names[i].len);
        assert_memory_equal(name.wire, names[i].wire, names[i].len);
    }
}

static void names_that_are_not_whole_are_not_read(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const char *octets;
        size_t len;
        size_t at;
    } wrong[] = {
        {"nothing", "x", 1, 1},
        {"no end",
         "\x01"
         "a",
         2, 0},
        {"a label beyond the end",
         "\x05"
         "abcd",
         5, 0},
        {"half a pointer", "\x00\xc0", 2, 1},
        {"a pointer to itself", "\x00\xc0\x01", 3, 1},
        {"a pointer forwards", "\xc0\x02\x00", 3, 0},
        {"a pointer to its own labels",
         "\x01"
         "a\xc0\x00",
         4, 0},
        {"two pointers in a circle", "\xc0\x02\xc0\x00", 4, 2},
        {"a label of type 01",
         "\x41"
         "a\x00",
         3, 0},
        {"a label of type 10",
         "\x81"
         "a\x00",
         3, 0},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct name name;
        size_t at;
        if (read_at(wrong[i].octets, wrong[i].len, wrong[i].at, &name, &at) || at != wrong[i].at)
            fail_msg("%s", wrong[i].what);
    }
}

// Three labels of 63 octets and one of `last`, the root behind them by a pointer.
static bool read_long(uint8_t last, struct name *name)
{
    uint8_t octets[300] = {0};
    size_t at = 1;
    for (unsigned i = 0; i < 4; i++) {
        octets[at] = i < 3 ? 63 : last;
        at += 1U + octets[at];
    }
    octets[at++] = 0xc0;
    octets[at++] = 0;
    struct names_reader reader = {octets, at, 1};
    return names_read(&reader, name);
}

static void names_end_at_255_octets(void **state)
{
    (void)state;
    struct name name;
    assert_true(read_long(61, &name));
    assert_int_equal(name.len, 255);
    assert_false(read_long(62, &name));
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────

static void put(struct names_writer *writer, const char *text)
{
    struct error err = {0};
    struct name name;
    assert_int_equal(name_from_text(text, &name, &err), STATUS_OK);
    assert_true(names_put(writer, name.wire));
}

static void each_suffix_is_written_once(void **state)
{
    (void)state;
    static uint8_t out[200];
    static struct names_writer writer = {out, DNS_HEADER_LEN, sizeof(out), {0}};
    put(&writer, "www.example.org.");
    assert_int_equal(writer.at, 12 + 17);
    put(&writer, "WWW.example.ORG.");
    assert_memory_equal(out + 29, "\xc0\x0c", 2);
    put(&writer, "mail.Example.org.");
    assert_memory_equal(out + 31, "\x04mail\xc0\x10", 7);
    put(&writer, "x.mail.example.org.");
    assert_memory_equal(out + 38, "\x01x\xc0\x1f", 4);
    put(&writer, "wwww.example.com.");
    assert_int_equal(writer.at, 42 + 18);
    put(&writer, ".");
    assert_int_equal(writer.at, 61);
    assert_int_equal(out[60], 0);
}

static void a_name_noted_is_pointed_to(void **state)
{
    (void)state;
    static uint8_t out[100];
    static struct names_writer writer = {out, 25, sizeof(out), {0}};
    memcpy(out + DNS_HEADER_LEN,
           "\x07"
           "example\x03org",
           13);
    names_note(&writer, out + DNS_HEADER_LEN, DNS_HEADER_LEN);
    put(&writer, "org.");
    assert_memory_equal(out + 25, "\xc0\x14", 2);
}

static void what_does_not_fit_is_not_written(void **state)
{
    (void)state;
    struct error err = {0};
    struct name name;
    assert_int_equal(name_from_text("a.b.", &name, &err), STATUS_OK);
    uint8_t out[17];
    struct names_writer writer = {out, DNS_HEADER_LEN, 16, {0}};
    assert_false(names_put(&writer, name.wire));
    assert_int_equal(writer.at, DNS_HEADER_LEN);
    writer.limit = 17;
    assert_true(names_put(&writer, name.wire));
    writer.limit = 18;
    assert_false(names_put(&writer, name.wire)); // a pointer takes two
}

// What is beyond the reach of pointers, or finds no room among the places, comes in full: it reads
// the same.
static void all_names_read_as_they_were_written(void **state)
{
    (void)state;
    enum { NAMES = 3000 };
    static uint8_t out[DNS_MESSAGE_MAX];
    static struct names_writer writer = {out, DNS_HEADER_LEN, sizeof(out), {0}};
    static size_t at[NAMES];
    char text[64];
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(text, sizeof(text), "n%u.m%u.example%u.", i, i % 50, i % 7);
        at[i] = writer.at;
        put(&writer, text);
    }
    assert_true(writer.at > DNS_POINTER_MAX + 2000);
    struct names_reader reader = {out, writer.at, 0};
    for (unsigned i = 0; i < NAMES; i++) {
        struct name name;
        char again[NAME_TEXT_MAX];
        snprintf(text, sizeof(text), "n%u.m%u.example%u.", i, i % 50, i % 7);
        reader.at = at[i];
        assert_true(names_read(&reader, &name));
        assert_int_equal(reader.at, i + 1 < NAMES ? at[i + 1] : writer.at);
        assert_string_equal(name_to_text(name.wire, again), text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_read_with_their_pointers_followed),
        cmocka_unit_test(names_that_are_not_whole_are_not_read),
        cmocka_unit_test(names_end_at_255_octets),
        cmocka_unit_test(each_suffix_is_written_once),
        cmocka_unit_test(a_name_noted_is_pointed_to),
        cmocka_unit_test(what_does_not_fit_is_not_written),
        cmocka_unit_test(all_names_read_as_they_were_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
