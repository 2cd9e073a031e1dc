// SPDX-License-Identifier: ISC
// What a domain may say for itself, and what it has from the box.
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/config/reading.h"

#define BOX "box: {hostname: box.example.com}\n"

static void what_the_box_says_of_mail_holds_for_every_domain(void **state)
{
    (void)state;
    struct config *config = parse(
        "box:\n"
        "  hostname: box.example.com\n"
        "  tls-next: [next.pub]\n"
        "  tls-ports: [25, 465]\n"
        "  tls-issuer: yes\n"
        "  dkim: {algorithms: rsa, lifetime: 180d}\n"
        "  spf:\n"
        "    relays: [203.0.113.7, '2001:db8::/48', 'ip4:192.0.2.0/24', include:spf.Example.NET,\n"
        "             'a:out.example.net/24//64', 'exists:%{i}.spf.example.net']\n"
        "    all: softfail\n"
        "  dmarc: {policy: reject, nonexistent: none, testing: yes, strict-dkim: yes,\n"
        "          reports: [dmarc@example.com, 'mailto:d@bücher.example'], failures: "
        "f@example.com}\n"
        "  mta-sts: {max-age: 1w}\n"
        "  tls-rpt: [tls@example.com, 'https://reports.example.com/x']\n"
        "  services: [imaps, {name: xmpp-client, port: 5222, host: chat.example.com}]\n"
        "  autoconfig: yes\n"
        "domains: [example.com]\n");
    const struct config_box *box = &config->box;
    const struct config_mail *mail = config->domains[0].mail;
    assert_ptr_equal(mail, &box->mail);
    assert_int_equal(box->tls_next_count, 1);
    assert_string_equal(box->tls_next[0].text, "/etc/zonebox/next.pub");
    assert_int_equal(box->tls_port_count, 2);
    assert_int_equal(box->tls_ports[1], 465);
    assert_true(box->tls_issuer);
    assert_int_equal(mail->dkim_algorithms, CONFIG_DKIM_RSA);
    assert_int_equal(mail->dkim_lifetime, 180 * 86400);
    static const char *const relays[] = {"ip4:203.0.113.7",          "ip6:2001:db8::/48",
                                         "ip4:192.0.2.0/24",         "include:spf.example.net",
                                         "a:out.example.net/24//64", "exists:%{i}.spf.example.net"};
    assert_int_equal(mail->spf.relay_count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(mail->spf.relays[i].text, relays[i]);
    assert_true(mail->spf.soft);
    assert_int_equal(mail->dmarc.policy, CONFIG_DMARC_REJECT);
    assert_int_equal(mail->dmarc.subdomains, CONFIG_DMARC_REJECT);
    assert_int_equal(mail->dmarc.nonexistent, CONFIG_DMARC_NONE);
    assert_true(mail->dmarc.testing && mail->dmarc.strict_dkim && !mail->dmarc.strict_spf);
    assert_string_equal(mail->dmarc.reports[0].text, "mailto:dmarc@example.com");
    assert_string_equal(mail->dmarc.reports[1].text, "mailto:d@xn--bcher-kva.example");
    assert_string_equal(mail->dmarc.failures[0].text, "mailto:f@example.com");
    assert_true(mail->mta_sts.enabled);
    assert_int_equal(mail->mta_sts.mode, CONFIG_STS_ENFORCE);
    assert_int_equal(mail->mta_sts.max_age, 604800);
    assert_int_equal(mail->tls_rpt_count, 2);
    assert_string_equal(mail->tls_rpt[1].text, "https://reports.example.com/x");
    assert_int_equal(mail->service_count, 2);
    assert_int_equal(mail->services[0].port, 993);
    assert_string_equal(mail->services[1].host, "chat.example.com");
    assert_true(mail->autoconfig);
    config_free(config);
}

static void a_domain_changes_what_it_writes_and_keeps_the_rest(void **state)
{
    (void)state;
    // The box stands behind, and holds all the same.
    struct config *config = parse(
        "domains:\n"
        "  - {name: a.example, dmarc: {policy: reject}, ttl: {default: 5m}}\n"
        "  - {name: b.example, spf: {relays: []}, dmarc: no, services: no, tls-rpt: no, dkim: no}\n"
        "  - {name: c.example, services: [], dkim: {lifetime: never}, ttl: {mx: 60}, mta-sts: "
        "yes}\n"
        "  - {name: d.example, services: yes, spf: no, addresses: no, www: no}\n"
        "  - {name: e.example, dmarc: {subdomains: none, reports: no}, addresses: 192.0.2.9}\n"
        "ttl: {default: 2h, txt: 10m, soa: 30m}\n"
        "box:\n"
        "  hostname: box.example.com\n"
        "  dmarc: {reports: d@example.com, strict-spf: yes}\n"
        "  spf: {relays: 192.0.2.77, all: softfail}\n"
        "  tls-rpt: t@example.com\n"
        "  dkim: {lifetime: 90d, selector: m}\n");
    const struct config_domain *a = &config->domains[0], *b = a + 1, *c = a + 2, *d = a + 3,
                               *e = a + 4;
    assert_int_equal(a->mail->dmarc.policy, CONFIG_DMARC_REJECT);
    assert_int_equal(a->mail->dmarc.subdomains, CONFIG_DMARC_REJECT);
    assert_int_equal(a->mail->dmarc.report_count, 1);
    assert_true(a->mail->dmarc.enabled && a->mail->dmarc.strict_spf);
    assert_int_equal(a->mail->spf.relay_count, 1);
    assert_int_equal(a->mail->dkim_lifetime, 90 * 86400);
    assert_int_equal(a->ttl->standard, 300);
    assert_int_equal(a->ttl->mx, 300);
    assert_int_equal(a->ttl->txt, 600);
    assert_int_equal(a->ttl->soa, 1800);
    assert_int_equal(config->ttl.mx, 7200);

    assert_true(b->mail->spf.enabled && b->mail->spf.soft);
    assert_int_equal(b->mail->spf.relay_count, 0);
    assert_false(b->mail->dmarc.enabled);
    assert_false(b->mail->srv);
    assert_int_equal(b->mail->tls_rpt_count, 0);
    assert_false(b->dkim);
    assert_ptr_equal(b->ttl, &config->ttl);

    assert_true(c->mail->srv);
    assert_int_equal(c->mail->service_count, 0);
    assert_true(c->dkim);
    assert_int_equal(c->mail->dkim_lifetime, 0);
    assert_true(c->mail->mta_sts.enabled);
    assert_int_equal(c->mail->mta_sts.max_age, 4 * 604800);
    assert_int_equal(c->ttl->mx, 60);
    assert_int_equal(c->ttl->srv, 7200);

    assert_int_equal(d->mail->service_count, 2);
    assert_false(d->mail->spf.enabled);
    assert_true(d->no_addresses);
    assert_false(d->www);
    assert_int_equal(e->mail->dmarc.subdomains, CONFIG_DMARC_NONE);
    assert_int_equal(e->mail->dmarc.policy, CONFIG_DMARC_QUARANTINE);
    assert_int_equal(e->mail->dmarc.report_count, 0);
    assert_false(e->no_addresses);
    assert_int_equal(e->address_count, 1);
    assert_true(config->box.mail.dmarc.enabled);
    config_free(config);
}

static void zones_have_modes_and_places(void **state)
{
    (void)state;
    struct config *config =
        parse(BOX "domains:\n"
                  "  - example.com\n"
                  "  - {name: news.example.com, zone: parent, mail: no}\n"
                  "  - {name: a.news.example.com, zone: parent}\n"
                  "  - {name: b.example, mode: hidden-primary, nameservers: [ns1.b.example, "
                  "box.example.com]}\n"
                  "  - {name: c.example, mode: external}\n"
                  "  - {name: _tcp.d.example, mail: no, records-file: d.records}\n"
                  "  - 2.0.192.in-addr.arpa\n"
                  "  - {name: 8.b.d.0.1.0.0.2.ip6.arpa, addresses: 192.0.2.1}\n");
    const struct config_domain *domains = config->domains;
    assert_true(domains[1].in_parent && !domains[1].has_mail);
    assert_true(domains[2].in_parent && domains[2].has_mail);
    assert_int_equal(domains[3].mode, CONFIG_HIDDEN_PRIMARY);
    assert_int_equal(domains[3].nameserver_count, 2);
    assert_int_equal(domains[4].mode, CONFIG_EXTERNAL);
    assert_string_equal(domains[5].records_file, "/etc/zonebox/d.records");
    assert_false(domains[6].has_mail);
    assert_false(domains[6].www);
    assert_true(domains[6].no_addresses);
    assert_false(domains[7].has_mail);
    assert_false(domains[7].no_addresses);
    config_free(config);
}

static void caa_has_short_forms(void **state)
{
    (void)state;
    struct config *config = parse(
        "box: {hostname: box.example.com, caa: automatic}\n"
        "domains:\n"
        "  - {name: a.example, caa: letsencrypt.org}\n"
        "  - {name: b.example, caa: [letsencrypt.org, sectigo.com]}\n"
        "  - {name: c.example, caa: {issue: no, issuewild: ca.example, issuemail: no,\n"
        "      accounts: ['https://acme.example/acct/1'], methods: [dns-01], iodef: s@c.example}}\n"
        "  - {name: d.example, caa: no}\n"
        "  - e.example\n");
    assert_false(config->box.caa.given);
    assert_true(config->box.caa.place.line > 0);
    const struct config_domain *domains = config->domains;
    assert_true(domains[0].caa.given && domains[0].caa.issue_given);
    assert_int_equal(domains[0].caa.issue_count, 1);
    assert_false(domains[0].caa.issuewild_given);
    assert_int_equal(domains[1].caa.issue_count, 2);
    assert_string_equal(domains[1].caa.issue[1].text, "sectigo.com");
    const struct config_caa *caa = &domains[2].caa;
    assert_true(caa->given && !caa->none);
    assert_true(caa->issue_given && caa->issuewild_given && caa->issuemail_given);
    assert_int_equal(caa->issue_count + caa->issuemail_count, 0);
    assert_string_equal(caa->issuewild[0].text, "ca.example");
    assert_int_equal(caa->account_count, 1);
    assert_int_equal(caa->method_count, 1);
    assert_string_equal(caa->iodef[0].text, "mailto:s@c.example");
    assert_true(domains[3].caa.given && domains[3].caa.none);
    assert_false(domains[4].caa.given);
    config_free(config);
}

static void custom_records_are_lines_or_mappings(void **state)
{
    (void)state;
    struct config *config =
        parse(BOX "records: ['@ TXT \"for all\"']\n"
                  "domains:\n"
                  "  - name: a.example\n"
                  "    records:\n"
                  "      - blog 300 CNAME web.bücher.example.\n"
                  "      - {name: bücher, type: a, ttl: 0, data: [192.0.2.1, 192.0.2.2]}\n"
                  "      - {type: TXT, text: 'grüße \"x\"'}\n"
                  "      - {name: t, type: TXT, data: 'grüße'}\n"
                  "      - grüße TXT grüße\n");
    assert_int_equal(config->record_count, 1);
    assert_string_equal(config->records[0].line, "@ TXT \"for all\"");
    const struct config_domain *domain = &config->domains[0];
    assert_int_equal(domain->record_count, 5);
    const struct config_record *records = domain->records;
    assert_string_equal(records[0].line, "blog 300 CNAME web.xn--bcher-kva.example.");
    assert_int_equal(records[0].place.line, 6);
    assert_null(records[1].line);
    assert_string_equal(records[1].name, "xn--bcher-kva");
    assert_string_equal(records[1].type, "A");
    assert_true(records[1].ttl_given);
    assert_int_equal(records[1].ttl, 0);
    assert_int_equal(records[1].data_count, 2);
    assert_string_equal(records[1].data[1].text, "192.0.2.2");
    assert_null(records[2].name);
    assert_false(records[2].ttl_given);
    assert_string_equal(records[2].text, "grüße \"x\"");
    assert_string_equal(records[3].data[0].text, "grüße");
    assert_string_equal(records[4].line, "xn--gre-6ka8l TXT grüße");
    config_free(config);
}

static void names_of_any_script_become_a_labels(void **state)
{
    (void)state;
    struct config *config =
        parse("box: {hostname: Box.Bücher.example, nameservers: [ns.faß.example]}\n"
              "domains: [Bücher.example, xn--fa-hia.example, 例え。テスト]\n");
    assert_string_equal(config->box.hostname, "box.xn--bcher-kva.example");
    assert_string_equal(config->box.nameservers[0].name, "ns.xn--fa-hia.example");
    assert_string_equal(config->domains[0].name, "xn--bcher-kva.example");
    assert_string_equal(config->domains[0].unicode, "Bücher.example");
    assert_null(config->domains[1].unicode);
    assert_string_equal(config->domains[2].name, "xn--r8jz45g.xn--zckzah");
    config_free(config);
}

static void digests_are_of_the_content(void **state)
{
    (void)state;
    struct config *a = parse(BOX "domains:\n  - a.example\n  - {name: b.example, mail: no}\n");
    struct config *b = parse("# a comment\n" BOX "\n\ndomains: [ 'a.example',\n"
                             "   {\"name\":   b.example, mail: no}]\n");
    struct config *c = parse("box: {hostname: box.example.net}\n"
                             "domains: [a.example, {name: b.example, mail: yes}]\n");
    assert_true(a->digest == b->digest && a->digest != c->digest);
    assert_true(a->domains[0].digest == b->domains[0].digest);
    assert_true(a->domains[1].digest == b->domains[1].digest);
    assert_true(a->domains[0].digest == c->domains[0].digest);
    assert_true(a->domains[1].digest != c->domains[1].digest);
    assert_true(a->domains[0].digest != a->domains[1].digest);
    config_free(a);
    config_free(b);
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_box_says_of_mail_holds_for_every_domain),
        cmocka_unit_test(a_domain_changes_what_it_writes_and_keeps_the_rest),
        cmocka_unit_test(zones_have_modes_and_places),
        cmocka_unit_test(caa_has_short_forms),
        cmocka_unit_test(custom_records_are_lines_or_mappings),
        cmocka_unit_test(names_of_any_script_become_a_labels),
        cmocka_unit_test(digests_are_of_the_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
