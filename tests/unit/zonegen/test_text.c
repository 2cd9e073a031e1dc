// SPDX-License-Identifier: ISC
// ldns, which reads and prints records everywhere else, is the judge.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "zonegen/text.h"

static void assert_as_ldns(const ldns_rdf *rdf)
{
    struct buf ours = {0};
    text_put_rdf(&ours, rdf);
    char *theirs = ldns_rdf2str(rdf);
    assert_string_equal(buf_text(&ours), theirs);
    free(theirs);
    buf_done(&ours);
}

static void every_octet_in_a_name_comes_back(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet < 256; octet++) {
        const uint8_t wire[] = {3, 'a', (uint8_t)octet, 'b', 1, (uint8_t)octet, 0};
        ldns_rdf *name = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, sizeof(wire), wire);
        struct buf text = {0};
        text_put_rdf(&text, name);
        ldns_rdf *again = ldns_dname_new_frm_str(buf_text(&text));
        assert_non_null(again);
        assert_int_equal(ldns_rdf_size(again), sizeof(wire));
        assert_memory_equal(ldns_rdf_data(again), wire, sizeof(wire));
        ldns_rdf_deep_free(again);
        ldns_rdf_deep_free(name);
        buf_done(&text);
    }
    ldns_rdf *root = ldns_dname_new_frm_str(".");
    assert_as_ldns(root);
    ldns_rdf_deep_free(root);
}

static void every_octet_in_a_string_is_written_as_by_ldns(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet < 256; octet++) {
        const uint8_t wire[] = {3, 'a', (uint8_t)octet, 'b'};
        ldns_rdf *string = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_STR, sizeof(wire), wire);
        assert_as_ldns(string);
        ldns_rdf_deep_free(string);
    }
}

static void records_are_written_as_by_ldns(void **state)
{
    (void)state;
    static const char *const records[] = {
        "a. A 192.0.2.1",
        "a. AAAA 2001:db8::1",
        "a. AAAA ::ffff:192.0.2.1",
        "a. MX 65535 mail.example.com.",
        "a. MX 0 .",
        "a. SRV 0 1 993 mail\\.box.example.com.",
        "a. SOA ns. host\\.master. 4294967295 14400 3600 604800 0",
        "a. TXT \"v=spf1 -all\" \"\" \"a\\\"b\\\\c\\009\\255\"",
        "a. TLSA 3 1 1 00ff0123456789abcdef00ff0123456789abcdef00ff0123456789abcdef0123",
        "a. SSHFP 4 2 00ff0123456789abcdef00ff0123456789abcdef00ff0123456789abcdef0123",
        "a. CAA 0 issue \"letsencrypt.org; accounturi=https://a/b\"",
        "a. DS 1 13 2 00ff0123456789abcdef00ff0123456789abcdef00ff0123456789abcdef0123",
        "a. DNSKEY 257 3 13 "
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw==",
        "a. NAPTR 1 2 \"u\" \"E2U+sip\" \"!^.*$!sip:a@b!\" .",
        "a. LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
        "a. TYPE65280 \\# 3 00ff10",
        "a. HINFO \"PC\" \"a b\"",
        "a. PTR b.example.",
        "a. RP a.b. .",
        "a. URI 10 1 \"https://example.com/\"",
        "a. CERT PGP 0 0 AAEC",
        "a. OPENPGPKEY AAEC",
    };
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        ldns_rr *rr = NULL;
        assert_int_equal(ldns_rr_new_frm_str(&rr, records[i], 1, NULL, NULL), LDNS_STATUS_OK);
        for (size_t field = 0; field < ldns_rr_rd_count(rr); field++)
            assert_as_ldns(ldns_rr_rdf(rr, field));
        ldns_rr_free(rr);
    }
}

static void assert_owner(const char *name, const char *apex, const char *wanted)
{
    ldns_rdf *owner = ldns_dname_new_frm_str(name);
    ldns_rdf *zone = ldns_dname_new_frm_str(apex);
    struct buf ours = {0};
    text_put_owner(&ours, owner, zone);
    assert_string_equal(buf_text(&ours), wanted);
    buf_done(&ours);
    ldns_rdf_deep_free(zone);
    ldns_rdf_deep_free(owner);
}

static void owners_are_relative_to_the_apex_by_labels(void **state)
{
    (void)state;
    assert_owner("example.com.", "example.com.", "@");
    assert_owner("WWW.Example.COM.", "example.com.", "WWW");
    assert_owner("a.b.example.com.", "example.com.", "a.b");
    assert_owner("*.example.com.", "example.com.", "*");
    assert_owner("badexample.com.", "example.com.", "badexample.com.");
    assert_owner("com.", "example.com.", "com.");
    assert_owner("example.net.", "example.com.", "example.net.");
    assert_owner("\\@.example.com.", "example.com.", "\\@");
    assert_owner("$x.example.com.", "example.com.", "\\$x");
    // The octets of the apex, but not at the start of a label.
    assert_owner("a\\007example\\003com.", "example.com.", "a\\007example\\003com.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_octet_in_a_name_comes_back),
        cmocka_unit_test(every_octet_in_a_string_is_written_as_by_ldns),
        cmocka_unit_test(records_are_written_as_by_ldns),
        cmocka_unit_test(owners_are_relative_to_the_apex_by_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
