// SPDX-License-Identifier: ISC
// check_host() and macros, with the examples of RFC 7208 (§7.4, appendix A) and the limits of §4.6.4.
#include "probe/judge_spf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probe/spf_macro.h"
#include "tests/unit/probe/world.h"

// RFC 7208 appendix A, less what is not needed
#define EXAMPLE                                                                                    \
    "example.com. A 192.0.2.10\nexample.com. A 192.0.2.11\n"                                       \
    "example.com. MX 10 mail-a.example.com.\nexample.com. MX 20 mail-b.example.com.\n"             \
    "amy.example.com. A 192.0.2.65\nbob.example.com. A 192.0.2.66\n"                               \
    "mail-a.example.com. A 192.0.2.129\nmail-b.example.com. A 192.0.2.130\n"                       \
    "mail-b.example.com. AAAA 2001:db8::130\n"                                                     \
    "example.org. A 192.0.2.20\nexample.org. MX 10 mail-c.example.org.\n"                          \
    "mail-c.example.org. A 192.0.2.140\n"                                                          \
    "65.2.0.192.in-addr.arpa. PTR amy.example.com.\n"                                              \
    "140.2.0.192.in-addr.arpa. PTR mail-c.example.org.\n"                                          \
    "mobile-users._spf.example.com. A 127.0.0.2\n"                                                 \
    "15.15.168.192.spf.example.net. A 127.0.0.2\n"

struct outcome {
    enum spf_result result;
    unsigned lookups;
};

// records: further ones than the example's.
static struct outcome check(const char *records, const char *from, const char *domain)
{
    char *text = NULL;
    assert_true(asprintf(&text, EXAMPLE "%s", records) > 0);
    struct world world = {.elsewhere = text};
    struct expect_zone zone = {.name = "none.invalid"};
    struct facts *facts = facts_new();
    struct verdicts verdicts = {0};
    struct outcome outcome = {0};
    struct address address;
    size_t begun = 0;
    assert_int_equal(address_parse(from, 25, &address, NULL), STATUS_OK);
    for (bool open = true; open;) {
        struct judge judge = {.zone = &zone, .facts = facts, .verdicts = &verdicts};
        struct spf_check host = {.judge = &judge,
                                 .address = &address,
                                 .sender = domain,
                                 .helo = "mail.example.org",
                                 .why = ""};
        outcome.result = spf_check_host(&host, domain);
        outcome.lookups = host.lookups;
        open = world_settle(&world, facts, &begun);
        for (size_t i = 0; i < judge.list_count; i++)
            ldns_rr_list_free(judge.lists[i]);
        free(judge.lists);
        arena_done(&judge.arena);
    }
    facts_free(facts);
    free(text);
    return outcome;
}

static void the_examples_of_the_rfc_come_out_as_it_says(void **state)
{
    (void)state;
    static const struct {
        const char *record, *from;
        enum spf_result result;
    } rows[] = {
        {"v=spf1 +all", "192.0.2.1", SPF_PASS},
        {"v=spf1 a -all", "192.0.2.10", SPF_PASS},
        {"v=spf1 a -all", "192.0.2.11", SPF_PASS},
        {"v=spf1 a -all", "192.0.2.12", SPF_FAIL},
        {"v=spf1 a:example.org -all", "192.0.2.20", SPF_PASS},
        {"v=spf1 a:example.org -all", "192.0.2.10", SPF_FAIL},
        {"v=spf1 mx -all", "192.0.2.129", SPF_PASS},
        {"v=spf1 mx -all", "192.0.2.130", SPF_PASS},
        {"v=spf1 mx -all", "2001:db8::130", SPF_PASS},
        {"v=spf1 mx:example.org -all", "192.0.2.140", SPF_PASS},
        {"v=spf1 mx mx:example.org -all", "192.0.2.140", SPF_PASS},
        {"v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.131", SPF_PASS},
        {"v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.143", SPF_PASS},
        {"v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.132", SPF_FAIL},
        {"v=spf1 ptr -all", "192.0.2.65", SPF_PASS},
        {"v=spf1 ptr -all", "192.0.2.140", SPF_FAIL},
        {"v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.129", SPF_PASS},
        {"v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.65", SPF_FAIL},
        {"v=spf1 ip6:2001:db8::/32 ~all", "2001:db8:7::1", SPF_PASS},
        {"v=spf1 ip6:2001:db8::/32 ~all", "192.0.2.1", SPF_SOFTFAIL},
        {"v=spf1 exists:%{l}.none._spf.%{d} ?all", "192.0.2.1", SPF_NEUTRAL},
        {"v=spf1 exists:mobile-users._spf.%{d} -all", "192.0.2.1", SPF_PASS},
        {"v=spf1 exists:%{i}.none.example.net exists:%{ir}.spf.example.net -all", "192.168.15.15",
         SPF_PASS},
        {"v=spf1", "192.0.2.1", SPF_NEUTRAL},
        {"v=spf1 ip4:192.0.2.1.9 -all", "192.0.2.1", SPF_PERMERROR},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *record = NULL;
        assert_true(asprintf(&record, "example.com. TXT \"%s\"\n", rows[i].record) > 0);
        struct outcome outcome = check(record, rows[i].from, "example.com");
        if (outcome.result != rows[i].result)
            fail_msg("%s from %s: %s", rows[i].record, rows[i].from,
                     spf_result_text(outcome.result));
        free(record);
    }
}

static void there_is_exactly_one_record(void **state)
{
    (void)state;
    assert_int_equal(check("", "192.0.2.1", "example.com").result, SPF_NONE);
    assert_int_equal(check("example.com. TXT \"hello\"\nexample.com. TXT \"v=spf10 +all\"\n",
                           "192.0.2.1", "example.com")
                         .result,
                     SPF_NONE);
    assert_int_equal(check("example.com. TXT \"v=spf1 -all\"\nexample.com. TXT \"v=spf1 +all\"\n",
                           "192.0.2.1", "example.com")
                         .result,
                     SPF_PERMERROR);
    // Strings are joined without a blank (§3.3)
    assert_int_equal(
        check("example.com. TXT \"v=spf1 ip4:192.0\" \".2.1 -all\"\n", "192.0.2.1", "example.com")
            .result,
        SPF_PASS);
}

static void includes_and_redirects_lead_on(void **state)
{
    (void)state;
    static const char records[] = "example.com. TXT \"v=spf1 include:_spf.example.com ~all\"\n"
                                  "_spf.example.com. TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
                                  "r.example.com. TXT \"v=spf1 redirect=_spf.example.com\"\n"
                                  "n.example.com. TXT \"v=spf1 redirect=none.example.com\"\n"
                                  "i.example.com. TXT \"v=spf1 include:none.example.com -all\"\n";
    assert_int_equal(check(records, "192.0.2.1", "example.com").result, SPF_PASS);
    assert_int_equal(check(records, "192.0.2.2", "example.com").result, SPF_SOFTFAIL);
    assert_int_equal(check(records, "192.0.2.1", "r.example.com").result, SPF_PASS);
    assert_int_equal(check(records, "192.0.2.2", "r.example.com").result, SPF_FAIL);
    assert_int_equal(check(records, "192.0.2.2", "n.example.com").result, SPF_PERMERROR);
    assert_int_equal(check(records, "192.0.2.2", "i.example.com").result, SPF_PERMERROR);
}

static void look_ups_are_counted(void **state)
{
    (void)state;
    // Ten are fine, of which four in the included one
    static const char ten[] = "example.com. TXT \"v=spf1 a a a a a include:i.example.com -all\"\n"
                              "i.example.com. TXT \"v=spf1 a:amy.example.com a:amy.example.com "
                              "a:amy.example.com a:amy.example.com -all\"\n";
    struct outcome outcome = check(ten, "192.0.2.99", "example.com");
    assert_int_equal(outcome.result, SPF_FAIL);
    assert_int_equal(outcome.lookups, 10);
    static const char eleven[] = "example.com. TXT \"v=spf1 a a a a a a a a a a a -all\"\n";
    assert_int_equal(check(eleven, "192.0.2.99", "example.com").result, SPF_PERMERROR);
    // What matches before does not get that far
    assert_int_equal(check(eleven, "192.0.2.10", "example.com").result, SPF_PASS);
    static const char circle[] = "example.com. TXT \"v=spf1 include:example.com -all\"\n"
                                 "r.example.com. TXT \"v=spf1 redirect=r.example.com\"\n";
    assert_int_equal(check(circle, "192.0.2.99", "example.com").result, SPF_PERMERROR);
    assert_int_equal(check(circle, "192.0.2.99", "r.example.com").result, SPF_PERMERROR);
    static const char voids[] =
        "example.com. TXT \"v=spf1 a:n1.example.com a:n2.example.com a:n3.example.com -all\"\n"
        "two.example.com. TXT \"v=spf1 a:n1.example.com a:n2.example.com -all\"\n";
    assert_int_equal(check(voids, "192.0.2.99", "example.com").result, SPF_PERMERROR);
    assert_int_equal(check(voids, "192.0.2.99", "two.example.com").result, SPF_FAIL);
}

// RFC 7208 §7.4
static void macros_are_expanded_as_the_rfc_says(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"%{s}", "strong-bad@email.example.com"},
        {"%{o}", "email.example.com"},
        {"%{d}", "email.example.com"},
        {"%{d4}", "email.example.com"},
        {"%{d3}", "email.example.com"},
        {"%{d2}", "example.com"},
        {"%{d1}", "com"},
        {"%{dr}", "com.example.email"},
        {"%{d2r}", "example.email"},
        {"%{l}", "strong-bad"},
        {"%{l-}", "strong.bad"},
        {"%{lr}", "strong-bad"},
        {"%{lr-}", "bad.strong"},
        {"%{l1r-}", "strong"},
        {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
        {"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
        {"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
        {"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
        {"a%%b%_c%-d", "a%b c%20d"},
    };
    struct address address;
    assert_int_equal(address_parse("192.0.2.3", 25, &address, NULL), STATUS_OK);
    struct spf_macro macro = {.local = "strong-bad",
                              .sender = "email.example.com",
                              .domain = "email.example.com",
                              .helo = "mail.example.com",
                              .address = &address};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf text = {0};
        assert_true(spf_macro_expand(&macro, rows[i].text, strlen(rows[i].text), &text));
        assert_string_equal(buf_text(&text), rows[i].wanted);
        buf_done(&text);
    }
    struct buf text = {0};
    assert_int_equal(address_parse("2001:db8::cb01", 25, &address, NULL), STATUS_OK);
    assert_true(spf_macro_expand(&macro, "%{ir}.%{v}", 10, &text));
    assert_string_equal(buf_text(&text), "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
                                         "8.b.d.0.1.0.0.2.ip6");
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_rfc_come_out_as_it_says),
        cmocka_unit_test(there_is_exactly_one_record),
        cmocka_unit_test(includes_and_redirects_lead_on),
        cmocka_unit_test(look_ups_are_counted),
        cmocka_unit_test(macros_are_expanded_as_the_rfc_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
