// SPDX-License-Identifier: ISC
// Keys of dnssec-keygen, ldns-keygen and openssl become files of the zone, or nothing changes.
#include "keys/key_import.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "tests/support/scratch.h"

#define NOW 1795329900 // 2026-11-22 06:45:00 UTC

static int fresh(void **state)
{
    (void)state;
    return system("rm -rf in keys && mkdir in && mkdir -m 700 keys");
}

// What the shell makes of the pattern.
static enum status read_files(const char *zone, const char *pattern, struct key_imports *ret,
                              struct error *err)
{
    char *names[32];
    char line[256];
    size_t count = 0;
    char *command = xasprintf("ls -d %s", pattern);
    FILE *list = popen(command, "r");
    while (count < 32 && fgets(line, sizeof(line), list) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        names[count++] = xstrdup(line);
    }
    pclose(list);
    free(command);
    *err = (struct error){0};
    enum status status = key_import_read(&(struct key_import_place){"keys", zone, NOW},
                                         (const char *const *)names, count, ret, err);
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    return status;
}

// Imports, and loads what is there then.
static struct dnskey_set import(const char *zone, const char *pattern)
{
    struct key_imports imports;
    struct dnskey_set set;
    struct error err;
    if (read_files(zone, pattern, &imports, &err) != STATUS_OK ||
        key_import_write(&imports, &err) != STATUS_OK ||
        dnskey_load("keys", zone, true, &set, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    key_imports_done(&imports);
    return set;
}

static void assert_refused(const char *zone, const char *pattern, const char *words)
{
    struct key_imports imports;
    struct error err;
    run("rm -rf before && cp -a keys before");
    assert_int_not_equal(read_files(zone, pattern, &imports, &err), STATUS_OK);
    assert_int_equal(imports.count, 0);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" has no \"%s\"", err.text, words);
    run("diff -r keys before");
}

static void pairs_of_bind_come_with_their_times(void **state)
{
    (void)state;
    run("cd in && dnssec-keygen -q -a RSASHA256 -b 2048 -P 20260101000000 -A 20260102000000 "
        "-I 20270101000000 -D 20270201000000 Example.COM >/dev/null && "
        "dnssec-keygen -q -a ED25519 -f KSK -P sync 20260103000000 example.com >/dev/null");
    struct dnskey_set set = import("example.com", "in/*"); // each part of each pair
    assert_int_equal(set.count, 2);
    const struct dnskey *zsk = &set.keys[set.keys[0].algorithm == 8 ? 0 : 1];
    const struct dnskey *ksk = &set.keys[set.keys[0].algorithm == 8 ? 1 : 0];
    assert_int_equal(zsk->flags, 256);
    assert_int_equal(zsk->times.publish, 1767225600);
    assert_int_equal(zsk->times.activate, 1767312000);
    assert_int_equal(zsk->times.inactive, 1798761600);
    assert_int_equal(zsk->times.remove, 1801440000);
    assert_int_equal(ksk->flags, 257);
    assert_int_equal(ksk->algorithm, 15);
    assert_int_equal(ksk->times.sync_publish, 1767398400);
    dnskey_set_done(&set);
    run("test \"$(stat -c %a keys/*.private | sort -u)\" = 600 && "
        "test \"$(stat -c %a keys/*.key | sort -u)\" = 644");
    // dnssec-settime finds in them what it wrote.
    run("for k in in/*.key; do dnssec-settime -p all $k >a && "
        "dnssec-settime -p all keys/$(basename $k | sed s/Example.COM/example.com/) >b && "
        "cmp a b || exit 1; done");
}

static void pairs_without_times_have_none(void **state)
{
    (void)state;
    run("cd in && ldns-keygen -k -a ECDSAP384SHA384 example.com >/dev/null && ls *.ds >/dev/null");
    struct dnskey_set set = import("example.com.", "in/*.ds");
    assert_int_equal(set.count, 1);
    assert_int_equal(set.keys[0].algorithm, 14);
    assert_int_equal(set.keys[0].flags, 257);
    assert_int_equal(set.keys[0].times.created, 0);
    assert_int_equal(set.keys[0].times.activate, 0);
    dnskey_set_done(&set);
}

static void the_one_key_of_mail_in_a_box_becomes_that_of_each_domain(void **state)
{
    (void)state;
    run("cd in && ldns-keygen -k -a ECDSAP256SHA256 _domain_ >/dev/null && "
        "ldns-keygen -a ECDSAP256SHA256 _domain_ >/dev/null");
    struct dnskey_set com = import("example.com", "in/*.private");
    struct dnskey_set org = import("xn--bcher-kva.example.org", "in/*.key");
    assert_int_equal(com.count, 2);
    assert_int_equal(org.count, 2);
    for (size_t i = 0; i < 2; i++) {
        char *owner = ldns_rdf2str(ldns_rr_owner(org.keys[i].rr));
        assert_string_equal(owner, "xn--bcher-kva.example.org.");
        free(owner);
        assert_int_equal(com.keys[i].tag, org.keys[i].tag); // it does not depend on the owner
        assert_true(EVP_PKEY_eq(com.keys[i].private, org.keys[i].private) == 1);
    }
    run("k=$(basename $(grep -l ' 257 \\|\t257 ' in/*.key) .key); "
        "sed 's/_domain_/example.com/' in/$k.key >x.key; "
        "ldns-key2ds -n -2 x.key >a; ldns-key2ds -n -2 keys/Kexample.com${k#K_domain_}.key >b; "
        "cut -f4- a >a1; cut -f4- b >b1; test -s a1 && cmp a1 b1");
    dnskey_set_done(&com);
    dnskey_set_done(&org);
}

static void a_pem_key_becomes_a_key_of_the_zone(void **state)
{
    (void)state;
    static const struct {
        const char *command;
        uint8_t algorithm;
    } rows[] = {
        {"genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", 13},
        {"genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384", 14},
        {"ecparam -name prime256v1 -genkey", 13},
        {"genpkey -algorithm ED25519", 15},
        {"genpkey -algorithm ED448", 16},
        {"genrsa -traditional 2048", 8},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        runf("rm -f keys/* && openssl %s >in/my-key 2>/dev/null", rows[i].command);
        struct dnskey_set set = import("example.com", "in/my-key");
        assert_int_equal(set.count, 1);
        assert_int_equal(set.keys[0].algorithm, rows[i].algorithm);
        assert_int_equal(set.keys[0].flags, 257);
        dnskey_set_done(&set);
        run("dnssec-settime -p C keys/*.key >/dev/null");
    }
    run("rm keys/*; openssl genpkey -algorithm ED25519 -aes256 -pass pass:x -out in/locked");
    assert_refused("example.com", "in/locked", "in/locked: neither");
    run("openssl genrsa -out in/short 512 2>/dev/null || openssl genpkey -algorithm X25519 "
        "-out in/short");
    assert_refused("example.com", "in/short", "in/short: not a key that can sign zones");
    run("openssl ecparam -name secp256k1 -genkey -out in/other");
    assert_refused("example.com", "in/other", "in/other: not a key that can sign zones");
}

// A KSK and ZSK of BIND with these lines in the .state of the one that is asked for.
static struct dnskey_times times_with_state(const char *kind, const char *lines)
{
    runf("rm -rf in/* keys/*; cd in && dnssec-keygen -q -a 13 %s -P 20261101000000 "
         "-A 20261102000000 -I 20261201000000 -D 20261220000000 example.com >/dev/null && "
         "printf '; This is the state of a key.\\nAlgorithm: 13\\nLength: 256\\nLifetime: 0\\n%s' "
         ">$(basename *.key .key).state",
         kind, lines);
    struct dnskey_set set = import("example.com", "in/*.key");
    assert_int_equal(set.count, 1);
    struct dnskey_times times = set.keys[0].times;
    dnskey_set_done(&set);
    return times;
}

#define PUBLISH  1793491200
#define ACTIVATE 1793577600
#define INACTIVE 1796083200
#define REMOVE   1797724800

static void what_bind_did_counts_more_than_what_it_planned(void **state)
{
    (void)state;
    struct dnskey_times times = times_with_state("", "KSK: no\\nZSK: yes\\n"); // not used yet
    assert_int_equal(times.publish, PUBLISH);
    assert_int_equal(times.remove, REMOVE);
    times = times_with_state("", "DNSKEYState: omnipresent\\nDNSKEYChange: 20261101000500\\n"
                                 "ZRRSIGState: rumoured\\nZRRSIGChange: 20261102000500\\n"
                                 "GoalState: omnipresent\\n");
    assert_int_equal(times.publish, PUBLISH);
    assert_int_equal(times.activate, ACTIVATE);
    assert_int_equal(times.inactive, INACTIVE);
    // Published, and the time to sign has come, but BIND did not go on: it does not sign.
    times = times_with_state("", "DNSKEYState: rumoured\\nDNSKEYChange: 20261101000500\\n"
                                 "ZRRSIGState: hidden\\nZRRSIGChange: 20261101000500\\n"
                                 "GoalState: omnipresent\\n");
    assert_int_equal(times.publish, PUBLISH);
    assert_int_equal(times.activate, 0);
    // Replaced before its time.
    times = times_with_state("", "DNSKEYState: omnipresent\\nDNSKEYChange: 20261101000500\\n"
                                 "ZRRSIGState: unretentive\\nZRRSIGChange: 20261110000000\\n"
                                 "GoalState: hidden\\n");
    assert_int_equal(times.activate, ACTIVATE);
    assert_int_equal(times.inactive, 1794268800);
    assert_int_equal(times.remove, REMOVE);
    // Gone.
    times = times_with_state("", "DNSKEYState: hidden\\nDNSKEYChange: 20261111000000\\n"
                                 "ZRRSIGState: hidden\\nZRRSIGChange: 20261110000000\\n"
                                 "GoalState: hidden\\n");
    assert_int_equal(times.remove, 1794355200);
    // A KSK whose successor is not seen at the parent signs on, though its time is over.
    times = times_with_state("-f KSK", "DNSKEYState: omnipresent\\nDNSKEYChange: 20261001000000\\n"
                                       "KRRSIGState: omnipresent\\nKRRSIGChange: 20261001000000\\n"
                                       "DSState: unretentive\\nDSChange: 20261120000000\\n"
                                       "GoalState: hidden\\n");
    assert_int_equal(times.publish, 1790812800);
    assert_int_equal(times.activate, 1790812800);
    assert_int_equal(times.sync_remove, 1795132800);
    run("sed -i s/hidden/gone/ in/*.state; rm keys/*");
    assert_refused("example.com", "in/*.key", ".state: broken state \"gone\"");
}

static void what_cannot_be_taken_is_named_and_nothing_changes(void **state)
{
    (void)state;
    static const struct {
        const char *damage;
        const char *words;
    } cases[] = {
        {"rm in/*.private", ".private: it belongs to in/K"},
        {"rm in/*.key", ".key: it belongs to in/K"},
        {"cd in; for f in K*; do mv $f $(echo $f | sed s/example.com/example.net/); done",
         "a key of another zone than example.com"},
        {"sed -i 's/^example.com/example.net/' in/*.key", "of another zone than example.com"},
        {"sed -i 's/^PrivateKey: .*/PrivateKey: AAAA/' in/*.private", "not a private number"},
        {"rm in/*; cd in; dnssec-keygen -q -a RSASHA1 -b 1024 example.com 2>/dev/null >&2",
         "roll to ECDSAP256SHA256 at the old place"},
        {"rm in/*; cd in; dnssec-keygen -q -a NSEC3RSASHA1 -b 1024 example.com 2>/dev/null >&2",
         "algorithm 7 is RSA with SHA-1"},
        {"echo hello >in/Knot", "in/Knot: neither"},
        {"mkdir in/directory", "in/directory: not a regular file"},
        {"cd in; f=$(echo *.key); mkdir two; cp K* two; mv two/* .; ln -s . again",
         "not a regular file"},
    };
    run("cd in && dnssec-keygen -q -a 13 example.com >/dev/null; cp -a ../in ../good");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        run("rm -rf in && cp -a good in");
        run(cases[i].damage);
        assert_refused("example.com", "in/*", cases[i].words);
    }
    assert_refused("not..a.name", "good/*", "another zone");
    assert_refused("example.com", "missing", "which files?");
    run("rm -rf good");
}

static void what_is_there_already_is_never_replaced(void **state)
{
    (void)state;
    run("cd in && dnssec-keygen -q -a 13 -f KSK example.com >/dev/null");
    struct dnskey_set set = import("example.com", "in/*");
    dnskey_set_done(&set);
    run("cp -a keys first");
    struct key_imports imports;
    struct error err;
    assert_int_equal(read_files("example.com", "in/*", &imports, &err), STATUS_OK);
    assert_true(imports.list[0].is_there);
    assert_int_equal(key_import_write(&imports, &err), STATUS_OK);
    run("diff -r keys first");
    key_imports_done(&imports);
    // A crash came between the two.
    run("rm keys/*.key");
    set = import("example.com", "in/*");
    dnskey_set_done(&set);
    run("diff -r keys first");
    // Another key under that name is not touched.
    run("rm keys/*.key; f=$(ls keys/*.private); openssl rand -base64 32 | "
        "sed 's/^/PrivateKey: /' >x; sed -i '/PrivateKey/d' $f; cat x >>$f");
    assert_refused("example.com", "in/*", "there already, and another key");
    run("rm keys/*; cp -a first/* keys");
    // Half of it is not what is brought, and is not touched.
    run("echo >$(ls keys/*.key)");
    assert_refused("example.com", "in/*", "there already");
    run("rm -r keys/* first");
}

static void of_several_keys_all_come_or_none(void **state)
{
    (void)state;
    run("cd in && dnssec-keygen -q -a 13 -f KSK example.com >/dev/null && "
        "dnssec-keygen -q -a 13 example.com >/dev/null");
    struct key_imports imports;
    struct error err;
    assert_int_equal(read_files("example.com", "in/*", &imports, &err), STATUS_OK);
    assert_int_equal(imports.count, 2);
    // Somebody makes the second one's file meanwhile.
    runf("echo mine >%s", imports.list[1].key.path);
    assert_int_equal(key_import_write(&imports, &err), STATUS_EXISTS);
    run("test \"$(cat keys/*)\" = mine");
    key_imports_done(&imports);
    // Two that are one are told.
    run("rm keys/*; mkdir in/two; cp in/K* in/two");
    assert_refused("example.com", "in/K* in/two/*", "comes twice");
}

static void keys_out_of_use_are_told(void **state)
{
    (void)state;
    run("cd in && dnssec-keygen -q -a 13 -P 20260101000000 -A 20260101000000 -I 20260601000000 "
        "-D 20260701000000 example.com >/dev/null && dnssec-keygen -q -a 13 example.com "
        ">/dev/null");
    struct key_imports imports;
    struct error err;
    assert_int_equal(read_files("example.com", "in/*", &imports, &err), STATUS_OK);
    assert_int_equal(imports.count, 2);
    assert_int_not_equal(imports.list[0].is_over, imports.list[1].is_over);
    key_imports_done(&imports);
}

int main(void)
{
#define fresh_test(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        fresh_test(pairs_of_bind_come_with_their_times),
        fresh_test(pairs_without_times_have_none),
        fresh_test(the_one_key_of_mail_in_a_box_becomes_that_of_each_domain),
        fresh_test(a_pem_key_becomes_a_key_of_the_zone),
        fresh_test(what_bind_did_counts_more_than_what_it_planned),
        fresh_test(what_cannot_be_taken_is_named_and_nothing_changes),
        fresh_test(what_is_there_already_is_never_replaced),
        fresh_test(of_several_keys_all_come_or_none),
        fresh_test(keys_out_of_use_are_told),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
