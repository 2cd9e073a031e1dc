// SPDX-License-Identifier: ISC
// Judges: dnssec-keygen and ldns-keygen make what is read here; dnssec-settime, dnssec-signzone and
// ldns-signzone read what is made here; ldns verifies the signatures.
#include "keys/dnskey.h"
#include "keys/signing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "tests/support/scratch.h"
#include "tests/support/make_key.h"

#define NOW 1795329900 // 2026-11-22 06:45:00 UTC

static int fresh(void **state)
{
    (void)state;
    return system("rm -rf k && mkdir k");
}

static struct dnskey make(const char *zone)
{
    struct dnskey key = {0};
    struct error err = {0};
    if (make_csk("k", zone, NOW, &key, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return key;
}

static struct dnskey make_as(const char *zone, uint16_t flags, uint8_t algorithm)
{
    struct dnskey key = {0};
    struct error err = {0};
    struct dnskey_recipe recipe = {.flags = flags, .algorithm = algorithm};
    struct dnskey_listing listing;
    assert_int_equal(dnskey_listing_read("k", &listing, &err), STATUS_OK);
    if (dnskey_make_listed(&listing, zone, &recipe, NOW, &key, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    dnskey_listing_done(&listing);
    return key;
}

static size_t count_files(void)
{
    struct dnskey_listing listing;
    struct error err = {0};
    assert_int_equal(dnskey_listing_read("k", &listing, &err), STATUS_OK);
    size_t count = listing.count;
    dnskey_listing_done(&listing);
    return count;
}

// Loading must fail and say the words.
static void assert_refused(const char *zone, const char *words)
{
    struct dnskey_set set = {0};
    struct error err = {0};
    assert_int_not_equal(dnskey_load("k", zone, true, &set, &err), STATUS_OK);
    assert_int_equal(set.count, 0);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" has no \"%s\"", err.text, words);
}

// Signs a record as RFC 4034 §3.1.8.1 says and has ldns verify it, and refuse it for another
// record.
static void assert_signs(const struct dnskey *key)
{
    ldns_rr *rr = NULL;
    ldns_rr *rrsig = NULL;
    char *text = xasprintf("example.com. 60 IN RRSIG A %u 2 60 20261206064500 20261122054500 %u "
                           "example.com. AAAA",
                           key->algorithm, key->tag);
    assert_int_equal(ldns_rr_new_frm_str(&rr, "example.com. 60 IN A 192.0.2.1", 0, NULL, NULL), 0);
    assert_int_equal(ldns_rr_new_frm_str(&rrsig, text, 0, NULL, NULL), 0);
    free(text);
    ldns_rr_list *rrset = ldns_rr_list_new();
    ldns_rr_list_push_rr(rrset, rr);
    ldns_buffer *data = ldns_buffer_new(1024);
    assert_int_equal(ldns_rrsig2buffer_wire(data, rrsig), 0);
    assert_int_equal(ldns_rr_list2buffer_wire(data, rrset), 0);
    uint8_t signature[SIGNATURE_LEN_MAX];
    size_t len = signing_len(key);
    struct signing_key *signing = NULL;
    struct error err = {0};
    assert_int_equal(signing_key_new(key, &signing, &err), STATUS_OK);
    const uint8_t *octets = ldns_buffer_begin(data);
    for (int i = 0; i < 2; i++) { // the context goes on to be good
        struct signing_item item = {signing, octets, ldns_buffer_position(data), signature, false};
        signing_run(&item, 1);
        assert_true(item.done);
    }
    assert_true(signing_key_verify(signing, octets, ldns_buffer_position(data), signature, len));
    assert_false(
        signing_key_verify(signing, octets, ldns_buffer_position(data) - 1, signature, len));
    assert_false(
        signing_key_verify(signing, octets, ldns_buffer_position(data), signature, len - 1));
    signing_key_free(signing);
    ldns_buffer *rdata = ldns_buffer_new(1024); // and with the public part alone
    assert_int_equal(ldns_rr_rdata2buffer_wire(rdata, key->rr), 0);
    size_t rdata_len = ldns_buffer_position(rdata);
    signing = signing_key_of_rdata(ldns_buffer_begin(rdata), rdata_len);
    assert_non_null(signing);
    assert_true(signing_key_verify(signing, octets, ldns_buffer_position(data), signature, len));
    assert_false(
        signing_key_verify(signing, octets, ldns_buffer_position(data) - 1, signature, len));
    signing_key_free(signing);
    assert_null(signing_key_of_rdata(ldns_buffer_begin(rdata), 5)); // cut off
    ldns_buffer_free(rdata);
    ldns_rdf_deep_free(
        ldns_rr_set_rdf(rrsig, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_B64, len, signature), 8));
    assert_int_equal(ldns_verify_rrsig_time(rrset, rrsig, key->rr, NOW), LDNS_STATUS_OK);
    ldns_rdf_data(ldns_rr_rdf(rr, 0))[3]++;
    assert_int_not_equal(ldns_verify_rrsig_time(rrset, rrsig, key->rr, NOW), LDNS_STATUS_OK);
    ldns_buffer_free(data);
    ldns_rr_list_deep_free(rrset);
    ldns_rr_free(rrsig);
}

static void made_key_is_loaded_again_with_all_it_says(void **state)
{
    (void)state;
    struct dnskey made = make("Example.COM.");
    struct dnskey_set set;
    struct error err = {0};
    assert_int_equal(dnskey_load("k", "example.com", true, &set, &err), STATUS_OK);
    assert_int_equal(set.count, 1);
    assert_int_equal(set.keys[0].tag, made.tag);
    assert_int_equal(set.keys[0].flags, 257);
    assert_int_equal(set.keys[0].algorithm, 13);
    assert_int_equal(set.keys[0].times.created, NOW);
    assert_int_equal(set.keys[0].times.publish, NOW);
    assert_int_equal(set.keys[0].times.activate, NOW);
    assert_int_equal(set.keys[0].times.inactive, 0);
    assert_int_equal(set.keys[0].times.remove, 0);
    assert_string_equal(set.keys[0].path, made.path);
    assert_int_equal(ldns_rr_compare(set.keys[0].rr, made.rr), 0);
    assert_signs(&made);
    assert_signs(&set.keys[0]);
    dnskey_set_done(&set);
    assert_int_equal(dnskey_load("k", "example.com.", false, &set, &err), STATUS_OK);
    assert_null(set.keys[0].private);
    assert_int_equal(set.keys[0].times.activate, NOW);
    struct signing_key *signing;
    assert_int_equal(signing_key_new(&set.keys[0], &signing, &err), STATUS_STATE);
    assert_null(signing);
    dnskey_set_done(&set);
    assert_int_equal(dnskey_load("k", "ample.com", false, &set, &err), STATUS_OK);
    assert_int_equal(set.count, 0);
    dnskey_done(&made);
}

// As they may be written: the same key, or none.
static void a_key_file_is_read_in_each_form_of_its_record(void **state)
{
    (void)state;
    static const char *const same[] = {
        "s/ IN/ 7200 IN/",
        "/DNSKEY/s/ /\\t/g",
        "s/ IN DNSKEY / in dnskey /",
        "s/^[Ee]xample/EXAMPLE/",
        "/DNSKEY/s/$/ ;{id = 1 (ksk), size = 256b}/",
        "/DNSKEY/s/\\(.\\{70\\}\\)/\\1 /",
        "s/ IN DNSKEY 257 3 13/ IN DNSKEY 257 3 ECDSAP256SHA256/",
    };
    static const char *const broken[] = {
        "s/=*$/=/; s/A/=/4",
        "s/ IN DNSKEY.*/ IN DNSKEY 257 3 13/",
        "s/DNSKEY 257/DNSKEY -1/",
        "s/DNSKEY 257 3 13 /DNSKEY 257 3 13 ;/",
        "s/ IN/ CH/",
        "s/^example.com. IN/example.org. IN/",
    };
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        run("rm -rf k");
        struct dnskey made = make("example.com");
        struct dnskey_set set = {0};
        struct error err = {0};
        runf("sed -i '%s' %s", same[i], made.path);
        if (dnskey_load("k", "example.com", true, &set, &err) != STATUS_OK)
            fail_msg("%s: %s", same[i], err.text);
        assert_int_equal(set.count, 1);
        assert_int_equal(ldns_rr_compare(set.keys[0].rr, made.rr), 0);
        dnskey_set_done(&set);
        dnskey_done(&made);
    }
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        run("rm -rf k");
        struct dnskey made = make("example.com");
        runf("sed -i '/DNSKEY/{%s}' %s", broken[i], made.path);
        assert_refused("example.com", made.path);
        dnskey_done(&made);
    }
}

static void files_are_as_bind_writes_them(void **state)
{
    (void)state;
    struct dnskey key = make("Example.com");
    struct stat info;
    char *name = xasprintf("k/Kexample.com.+013+%05u.key", key.tag);
    assert_string_equal(key.path, name);
    assert_int_equal(stat(name, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0644);
    free(name);
    name = xasprintf("k/Kexample.com.+013+%05u.private", key.tag);
    assert_int_equal(stat(name, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    free(name);
    run("TZ=UTC dnssec-settime -p all k/K*.key >out && "
        "grep -qx 'Created: Sun Nov 22 06:45:00 2026' out && "
        "grep -qx 'Publish: Sun Nov 22 06:45:00 2026' out && "
        "grep -qx 'Activate: Sun Nov 22 06:45:00 2026' out && grep -qx 'Inactive: UNSET' out");
    // BIND writes both files again from what it has read of ours: nothing but the order may change.
    run("cp -r k theirs && TZ=UTC dnssec-settime -A 20261122064500 theirs/K*.key >/dev/null && "
        "for d in k theirs; do cat $d/K* | sed '/DNSKEY/s/ //7g' | sort >$d.sorted; done && "
        "diff k.sorted theirs.sorted");
    dnskey_done(&key);
}

// KSK and ZSK of each algorithm: both tools sign with them, and what dnssec-settime writes of them is what was there.
static void bind_and_ldns_sign_with_made_keys(void **state)
{
    (void)state;
    static const uint8_t algorithms[] = {8, 13, 14, 15, 16};
    run("printf '@ 3600 IN SOA ns1 hostmaster 1 14400 3600 604800 3600\\n@ 3600 NS ns1\\n"
        "ns1 3600 A 192.0.2.1\\n' >zone");
    for (size_t i = 0; i < sizeof(algorithms); i++) {
        run("rm -rf k theirs; mkdir k");
        struct dnskey ksk = make_as("example.com", DNSKEY_FLAGS_SEP, algorithms[i]);
        struct dnskey zsk = make_as("example.com", DNSKEY_FLAGS_ZONE, algorithms[i]);
        assert_int_equal(ksk.flags, 257);
        assert_int_equal(zsk.flags, 256);
        assert_signs(&ksk);
        run("for k in k/K*.key; do TZ=UTC dnssec-settime -p C $k | "
            "grep -qx 'Created: Sun Nov 22 06:45:00 2026' || exit 1; done");
        run("cp -r k theirs && for k in theirs/K*.key; do "
            "TZ=UTC dnssec-settime -P now -A now $k >/dev/null || exit 1; done && "
            "for k in k/K*.private; do grep -v '^Created' $k | diff - theirs/${k#k/} | "
            "grep '^<' && exit 1; done; true");
        run("dnssec-signzone -S -K theirs -o example.com -f signed zone >log 2>&1 || "
            "{ cat log; false; }");
        run("ldns-verify-zone signed >/dev/null && dnssec-verify -q -o example.com signed");
        run("ldns-signzone -o example.com -f signed.ldns zone $(ls k/*.key | sed 's/.key$//')");
        run("ldns-verify-zone signed.ldns >/dev/null && dnssec-verify -q -o example.com "
            "signed.ldns");
        dnskey_done(&ksk);
        dnskey_done(&zsk);
    }
}

static void no_key_of_another_algorithm_is_made(void **state)
{
    (void)state;
    static const uint8_t algorithms[] = {0, 1, 5, 7, 10, 12, 17, 253};
    struct dnskey_listing listing;
    struct error err = {0};
    assert_int_equal(dnskey_listing_read("k", &listing, &err), STATUS_OK);
    for (size_t i = 0; i < sizeof(algorithms); i++) {
        struct dnskey key;
        struct dnskey_recipe recipe = {.flags = DNSKEY_FLAGS_SEP, .algorithm = algorithms[i]};
        assert_int_equal(dnskey_make_listed(&listing, "example.com", &recipe, NOW, &key, &err),
                         STATUS_RANGE);
    }
    dnskey_listing_done(&listing);
    assert_int_equal(count_files(), 0);
}

static void keys_of_other_tools_are_read_and_sign(void **state)
{
    (void)state;
    run("cd k && for a in RSASHA256 RSASHA512 ECDSAP256SHA256 ECDSAP384SHA384 ED25519 ED448; do "
        "dnssec-keygen -q -a $a -b 1024 -f KSK example.com >/dev/null 2>&1 || "
        "dnssec-keygen -q -a $a -f KSK example.com >/dev/null || exit 1; "
        "ldns-keygen -a $a -b 1024 example.com >/dev/null || exit 1; done");
    struct dnskey_set set;
    struct error err = {0};
    if (dnskey_load("k", "example.com", true, &set, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_int_equal(set.count, 12);
    for (size_t i = 0; i < set.count; i++) {
        assert_signs(&set.keys[i]);
        assert_true(i == 0 || set.keys[i - 1].tag <= set.keys[i].tag);
    }
    dnskey_set_done(&set);
}

static void times_of_the_private_file_count(void **state)
{
    (void)state;
    struct dnskey key = make("example.com");
    run("dnssec-settime -I 20270101000000 -D 20270201000000 k/K*.key >/dev/null && "
        "sed -i /Inactive/d k/K*.key");
    struct dnskey_set set;
    struct error err = {0};
    assert_int_equal(dnskey_load("k", "example.com", true, &set, &err), STATUS_OK);
    assert_int_equal(set.keys[0].times.inactive, 1798761600);
    assert_int_equal(set.keys[0].times.remove, 1801440000);
    dnskey_set_done(&set);
    run("sed -i 's/^Publish: .*/Publish: soon/' k/K*.private");
    assert_refused("example.com", ".private: broken time \"soon\"");
    dnskey_done(&key);
}

static void ds_is_what_bind_computes(void **state)
{
    (void)state;
    struct dnskey key = make("example.com");
    ldns_rr *ds = dnskey_ds(&key);
    char *text = ldns_rr2str(ds);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '\t' || *c == '\n' ? ' ' : *c;
    FILE *file = fopen("ours", "w");
    fputs(text, file);
    fclose(file);
    run("dnssec-dsfromkey -2 k/K*.key | tr A-Z a-z | cut -d' ' -f4- >theirs.ds; echo >>ours; "
        "tr A-Z a-z <ours | sed 's/.* ds //; s/ $//' >ours.ds; diff ours.ds theirs.ds");
    free(text);
    ldns_rr_free(ds);
    dnskey_done(&key);
}

static void every_new_key_is_another_and_leaves_the_old_ones(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        run("rm -rf before && cp -r k before");
        struct dnskey key = make("example.com");
        run("for f in before/*; do [ -e \"$f\" ] || break; cmp $f k/${f#before/} || exit 1; done");
        dnskey_done(&key);
        assert_int_equal(count_files(), 2 * (i + 1));
    }
    struct dnskey_set set;
    struct error err = {0};
    assert_int_equal(dnskey_load("k", "example.com", true, &set, &err), STATUS_OK);
    for (size_t i = 0; i + 1 < set.count; i++)
        assert_true(set.keys[i].tag < set.keys[i + 1].tag);
    // A revoked key has another tag (RFC 5011 §2.1); that one is taken, too.
    ldns_rr *revoked = ldns_rr_clone(set.keys[0].rr);
    ldns_rdf_deep_free(
        ldns_rr_set_rdf(revoked, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, 257 | 128), 0));
    assert_true(dnskey_set_has_tag(&set, set.keys[3].tag));
    assert_true(dnskey_set_has_tag(&set, ldns_calc_keytag(revoked)));
    ldns_rr_free(revoked);
    dnskey_set_done(&set);
    assert_false(dnskey_set_has_tag(&set, 4711));
}

static enum status complete(const char *zone, const struct dnskey_ids *known, struct error *err)
{
    struct dnskey_listing listing;
    *err = (struct error){0};
    assert_int_equal(dnskey_listing_read("k", &listing, err), STATUS_OK);
    enum status status = dnskey_complete(&listing, zone, known, err);
    size_t listed = listing.count;
    dnskey_listing_done(&listing);
    if (status == STATUS_OK)
        assert_int_equal(listed, count_files());
    return status;
}

static void lost_key_file_is_written_again_from_the_private_one(void **state)
{
    (void)state;
    struct error err;
    struct dnskey key = make("example.com"), other = make("example.com");
    run("mkdir lost && mv k/*.key lost");
    const struct dnskey_id id = {key.tag, key.algorithm};
    const struct dnskey_ids one = {&id, 1};
    assert_int_equal(complete("example.net", NULL, &err), STATUS_OK);
    assert_int_equal(count_files(), 2);
    assert_int_equal(complete("example.com", &one, &err), STATUS_OK);
    assert_int_equal(count_files(), 3);
    assert_int_equal(complete("Example.com", NULL, &err), STATUS_OK);
    run("for f in k/*.key; do cmp $f lost/${f#k/} || exit 1; done");
    assert_int_equal(count_files(), 4);
    dnskey_done(&key);
    dnskey_done(&other);
    // Of other tools and algorithms, too; a zone-signing key has other flags.
    static const char *const rows[] = {"RSASHA256 -b 2048", "ED25519", "ECDSAP384SHA384 -f KSK"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        runf("rm -f k/*; cd k && dnssec-keygen -q -a %s example.com >/dev/null && "
             "mv *.key ../lost1",
             rows[i]);
        assert_int_equal(complete("example.com", NULL, &err), STATUS_OK);
        run("grep -v '^;' k/*.key | tr -d ' ' >a; grep -v '^;' lost1 | tr -d ' ' >b; cmp a b");
    }
    // One that is not what its name says.
    run("rm k/*.key; mv k/*.private k/Kexample.com.+014+00001.private");
    assert_int_equal(complete("example.com", NULL, &err), STATUS_STATE);
    assert_non_null(strstr(err.text, "k/Kexample.com.+014+00001.private"));
    assert_int_equal(count_files(), 1);
}

static void a_spare_key_is_taken_before_one_is_made(void **state)
{
    (void)state;
    struct dnskey used = make("example.com");
    struct dnskey first = make_as("example.com", DNSKEY_FLAGS_SEP, 13);
    assert_int_not_equal(first.tag, used.tag);
    assert_int_equal(count_files(), 4);
    // The zone never came to know it: a crash.
    struct dnskey again = make_as("example.com", DNSKEY_FLAGS_SEP, 13);
    assert_int_equal(again.tag, first.tag);
    assert_signs(&again);
    assert_int_equal(count_files(), 4);
    dnskey_done(&again);
    // The same with half of it lost: nothing is made beside it.
    run("rm $(grep -L Publish k/*.key)");
    again = make_as("example.com", DNSKEY_FLAGS_SEP, 13);
    assert_int_equal(again.tag, first.tag);
    assert_int_equal(count_files(), 4);
    dnskey_done(&again);
    // For another role or algorithm, or where it is taken, it is none.
    again = make_as("example.com", DNSKEY_FLAGS_ZONE, 13);
    dnskey_done(&again);
    again = make_as("example.com", DNSKEY_FLAGS_SEP, 15);
    dnskey_done(&again);
    assert_int_equal(count_files(), 8);
    const struct dnskey_id id = {first.tag, first.algorithm};
    const struct dnskey_ids taken = {&id, 1};
    const struct dnskey_recipe recipe = {.flags = 257, .algorithm = 13, .taken = &taken};
    struct dnskey_listing listing;
    struct error err = {0};
    assert_int_equal(dnskey_listing_read("k", &listing, &err), STATUS_OK);
    assert_int_equal(dnskey_make_listed(&listing, "example.com", &recipe, NOW, &again, &err),
                     STATUS_OK);
    assert_int_equal(listing.count, 10);
    assert_int_not_equal(again.tag, first.tag);
    dnskey_listing_done(&listing);
    dnskey_done(&again);
    // One that dnssec-keygen made to be kept, and one of a tool without times, which may be in use.
    run("rm k/*; cd k; ldns-keygen -k -a ECDSAP256SHA256 example.com >/dev/null");
    again = make_as("example.com", DNSKEY_FLAGS_SEP, 13);
    assert_int_equal(count_files(), 5); // with ldns' .ds
    dnskey_done(&again);
    run("rm k/*; cd k; dnssec-keygen -q -G -f KSK -a ECDSAP256SHA256 example.com >/dev/null");
    again = make_as("example.com", DNSKEY_FLAGS_SEP, 13);
    assert_int_equal(count_files(), 2);
    dnskey_done(&again);
    // A spare one that cannot be used is not passed over.
    run("sed -i 's/^PrivateKey: .*/PrivateKey: AAAA/' k/*.private");
    assert_int_equal(dnskey_listing_read("k", &listing, &err), STATUS_OK);
    assert_int_not_equal(dnskey_make_listed(&listing, "example.com",
                                            &(struct dnskey_recipe){.flags = 257, .algorithm = 13},
                                            NOW, &again, &err),
                         STATUS_OK);
    assert_int_equal(listing.count, 2);
    dnskey_listing_done(&listing);
    dnskey_done(&first);
    dnskey_done(&used);
}

static void a_destroyed_key_leaves_its_public_part(void **state)
{
    (void)state;
    struct dnskey key = make("example.com");
    struct dnskey_id id = {key.tag, key.algorithm};
    struct error err = {0};
    run("ln k/*.private hard"); // what a deleted file leaves on the disk
    assert_int_equal(dnskey_destroy("k", "Example.com.", id, &err), STATUS_OK);
    assert_int_equal(count_files(), 1);
    run("test -s hard && test -z \"$(tr -d '\\000' <hard)\"");
    assert_int_equal(dnskey_destroy("k", "example.com", id, &err), STATUS_OK); // gone already
    // A link leads to no other file.
    run("echo precious >precious; ln -s ../precious $(ls k/*.key | sed 's/key$/private/')");
    assert_int_equal(dnskey_destroy("k", "example.com", id, &err), STATUS_OK);
    run("test \"$(cat precious)\" = precious");
    assert_int_equal(count_files(), 1);
    run("mkdir $(ls k/*.key | sed 's/key$/private/')");
    assert_int_not_equal(dnskey_destroy("k", "example.com", id, &err), STATUS_OK);
    assert_non_null(strstr(err.text, "cannot be destroyed"));
    run("rm -r k/*");
    dnskey_done(&key);
}

static void no_key_is_made_beside_one_that_cannot_be_read(void **state)
{
    (void)state;
    struct dnskey key = make("example.com");
    dnskey_done(&key);
    struct error err = {0};
    run("mv k/*.private private; echo garbage >$(ls k/*.key)");
    assert_int_not_equal(make_csk("k", "example.com", NOW, &key, &err), STATUS_OK);
    run("rm k/*.key; sed 's/^PrivateKey: ..../PrivateKey: AAAA/' private "
        ">k/Kexample.com.+013+00001.private");
    assert_int_not_equal(make_csk("k", "example.com", NOW, &key, &err), STATUS_OK);
    assert_non_null(strstr(err.text, "Kexample.com.+013+00001.private"));
    assert_int_equal(count_files(), 1);
    run("rm -rf k; echo >k");
    assert_int_not_equal(make_csk("k", "example.com", NOW, &key, &err), STATUS_OK);
    run("rm k");
    assert_int_not_equal(make_csk("k", "not..a.name", NOW, &key, &err), STATUS_OK);
    assert_int_equal(count_files(), 0);
}

static void files_that_do_not_fit_together_are_refused_by_name(void **state)
{
    (void)state;
    struct dnskey key = make("example.com");
    dnskey_done(&key);
    run("rm -rf good && cp -r k good");
    static const struct {
        const char *damage;
        const char *words;
    } cases[] = {
        {"rm k/*.private", ".private: cannot open"},
        {"f=$(ls k/*.private); openssl rand -base64 32 | sed 's/^/PrivateKey: /' >x; "
         "sed -i '/PrivateKey/d' $f; cat x >>$f",
         ".private: does not belong to the public key"},
        {"sed -i 's/^example.com/example.net/' k/*.key", "of another zone than example.com"},
        {"mv k/*.key k/Kexample.com.+013+00001.key", "has algorithm 13 and tag"},
        {"mv k/*.key $(ls k/*.key | sed s/+013+/+014+/)", "has algorithm 13 and tag"},
        {"sed -i 's/^Algorithm: 13/Algorithm: 8/' k/*.private",
         "is of algorithm 8, its name says 13"},
        {"sed -i 's/^PrivateKey: /PrivateKey: */' k/*.private", "PrivateKey is not base64"},
        {"sed -i 's/^PrivateKey: .*/PrivateKey: AAAA/' k/*.private",
         "PrivateKey is not a private number"},
        {"sed -i '/^PrivateKey/d' k/*.private", "has no line \"PrivateKey:\""},
        {"sed -i 's/v1.3/v2.0/' k/*.private", "v1.2 or v1.3"},
        {"sed -i 's/^PrivateKey.*/Label: hsm/' k/*.private", "hardware module"},
        {"f=$(ls k/*.key); cat $f $f >x; cp x $f", "more than one record"},
        {": >$(ls k/*.key)", "no record in it"},
        {"sed -i 's/DNSKEY 257/DNSKEY 513/' k/*.key", "not a zone key"},
        {"sed -i 's/DNSKEY 257 3 13.*/A 192.0.2.1/' k/*.key", "no DNSKEY"},
        {"head -c 100000 /dev/zero >>$(ls k/*.key)", "larger than"},
        {"f=$(ls k/*.key); rm $f; mkdir $f", "not a regular file"},
        {"cd k && rm * && dnssec-keygen -q -a NSEC3RSASHA1 -b 1024 example.com >/dev/null",
         "algorithm 7 is not one that zonebox signs with"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        run("rm -rf k && cp -r good k");
        run(cases[i].damage);
        assert_refused("example.com", cases[i].words);
    }
}

static void damaged_rsa_number_is_found(void **state)
{
    (void)state;
    run("cd k && dnssec-keygen -q -a RSASHA256 -b 1024 example.com >/dev/null && "
        "sed -i '/^PrivateExponent: /s/: ..../: AAAB/' *.private");
    assert_refused("example.com", "do not belong together");
}

static void case_and_strange_octets_in_file_names_are_met(void **state)
{
    (void)state;
    run("cd k && ldns-keygen -a ECDSAP256SHA256 Example.ORG >/dev/null && ls KExample.ORG.*.key "
        ">/dev/null");
    struct dnskey_set set;
    struct error err = {0};
    assert_int_equal(dnskey_load("k", "example.org", true, &set, &err), STATUS_OK);
    assert_int_equal(set.count, 1);
    dnskey_set_done(&set);
    struct dnskey key = make("0/25.2.0.192.in-addr.arpa");
    assert_non_null(strstr(key.path, "k/K0%2F25.2.0.192.in-addr.arpa.+013+"));
    dnskey_done(&key);
    assert_int_equal(dnskey_load("k", "0/25.2.0.192.in-addr.arpa", true, &set, &err), STATUS_OK);
    assert_int_equal(set.count, 1);
    dnskey_set_done(&set);
    run("dnssec-settime -p C 'k/K0%2F25'*.key >/dev/null");
}

static void one_listing_serves_many_zones(void **state)
{
    (void)state;
    static const char *const zones[] = {"example.com", "a.example.com", "example.co", "b",
                                        "example.com.a"};
    static const struct dnskey_recipe recipe = {.flags = DNSKEY_FLAGS_SEP, .algorithm = 13};
    struct dnskey_listing listing;
    struct error err = {0};
    assert_int_equal(dnskey_listing_read("k/new", &listing, &err), STATUS_OK);
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        struct dnskey key;
        assert_int_equal(dnskey_make_listed(&listing, zones[i], &recipe, NOW, &key, &err),
                         STATUS_OK);
        dnskey_done(&key);
    }
    dnskey_listing_done(&listing);
    assert_int_equal(dnskey_listing_read("k/new", &listing, &err), STATUS_OK);
    assert_int_equal(listing.count, 10);
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        struct dnskey_set set;
        assert_int_equal(dnskey_load_listed(&listing, zones[i], true, &set, &err), STATUS_OK);
        assert_int_equal(set.count, 1);
        dnskey_set_done(&set);
    }
    dnskey_listing_done(&listing);
}

int main(void)
{
#define fresh_test(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        fresh_test(made_key_is_loaded_again_with_all_it_says),
        fresh_test(a_key_file_is_read_in_each_form_of_its_record),
        fresh_test(files_are_as_bind_writes_them),
        fresh_test(bind_and_ldns_sign_with_made_keys),
        fresh_test(no_key_of_another_algorithm_is_made),
        fresh_test(keys_of_other_tools_are_read_and_sign),
        fresh_test(times_of_the_private_file_count),
        fresh_test(ds_is_what_bind_computes),
        fresh_test(every_new_key_is_another_and_leaves_the_old_ones),
        fresh_test(lost_key_file_is_written_again_from_the_private_one),
        fresh_test(a_spare_key_is_taken_before_one_is_made),
        fresh_test(a_destroyed_key_leaves_its_public_part),
        fresh_test(no_key_is_made_beside_one_that_cannot_be_read),
        fresh_test(files_that_do_not_fit_together_are_refused_by_name),
        fresh_test(damaged_rsa_number_is_found),
        fresh_test(case_and_strange_octets_in_file_names_are_met),
        fresh_test(one_listing_serves_many_zones),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
