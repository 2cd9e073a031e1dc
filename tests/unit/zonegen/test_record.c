// SPDX-License-Identifier: ISC
// ldns reading the same record from a line is the judge.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "zonegen/record.h"

static void assert_same(const ldns_rr *ours, const ldns_rr *theirs)
{
    char *our_text = ldns_rr2str(ours);
    char *their_text = ldns_rr2str(theirs);
    assert_string_equal(our_text, their_text);
    free(our_text);
    free(their_text);
    assert_int_equal(ldns_rr_compare(ours, theirs), 0);
    assert_int_equal(ldns_rr_ttl(ours), ldns_rr_ttl(theirs));
    assert_int_equal(ldns_rr_rd_count(ours), ldns_rr_rd_count(theirs));
    for (size_t i = 0; i < ldns_rr_rd_count(ours); i++)
        assert_int_equal(ldns_rdf_get_type(ldns_rr_rdf(ours, i)),
                         ldns_rdf_get_type(ldns_rr_rdf(theirs, i)));
}

static void records_are_as_ldns_reads_them(void **state)
{
    (void)state;
    static const struct {
        const char *owner, *type, *rdata;
    } records[] = {
        {"example.com", "A", "192.0.2.1"},
        {"WWW.example.com", "AAAA", "2001:db8::1"},
        {"*.example.com", "MX", "10 mail.example.com."},
        {"example.com", "MX", "0 ."},
        {"example.com", "MX", "65535 a.b."},
        {"example.com", "NS", "ns1.example.com."},
        {"_imaps._tcp.example.com", "SRV", "0 1 993 box.example.com."},
        {"_imap._tcp.example.com", "SRV", "0 0 0 ."},
        {"a.b", "SRV", "1 2 3 a\\.b.example."},
        {"a.b", "TLSA", "3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
        {"a.b", "CAA", "0 issue \"ca.example\""},
        {"a.b", "SOA", "ns. host. 1 2 3 4 5"},
    };
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        ldns_rr *ours = NULL, *theirs = NULL;
        char *line =
            xasprintf("%s. 300 IN %s %s", records[i].owner, records[i].type, records[i].rdata);
        assert_int_equal(ldns_rr_new_frm_str(&theirs, line, 0, NULL, NULL), LDNS_STATUS_OK);
        assert_int_equal(
            record_make(records[i].owner, 300, records[i].type, records[i].rdata, &ours),
            LDNS_STATUS_OK);
        assert_same(ours, theirs);
        ldns_rr_free(ours);
        ldns_rr_free(theirs);
        free(line);
    }
}

static void what_cannot_be_is_refused_as_by_ldns(void **state)
{
    (void)state;
    static const struct {
        const char *owner, *type, *rdata;
    } records[] = {
        {"a.b", "A", "192.0.2"},    {"a.b", "A", "192.0.2.256"}, {"a.b", "AAAA", "2001:db8:::1"},
        {"a..b", "A", "192.0.2.1"}, {"a.b", "NOTYPE", "x"},
    };
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        ldns_rr *ours = NULL, *theirs = NULL;
        char *line =
            xasprintf("%s. 300 IN %s %s", records[i].owner, records[i].type, records[i].rdata);
        ldns_status wanted = ldns_rr_new_frm_str(&theirs, line, 0, NULL, NULL);
        assert_int_not_equal(wanted, LDNS_STATUS_OK);
        assert_int_equal(
            record_make(records[i].owner, 300, records[i].type, records[i].rdata, &ours), wanted);
        free(line);
    }
}

static void a_text_is_cut_into_strings_of_255(void **state)
{
    (void)state;
    for (size_t len = 0; len < 600; len++) {
        char text[600];
        memset(text, '"', sizeof(text));
        text[len] = '\0';
        ldns_rr *rr = NULL;
        assert_int_equal(record_make_text("a.b", 300, text, &rr), LDNS_STATUS_OK);
        assert_int_equal(ldns_rr_get_type(rr), LDNS_RR_TYPE_TXT);
        assert_int_equal(ldns_rr_rd_count(rr), len == 0 ? 1 : (len + 254) / 255);
        size_t seen = 0;
        for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
            const ldns_rdf *string = ldns_rr_rdf(rr, i);
            assert_int_equal(ldns_rdf_data(string)[0] + 1, ldns_rdf_size(string));
            seen += ldns_rdf_data(string)[0];
        }
        assert_int_equal(seen, len);
        ldns_rr_free(rr);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_as_ldns_reads_them),
        cmocka_unit_test(what_cannot_be_is_refused_as_by_ldns),
        cmocka_unit_test(a_text_is_cut_into_strings_of_255),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
