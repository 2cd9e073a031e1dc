// SPDX-License-Identifier: ISC
// Configurations that are right: what the structs say then.
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "tests/support/scratch.h"
#include "tests/unit/config/reading.h"

#define MINIMAL "box: {hostname: box.example.com}\ndomains: [example.com]\n"

static void host_name_and_domains_are_enough(void **state)
{
    (void)state;
    struct config *config = parse(MINIMAL);
    assert_string_equal(config->path, "z.yaml");
    assert_string_equal(config->directory, "/etc/zonebox");
    assert_string_equal(config->box.hostname, "box.example.com");
    assert_int_equal(config->box.address_count, 0);
    assert_int_equal(config->box.nameserver_count, 2);
    assert_string_equal(config->box.nameservers[0].name, "ns1.box.example.com");
    assert_string_equal(config->box.nameservers[1].name, "ns2.box.example.com");
    assert_int_equal(config->box.nameservers[0].place.line, 0);
    assert_int_equal(config->box.tls_count, 0);
    assert_false(config->box.tls_given);
    assert_int_equal(config->box.ssh_count, 0);
    assert_false(config->box.ssh_given);
    assert_true(config->box.dkim);
    assert_null(config->box.dkim_selector);
    assert_int_equal(config->domain_count, 1);
    assert_string_equal(config->domains[0].name, "example.com");
    assert_null(config->domains[0].zone_file);
    assert_int_equal(config->domains[0].dnssec, CONFIG_DNSSEC_ON);
    assert_int_equal(config->server.listen_count, 0);
    assert_int_equal(config->server.workers, 0);
    assert_int_equal(config->server.tcp_connections, 512);
    assert_int_equal(config->server.tcp_per_address, 64);
    assert_int_equal(config->server.tcp_idle_ms, 10000);
    assert_int_equal(config->server.rate_limit, 200);
    assert_int_equal(config->server.rate_limit_slip, 2);
    assert_true(config->server.cookies);
    assert_null(config->server.cookie_secrets);
    assert_true(config->server.nsid == NULL && config->server.identity == NULL);
    assert_null(config->server.version);
    assert_int_equal(config->dnssec.signature_lifetime, 14 * 86400);
    assert_int_equal(config->dnssec.signature_refresh, 7 * 86400);
    assert_int_equal(config->ttl.standard, 3600);
    assert_int_equal(config->ttl.soa, 3600);
    assert_int_equal(config->ttl.ns, 86400);
    assert_int_equal(config->ttl.dnskey, 86400);
    assert_int_equal(config->ttl.negative, 3600);
    assert_string_equal(config->state, "/var/lib/zonebox");
    assert_true(config->probe.enabled);
    assert_int_equal(config->probe.interval, 300);
    assert_string_equal(config->user.probe, "zonebox-probe");
    assert_string_equal(config->user.tls, "zonebox-tls");
    assert_false(config->server.tls.enabled);
    assert_null(config->on_alarm);
    assert_null(config->box.dkim_group);
    assert_null(config->control.directory);
    assert_null(config->control.group);
    assert_string_equal(config->user.signer, "zonebox-signer");
    assert_string_equal(config->user.server, "zonebox-server");
    assert_string_equal(config->user.resolver, "zonebox-resolver");
    assert_int_equal(config->user.signer_place.line, 0);
    assert_int_equal(config->log.to, CONFIG_LOG_STDERR);
    assert_int_equal(config->log.level, LOG_LEVEL_INFO);
    config_free(config);
}

static void a_domain_that_writes_nothing_has_what_the_box_has(void **state)
{
    (void)state;
    struct config *config = parse(MINIMAL);
    const struct config_domain *domain = &config->domains[0];
    const struct config_mail *mail = domain->mail;
    assert_ptr_equal(mail, &config->box.mail);
    assert_ptr_equal(domain->ttl, &config->ttl);
    assert_true(domain->has_mail);
    assert_true(domain->www);
    assert_true(domain->dkim);
    assert_int_equal(domain->mode, CONFIG_AUTHORITATIVE);
    assert_false(domain->in_parent);
    assert_true(mail->spf.enabled);
    assert_int_equal(mail->spf.relay_count, 0);
    assert_false(mail->spf.soft);
    assert_true(mail->dmarc.enabled);
    assert_int_equal(mail->dmarc.policy, CONFIG_DMARC_QUARANTINE);
    assert_int_equal(mail->dmarc.subdomains, CONFIG_DMARC_QUARANTINE);
    assert_int_equal(mail->dmarc.nonexistent, CONFIG_DMARC_REJECT);
    assert_false(mail->mta_sts.enabled);
    assert_int_equal(mail->tls_rpt_count, 0);
    assert_true(mail->srv);
    assert_int_equal(mail->service_count, 2);
    assert_string_equal(mail->services[0].name, "submissions");
    assert_int_equal(mail->services[0].port, 465);
    assert_string_equal(mail->services[1].name, "imaps");
    assert_int_equal(mail->services[1].port, 993);
    assert_false(mail->autoconfig);
    assert_int_equal(mail->dkim_algorithms, CONFIG_DKIM_RSA | CONFIG_DKIM_ED25519);
    assert_int_equal(mail->dkim_lifetime, 0);
    assert_int_equal(config->box.tls_port_count, 1);
    assert_int_equal(config->box.tls_ports[0], 25);
    assert_int_equal(domain->ttl->mx, 3600);
    assert_int_equal(domain->ttl->caa, 3600);
    config_free(config);
}

static void the_resolver_is_on_and_looks_where_debian_has_things(void **state)
{
    (void)state;
    struct config *config = parse(MINIMAL);
    const struct config_resolver *resolver = &config->resolver;
    char text[ADDRESS_TEXT_MAX];
    assert_true(resolver->enabled);
    assert_int_equal(resolver->listen_count, 2);
    assert_string_equal(address_text(&resolver->listen[0], true, text), "127.0.0.1@53");
    assert_string_equal(address_text(&resolver->listen[1], true, text), "::1@53");
    assert_int_equal(resolver->listen_place.line, 0);
    assert_false(resolver->trust_own_keys);
    assert_int_equal(resolver->forward_count, 0);
    assert_string_equal(resolver->root_hints, "/usr/share/dns/root.hints");
    assert_int_equal(resolver->trust_anchor_count, 1);
    assert_string_equal(resolver->trust_anchors[0].text, "/usr/share/dns/root.key");
    assert_int_equal(resolver->cache, 32);
    assert_int_equal(resolver->queries, 1024);
    assert_int_equal(resolver->queries_per_client, 128);
    config_free(config);
}

static void the_resolver_can_be_switched_off(void **state)
{
    (void)state;
    // Whoever has another resolver may serve zones on loopback.
    struct config *config = parse(MINIMAL "resolver: no\nserver: {listen: 127.0.0.1@53}\n");
    assert_false(config->resolver.enabled);
    config_free(config);
    config = parse(MINIMAL "server: {listen: 127.0.0.1@53}\nresolver: {listen: ['::1']}\n");
    assert_true(config->resolver.enabled);
    assert_int_equal(config->resolver.listen_count, 1);
    config_free(config);
    config = parse(MINIMAL "resolver: yes\n");
    assert_true(config->resolver.enabled);
    assert_int_equal(config->resolver.listen_count, 2);
    config_free(config);
}

static const char everything[] = //
    "# a comment\n"
    "box:\n"
    "  hostname: Box.Example.COM.\n"
    "  addresses: [192.0.2.1, \"2001:db8::1\", 10.0.0.1]\n"
    "  nameservers:\n"
    "    - ns1.box.example.com\n"
    "    - {name: NS2.example.net, addresses: [198.51.100.2]}\n"
    "  tls: [fullchain.pem, /etc/tls/rsa.pem]\n"
    "  ssh: keys/ed25519.pub\n"
    "  dkim: {selector: m2026, group: opendkim}\n"
    "domains:\n"
    "  - example.com\n"
    "  - {name: example.org, zone-file: example.org.zone, dnssec: presigned}\n"
    "  - name: plain.example\n"
    "    dnssec: no\n"
    "  - {name: _msdcs.example.net, zone-file: /srv/z}\n"
    "server:\n"
    "  listen: [192.0.2.1, \"[2001:db8::1]@5300\", 127.0.0.1@5300]\n"
    "  workers: 4\n"
    "  tcp-connections: 100\n"
    "  tcp-connections-per-address: 10\n"
    "  tcp-idle: 500ms\n"
    "  rate-limit: 1000\n"
    "  rate-limit-slip: 1\n"
    "  cookies: no\n"
    "  cookie-secrets: secrets\n"
    "  nsid: ns1\n"
    "  identity: no\n"
    "  version: 'zonebox, of course'\n"
    "dnssec: {signature-lifetime: 60s, signature-refresh: 20}\n"
    "ttl: {default: 5, soa: 5m, ns: 2d, dnskey: 1w, negative: 60}\n"
    "state: ../state\n"
    "resolver:\n"
    "  listen: [127.0.0.1@5301, '::1@5301']\n"
    "  trust-own-keys: yes\n"
    "  forward: [9.9.9.9, 149.112.112.112@5353, 2620:fe::fe#DNS.Quad9.net, "
    "127.0.0.1@8853#box.example.com]\n"
    "  root-hints: hints\n"
    "  trust-anchors: [/srv/a, b]\n"
    "  cache: 64\n"
    "  queries: 10\n"
    "  queries-per-client: 2\n"
    "control: {directory: run, group: adm}\n"
    "user: {signer: 0200, server: _zs, resolver: z-r.1}\n"
    "log: {to: syslog, level: debug}\n"
    "on-alarm: 'mail -s \"$ZONEBOX_EVENT\" root'\n";

static void every_option_reaches_its_field(void **state)
{
    (void)state;
    struct config *config = parse(everything);
    const struct config_box *box = &config->box;
    char text[ADDRESS_TEXT_MAX];
    assert_string_equal(box->hostname, "box.example.com");
    assert_int_equal(box->hostname_place.line, 3);
    assert_int_equal(box->hostname_place.column, 13);
    assert_int_equal(box->address_count, 3);
    assert_string_equal(address_text(&box->addresses[1].address, true, text), "2001:db8::1@0");
    assert_int_equal(box->addresses[1].place.line, 4);
    assert_int_equal(box->addresses[1].place.column, 26);
    assert_int_equal(box->nameserver_count, 2);
    assert_string_equal(box->nameservers[1].name, "ns2.example.net");
    assert_int_equal(box->nameservers[1].address_count, 1);
    assert_int_equal(box->nameservers[1].place.line, 7);
    assert_int_equal(box->tls_count, 2);
    assert_true(box->tls_given);
    assert_string_equal(box->tls[0].text, "/etc/zonebox/fullchain.pem");
    assert_string_equal(box->tls[1].text, "/etc/tls/rsa.pem");
    assert_int_equal(box->ssh_count, 1);
    assert_true(box->ssh_given);
    assert_string_equal(box->ssh[0].text, "/etc/zonebox/keys/ed25519.pub");
    assert_true(box->dkim);
    assert_string_equal(box->dkim_selector, "m2026");
    assert_int_equal(config->domain_count, 4);
    assert_string_equal(config->domains[1].name, "example.org");
    assert_string_equal(config->domains[1].zone_file, "/etc/zonebox/example.org.zone");
    assert_int_equal(config->domains[1].dnssec, CONFIG_DNSSEC_PRESIGNED);
    assert_int_equal(config->domains[1].place.line, 13);
    assert_int_equal(config->domains[2].dnssec, CONFIG_DNSSEC_OFF);
    assert_string_equal(config->domains[3].name, "_msdcs.example.net");
    assert_int_equal(config->server.listen_count, 3);
    assert_string_equal(address_text(&config->server.listen[0], true, text), "192.0.2.1@53");
    assert_string_equal(address_text(&config->server.listen[1], true, text), "2001:db8::1@5300");
    assert_int_equal(config->server.workers, 4);
    assert_int_equal(config->server.tcp_connections, 100);
    assert_int_equal(config->server.tcp_per_address, 10);
    assert_int_equal(config->server.tcp_idle_ms, 500);
    assert_int_equal(config->server.rate_limit, 1000);
    assert_int_equal(config->server.rate_limit_slip, 1);
    assert_false(config->server.cookies);
    assert_string_equal(config->server.cookie_secrets, "/etc/zonebox/secrets");
    assert_string_equal(config->server.nsid, "ns1");
    assert_null(config->server.identity);
    assert_string_equal(config->server.version, "zonebox, of course");
    assert_int_equal(config->dnssec.signature_lifetime, 60);
    assert_int_equal(config->dnssec.signature_refresh, 20);
    assert_int_equal(config->ttl.standard, 5);
    assert_int_equal(config->ttl.soa, 300);
    assert_int_equal(config->ttl.ns, 2 * 86400);
    assert_int_equal(config->ttl.dnskey, 7 * 86400);
    assert_int_equal(config->ttl.negative, 60);
    assert_string_equal(config->state, "/etc/zonebox/../state");
    assert_string_equal(box->dkim_group, "opendkim");
    assert_string_equal(config->control.directory, "/etc/zonebox/run");
    assert_string_equal(config->control.group, "adm");
    assert_string_equal(config->user.signer, "200");
    assert_string_equal(config->user.server, "_zs");
    assert_string_equal(config->user.resolver, "z-r.1");
    assert_int_equal(config->user.resolver_place.line, 43);
    assert_int_equal(config->log.to, CONFIG_LOG_SYSLOG);
    assert_int_equal(config->log.level, LOG_LEVEL_DEBUG);
    assert_string_equal(config->on_alarm, "mail -s \"$ZONEBOX_EVENT\" root");
    config_free(config);
}

static void every_option_of_the_resolver_reaches_its_field(void **state)
{
    (void)state;
    struct config *config = parse(everything);
    const struct config_resolver *resolver = &config->resolver;
    static const struct {
        const char *address, *tls_name;
    } forward[] = {{"9.9.9.9@53", NULL},
                   {"149.112.112.112@5353", NULL},
                   {"2620:fe::fe@853", "dns.quad9.net"},
                   {"127.0.0.1@8853", "box.example.com"}};
    char text[ADDRESS_TEXT_MAX];
    assert_true(resolver->enabled);
    assert_int_equal(resolver->listen_count, 2);
    assert_string_equal(address_text(&resolver->listen[1], true, text), "::1@5301");
    assert_int_equal(resolver->listen_place.line, 34);
    assert_true(resolver->trust_own_keys);
    assert_int_equal(resolver->forward_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(address_text(&resolver->forward[i].address, true, text),
                            forward[i].address);
        if (forward[i].tls_name != NULL)
            assert_string_equal(resolver->forward[i].tls_name, forward[i].tls_name);
        else
            assert_null(resolver->forward[i].tls_name);
    }
    assert_string_equal(resolver->root_hints, "/etc/zonebox/hints");
    assert_int_equal(resolver->trust_anchor_count, 2);
    assert_string_equal(resolver->trust_anchors[1].text, "/etc/zonebox/b");
    assert_int_equal(resolver->cache, 64);
    assert_int_equal(resolver->queries, 10);
    assert_int_equal(resolver->queries_per_client, 2);
    config_free(config);
}

static void sections_may_be_empty_and_lists_single(void **state)
{
    (void)state;
    struct config *config = parse("box:\n  hostname: box.example.com\n  addresses: 192.0.2.1\n"
                                  "  tls: []\n  dkim: {}\ndomains: example.com\nserver:\nttl: ~\n"
                                  "dnssec: {signature-lifetime: 30}\n");
    assert_int_equal(config->box.address_count, 1);
    assert_true(config->box.tls_given);
    assert_int_equal(config->box.tls_count, 0);
    assert_true(config->box.dkim);
    assert_null(config->box.dkim_selector);
    assert_int_equal(config->domain_count, 1);
    assert_int_equal(config->server.tcp_connections, 512);
    assert_int_equal(config->ttl.ns, 86400);
    assert_int_equal(config->dnssec.signature_refresh, 15); // half the lifetime
    config_free(config);
}

static void files_that_are_found_by_themselves_can_be_declined(void **state)
{
    (void)state;
    struct config *config =
        parse("box: {hostname: box.example.com, tls: no, tls-next: no, ssh: no}\n"
              "domains: [example.com]\n");
    assert_true(config->box.tls_given && config->box.tls_next_given && config->box.ssh_given);
    assert_int_equal(config->box.tls_count + config->box.tls_next_count + config->box.ssh_count, 0);
    config_free(config);
}

static void dkim_can_be_switched_off_in_the_words_people_use(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        bool dkim;
    } rows[] = {{"no", false}, {"off", false}, {"False", false}, {"\"no\"", false},
                {"yes", true}, {"On", true},   {"TRUE", true}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = xasprintf("box: {hostname: box.example.com, dkim: %s}\ndomains: [a.example]\n",
                               rows[i].word);
        struct config *config = parse(text);
        assert_int_equal(config->box.dkim, rows[i].dkim);
        assert_null(config->box.dkim_selector);
        config_free(config);
        free(text);
    }
}

static void editors_of_other_systems_are_fine(void **state)
{
    (void)state;
    struct config *config = parse("\xef\xbb\xbf"
                                  "box:\r\n  hostname: box.example.com\r\ndomains:\r\n- "
                                  "example.com\r\n- example.net");
    assert_int_equal(config->domain_count, 2);
    assert_int_equal(config->domains[1].place.line, 5);
    config_free(config);
    config = parse("%YAML 1.1\n---\n" MINIMAL "...\n");
    config_free(config);
}

static void a_glance_finds_the_programs_in_spite_of_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *state, *control; // state NULL: not even that
    } rows[] = {
        {MINIMAL, "/var/lib/zonebox", NULL},
        {"domains: [a..b]\nstate: /s\ncontrol: {directory: /c, grup: x}\n", "/s", "/c"},
        {"box: {hostname: a, hostname: b}\ncontrol: {group: 'a b'}\n", "/var/lib/zonebox", NULL},
        {"state: [a]\n", NULL, NULL},
        {"state: /s\nbox: {\n", NULL, NULL},
        {"", NULL, NULL},
    };
    char *path = in_scratch("z.yaml");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct error err = {0};
        char *found = NULL, *control = NULL;
        put_file("z.yaml", rows[i].text);
        enum status status = config_glance(path, &found, &control, &err);
        assert_int_equal(status == STATUS_OK, rows[i].state != NULL);
        assert_int_equal(err.text[0] == '\0', rows[i].state != NULL);
        assert_string_equal(found != NULL ? found : "", rows[i].state != NULL ? rows[i].state : "");
        assert_string_equal(control != NULL ? control : "",
                            rows[i].control != NULL ? rows[i].control : "");
        free(found);
        free(control);
    }
    free(path);
}

// ── What is found on the box ─────────────────────────────────────────────────────────────────────

static void certificate_and_host_keys_are_found(void **state)
{
    (void)state;
    char *live = in_scratch("live");
    char *keys = in_scratch("ssh_host_*_key.pub");
    struct surroundings surroundings = {
        .directory = "/etc/zonebox", .certificates = live, .host_keys = keys};

    struct config *config = parse_in(&surroundings, MINIMAL);
    assert_int_equal(config->box.tls_count, 0);
    assert_int_equal(config->box.ssh_count, 0);
    config_free(config);

    char *certificate = in_scratch("live/box.example.com/fullchain.pem");
    char *rsa = in_scratch("ssh_host_rsa_key.pub");
    char *ed25519 = in_scratch("ssh_host_ed25519_key.pub");
    put_file(certificate, "x");
    put_file(rsa, "x");
    put_file(ed25519, "x");
    config = parse_in(&surroundings, MINIMAL);
    assert_int_equal(config->box.tls_count, 1);
    assert_string_equal(config->box.tls[0].text, certificate);
    assert_false(config->box.tls_given);
    assert_int_equal(config->box.tls[0].place.line, 0);
    assert_int_equal(config->box.ssh_count, 2);
    assert_string_equal(config->box.ssh[0].text, ed25519); // sorted
    assert_string_equal(config->box.ssh[1].text, rsa);
    config_free(config);

    config = parse_in(&surroundings,
                      "box: {hostname: box.example.com, tls: [], ssh: /k}\ndomains: [a.example]\n");
    assert_int_equal(config->box.tls_count, 0);
    assert_int_equal(config->box.ssh_count, 1);
    assert_string_equal(config->box.ssh[0].text, "/k");
    config_free(config);

    free(certificate);
    free(rsa);
    free(ed25519);
    free(keys);
    free(live);
}

static void relative_paths_start_at_the_configuration(void **state)
{
    (void)state;
    static const char text[] = MINIMAL "state: st\n";
    char *here = getcwd(NULL, 0);
    static const struct {
        const char *path, *below; // NULL: not below the working directory
    } rows[] = {{"z.yaml", ""}, {"./z.yaml", ""}, {"sub/z.yaml", "/sub"}, {"/z.yaml", NULL}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config *config;
        struct config_errors errors = {0};
        assert_int_equal(config_parse(rows[i].path, text, strlen(text), &config, &errors),
                         STATUS_OK);
        const char *below = rows[i].below;
        char *directory = below != NULL ? xasprintf("%s%s", here, below) : xstrdup("/");
        assert_string_equal(config->directory, directory);
        char *expected = path_join(directory, "st");
        assert_string_equal(config->state, expected);
        free(expected);
        free(directory);
        config_free(config);
    }
    free(here);
}

static void loads_files_and_says_why_it_cannot(void **state)
{
    (void)state;
    char path[] = "/tmp/zonebox-test-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, MINIMAL, strlen(MINIMAL)), strlen(MINIMAL));
    struct config *config;
    struct config_errors errors = {0};
    assert_int_equal(config_load(path, &config, &errors), STATUS_OK);
    config_free(config);
    assert_int_equal(ftruncate(fd, CONFIG_FILE_MAX + 1), 0);
    assert_int_equal(config_load(path, &config, &errors), STATUS_RANGE);
    assert_null(config);
    assert_non_null(strstr(errors.list[0].text, "larger than the 16777216 octets allowed"));
    close(fd);
    unlink(path);
    assert_int_equal(config_load(path, &config, &errors), STATUS_NOT_FOUND);
    assert_null(config);
    assert_int_equal(errors.count, 2);
    assert_non_null(strstr(errors.list[1].text, path));
}

static void a_hundred_thousand_domains_are_fine(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_put_text(&text, "box: {hostname: box.example.com}\ndomains:\n");
    for (int i = 0; i < 100000; i++)
        buf_printf(&text, "- {name: d%d.example, zone-file: d%d}\n", i, i);
    struct config *config = parse(buf_text(&text));
    assert_int_equal(config->domain_count, 100000);
    assert_string_equal(config->domains[99999].name, "d99999.example"); // in the order of the file
    assert_int_equal(config->domains[99999].place.line, 100002);
    config_free(config);
    buf_put_text(&text, "- D4711.example\n");
    must_refuse(buf_text(&text),
                "z.yaml:100003:3: domains: d4711.example is listed twice, first in line 4714; "
                "remove one\n");
    buf_done(&text);
}

static void later_complaints_name_the_place(void **state)
{
    (void)state;
    struct config *config = parse(MINIMAL);
    struct error err;
    assert_int_equal(config_complain(config, config->domains[0].place, &err, "%s: no", "zone"),
                     STATUS_SYNTAX);
    assert_string_equal(err.text, "z.yaml:2:11: zone: no");
    config_complain(config, config->box.nameservers[0].place, &err, "no");
    assert_string_equal(err.text, "z.yaml: no");
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_name_and_domains_are_enough),
        cmocka_unit_test(every_option_reaches_its_field),
        cmocka_unit_test(every_option_of_the_resolver_reaches_its_field),
        cmocka_unit_test(a_domain_that_writes_nothing_has_what_the_box_has),
        cmocka_unit_test(the_resolver_is_on_and_looks_where_debian_has_things),
        cmocka_unit_test(the_resolver_can_be_switched_off),
        cmocka_unit_test(a_glance_finds_the_programs_in_spite_of_mistakes),
        cmocka_unit_test(sections_may_be_empty_and_lists_single),
        cmocka_unit_test(files_that_are_found_by_themselves_can_be_declined),
        cmocka_unit_test(dkim_can_be_switched_off_in_the_words_people_use),
        cmocka_unit_test(editors_of_other_systems_are_fine),
        cmocka_unit_test(certificate_and_host_keys_are_found),
        cmocka_unit_test(relative_paths_start_at_the_configuration),
        cmocka_unit_test(loads_files_and_says_why_it_cannot),
        cmocka_unit_test(a_hundred_thousand_domains_are_fine),
        cmocka_unit_test(later_complaints_name_the_place),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
