// SPDX-License-Identifier: ISC
#include "dns/tag_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static enum status parse(const char *text, struct tag_list *ret)
{
    struct error err = {0};
    enum status status = tag_list_parse(text, strlen(text), ret, &err);
    assert_true((status == STATUS_OK) == (err.text[0] == '\0'));
    return status;
}

static void assert_tag(const struct tag_list *list, const char *name, const char *value)
{
    const struct tag *tag = tag_list_find(list, name);
    assert_non_null(tag);
    assert_true(tag_is(tag, value));
}

static void blanks_mean_nothing_around_names_values_and_semicolons(void **state)
{
    (void)state;
    struct tag_list list;
    assert_int_equal(parse("v=DMARC1;p=reject", &list), STATUS_OK);
    assert_int_equal(list.count, 2);
    assert_int_equal(parse("  v = DMARC1 ;\tp\t=  reject ; ", &list), STATUS_OK);
    assert_int_equal(list.count, 2);
    assert_tag(&list, "v", "DMARC1");
    assert_tag(&list, "p", "reject");
    assert_null(tag_list_find(&list, "sp"));
    assert_int_equal(parse("v=DKIM1; p=; n=a b = c", &list), STATUS_OK);
    assert_tag(&list, "p", "");
    assert_tag(&list, "n", "a b = c");
}

static void names_are_told_apart_by_case(void **state)
{
    (void)state;
    struct tag_list list;
    assert_int_equal(parse("a=1; A=2", &list), STATUS_OK);
    assert_tag(&list, "a", "1");
    assert_tag(&list, "A", "2");
}

static void what_is_no_list_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",       " ",    ";",     "v=1;;p=2",      "v=1; p",
        "=1",     "1a=2", "a-b=1", "v=1; p=2; v=1", "v=1; p=\x01",
        "a=\xff",
    };
    struct tag_list list;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (parse(texts[i], &list) != STATUS_SYNTAX)
            fail_msg("\"%s\" was taken", texts[i]);
    }
    char many[6 * (TAG_LIST_MAX + 1) + 1];
    for (int i = 0; i <= TAG_LIST_MAX; i++) {
        memcpy(many + 6 * i, "tag00;", 7);
        many[6 * i + 3] = (char)('0' + i % 10);
        many[6 * i + 2] = (char)('a' + i / 10);
        many[6 * i + 4] = '=';
    }
    assert_int_equal(parse(many, &list), STATUS_SYNTAX);
    many[6 * TAG_LIST_MAX] = '\0';
    assert_int_equal(parse(many, &list), STATUS_OK);
}

struct family_case {
    const char *owner;
    const char *text;
    enum txt_family family;
};

typedef enum txt_family family_of(const char *owner, const char *text, size_t len);

static void assert_families(family_of *tell, const struct family_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum txt_family family = tell(cases[i].owner, cases[i].text, strlen(cases[i].text));
        if (family != cases[i].family)
            fail_msg("%s \"%s\" is taken for %s", cases[i].owner, cases[i].text,
                     txt_family_name(family));
    }
}

static void a_family_is_told_by_name_and_text(void **state)
{
    (void)state;
    static const struct family_case cases[] = {
        {"example.com", "v=spf1 -all", TXT_SPF},
        {"example.com", "V=SPF1", TXT_SPF},
        {"example.com", "v=spf10 -all", TXT_OTHER},
        {"example.com", " v=spf1 -all", TXT_OTHER},
        {"_dmarc.example.com", "v=spf1 -all", TXT_SPF},
        {"_dmarc.example.com", "v=DMARC1;p=none", TXT_DMARC},
        {"_DMARC.example.com.", " v = DMARC1 ; p=none", TXT_DMARC},
        {"_dmarc.example.com", "v=DMARC1; p=none; p=none", TXT_DMARC},
        {"_dmarc.example.com", "v=DMARC10; p=none", TXT_OTHER},
        {"_dmarc.example.com", "v=dmarc1; p=none", TXT_OTHER},
        {"_dmarc.example.com", "p=none; v=DMARC1", TXT_OTHER},
        {"example.com", "v=DMARC1; p=none", TXT_OTHER},
        {"_dmarcx.example.com", "v=DMARC1; p=none", TXT_OTHER},
        {"example.org._report._dmarc.example.com", "v=DMARC1", TXT_REPORT},
        {"*._report._dmarc.example.com", "v=DMARC1;", TXT_REPORT},
        {"_report._dmarc.example.com", "v=DMARC1;", TXT_OTHER},
        {"mail._domainkey.example.com", "v=DKIM1; k=rsa; p=abcd", TXT_DKIM},
        {"mail._domainkey.example.com", "p=", TXT_DKIM},
        {"mail._domainkey.example.com", "o=-", TXT_OTHER},
        {"_domainkey.example.com", "v=DKIM1; p=", TXT_OTHER},
        {"_mta-sts.example.com", "v=STSv1; id=1", TXT_MTA_STS},
        {"_mta-sts.example.com", "v=STSv2; id=1", TXT_OTHER},
        {"_smtp._tls.example.com", "v=TLSRPTv1; rua=mailto:a@b.example", TXT_TLS_RPT},
        {"_tls.example.com", "v=TLSRPTv1; rua=mailto:a@b.example", TXT_OTHER},
        {"example.com", "site-verification=1", TXT_OTHER},
        {"example.com", "", TXT_OTHER},
    };
    assert_families(txt_family, cases, sizeof(cases) / sizeof(cases[0]));
}

static void what_was_meant_is_told_in_any_spelling(void **state)
{
    (void)state;
    static const struct family_case cases[] = {
        {"_dmarc.example.com", "V=dmarc1 ; P=none", TXT_DMARC},
        {"_dmarc.example.com", "p=none; v=DMARC1", TXT_DMARC},
        {"_dmarc.example.com", "p=none", TXT_OTHER},
        {"_dmarc.example.com", "v=DMARC10; p=none", TXT_OTHER},
        {"_dmarc.example.com", "v=dkim1; p=", TXT_OTHER},
        {"example.com", "v=DMARC1; p=none", TXT_OTHER},
        {"example.com", "v=spf1mx-all", TXT_SPF},
        {"example.com", "V=SPF1 -all", TXT_SPF},
        {"example.com", "v=spf10 -all", TXT_OTHER},
        {"_mta-sts.example.com", "v=stsv1; id=1", TXT_MTA_STS},
        {"_smtp._tls.example.com", "rua=mailto:a@b.example; v=TLSRPTv1", TXT_TLS_RPT},
        {"a._report._dmarc.example.com", "v=dmarc1", TXT_REPORT},
        {"example.com", "", TXT_OTHER},
    };
    assert_families(txt_meant, cases, sizeof(cases) / sizeof(cases[0]));
    assert_int_equal(txt_claim("v=DKIM1; p=", 11), TXT_DKIM);
}

struct check {
    enum txt_family family;
    const char *text;
    const char *words; // NULL: it is fine
};

static const struct check checks[] = {
    {TXT_OTHER, "anything \x01", NULL},
    {TXT_SPF, "v=spf1 mx -all", NULL},
    {TXT_SPF, "v=spf1 mxx -all", "\"mxx\""},
    {TXT_DMARC, "v=DMARC1; p=quarantine; sp=none; np=Reject; t=y; psd=n; adkim=s; aspf=r; fo=1",
     NULL},
    {TXT_DMARC, "V=DMARC1; p=none", NULL},
    {TXT_DMARC, "v=DMARC1; rua=mailto:a@b.example", NULL},
    {TXT_DMARC, "v=DMARC1; p=none; rua=mailto:a@b.example!10m , https://x.example/", NULL},
    {TXT_DMARC, "v=DMARC1; p=none; unknown=1", NULL},
    {TXT_DMARC, "v=DMARC1; p=rejected", "p=rejected"},
    {TXT_DMARC, "v=DMARC1; p=none; np=no", "np=no"},
    {TXT_DMARC, "v=DMARC1; p=none; t=x", "t=x"},
    {TXT_DMARC, "v=DMARC1; p=none; adkim=strict", "adkim=strict"},
    {TXT_DMARC, "v=DMARC1; p=none; rua=a@b.example", "no URI"},
    {TXT_DMARC, "v=DMARC1; p=none; rua=mailto:a@b.example,", "no URI"},
    {TXT_DMARC, "v=DMARC1; p=none; ruf=mailto:", "no URI"},
    {TXT_DMARC, "v=DMARC1; sp=none", "neither p= nor rua="},
    {TXT_DMARC, "v=DMARC1; p=none; p=none", "twice"},
    {TXT_DMARC, "p=none", "must begin"},
    {TXT_REPORT, "v=DMARC1", NULL},
    {TXT_REPORT, "v=DMARC1; rua=mailto:a@b.example", NULL},
    {TXT_REPORT, "v=DMARC2", "must begin"},
    {TXT_DKIM, "v=DKIM1; k=rsa; p=MAUw MAEC Aw==", NULL},
    {TXT_DKIM, "p=MAUwMAECAwQ=", "p= has 8 octets of a key of 7"},
    {TXT_DKIM, "p=MIGfMA0G", "p= has 6 octets of a key of 162"},
    {TXT_DKIM, "p=MIIBIjAN", "p= has 6 octets of a key of 294"},
    {TXT_DKIM, "k=rsa; p=TUlJQkI=", "no RSA key"},
    {TXT_DKIM, "p=MIMBAgME", "no RSA key"},
    {TXT_DKIM, "p=", NULL},
    {TXT_DKIM, "k=ed25519; p=abcd", "has 3 octets"},
    {TXT_DKIM, "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", NULL},
    {TXT_DKIM, "k=rsa; v=DKIM1; p=abcd", "first"},
    {TXT_DKIM, "v=DKIM1; k=rsa", "no p="},
    {TXT_DKIM, "v=DKIM1; k=dsa; p=abcd", "k=dsa"},
    {TXT_DKIM, "v=DKIM1; p=abc", "base64"},
    {TXT_DKIM, "v=DKIM1; p=a\"bc", "base64"},
    {TXT_DKIM, "v=DKIM1; p=ab=d", "base64"},
    {TXT_MTA_STS, "v=STSv1; id=20261122T1;", NULL},
    {TXT_MTA_STS, "v=STSv1;id=1", NULL},
    {TXT_MTA_STS, "v = STSv1; id=1", "without blanks"},
    {TXT_MTA_STS, " v=STSv1; id=1", "without blanks"},
    {TXT_MTA_STS, "V=STSv1; id=1", "without blanks"},
    {TXT_MTA_STS, "v=STSv1", "id="},
    {TXT_MTA_STS, "v=STSv1; id=", "id="},
    {TXT_MTA_STS, "v=STSv1; id=a-b", "id="},
    {TXT_MTA_STS, "v=STSv1; id=123456789012345678901234567890123", "id="},
    {TXT_TLS_RPT, "v=TLSRPTv1; rua=mailto:a@b.example,https://x.example/", NULL},
    {TXT_TLS_RPT, "v=TLSRPTv1", "no rua="},
    {TXT_TLS_RPT, "v=TLSRPTv1; rua=", "no URI"},
};

static void each_family_has_its_own_grammar(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        const struct check *check = &checks[i];
        struct error err = {0};
        enum status status = txt_check(check->family, check->text, strlen(check->text), &err);
        if (check->words == NULL
                ? status != STATUS_OK
                : status != STATUS_SYNTAX || strstr(err.text, check->words) == NULL)
            fail_msg("\"%s\": %s", check->text, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_mean_nothing_around_names_values_and_semicolons),
        cmocka_unit_test(names_are_told_apart_by_case),
        cmocka_unit_test(what_is_no_list_is_refused),
        cmocka_unit_test(a_family_is_told_by_name_and_text),
        cmocka_unit_test(what_was_meant_is_told_in_any_spelling),
        cmocka_unit_test(each_family_has_its_own_grammar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
