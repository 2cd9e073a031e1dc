// SPDX-License-Identifier: ISC
// Values by themselves, and the table of options: that its rows are what its readers rely on.
#include "config/values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "config/options.h"

static struct arena arena; // of the texts; released by tear_down

static int tear_down(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static void names_are_folded_and_lose_the_last_dot(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
    } rows[] = {
        {"Example.COM", "example.com"},
        {"example.com.", "example.com"},
        {"a-b.1c.xn--p1ai", "a-b.1c.xn--p1ai"},
        {"2.0.192.in-addr.arpa", "2.0.192.in-addr.arpa"},
        {"1and1.com", "1and1.com"},
        {"a.b", "a.b"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *name = NULL;
        assert_int_equal(value_host_name(&arena, rows[i].text, &name, NULL), STATUS_OK);
        assert_string_equal(name, rows[i].name);
    }
    char *name = NULL;
    assert_int_equal(value_host_name(&arena, "_a.example", &name, NULL), STATUS_SYNTAX);
    assert_null(name);
    assert_int_equal(value_zone_name(&arena, "_a.Example", &name, NULL), STATUS_OK);
    assert_string_equal(name, "_a.example");
}

static void selectors_are_labels(void **state)
{
    (void)state;
    static const char *const good[] = {"mail", "2026a", "a.b", "s1-rsa"};
    static const char *const bad[] = {"", ".", "..", "a/b", "../x", "a.", "-a", "a_b", "a b"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        char *selector = NULL;
        assert_int_equal(value_selector(&arena, good[i], &selector, NULL), STATUS_OK);
        assert_string_equal(selector, good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char *selector = NULL;
        assert_int_equal(value_selector(&arena, bad[i], &selector, NULL), STATUS_SYNTAX);
        assert_null(selector);
    }
}

static void quoting_is_safe_for_terminals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *quoted;
    } rows[] = {
        {"", "\"\""},
        {"plain", "\"plain\""},
        {"müller", "\"müller\""},
        {"a\x1b[2Jb\n", "\"a\\x1B[2Jb\\x0A\""},
        {"\x7f", "\"\\x7F\""},
        {"\xc2\x9b", "\"\\xC2\\x9B\""}, // CSI, as one character
        {"\xc2", "\"\xc2\""},
        {"0123456789012345678901234567890123456789012345678901234567890123",
         "\"0123456789012345678901234567890123456789012345678901234567890123\""},
        {"01234567890123456789012345678901234567890123456789012345678901234",
         "\"0123456789012345678901234567890123456789012345678901234567890123…\""},
        {"012345678901234567890123456789012345678901234567890123456789012ü",
         "\"012345678901234567890123456789012345678901234567890123456789012…\""},
    };
    char quoted[VALUE_QUOTE_MAX];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(value_quote(rows[i].text, quoted), rows[i].quoted);
    char controls[300];
    memset(controls, 1, sizeof(controls));
    controls[299] = '\0';
    assert_true(strlen(value_quote(controls, quoted)) < VALUE_QUOTE_MAX);
}

static void times_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t ms; // 0: refused
        const char *back;
    } rows[] = {
        {"1", 1000, "1s"},
        {"90s", 90000, "90s"},
        {"90", 90000, "90s"},
        {"30m", 1800000, "30m"},
        {"60m", 3600000, "1h"},
        {"12h", 43200000, "12h"},
        {"14d", 1209600000, "14d"},
        {"2w", 1209600000, "14d"},
        {"500ms", 500, "500ms"},
        {"1000ms", 1000, "1s"},
        {"007s", 7000, "7s"},
        {"", 0, NULL},
        {"s", 0, NULL},
        {"-1s", 0, NULL},
        {"+1s", 0, NULL},
        {"1.5h", 0, NULL},
        {"1h30m", 0, NULL},
        {"1 h", 0, NULL},
        {"1H", 0, NULL},
        {"0x10", 0, NULL},
        {"1e3", 0, NULL},
        {"9999999999999s", 0, NULL},
        {"999999999999w", 0, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t ms = 0;
        enum status status = value_milliseconds(rows[i].text, 1, UINT32_MAX, &ms, NULL);
        assert_int_equal(status == STATUS_OK, rows[i].ms != 0);
        assert_int_equal(ms, rows[i].ms);
        char back[VALUE_DURATION_MAX];
        if (rows[i].back != NULL)
            assert_string_equal(value_duration(ms, back), rows[i].back);
    }
    uint32_t seconds = 7;
    assert_int_equal(value_seconds("999ms", 0, 10, &seconds, NULL), STATUS_SYNTAX);
    assert_int_equal(value_seconds("11", 1, 10, &seconds, NULL), STATUS_RANGE);
    assert_int_equal(value_seconds("0", 1, 10, &seconds, NULL), STATUS_RANGE);
    assert_int_equal(seconds, 7);
    assert_int_equal(value_seconds("4294967295", 0, UINT32_MAX, &seconds, NULL), STATUS_OK);
    assert_int_equal(seconds, UINT32_MAX);
    char zero[VALUE_DURATION_MAX];
    assert_string_equal(value_duration(0, zero), "0s");
}

static void numbers_are_decimal_and_bounded(void **state)
{
    (void)state;
    uint32_t number = 7;
    static const char *const bad[] = {"",
                                      "a",
                                      "1a",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "0x1",
                                      "1.0",
                                      "4294967296",
                                      "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_not_equal(value_number(bad[i], 0, UINT32_MAX, &number, NULL), STATUS_OK);
    assert_int_equal(number, 7);
    assert_int_equal(value_number("4294967295", 0, UINT32_MAX, &number, NULL), STATUS_OK);
    assert_int_equal(number, UINT32_MAX);
}

static void paths_start_at_the_directory(void **state)
{
    (void)state;
    static const struct {
        const char *text, *directory, *path;
    } rows[] = {
        {"/a/b", "/etc", "/a/b"}, {"a", "/etc", "/etc/a"},   {"../a", "/etc/z", "/etc/z/../a"},
        {"a", "/", "/a"},         {"~a", "/etc", "/etc/~a"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *path = NULL;
        assert_int_equal(value_path(&arena, rows[i].text, rows[i].directory, &path, NULL),
                         STATUS_OK);
        assert_string_equal(path, rows[i].path);
    }
}

// ── The table ────────────────────────────────────────────────────────────────────────────────────

// Calls visit for every section, those that stand in two places twice.
static void each_section(const struct section *section, void (*visit)(const struct section *))
{
    visit(section);
    for (size_t i = 0; options_at(section, i) != NULL; i++)
        if (options_at(section, i)->section != NULL)
            each_section(options_at(section, i)->section, visit);
}

static void check_rows(const struct section *section)
{
    const struct option *row;
    size_t i = 0;
    for (; (row = options_at(section, i)) != NULL; i++) {
        assert_int_equal(options_find(section, row->name), i); // no name stands twice
        assert_true(strlen(row->name) <= 32);                  // suggest.c: KEY_MAX
        assert_non_null(row->help);
        assert_true(strlen(row->help) <= 100 && row->help[strlen(row->help) - 1] != '.');
        bool has_section = row->type == OPTION_SECTION || row->type == OPTION_SWITCH ||
                           row->type == OPTION_DNSSEC || row->type == OPTION_CAA ||
                           row->type >= OPTION_NAMESERVERS;
        assert_int_equal(row->section != NULL, has_section && row->type != OPTION_LATER);
        bool has_words = row->type == OPTION_WORD || row->type == OPTION_EITHER ||
                         row->type == OPTION_DNSSEC || row->type == OPTION_ALGORITHM ||
                         row->type == OPTION_FLAGS;
        assert_int_equal(row->words != NULL, has_words);
        assert_int_equal(row->numbers != NULL, row->type == OPTION_ALGORITHM);
        assert_int_equal(row->count != 0, option_is_list(row));
        assert_true(!option_is_list(row) || row->max > 0);
    }
    assert_in_range(i, 1, 64); // read.c: a bit per row
}

static void every_row_has_what_its_type_needs(void **state)
{
    (void)state;
    each_section(&options_top, check_rows);
}

static const struct section *section_of(const char *path)
{
    const struct section *section = &options_top;
    char name[40];
    while (path[0] != '\0') {
        size_t len = strcspn(path, ".");
        snprintf(name, sizeof(name), "%.*s", (int)len, path);
        path += len + (path[len] == '.' ? 1 : 0);
        int found = options_find(section, name);
        assert_true(found >= 0);
        section = options_at(section, (size_t)found)->section;
    }
    return section;
}

static void the_name_comes_first_in_lists_of_mappings(void **state)
{
    (void)state;
    // read_lists.c: a single value is it
    static const char *const lists[] = {"domains", "box.nameservers", "box.services"};
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(options_at(section_of(lists[i]), 0)->name, "name");
}

static void suggestions_are_near(void **state)
{
    (void)state;
    static const struct {
        const char *section, *name, *suggestion;
    } rows[] = {
        {"", "bx", "box"},
        {"", "domain", "domains"},
        {"", "domians", "domains"},
        {"", "severs", "server"},
        {"", "ttls", "ttl"},
        {"", "hostname", "box.hostname"},
        {"", "listen", "server.listen"},
        {"box", "host-name", "hostname"},
        {"box", "adresses", "addresses"},
        {"box", "nameserver", "nameservers"},
        {"box", "zone-file", "domains.zone-file"},
        {"box", "policy", "box.dmarc.policy"},
        {"domains", "hostname", "box.hostname"},
        {"box", "selector", "box.dkim.selector"},
        {"domains", "zonefile", "zone-file"},
        {"domains", "dnsec", "dnssec"},
        {"server", "tcp_connections", "tcp-connections"},
        {"ttl", "xyz", NULL},
        {"box", "colour", NULL},
        {"box", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", NULL},
        {"", "", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char near[OPTION_PATH_MAX];
        const char *found = options_suggest(section_of(rows[i].section), rows[i].name, near);
        if (rows[i].suggestion == NULL)
            assert_null(found);
        else
            assert_string_equal(found != NULL ? found : "(nothing)", rows[i].suggestion);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_folded_and_lose_the_last_dot),
        cmocka_unit_test(selectors_are_labels),
        cmocka_unit_test(quoting_is_safe_for_terminals),
        cmocka_unit_test(times_have_units),
        cmocka_unit_test(numbers_are_decimal_and_bounded),
        cmocka_unit_test(paths_start_at_the_directory),
        cmocka_unit_test(every_row_has_what_its_type_needs),
        cmocka_unit_test(the_name_comes_first_in_lists_of_mappings),
        cmocka_unit_test(suggestions_are_near),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
