// SPDX-License-Identifier: ISC
// How zones are signed, for the box and for a domain: what is inherited, and what contradicts.
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "tests/unit/config/reading.h"

#define BOX "box: {hostname: box.example.com}\n"
#define DAY 86400

static void where_nothing_is_written_zones_are_signed_with_one_key(void **state)
{
    (void)state;
    struct config *config = parse(BOX "domains: [example.com]\n");
    const struct config_dnssec_policy *policy = config->domains[0].policy;
    assert_ptr_equal(policy, &config->dnssec);
    assert_int_equal(config->signing, CONFIG_DNSSEC_ON);
    assert_int_equal(config->domains[0].dnssec, CONFIG_DNSSEC_ON);
    assert_int_equal(policy->algorithm, 13);
    assert_false(policy->split_keys);
    assert_int_equal(policy->ksk_lifetime, 0);
    assert_int_equal(policy->zsk_lifetime, 90 * DAY);
    assert_false(policy->double_ds);
    assert_false(policy->nsec3);
    assert_true(policy->cds);
    assert_int_equal(policy->propagation_delay, 300);
    assert_int_equal(policy->parent_propagation_delay, 3600);
    config_free(config);
}

static void each_word_has_its_meaning(void **state)
{
    (void)state;
    struct config *config = parse(
        BOX
        "domains:\n"
        "  - {name: a.example, dnssec: {algorithm: rsasha256}}\n"
        "  - {name: b.example, dnssec: {algorithm: ecdsap256sha256, keys: csk, zsk-lifetime: "
        "never}}\n"
        "  - {name: c.example, dnssec: {ksk-rollover: double-signature, denial: nsec, cds: yes}}\n"
        "dnssec: {algorithm: ed25519, keys: ksk+zsk, ksk-lifetime: 365d, zsk-lifetime: 30d,\n"
        "         ksk-rollover: double-ds, denial: nsec3, cds: no, propagation-delay: 0,\n"
        "         parent-propagation-delay: 10m}\n");
    const struct config_dnssec_policy *box = &config->dnssec;
    const struct config_domain *domains = config->domains;
    assert_int_equal(box->algorithm, 15);
    assert_true(box->split_keys);
    assert_int_equal(box->ksk_lifetime, 365 * DAY);
    assert_int_equal(box->zsk_lifetime, 30 * DAY);
    assert_true(box->double_ds);
    assert_true(box->nsec3);
    assert_false(box->cds);
    assert_int_equal(box->propagation_delay, 0);
    assert_int_equal(box->parent_propagation_delay, 600);
    assert_int_equal(domains[0].policy->algorithm, 8);
    assert_int_equal(domains[1].policy->algorithm, 13);
    assert_false(domains[1].policy->split_keys);
    assert_false(domains[2].policy->double_ds);
    assert_false(domains[2].policy->nsec3);
    assert_true(domains[2].policy->cds);
    config_free(config);
}

static void a_domain_changes_what_it_writes_and_keeps_the_rest(void **state)
{
    (void)state;
    struct config *config =
        parse(BOX "domains:\n"
                  "  - {name: a.example, dnssec: {algorithm: ed25519}}\n"
                  "  - {name: b.example, dnssec: {signature-lifetime: 20d}}\n"
                  "  - {name: c.example, dnssec: {signature-refresh: 2d}}\n"
                  "  - {name: d.example, dnssec: yes}\n"
                  "  - {name: e.example, dnssec: {}}\n"
                  "dnssec: {denial: nsec3, signature-lifetime: 10d, propagation-delay: 1h}\n");
    const struct config_domain *domains = config->domains;
    assert_int_equal(domains[0].policy->algorithm, 15);
    assert_true(domains[0].policy->nsec3);
    assert_int_equal(domains[0].policy->propagation_delay, 3600);
    assert_int_equal(domains[0].policy->signature_refresh, 5 * DAY);
    assert_int_equal(domains[1].policy->signature_refresh, 10 * DAY); // half of its own
    assert_int_equal(domains[2].policy->signature_lifetime, 10 * DAY);
    assert_int_equal(domains[2].policy->signature_refresh, 2 * DAY);
    assert_int_equal(config->dnssec.algorithm, 13);
    assert_int_equal(config->dnssec.signature_refresh, 5 * DAY);
    assert_ptr_equal(domains[3].policy, &config->dnssec);
    assert_ptr_equal(domains[4].policy, &config->dnssec);
    config_free(config);
}

static void the_word_of_the_box_is_that_of_domains_which_say_nothing(void **state)
{
    (void)state;
    struct config *config =
        parse(BOX "domains:\n"
                  "  - a.example\n"
                  "  - {name: b.example, dnssec: on}\n"
                  "  - {name: c.example, dnssec: {keys: ksk+zsk}}\n"
                  "  - {name: d.example, dnssec: presigned, zone-file: d.zone}\n"
                  "  - {name: e.a.example, zone: parent}\n"
                  "dnssec: off\n");
    const struct config_domain *domains = config->domains;
    assert_int_equal(config->signing, CONFIG_DNSSEC_OFF);
    assert_int_equal(domains[0].dnssec, CONFIG_DNSSEC_OFF);
    assert_int_equal(domains[1].dnssec, CONFIG_DNSSEC_ON);
    assert_int_equal(domains[2].dnssec, CONFIG_DNSSEC_ON);
    assert_true(domains[2].policy->split_keys);
    assert_int_equal(domains[3].dnssec, CONFIG_DNSSEC_PRESIGNED);
    assert_int_equal(config->dnssec.signature_lifetime, 14 * DAY); // defaults all the same
    config_free(config);
    config = parse(BOX "domains: [a.example, {name: b.example, dnssec: no}]\ndnssec: {cds: no}\n");
    assert_int_equal(config->signing, CONFIG_DNSSEC_ON);
    assert_int_equal(config->domains[0].dnssec, CONFIG_DNSSEC_ON);
    assert_int_equal(config->domains[1].dnssec, CONFIG_DNSSEC_OFF);
    config_free(config);
}

static void lifetimes_may_be_seconds_with_ttls_of_seconds(void **state)
{
    (void)state;
    struct config *config = parse(
        BOX "domains: [example.com]\n"
            "ttl: {dnskey: 5s}\n"
            "dnssec: {keys: ksk+zsk, ksk-lifetime: 20s, zsk-lifetime: 10, signature-lifetime: "
            "10s, propagation-delay: 0, parent-propagation-delay: 0s}\n");
    assert_int_equal(config->dnssec.ksk_lifetime, 20);
    assert_int_equal(config->dnssec.zsk_lifetime, 10);
    config_free(config);
}

static void a_word_that_is_none_is_told(void **state)
{
    (void)state;
    must_refuse(
        BOX "domains: [example.com]\n"
            "dnssec: {algorithm: rsasha1, keys: zsk, ksk-lifetime: no, zsk-lifetime: 9s, denial: "
            "nsec4, cds: maybe, ksk-rollover: double, propagation-delay: -1, "
            "parent-propagation-delay: 31d, policy: x}\n",
        "z.yaml:3:21: dnssec.algorithm: \"rsasha1\" is not known here; write ecdsap256sha256, "
        "ed25519 or rsasha256\n"
        "z.yaml:3:36: dnssec.keys: \"zsk\" is not known here; write csk or ksk+zsk\n"
        "z.yaml:3:55: dnssec.ksk-lifetime: \"no\" is not a time; write a number with s, m, h, d or "
        "w behind it, or never\n"
        "z.yaml:3:73: dnssec.zsk-lifetime: \"9s\" is out of range; write 10s to 3650d\n"
        "z.yaml:3:85: dnssec.denial: \"nsec4\" is not known here; write nsec or nsec3\n"
        "z.yaml:3:97: dnssec.cds: neither yes nor no; write one of them\n"
        "z.yaml:3:118: dnssec.ksk-rollover: \"double\" is not known here; write double-signature "
        "or double-ds\n"
        "z.yaml:3:145: dnssec.propagation-delay: \"-1\" is not a time; write a number with s, m, "
        "h, d or w behind it\n"
        "z.yaml:3:175: dnssec.parent-propagation-delay: \"31d\" is out of range; write 0s to 30d\n"
        "z.yaml:3:180: dnssec: unknown key \"policy\"; did you mean \"box.dmarc.policy\"?\n");
}

static void what_contradicts_is_told_where_it_is_written(void **state)
{
    (void)state;
    static const struct {
        const char *text, *errors;
    } rows[] = {
        {"dnssec: {signature-refresh: 14d}\n",
         "z.yaml:2:29: dnssec.signature-refresh: 14d is not less than the lifetime of a signature, "
         "14d; write a shorter time\n"},
        {"dnssec: {ksk-lifetime: 13d}\n",
         "z.yaml:2:24: dnssec.ksk-lifetime: 13d is less than the lifetime of a signature, 14d; "
         "write a longer time, or a shorter signature-lifetime\n"},
        {"dnssec: {keys: ksk+zsk, zsk-lifetime: 30h, signature-lifetime: 1h, propagation-delay: "
         "6h}\n",
         "z.yaml:2:39: dnssec.zsk-lifetime: 30h is over before a successor can be known "
         "everywhere, which takes 30h (ttl.dnskey and propagation-delay); write a longer time\n"},
        {"dnssec: {zsk-lifetime: 30d}\n",
         "z.yaml:2:24: dnssec.zsk-lifetime: there is no ZSK with `keys: csk`; write ksk-lifetime, "
         "or `keys: ksk+zsk`\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf text = {0};
        buf_printf(&text, "%s%s%s", BOX, rows[i].text,
                   "domains: [a.example, {name: b.example, dnssec: no}]\n");
        must_refuse(buf_text(&text), rows[i].errors);
        buf_done(&text);
    }
}

static void a_domain_that_contradicts_the_box_is_told_of(void **state)
{
    (void)state;
    must_refuse(
        BOX "dnssec: {keys: ksk+zsk, signature-refresh: 5d, zsk-lifetime: 20d, "
            "propagation-delay: 1d}\n"
            "domains:\n"
            "- {name: a.example, dnssec: {signature-lifetime: 4d}}\n"
            "- {name: b.example, dnssec: {signature-lifetime: 30d}}\n"
            "- {name: c.example, ttl: {dnskey: 20d}}\n"
            "- {name: d.example, dnssec: {keys: csk}}\n"
            "- {name: e.example, dnssec: {keys: csk, zsk-lifetime: 40d}}\n"
            "- {name: f.example, dnssec: {zsk-lifetime: 5d}}\n",
        "z.yaml:4:29: domains.dnssec.signature-refresh: 5d is not less than the lifetime of a "
        "signature, 4d; write a shorter time\n"
        "z.yaml:5:29: domains.dnssec.zsk-lifetime: 20d is less than the lifetime of a signature, "
        "30d; write a longer time, or a shorter signature-lifetime\n"
        "z.yaml:6:10: domains.dnssec.zsk-lifetime: 20d is over before a successor can be known "
        "everywhere, which takes 21d (ttl.dnskey and propagation-delay); write a longer time\n"
        "z.yaml:8:55: domains.dnssec.zsk-lifetime: there is no ZSK with `keys: csk`; write "
        "ksk-lifetime, or `keys: ksk+zsk`\n"
        "z.yaml:9:44: domains.dnssec.zsk-lifetime: 5d is less than the lifetime of a signature, "
        "14d; write a longer time, or a shorter signature-lifetime\n");
    must_refuse(BOX "dnssec: off\n"
                    "domains: [a.example, {name: b.a.example, zone: parent, dnssec: {cds: no}}]\n",
                "z.yaml:3:48: domains.zone: b.a.example has no zone of its own, and `dnssec` is a "
                "zone's; write it at a.example\n");
}

// One of many domains may have a ZSK, and its lifetime from the box.
static void the_box_may_say_how_long_the_zsk_of_a_domain_lives(void **state)
{
    (void)state;
    struct config *config =
        parse(BOX "dnssec: {zsk-lifetime: 30d}\n"
                  "domains: [a.example, {name: b.example, dnssec: {keys: ksk+zsk}}]\n");
    assert_int_equal(config->domains[1].policy->zsk_lifetime, 30 * DAY);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nothing_is_written_zones_are_signed_with_one_key),
        cmocka_unit_test(each_word_has_its_meaning),
        cmocka_unit_test(a_domain_changes_what_it_writes_and_keeps_the_rest),
        cmocka_unit_test(the_word_of_the_box_is_that_of_domains_which_say_nothing),
        cmocka_unit_test(lifetimes_may_be_seconds_with_ttls_of_seconds),
        cmocka_unit_test(a_word_that_is_none_is_told),
        cmocka_unit_test(what_contradicts_is_told_where_it_is_written),
        cmocka_unit_test(a_domain_that_contradicts_the_box_is_told_of),
        cmocka_unit_test(the_box_may_say_how_long_the_zsk_of_a_domain_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
