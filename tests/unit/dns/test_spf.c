// SPDX-License-Identifier: ISC
#include "dns/spf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static enum status parse(const char *text, struct spf *ret, struct error *err)
{
    *err = (struct error){0};
    enum status status = spf_parse(text, strlen(text), ret, err);
    assert_true((status == STATUS_OK) == (err->text[0] == '\0'));
    return status;
}

static bool is_domain(const struct spf_term *term, const char *domain)
{
    return term->domain_len == strlen(domain) &&
           memcmp(term->domain, domain, term->domain_len) == 0;
}

static void terms_come_out_with_qualifier_domain_and_prefixes(void **state)
{
    (void)state;
    struct spf spf;
    struct error err;
    assert_int_equal(
        parse("v=spf1  mx a:x.example/24//64 ?IP4:192.0.2.0/25 ip6:2001:db8::/32 ~all ", &spf,
              &err),
        STATUS_OK);
    assert_int_equal(spf.count, 5);
    assert_int_equal(spf.terms[0].kind, SPF_MX);
    assert_int_equal(spf.terms[0].domain_len, 0);
    assert_int_equal(spf.terms[0].qualifier, '+');
    assert_int_equal(spf.terms[0].prefix4, 32);
    assert_int_equal(spf.terms[0].prefix6, 128);
    assert_int_equal(spf.terms[1].kind, SPF_A);
    assert_true(is_domain(&spf.terms[1], "x.example"));
    assert_int_equal(spf.terms[1].prefix4, 24);
    assert_int_equal(spf.terms[1].prefix6, 64);
    assert_int_equal(spf.terms[2].kind, SPF_IP4);
    assert_int_equal(spf.terms[2].qualifier, '?');
    assert_int_equal(spf.terms[2].prefix4, 25);
    assert_memory_equal(spf.terms[2].address, "\xc0\x00\x02\x00", 4);
    assert_int_equal(spf.terms[3].kind, SPF_IP6);
    assert_int_equal(spf.terms[3].prefix6, 32);
    assert_memory_equal(spf.terms[3].address, "\x20\x01\x0d\xb8", 4);
    assert_int_equal(spf.all, '~');
    assert_int_equal(spf.lookups, 2);
}

static void look_ups_are_counted_as_far_as_a_verifier_gets(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned lookups;
        char all;
    } cases[] = {
        {"v=spf1", 0, '\0'},
        {"v=spf1 -all", 0, '-'},
        {"v=spf1 all", 0, '+'},
        {"v=spf1 ip4:192.0.2.1 ip6:::1 exp=e.example.com -all", 0, '-'},
        {"v=spf1 a mx ptr include:a.example exists:%{i}.b.example ?all", 5, '?'},
        {"v=spf1 a redirect=b.example", 2, '\0'},
        {"v=spf1 a -all mx redirect=b.example", 1, '-'},
        {"v=spf1 redirect=b.example -all", 0, '-'},
        {"v=spf1 -all ~all", 0, '-'},
        {"v=spf1 a a a a a a a a a a a", 11, '\0'},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct spf spf;
        struct error err;
        if (parse(cases[i].text, &spf, &err) != STATUS_OK || spf.lookups != cases[i].lookups ||
            spf.all != cases[i].all)
            fail_msg("\"%s\": %u look-ups, %s", cases[i].text, spf.lookups, err.text);
    }
}

static void what_the_grammar_allows_is_taken(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "V=SPF1 MX -ALL",
        "v=spf1 a/0 mx//0 a/32//128 -all",
        "v=spf1 a:example.com. -all",
        "v=spf1 a:_spf.example.com include:_spf.example.com -all",
        "v=spf1 exists:%{ir}.%{v}._spf.%{d2} -all",
        "v=spf1 exists:%{l1r-}.%{d} -all",
        "v=spf1 exists:%{L1R-+,/_=}.x.example -all",
        "v=spf1 a:%{d}/24 -all",
        "v=spf1 a:a%%b%_c%-.example -all",
        "v=spf1 a:x.xn--p1ai -all",
        "v=spf1 a:x.9-9 -all",
        "v=spf1 ptr:example.com -all",
        "v=spf1 ptr -all",
        "v=spf1 exp=%{d}._exp.example.com -all",
        "v=spf1 op=auth moo=%{i}x a.b-c_d= -all",
        "v=spf1 ip6:::ffff:192.0.2.1/96 -all",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct spf spf;
        struct error err;
        if (parse(texts[i], &spf, &err) != STATUS_OK)
            fail_msg("\"%s\" is refused: %s", texts[i], err.text);
    }
}

static void what_is_a_permanent_error_is_refused_with_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        {"", "begin with"},
        {"v=spf10", "begin with"},
        {"v=spf1\t-all", "begin with"},
        {"v=spf1 incldue:x.example", "\"incldue:x.example\": not a mechanism"},
        {"v=spf1 -", "not a mechanism"},
        {"v=spf1 a-all", "not a mechanism"},
        {"v=spf1 +exp=x.example", "not a mechanism"},
        {"v=spf1 192.0.2.1", "not a mechanism"},
        {"v=spf1 all:x.example", "no argument"},
        {"v=spf1 all/24", "prefix"},
        {"v=spf1 include", "domain is missing"},
        {"v=spf1 include:", "domain is missing"},
        {"v=spf1 include:x.example/24", "not a domain"},
        {"v=spf1 redirect=", "domain is missing"},
        {"v=spf1 a:", "domain is missing"},
        {"v=spf1 a:localhost", "not a domain"},
        {"v=spf1 a:x..example", "not a domain"},
        {"v=spf1 a:.example", "not a domain"},
        {"v=spf1 a:192.0.2.1", "not a domain"},
        {"v=spf1 a:x.-example", "not a domain"},
        {"v=spf1 a:x.example/33", "out of range"},
        {"v=spf1 a:x.example/", "out of range"},
        {"v=spf1 a:x.example//129", "out of range"},
        {"v=spf1 a/024", "out of range"},
        {"v=spf1 a//", "out of range"},
        {"v=spf1 a24", "not a mechanism"},
        {"v=spf1 ptr/24", "prefix"},
        {"v=spf1 ip4", "address is missing"},
        {"v=spf1 ip4/24", "prefix"},
        {"v=spf1 ip4:", "not an IPv4 address"},
        {"v=spf1 ip4:1.2.3", "not an IPv4 address"},
        {"v=spf1 ip4:192.0.2.1/33", "out of range"},
        {"v=spf1 ip4:2001:db8::1", "not an IPv4 address"},
        {"v=spf1 ip6:192.0.2.1", "not an IPv6 address"},
        {"v=spf1 ip6:2001:db8::/129", "out of range"},
        {"v=spf1 exists:%{x}.example", "macro"},
        {"v=spf1 exists:%{c}.example", "macro"},
        {"v=spf1 exists:%{d0}.example", "macro"},
        {"v=spf1 exists:%{d", "macro"},
        {"v=spf1 exists:%", "macro"},
        {"v=spf1 moo=%", "macro"},
        {"v=spf1 exists:%{d}.1", "not a domain"},
        {"v=spf1 redirect=a.example redirect=a.example", "twice"},
        {"v=spf1 exp=a.example EXP=b.example", "twice"},
        {"v=spf1 a\x01", "printable"},
        {"v=spf1 a\tmx", "printable"},
        {"v=spf1 \xc3\xa4", "printable"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct spf spf;
        struct error err;
        if (parse(cases[i].text, &spf, &err) != STATUS_SYNTAX ||
            strstr(err.text, cases[i].words) == NULL)
            fail_msg("\"%s\": %s", cases[i].text, err.text);
    }
}

static void names_longer_than_dns_allows_are_refused(void **state)
{
    (void)state;
    struct spf spf;
    struct error err;
    char text[600] = "v=spf1 a:";
    for (int i = 0; i < 64; i++)
        strcat(text, "x");
    strcat(text, ".example");
    assert_int_equal(parse(text, &spf, &err), STATUS_SYNTAX);
    strcpy(text, "v=spf1 a:");
    for (int i = 0; i < 130; i++)
        strcat(text, "x.");
    strcat(text, "example");
    assert_int_equal(parse(text, &spf, &err), STATUS_SYNTAX);
}

static void more_terms_than_anyone_needs_are_refused(void **state)
{
    (void)state;
    struct spf spf;
    struct error err;
    char text[8 + 2 * (SPF_TERMS_MAX + 1) + 1] = "v=spf1 ";
    for (int i = 0; i < SPF_TERMS_MAX; i++)
        strcat(text, "a ");
    assert_int_equal(parse(text, &spf, &err), STATUS_OK);
    assert_int_equal(spf.lookups, SPF_TERMS_MAX);
    strcat(text, "a");
    assert_int_equal(parse(text, &spf, &err), STATUS_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_come_out_with_qualifier_domain_and_prefixes),
        cmocka_unit_test(look_ups_are_counted_as_far_as_a_verifier_gets),
        cmocka_unit_test(what_the_grammar_allows_is_taken),
        cmocka_unit_test(what_is_a_permanent_error_is_refused_with_words),
        cmocka_unit_test(names_longer_than_dns_allows_are_refused),
        cmocka_unit_test(more_terms_than_anyone_needs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
