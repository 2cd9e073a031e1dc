// SPDX-License-Identifier: ISC
#include "tests/unit/zonegen/world.h"

static void a_domain_with_the_host_has_all_that_mail_needs(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com]\n");
    char *text = dump_zone(&w, "example.com");
    static const char *const lines[] = {
        "$ORIGIN example.com.",
        "@ 3600 IN SOA ns1.box.example.com. hostmaster.box.example.com. 1 14400 3600 604800 3600",
        "ns1.box 3600 IN A 192.0.2.10",
        "ns2.box 3600 IN AAAA 2001:db8::10",
        "@ 3600 IN A 192.0.2.10",
        "www 3600 IN AAAA 2001:db8::10",
        "box 3600 IN A 192.0.2.10",
        "@ 3600 IN MX 10 box.example.com.",
        "@ 3600 IN TXT \"v=spf1 mx -all\"",
        "_dmarc 3600 IN TXT \"v=DMARC1; p=quarantine; sp=quarantine; np=reject\"",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_line(text, lines[i]);
    assert_has(text, "IN NS     ns2.box.example.com.");
    assert_has(text,
               "; missing: _domainkey.example.com. TXT — there is no DKIM key yet; zone-signer");
    assert_has(text, "; missing: _25._tcp.box.example.com. TLSA — no certificate was found");
    assert_has(text, "; missing: box.example.com. SSHFP — no SSH host key was found");
    free(text);
    world_done(&w);
}

static void what_belongs_to_the_host_is_in_its_zone_only(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.net]\n");
    char *host = dump_zone(&w, "box.example.com");
    char *domain = dump_zone(&w, "example.net");
    assert_line(host, "@ 3600 IN A 192.0.2.10");
    assert_line(host, "ns1 3600 IN A 192.0.2.10");
    assert_has(host, "; missing: _25._tcp.box.example.com. TLSA");
    assert_line(host, "@ 3600 IN TXT \"v=spf1 a -all\"");
    assert_no(host, "@ 3600 IN MX");
    assert_no(host, "www");
    assert_line(domain, "@ 3600 IN MX 10 box.example.com.");
    assert_no(domain, "TLSA");
    assert_no(domain, "SSHFP");
    assert_no(domain, "ns1 ");
    free(host);
    free(domain);
    world_done(&w);
}

static void host_name_that_is_a_domain_has_each_record_once(void **state)
{
    (void)state;
    struct world w = world("", "domains: [box.example.com]\n");
    struct zone_content *content = make_zone(&w, "box.example.com");
    unsigned addresses = 0;
    for (size_t i = 0; i < content->record_count; i++) {
        const ldns_rr *rr = content->records[i].rr;
        if (rr != NULL && ldns_rr_get_type(rr) == LDNS_RR_TYPE_A &&
            ldns_dname_label_count(ldns_rr_owner(rr)) == 3)
            addresses++;
    }
    assert_int_equal(addresses, 1);
    zone_content_free(content);
    char *text = dump_zone(&w, "box.example.com");
    assert_line(text, "www 3600 IN A 192.0.2.10");
    assert_line(text, "@ 3600 IN MX 10 box.example.com.");
    free(text);
    world_done(&w);
}

static void soa_comes_first_and_every_record_has_a_reason(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com, example.net]\n");
    for (size_t i = 0; i < w.count; i++) {
        struct zone_content *content = make_zone(&w, w.targets[i].name);
        assert_int_equal(ldns_rr_get_type(content->records[0].rr), LDNS_RR_TYPE_SOA);
        for (size_t k = 0; k < content->record_count; k++) {
            assert_true(strlen(content->records[k].why) > 10);
            assert_true((content->records[k].rr == NULL) == (content->records[k].missing != NULL));
        }
        zone_content_free(content);
    }
    world_done(&w);
}

static void own_name_servers_are_named_and_addressed(void **state)
{
    (void)state;
    struct world w = world("  nameservers: [{name: ns.example.com, addresses: [198.51.100.1]}, "
                           "ns.example.org, {name: x.example.net, addresses: [198.51.100.2]}, "
                           "plain.example.net]\n",
                           "domains: [example.com, example.net]\n");
    char *text = dump_zone(&w, "example.com");
    assert_has(text, "SOA    ns.example.com. hostmaster.box.example.com.");
    assert_line(text, "ns 3600 IN A 198.51.100.1");
    assert_no(text, "ns 3600 IN A 192");
    assert_no(text, "198.51.100.2");
    assert_has(text, "ns.example.org.");
    free(text);
    text = dump_zone(&w, "example.net");
    assert_line(text, "x 3600 IN A 198.51.100.2");
    assert_line(text, "plain 3600 IN A 192.0.2.10");
    assert_no(text, "198.51.100.1");
    free(text);
    world_done(&w);
}

static void only_global_addresses_are_published_by_themselves(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com]\n");
    struct config_box *box = &w.inputs->config->box;
    size_t count = box->address_count;
    box->address_count = 0; // as if the configuration had none
    free(w.inputs->found);
    static const char *const found[] = {"10.0.0.1", "203.0.113.7", "fd00::1", "2001:db8::7"};
    w.inputs->found = xcalloc(4, sizeof(struct address));
    w.inputs->found_count = 4;
    struct error err = {0};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(address_parse(found[i], 0, &w.inputs->found[i], &err), STATUS_OK);
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "box 3600 IN A 203.0.113.7");
    assert_line(text, "box 3600 IN AAAA 2001:db8::7");
    assert_no(text, "10.0.0.1");
    assert_no(text, "fd00");
    free(text);
    w.inputs->found_count = 1;
    text = dump_zone(&w, "example.com");
    assert_has(text, "; missing: box.example.com. A — this machine has no address");
    assert_has(text, "; missing: ns1.box.example.com. A — ");
    assert_no(text, "10.0.0.1");
    free(text);
    box->address_count = count;
    world_done(&w);
}

static void private_addresses_are_published_when_written_with_a_note(void **state)
{
    (void)state;
    struct world w = world("  addresses: [192.168.1.2]\n", "domains: [example.com]\n");
    struct zone_content *content = make_zone(&w, "example.com");
    const struct zone_note *note =
        find_note(content, "192.168.1.2 is published, but cannot be reached");
    assert_non_null(note);
    assert_false(note->error);
    assert_has(note->text, "zonebox.yaml:");
    zone_content_free(content);
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "box 3600 IN A 192.168.1.2");
    free(text);
    world_done(&w);
}

static void dkim_key_is_published_in_strings_that_fit(void **state)
{
    (void)state;
    run("mkdir -p state/dkim/example.com && openssl genrsa 2048 2>/dev/null | openssl rsa -pubout "
        "2>/dev/null >state/dkim/example.com/mail.pub");
    struct world w = world("", "domains: [example.com]\n");
    struct zone_content *content = make_zone(&w, "example.com");
    const ldns_rr *dkim = NULL;
    for (size_t i = 0; i < content->record_count; i++) {
        const ldns_rr *rr = content->records[i].rr;
        if (rr != NULL && ldns_rr_rd_count(rr) > 1 && ldns_rr_get_type(rr) == LDNS_RR_TYPE_TXT)
            dkim = rr;
    }
    assert_non_null(dkim);
    FILE *file = fopen("dkim", "w");
    for (size_t i = 0; i < ldns_rr_rd_count(dkim); i++) {
        const uint8_t *octets = ldns_rdf_data(ldns_rr_rdf(dkim, i));
        fwrite(octets + 1, 1, octets[0], file);
    }
    fclose(file);
    run("grep -q '^v=DKIM1; k=rsa; h=sha256; p=[A-Za-z0-9+/=]*$' dkim && sed 's/.*p=//' dkim | tr "
        "-d '\\n' | "
        "openssl base64 -d -A >der && openssl pkey -pubin -inform DER -in der | "
        "cmp - state/dkim/example.com/mail.pub");
    zone_content_free(content);
    world_done(&w);
    w = world("  dkim: no\n", "domains: [example.com]\n");
    char *text = dump_zone(&w, "example.com");
    assert_no(text, "_domainkey");
    free(text);
    world_done(&w);
    put_file("state/dkim/example.com/mail.pub", "garbage");
    w = world("", "domains: [example.com]\n");
    content = make_zone(&w, "example.com");
    assert_true(find_note(content, "mail.pub: no key in PEM form")->error);
    assert_has(find_note(content, "DKIM")->input, "state/dkim/example.com/mail.pub");
    zone_content_free(content);
    world_done(&w);
    run("rm -r state");
}

static void name_that_gets_too_long_is_a_gap_and_an_error(void **state)
{
    (void)state;
    char label[51];
    memset(label, 'a', 50);
    label[50] = '\0';
    char *name = xasprintf("%s.%s.%s.%s.%s", label, label, label, label,
                           label + 5); // 253 octets with its last dot
    struct world w = world("", "domains: [example.com]\n");
    char *before = w.inputs->config->domains[0].name;
    w.inputs->config->domains[0].name = name;
    free(w.targets);
    w.count = zonegen_targets(w.inputs->config, &w.targets);
    struct zone_content *content = make_zone(&w, name);
    const struct zone_note *note = find_note(content, "_dmarc.");
    assert_non_null(note);
    assert_true(note->error);
    zone_content_free(content);
    w.inputs->config->domains[0].name = before;
    world_done(&w);
    free(name);
}

static void ttls_are_those_of_the_configuration(void **state)
{
    (void)state;
    struct world w = world(
        "", "domains: [example.com]\nttl: {default: 300, soa: 400, ns: 500, negative: 600}\n");
    char *text = dump_zone(&w, "example.com");
    assert_line(
        text,
        "@ 400 IN SOA ns1.box.example.com. hostmaster.box.example.com. 1 14400 3600 604800 600");
    assert_line(text, "@ 500 IN NS ns1.box.example.com.");
    assert_line(text, "@ 300 IN MX 10 box.example.com.");
    free(text);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_with_the_host_has_all_that_mail_needs),
        cmocka_unit_test(what_belongs_to_the_host_is_in_its_zone_only),
        cmocka_unit_test(host_name_that_is_a_domain_has_each_record_once),
        cmocka_unit_test(soa_comes_first_and_every_record_has_a_reason),
        cmocka_unit_test(own_name_servers_are_named_and_addressed),
        cmocka_unit_test(only_global_addresses_are_published_by_themselves),
        cmocka_unit_test(private_addresses_are_published_when_written_with_a_note),
        cmocka_unit_test(dkim_key_is_published_in_strings_that_fit),
        cmocka_unit_test(name_that_gets_too_long_is_a_gap_and_an_error),
        cmocka_unit_test(ttls_are_those_of_the_configuration),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
