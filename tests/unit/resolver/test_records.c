// SPDX-License-Identifier: ISC
#include "resolver/records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/types.h"

// The root's keys of today, as Debian's dns-root-data has them.
#define KEY_20326                                                                                  \
    ". IN DNSKEY 257 3 8 "                                                                         \
    "AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7"    \
    "SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8ef"    \
    "S3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/"    \
    "ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU="
#define DS_38696                                                                                   \
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16"
#define KEY "DNSKEY 257 3 13 AQIDBA=="

static enum status read(const char *text, struct records *ret, struct error *err)
{
    struct buf buf = {0};
    buf_put_text(&buf, text);
    enum status status = records_read("file", &buf, NULL, ret, err);
    buf_done(&buf);
    return status;
}

static void reads_the_root_keys_with_their_tags(void **state)
{
    (void)state;
    struct records records = {0};
    struct error err = {0};
    assert_int_equal(read(KEY_20326 " ; keytag 20326\n" DS_38696 "\n", &records, &err), STATUS_OK);
    assert_int_equal(records.count, 2);
    assert_int_equal(records.list[0].type, RR_TYPE_DNSKEY);
    assert_int_equal(records.list[0].tag, 20326);
    assert_int_equal(records.list[0].algorithm, 8);
    assert_int_equal(records.list[0].flags, 257);
    assert_string_equal(records.list[0].remark, "keytag 20326");
    assert_int_equal(records.list[1].type, RR_TYPE_DS);
    assert_int_equal(records.list[1].tag, 38696);
    assert_null(records.list[1].remark);
    records_done(&records);
}

static void prints_what_it_read(void **state)
{
    (void)state;
    struct records records = {0};
    struct error err = {0};
    struct buf text = {0};
    assert_int_equal(read(KEY_20326, &records, &err), STATUS_OK);
    record_print(&records.list[0], &text);
    assert_string_equal(buf_text(&text), KEY_20326);
    buf_done(&text);
    records_done(&records);
}

static void takes_ttl_class_brackets_blank_lines_and_case(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "Example.COM. 3600 IN " KEY "\n",
        "example.com. IN 3600 " KEY,
        "example.com.\tin\tdnskey 257 3 13 ( AQID ; half of it\n\n   BA== ) ; the rest\r\n",
        "\n\n; nothing\nexample.com. " KEY "\n\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct records records = {0};
        struct error err = {0};
        assert_int_equal(read(texts[i], &records, &err), STATUS_OK);
        assert_int_equal(records.count, 1);
        assert_string_equal(records.list[0].text, "257 3 13 AQIDBA==");
        assert_memory_equal(records.list[0].owner.wire, "\7example\3com", 13);
        records_done(&records);
    }
}

static void refuses_what_it_does_not_understand(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        {"example.com. A 192.0.2.1", "file:1: neither a DNSKEY nor a DS record"},
        {"\n" KEY, "file:2: the owner has to be written out"},
        {"example.com " KEY, "file:1: the owner has to be written out"},
        {"  " KEY, "file:1: the owner has to be written out"},
        {"$ORIGIN example.com.", "file:1: the owner has to be written out"},
        {"@ " KEY, "file:1: the owner has to be written out"},
        {"a..b. " KEY, "file:1: "},
        {"a. DNSKEY 257 3 13 AQIDBA=", "file:1: not a DNSKEY"},
        {"a. DNSKEY 257 3 13 AQ=DBA==", "file:1: not a DNSKEY"},
        {"a. DNSKEY 257 3 13 AQIDBA==AQID", "file:1: not a DNSKEY"},
        {"a. DNSKEY 257 3 13 =", "file:1: not a DNSKEY"},
        {"a. DNSKEY 257 3 13 \"AQID\"", "file:1: not a DNSKEY"},
        {"a. DNSKEY 257 3 13", "file:1: not a DNSKEY"},
        {"a. DNSKEY 257 2 13 AQID", "file:1: not a DNSKEY"},
        {"a. DNSKEY 65536 3 13 AQID", "file:1: not a DNSKEY"},
        {"a. DNSKEY 257 3 256 AQID", "file:1: not a DNSKEY"},
        {"a. DNSKEY -1 3 13 AQID", "file:1: not a DNSKEY"},
        {"a. DS 1 13 2 012", "file:1: not a DS"},
        {"a. DS 1 13 2 0x12", "file:1: not a DS"},
        {"a. DS 1 13 2", "file:1: not a DS"},
        {"a.", "file:1: neither"},
        {"a. IN 1 IN DNSKEY 257 3 13 AQID", "file:1: neither"},
        {"a. DNSKEY ( 257 3 13 AQID", "file:1: a bracket is not closed"},
        {"a. DNSKEY 257 3 13 AQID )", "file:1: brackets do not match"},
        {"a. DNSKEY (( 257 3 13 AQID ))", "file:1: brackets do not match"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct records records = {0};
        struct error err = {0};
        assert_int_equal(read(cases[i].text, &records, &err), STATUS_SYNTAX);
        assert_memory_equal(err.text, cases[i].words, strlen(cases[i].words));
        assert_int_equal(records.count, 0);
        records_done(&records);
    }
}

static void refuses_octets_0_and_records_without_end(void **state)
{
    (void)state;
    struct records records = {0};
    struct error err = {0};
    struct buf text = {0};
    buf_put(&text, "a. DNSKEY 257 3 13 AQ\0D", 23);
    assert_int_equal(records_read("file", &text, NULL, &records, &err), STATUS_SYNTAX);
    buf_clear(&text);
    buf_put_text(&text, "a. DNSKEY 257 3 13 (");
    for (int i = 0; i < 1000; i++)
        buf_put_text(&text, " AQID");
    buf_put_text(&text, ")");
    assert_int_equal(records_read("file", &text, NULL, &records, &err), STATUS_SYNTAX);
    buf_clear(&text);
    buf_put_text(&text, "a. DNSKEY 257 3 13 ");
    for (int i = 0; i < 1000; i++)
        buf_put_text(&text, "AQID");
    assert_int_equal(records_read("file", &text, NULL, &records, &err), STATUS_SYNTAX);
    buf_done(&text);
    records_done(&records);
}

static void sorts_and_keeps_equal_ones_once(void **state)
{
    (void)state;
    struct records records = {0};
    struct error err = {0};
    assert_int_equal(read("b. " KEY "\na.b. " KEY "\na. " KEY "\nB. 5 " KEY "\n", &records, &err),
                     STATUS_OK);
    records_sort(&records);
    assert_int_equal(records.count, 3);
    assert_memory_equal(records.list[0].owner.wire, "\1a", 3);
    assert_memory_equal(records.list[1].owner.wire, "\1b", 3);
    assert_memory_equal(records.list[2].owner.wire, "\1a\1b", 5);
    records_done(&records);
}

static void nothing_of_an_owner_ends_a_quote(void **state)
{
    (void)state;
    struct records records = {0};
    struct error err = {0};
    struct buf text = {0};
    assert_int_equal(read("a\\\"\\\\\\010.b. " KEY, &records, &err), STATUS_OK);
    owner_print(records.list[0].owner.wire, &text);
    assert_string_equal(buf_text(&text), "a\\034\\092\\010.b.");
    buf_done(&text);
    records_done(&records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_root_keys_with_their_tags),
        cmocka_unit_test(prints_what_it_read),
        cmocka_unit_test(takes_ttl_class_brackets_blank_lines_and_case),
        cmocka_unit_test(refuses_what_it_does_not_understand),
        cmocka_unit_test(refuses_octets_0_and_records_without_end),
        cmocka_unit_test(sorts_and_keeps_equal_ones_once),
        cmocka_unit_test(nothing_of_an_owner_ends_a_quote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
