// SPDX-License-Identifier: ISC
#include "tests/unit/zonegen/world.h"

static void a_policy_is_written_out(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com]\n");
    struct config_mail *mail = own_mail(&w, 0);
    struct config_text reports[] = {words("mailto:a@example.com"),
                                    words("mailto:b,c;d@example.com!10m")};
    struct config_text failure = words("mailto:f@example.com");
    mail->dmarc = (struct config_dmarc){.enabled = true,
                                        .policy = CONFIG_DMARC_REJECT,
                                        .subdomains = CONFIG_DMARC_NONE,
                                        .nonexistent = CONFIG_DMARC_QUARANTINE,
                                        .testing = true,
                                        .strict_dkim = true,
                                        .strict_spf = true,
                                        .reports = reports,
                                        .report_count = 2,
                                        .failures = &failure,
                                        .failure_count = 1};
    struct zone_content *content = make_zone(&w, "example.com");
    struct buf text = {0};
    zone_content_dump(content, &text);
    assert_line(buf_text(&text),
                "_dmarc 3600 IN TXT \"v=DMARC1; p=reject; sp=none; np=quarantine; adkim=s; aspf=s; "
                "t=y; rua=mailto:a@example.com,mailto:b%2Cc%3Bd@example.com%2110m; "
                "ruf=mailto:f@example.com\"");
    assert_has(
        buf_text(&text),
        "; DMARC: refuse what fails SPF and DKIM, quarantine names that do not exist, on trial");
    assert_null(find_note(content, "DMARC reports"));
    zone_content_free(content);
    buf_done(&text);
    mail->dmarc.enabled = false;
    char *without = dump_zone(&w, "example.com");
    assert_no(without, "\n_dmarc ");
    free(without);
    world_done(&w);
}

static void who_gets_reports_of_others_welcomes_them(void **state)
{
    (void)state;
    struct world w =
        world("", "domains: [example.net, example.com, sub.example.com, example.org]\n");
    struct config_text report = words("mailto:dmarc@example.com");
    for (size_t i = 0; i < 3; i++) {
        struct config_mail *mail = own_mail(&w, i);
        mail->dmarc.reports = &report;
        mail->dmarc.report_count = 1;
    }
    find_targets(&w);
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "example.net._report._dmarc 3600 IN TXT \"v=DMARC1;\"");
    assert_no(text, "sub.example.com._report");
    assert_no(text, "example.org._report");
    free(text);
    text = dump_zone(&w, "example.net");
    assert_no(text, "_report");
    free(text);
    world_done(&w);
}

static void who_is_not_ours_has_to_be_asked(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.net]\n");
    struct config_mail *mail = own_mail(&w, 0);
    struct config_text reports[] = {words("mailto:x@Reports.Elsewhere.Example"),
                                    words("https://example.org/report")};
    mail->dmarc.reports = reports;
    mail->dmarc.report_count = 2;
    find_targets(&w);
    struct zone_content *content = make_zone(&w, "example.net");
    const struct zone_note *note =
        find_note(content, "example.net._report._dmarc.reports.elsewhere.example. TXT");
    assert_non_null(note);
    assert_false(note->error);
    zone_content_free(content);
    world_done(&w);
}

static void tls_reports_are_for_the_domain_and_the_host(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com]\n");
    struct config_text reports[] = {words("mailto:tls@example.com"),
                                    words("https://example.com/a,b")};
    struct config_mail *mail = own_mail(&w, 0);
    struct config_mail box = w.inputs->config->box.mail;
    mail->tls_rpt = reports;
    mail->tls_rpt_count = 2;
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "_smtp._tls 3600 IN TXT \"v=TLSRPTv1; "
                      "rua=mailto:tls@example.com,https://example.com/a%2Cb\"");
    assert_no(text, "_smtp._tls.box");
    free(text);
    w.inputs->config->box.mail.tls_rpt = reports;
    w.inputs->config->box.mail.tls_rpt_count = 1;
    text = dump_zone(&w, "example.com");
    assert_line(text, "_smtp._tls.box 3600 IN TXT \"v=TLSRPTv1; rua=mailto:tls@example.com\"");
    free(text);
    w.inputs->config->box.mail = box;
    world_done(&w);
}

static void a_host_that_is_a_domain_has_one_policy(void **state)
{
    (void)state;
    struct world w = world("", "domains: [box.example.com]\n");
    struct config_text report = words("mailto:tls@example.com");
    struct config_mail *mail = own_mail(&w, 0);
    mail->tls_rpt = &report;
    mail->tls_rpt_count = 1;
    mail->dmarc.policy = CONFIG_DMARC_REJECT;
    char *text = dump_zone(&w, "box.example.com");
    assert_line(text, "_smtp._tls 3600 IN TXT \"v=TLSRPTv1; rua=mailto:tls@example.com\"");
    assert_line(text, "_dmarc 3600 IN TXT \"v=DMARC1; p=reject; sp=quarantine; np=reject\"");
    assert_no(text, "v=spf1 a ");
    assert_no(text, "DMARC1; p=quarantine");
    free(text);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_is_written_out),
        cmocka_unit_test(who_gets_reports_of_others_welcomes_them),
        cmocka_unit_test(who_is_not_ours_has_to_be_asked),
        cmocka_unit_test(tls_reports_are_for_the_domain_and_the_host),
        cmocka_unit_test(a_host_that_is_a_domain_has_one_policy),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
