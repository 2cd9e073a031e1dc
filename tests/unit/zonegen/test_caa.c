// SPDX-License-Identifier: ISC
#include "tests/unit/zonegen/world.h"

#define MAKE_CERTIFICATE                                                                           \
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9999 "        \
    "-keyout key.pem -out %s.pem -subj '%s' >/dev/null 2>&1"

static void certificate(const char *name, const char *subject)
{
    runf(MAKE_CERTIFICATE, name, subject);
}

static void the_host_has_its_certificates_issuer(void **state)
{
    (void)state;
    certificate("known", "/C=US/O=Let'\\''s Encrypt/CN=R11"); // its own issuer
    struct world w = world("  tls: known.pem\n  ssh: []\n", "domains: [example.com]\n");
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "box 3600 IN CAA 0 issue \"letsencrypt.org\"");
    assert_no(text, "@ 3600 IN CAA");
    free(text);
    struct config_text account = words("https://acme.example/acct/1"), method = words("dns-01");
    w.inputs->config->box.caa.accounts = &account;
    w.inputs->config->box.caa.account_count = 1;
    w.inputs->config->box.caa.methods = &method;
    w.inputs->config->box.caa.method_count = 1;
    text = dump_zone(&w, "example.com");
    assert_line(text, "box 3600 IN CAA 0 issue \"letsencrypt.org; "
                      "accounturi=https://acme.example/acct/1; validationmethods=dns-01\"");
    free(text);
    w.inputs->config->box.caa = (struct config_caa){.given = true, .none = true};
    text = dump_zone(&w, "example.com");
    assert_no(text, " CAA ");
    free(text);
    w.inputs->config->box.caa = (struct config_caa){0};
    world_done(&w);
}

static void an_issuer_that_is_not_known_is_a_note(void **state)
{
    (void)state;
    certificate("own", "/O=A Town/CN=box.example.com");
    struct world w = world("  tls: own.pem\n  ssh: []\n", "domains: [example.com]\n");
    struct zone_content *content = make_zone(&w, "example.com");
    const struct zone_note *note = find_note(content, "the issuer A Town is not known");
    assert_non_null(note);
    assert_false(note->error);
    zone_content_free(content);
    char *text = dump_zone(&w, "example.com");
    assert_no(text, " CAA ");
    free(text);
    world_done(&w);
}

static void a_method_that_nobody_knows_is_a_note(void **state)
{
    (void)state;
    struct world w = world("", "domains: [{name: example.com, caa: {issue: ca.example, methods: "
                               "[http01, dns-01, ca-own]}}]\n");
    struct zone_content *content = make_zone(&w, "example.com");
    assert_non_null(find_note(content, "caa: \"http01\" is no method of validation"));
    assert_null(find_note(content, "\"dns-01\""));
    assert_null(find_note(content, "\"ca-own\""));
    zone_content_free(content);
    world_done(&w);
}

static void each_property_is_a_record(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com]\n");
    struct config_text issue[] = {words("ca.example"), words("ca2.example")};
    struct config_text accounts[] = {words("https://a.example/1"), words("https://a.example/2")};
    struct config_text mail = words("smime.example"), iodef = words("mailto:caa@example.com");
    w.inputs->config->domains[0].caa = (struct config_caa){
        .given = true,
        .issue = issue,
        .issue_count = 2,
        .issue_given = true,
        .issuewild_given = true,
        .issuemail = &mail,
        .issuemail_count = 1,
        .issuemail_given = true,
        .accounts = accounts,
        .account_count = 2,
        .iodef = &iodef,
        .iodef_count = 1,
    };
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "@ 3600 IN CAA 0 issue \"ca.example; accounturi=https://a.example/1\"");
    assert_line(text, "@ 3600 IN CAA 0 issue \"ca.example; accounturi=https://a.example/2\"");
    assert_line(text, "@ 3600 IN CAA 0 issue \"ca2.example; accounturi=https://a.example/2\"");
    assert_line(text, "@ 3600 IN CAA 0 issuewild \";\"");
    assert_line(text, "@ 3600 IN CAA 0 issuemail \"smime.example\"");
    assert_line(text, "@ 3600 IN CAA 0 iodef \"mailto:caa@example.com\"");
    assert_no(text, "box 3600 IN CAA");
    free(text);
    w.inputs->config->domains[0].caa = (struct config_caa){0};
    world_done(&w);
}

static void a_host_that_is_a_domain_has_what_the_domain_says(void **state)
{
    (void)state;
    certificate("known", "/C=US/O=Let'\\''s Encrypt/CN=R11");
    struct world w = world("  tls: known.pem\n  ssh: []\n", "domains: [box.example.com]\n");
    char *text = dump_zone(&w, "box.example.com");
    assert_line(text, "@ 3600 IN CAA 0 issue \"letsencrypt.org\"");
    free(text);
    struct config_text issue = words("ca.example");
    w.inputs->config->domains[0].caa =
        (struct config_caa){.given = true, .issue = &issue, .issue_count = 1, .issue_given = true};
    text = dump_zone(&w, "box.example.com");
    assert_line(text, "@ 3600 IN CAA 0 issue \"ca.example\"");
    assert_no(text, "letsencrypt");
    free(text);
    w.inputs->config->domains[0].caa = (struct config_caa){0};
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_has_its_certificates_issuer),
        cmocka_unit_test(an_issuer_that_is_not_known_is_a_note),
        cmocka_unit_test(a_method_that_nobody_knows_is_a_note),
        cmocka_unit_test(each_property_is_a_record),
        cmocka_unit_test(a_host_that_is_a_domain_has_what_the_domain_says),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
