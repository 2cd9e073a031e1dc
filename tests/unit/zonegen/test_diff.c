// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "zonegen/diff.h"

#define NOW 1795329900

// A zone from the lines of a master file, each ended by "\n"; NULL: there is none.
static struct diff_side side(const char *lines, bool is_signed)
{
    static const char soa[] =
        "@ 3600 IN SOA ns1.example.com. hostmaster.example.com. 7 14400 3600 604800 900\n";
    struct diff_side ret = {.exists = lines != NULL, .is_signed = is_signed};
    if (lines == NULL)
        return ret;
    ldns_rdf *origin = ldns_dname_new_frm_str("example.com.");
    char *text = xasprintf("%s%s", strstr(lines, "SOA") == NULL ? soa : "", lines);
    ret.records = ldns_rr_list_new();
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        ldns_rr *rr = NULL;
        if (ldns_rr_new_frm_str(&rr, line, 3600, origin, NULL) != LDNS_STATUS_OK)
            fail_msg("no record: %s", line);
        ldns_rr_list_push_rr(ret.records, rr);
    }
    free(text);
    ldns_rdf_deep_free(origin);
    return ret;
}

static struct diff_context context = {
    .zone = "example.com", .hostname = "box.example.com", .now = NOW};

static char *diff_text(const char *old, const char *new)
{
    struct diff_side from = side(old, true);
    struct diff_side to = side(new, true);
    struct diff diff;
    struct buf text = {0};
    diff_zone(&context, &from, &to, &diff);
    diff_print(&diff, false, &text);
    char *ret = xstrdup(buf_text(&text));
    buf_done(&text);
    diff_done(&diff);
    return ret;
}

static void a_set_has_the_lowest_ttl_of_its_records(void **state)
{
    (void)state;
    char *text = diff_text("www 300 A 192.0.2.1\nwww 300 A 192.0.2.2\n",
                           "www 7200 A 192.0.2.1\nwww 300 A 192.0.2.2\n");
    assert_string_equal(text, "");
    free(text);
}

static void serials_signatures_case_and_order_are_no_difference(void **state)
{
    (void)state;
    char *text = diff_text(
        "@ 3600 IN SOA ns1.example.com. hostmaster.example.com. 7 14400 3600 604800 900\n"
        "@ NS NS1.example.com.\n@ NS ns2.example.com.\nwww A 192.0.2.1\n"
        "@ 3600 IN NSEC www.example.com. A NS SOA RRSIG NSEC\n"
        "@ DNSKEY 257 3 13 HQ7ZNffJuW5ZwrNRfu9xCwP36hnQgQN/"
        "CsuEk+LS1z4lUhpFb640t/cZPOa36cWvmBTwAky4ARKaaagqqZXMmQ==\n",
        "@ 3600 IN SOA ns1.example.com. hostmaster.example.com. 1 14400 3600 604800 900\n"
        "WWW A 192.0.2.1\nwww A 192.0.2.1\n@ NS ns2.example.com.\n@ NS ns1.EXAMPLE.com.\n");
    assert_string_equal(text, "");
    free(text);
}

static void each_change_is_told_in_full(void **state)
{
    (void)state;
    char *text = diff_text("@ MX 10 old.example.net.\nwww A 192.0.2.1\n",
                           "@ MX 10 box.example.com.\nnew A 192.0.2.1\n");
    assert_string_equal(text, "example.com: 3 RRsets changed\n"
                              "  ! who has asked for what is new here (1 RRset) may go on hearing "
                              "that there is none; for "
                              "15 minutes, if done now until 2026-11-22 07:00 UTC\n"
                              "\n"
                              "- example.com. 3600 IN MX 10 old.example.net.\n"
                              "+ example.com. 3600 IN MX 10 box.example.com.\n"
                              "  ! senders still bring mail to old.example.net; keep it taking "
                              "mail for example.com; for 1 "
                              "hour, if done now until 2026-11-22 07:45 UTC\n"
                              "\n"
                              "+ new.example.com. 3600 IN A 192.0.2.1\n"
                              "\n"
                              "- www.example.com. 3600 IN A 192.0.2.1\n"
                              "  ! who knows www.example.com already goes on to 192.0.2.1; keep it "
                              "working; for 1 hour, if "
                              "done now until 2026-11-22 07:45 UTC\n");
    free(text);
}

static void a_ttl_that_falls_is_counted_down_first(void **state)
{
    (void)state;
    char *text = diff_text("www 86400 A 192.0.2.1\n", "www 300 A 192.0.2.1\n");
    assert_non_null(strstr(text, "- www.example.com. 86400 IN A 192.0.2.1\n"
                                 "+ www.example.com. 300 IN A 192.0.2.1\n"));
    assert_non_null(strstr(text, "still count down the old TTL"));
    assert_non_null(strstr(text, "for 1 day,"));
    free(text);
    text = diff_text("www 300 A 192.0.2.1\n", "www 86400 A 192.0.2.1\n");
    assert_null(strstr(text, " ! "));
    free(text);
}

#define KEY_A "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08"
#define KEY_B "60303AE22B998861BCE3B28F33EEC1BE758A213C86C93C076DBE9F558C11C752"

static void risks_are_told_by_type(void **state)
{
    (void)state;
    static const struct {
        const char *old, *new, *risk; // risk NULL: none
    } cases[] = {
        {"@ MX 10 a.example.\n", "", "without MX, mail goes to the addresses of example.com"},
        {"@ MX 10 a.example.\n", "@ MX 20 a.example.\n", NULL},
        {"@ MX 10 a.example.\n@ MX 20 b.example.\n", "@ MX 10 a.example.\n",
         "bring mail to b.example;"},
        {"box A 192.0.2.1\n", "box A 192.0.2.2\n",
         "mail from 192.0.2.2 is refused by many until its reverse name is box.example.com"},
        {"ns1 A 192.0.2.1\n@ NS ns1\n", "ns1 A 192.0.2.2\n@ NS ns1\n",
         "its glue at the registrar must change, too"},
        {"@ NS a.example.\n", "@ NS b.example.\n", "asking a.example: it must serve the zone, and"},
        {"@ NS a.example.\n", "@ NS a.example.\n@ NS b.example.\n",
         "the registrar must be told the same name servers"},
        {"", "sub NS a.example.\n", "a.example must serve sub.example.com already"},
        {"sub NS a.example.\n", "", "asking a.example for sub.example.com and all below it"},
        {"sub NS a.example.\n", "sub NS a.example.\nsub DS 1 13 2 " KEY_A "\n",
         "sub.example.com must be served with the key 1 by all its name servers already"},
        {"sub DS 1 13 2 " KEY_A "\n", "", "sub.example.com must stay signed with the key 1"},
        {"@ TXT \"v=spf1 mx ip4:192.0.2.9 -all\"\n", "@ TXT \"v=spf1 mx -all\"\n",
         "sent by way of ip4:192.0.2.9 does not pass SPF any more"},
        {"@ TXT \"v=spf1 mx -all\"\n", "@ TXT \"v=spf1 mx\" \" include:x.example -all\"\n",
         "sent by way of include:x.example may not pass SPF yet; for 1 hour"},
        {"@ TXT \"v=spf1 mx ~all\"\n", "@ TXT \"v=spf1 mx -all\"\n",
         "mail of example.com from elsewhere fails now"},
        {"@ TXT \"v=spf1 mx -all\"\n", "", "nothing says any more who may send mail"},
        {"@ TXT \"v=spf1 mx -all\"\n@ TXT \"x=1\"\n", "@ TXT \"v=spf1 mx -all\"\n",
         "who looks for \"x=1\" does not find it any more"},
        {"s._domainkey TXT \"v=DKIM1; p=AAAA\"\n", "",
         "the mail server must not sign with it; for 5 days"},
        {"s._domainkey TXT \"v=DKIM1; p=AAAA\"\n", "s._domainkey TXT \"v=DKIM1; p=\"\n",
         "mail under way that is signed with it"},
        {"s._domainkey TXT \"v=DKIM1; p=AAAA\"\n", "s._domainkey TXT \"v=DKIM1; p=AAAA; t=s\"\n",
         NULL},
        {"_dmarc TXT \"v=DMARC1; p=none\"\n", "_dmarc TXT \"v=DMARC1; p=reject\"\n",
         "passes neither SPF nor DKIM is refused now"},
        {"_dmarc TXT \"v=DMARC1; p=reject\"\n", "", "neither SPF nor DKIM is let in from now on"},
        {"_mta-sts TXT \"v=STSv1; id=1\"\n", "", "until its max_age is over"},
        {"_mta-sts TXT \"v=STSv1; id=1\"\n", "_mta-sts TXT \"v=STSv1; id=2\"\n",
         "the web server must have the new policy before"},
        {"_25._tcp.box TLSA 3 1 1 " KEY_A "\n", "", "mail by DANE waits; for 1 hour"},
        {"_25._tcp.box TLSA 3 1 1 " KEY_A "\n", "_25._tcp.box TLSA 3 1 1 " KEY_B "\n",
         "no key is in both the old and the new records"},
        {"_25._tcp.box TLSA 3 1 1 " KEY_A "\n",
         "_25._tcp.box TLSA 3 1 1 " KEY_A "\n_25._tcp.box TLSA 3 1 1 " KEY_B "\n",
         "yet, unless it does already (RFC 7671 §8.1); for 2 hours"},
        {"_25._tcp.box TLSA 3 1 1 " KEY_A "\n_25._tcp.box TLSA 3 1 1 " KEY_B "\n",
         "_25._tcp.box TLSA 3 1 1 " KEY_A "\n", "must not use the key 60303ae2"},
        {"box SSHFP 4 2 " KEY_A "\n", "box SSHFP 4 2 " KEY_B "\n", "do not trust a host key"},
        {"_imaps._tcp SRV 0 1 993 a.example.\n", "_imaps._tcp SRV 0 1 993 b.example.\n",
         "clients go on to a.example;"},
        {"_imaps._tcp SRV 0 1 993 a.example.\n", "_imaps._tcp SRV 0 1 994 a.example.\n",
         "clients go on to port 993;"},
        {"www CNAME a.example.\n", "www A 192.0.2.1\n", "as an alias goes on to a.example"},
        {"box CAA 0 issue \"a.example\"\n", "box CAA 0 issue \"b.example\"\n",
         "a renewal that needs \"a.example\" is refused"},
        {"", "box CAA 0 issue \"a.example\"\n", "come only from whom this names"},
        {"x LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m\n", "",
         "caches go on with the old data; for 1 hour"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = diff_text(cases[i].old, cases[i].new);
        if (cases[i].risk != NULL && strstr(text, cases[i].risk) == NULL)
            fail_msg("no \"%s\" in\n%s", cases[i].risk, text);
        if (cases[i].risk == NULL && (strstr(text, " ! ") != NULL || text[0] == '\0'))
            fail_msg("a risk, or no change, in\n%s", text);
        free(text);
    }
}

static void delegations_from_a_zone_of_ours_are_no_business_of_a_registrar(void **state)
{
    (void)state;
    context.delegated_here = true;
    char *text = diff_text("@ NS a.example.\n", "@ NS b.example.\n");
    context.delegated_here = false;
    assert_null(strstr(text, "registrar"));
    assert_non_null(strstr(text, "resolvers go on asking a.example: it must serve the zone; for"));
    free(text);
}

static void zones_come_and_go(void **state)
{
    (void)state;
    char *text = diff_text(NULL, "www A 192.0.2.1\n");
    assert_string_equal(text, "example.com: new zone, 2 records\n"
                              "  ! nobody asks here before the registrar is told (zonegen --ds)\n");
    free(text);
    text = diff_text("www 7200 A 192.0.2.1\n", NULL);
    assert_non_null(strstr(text, "example.com: removed, 2 records\n"));
    assert_non_null(strstr(text, "caches may still have records of it; for 2 hours,"));
    free(text);
}

static void a_zone_that_is_signed_no_longer_is_bogus_while_there_is_a_ds(void **state)
{
    (void)state;
    struct diff_side from = side("www A 192.0.2.1\n", true);
    struct diff_side to = side("www A 192.0.2.1\n", false);
    struct diff diff;
    struct buf text = {0};
    diff_zone(&context, &from, &to, &diff);
    diff_print(&diff, true, &text);
    assert_int_equal(diff.kind, DIFF_CHANGED);
    assert_non_null(strstr(buf_text(&text),
                           "\033[1mexample.com: signed no longer\033[0m\n"
                           "\033[33m  ! it is not signed any more: while the registrar has a DS"));
    buf_done(&text);
    diff_done(&diff);
}

// Looking for the name servers among all records for each change took minutes.
static void many_changes_of_addresses_are_judged_soon(void **state)
{
    (void)state;
    struct buf old = {0}, new = {0};
    struct diff diff;
    for (unsigned i = 0; i < 25000; i++) {
        buf_printf(&old, "h%u A 192.0.2.1\n", i);
        buf_printf(&new, "h%u A 192.0.2.2\n", i);
    }
    buf_put_text(&new, "@ NS h7\n");
    struct diff_side from = side(buf_text(&old), true);
    struct diff_side to = side(buf_text(&new), true);
    clock_t before = clock(); // of the processor
    diff_zone(&context, &from, &to, &diff);
    assert_true(clock() - before < 4 * CLOCKS_PER_SEC);
    assert_int_equal(diff.change_count, 25001);
    for (size_t i = 0; i < diff.change_count; i++) {
        bool serves = ((const char *)ldns_rdf_data(diff.changes[i].owner))[2] == '7' &&
                      ldns_rdf_data(diff.changes[i].owner)[0] == 2;
        if (diff.changes[i].type == LDNS_RR_TYPE_A)
            assert_int_equal(diff.changes[i].risk_count, serves ? 2 : 1);
    }
    diff_done(&diff);
    buf_done(&old);
    buf_done(&new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_has_the_lowest_ttl_of_its_records),
        cmocka_unit_test(serials_signatures_case_and_order_are_no_difference),
        cmocka_unit_test(each_change_is_told_in_full),
        cmocka_unit_test(a_ttl_that_falls_is_counted_down_first),
        cmocka_unit_test(risks_are_told_by_type),
        cmocka_unit_test(delegations_from_a_zone_of_ours_are_no_business_of_a_registrar),
        cmocka_unit_test(zones_come_and_go),
        cmocka_unit_test(a_zone_that_is_signed_no_longer_is_bogus_while_there_is_a_ds),
        cmocka_unit_test(many_changes_of_addresses_are_judged_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
