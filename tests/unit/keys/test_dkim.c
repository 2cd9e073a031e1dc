// SPDX-License-Identifier: ISC
#include "keys/dkim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "tests/support/scratch.h"

static struct buf content_of(const char *path)
{
    struct buf content = {0};
    struct error err = {0};
    assert_int_equal(file_read(path, 65536, &content, &err), STATUS_OK);
    return content;
}

#define NOW INT64_C(1795330800) // 2026-11-22T07:00:00Z

static struct dkim_set load(void)
{
    struct dkim_set set = {0};
    struct error err = {0};
    if (dkim_load("d", "example.com", &set, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return set;
}

static void store(enum dkim_algorithm algorithm, const char *selector)
{
    struct dkim_pair pair = {0};
    struct error err = {0};
    assert_int_equal(dkim_pair_make(algorithm, &pair, &err), STATUS_OK);
    if (dkim_store("d", "example.com", selector, &pair, NOW, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    dkim_pair_done(&pair);
}

static enum status complete(bool *ret_changed, struct error *err)
{
    struct dkim_set set = load();
    enum status status = dkim_complete("d", "example.com", &set, ret_changed, err);
    dkim_set_done(&set);
    return status;
}

// ── Making ───────────────────────────────────────────────────────────────────────────────────────

static void a_key_is_made_with_safe_modes_and_never_replaced(void **state)
{
    (void)state;
    run("rm -rf d");
    store(DKIM_RSA, "r");
    assert_int_equal(mode_of("d/example.com/r.private"), 0640);
    assert_int_equal(mode_of("d/example.com/r.pub"), 0644);
    assert_int_equal(mode_of("d/example.com"), 0750);
    run("cp -r d before");
    struct dkim_pair pair = {0};
    struct error err = {0};
    assert_int_equal(dkim_pair_make(DKIM_RSA, &pair, &err), STATUS_OK);
    assert_int_equal(dkim_store("d", "example.com", "r", &pair, NOW, &err), STATUS_EXISTS);
    run("diff -r d before");
    // Nor when only one of the two files is left.
    assert_int_equal(unlink("d/example.com/r.pub"), 0);
    assert_int_equal(dkim_store("d", "example.com", "r", &pair, NOW, &err), STATUS_EXISTS);
    run("cmp d/example.com/r.private before/example.com/r.private && ! test -e d/example.com/r.pub"
        " && rm -r before");
    dkim_pair_done(&pair);
}

static void openssl_reads_all_files_and_finds_them_to_match(void **state)
{
    (void)state;
    run("rm -rf d");
    store(DKIM_RSA, "r");
    store(DKIM_ED25519, "e");
    run("openssl pkey -in d/example.com/r.private -text -noout | grep -q '2048 bit' && "
        "openssl pkey -in d/example.com/e.private -text -noout | grep -q 'ED25519 Private' && "
        "for k in r e; do openssl pkey -in d/example.com/$k.private -check -noout >/dev/null && "
        "head -1 d/example.com/$k.private | grep -qx -- '-----BEGIN PRIVATE KEY-----' && "
        "openssl pkey -pubin -in d/example.com/$k.pub >a && "
        "openssl pkey -in d/example.com/$k.private -pubout | cmp - a || exit 1; done");
}

static void the_public_file_says_what_is_known_of_the_key(void **state)
{
    (void)state;
    run("rm -rf d");
    store(DKIM_RSA, "r");
    run("test \"$(grep ': ' d/example.com/r.pub)\" = "
        "\"Made-By: zone-signer\nState: pending\nCreated: 2026-11-22T07:00:00Z\n"
        "Changed: 2026-11-22T07:00:00Z\"");
    struct dkim_set set = load();
    struct dkim_key *key = &set.list[0];
    assert_true(key->made && key->has_private && key->state == DKIM_PENDING);
    assert_true(key->created == NOW && key->announced == 0 && key->changed == NOW);
    key->state = DKIM_RETIRING;
    key->announced = NOW + 1;
    key->changed = NOW + 86400;
    struct error err = {0};
    assert_int_equal(dkim_save("d", "example.com", key, &err), STATUS_OK);
    dkim_set_done(&set);
    set = load();
    key = &set.list[0];
    assert_true(key->made && key->state == DKIM_RETIRING);
    assert_true(key->created == NOW && key->announced == NOW + 1 && key->changed == NOW + 86400);
    assert_int_equal(dkim_delete("d", "example.com", key, &err), STATUS_OK);
    dkim_set_done(&set);
    run("rmdir d/example.com && mkdir d/example.com");
    set = load();
    assert_true(set.exists && set.count == 0);
    dkim_set_done(&set);
}

static void selectors_have_their_date_and_are_never_taken_twice(void **state)
{
    (void)state;
    struct dkim_key keys[2] = {{.selector = (char[]){"rsa-20261122"}},
                               {.selector = (char[]){"RSA-20261122-2"}}};
    static const struct {
        size_t count;
        const char *prefix;
        enum dkim_algorithm algorithm;
        const char *selector;
    } rows[] = {
        {0, NULL, DKIM_RSA, "rsa-20261122"},          {0, "", DKIM_ED25519, "ed25519-20261122"},
        {2, "m", DKIM_ED25519, "m-ed25519-20261122"}, {1, NULL, DKIM_RSA, "rsa-20261122-2"},
        {2, NULL, DKIM_RSA, "rsa-20261122-3"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dkim_set set = {.list = keys, .count = rows[i].count};
        char *selector = dkim_selector(&set, rows[i].prefix, rows[i].algorithm, NOW);
        assert_string_equal(selector, rows[i].selector);
        free(selector);
    }
}

// ── Loading ──────────────────────────────────────────────────────────────────────────────────────

static void p_is_the_der_for_rsa_and_the_bare_key_for_ed25519(void **state)
{
    (void)state;
    run("rm -rf d");
    store(DKIM_RSA, "r");
    store(DKIM_ED25519, "e");
    run("openssl pkey -pubin -in d/example.com/r.pub -outform DER -out r.der");
    run("openssl pkey -pubin -in d/example.com/e.pub -outform DER | tail -c 32 >e.raw");
    struct buf rsa = content_of("r.der");
    struct buf ed25519 = content_of("e.raw");
    struct dkim_set set = load();
    assert_int_equal(set.count, 2);
    assert_true(set.list[0].algorithm == DKIM_ED25519 && set.list[0].p_len == 32);
    assert_memory_equal(set.list[0].p, ed25519.data, 32);
    assert_true(set.list[1].algorithm == DKIM_RSA && set.list[1].p_len == rsa.len);
    assert_memory_equal(set.list[1].p, rsa.data, rsa.len);
    dkim_set_done(&set);
    buf_done(&rsa);
    buf_done(&ed25519);
    struct error err = {0};
    assert_int_equal(dkim_load("d", "example.net", &set, &err), STATUS_OK);
    assert_true(set.count == 0 && !set.exists);
}

static void keys_of_every_size_are_taken_as_openssl_takes_them(void **state)
{
    (void)state;
    static const struct {
        const char *bits;
        bool good;
    } rows[] = {{"1016", false}, {"1024", true}, {"1027", true}, {"2056", true}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        run("rm -rf d && mkdir -p d/example.com");
        runf("openssl genrsa -out k.pem 2>/dev/null %s", rows[i].bits);
        run("openssl pkey -in k.pem -pubout -outform DER -out expected.der && "
            "openssl pkey -in k.pem -pubout -out d/example.com/mail.pub");
        struct buf expected = content_of("expected.der");
        struct dkim_set set = load();
        assert_int_equal(set.count, 1);
        assert_int_equal(set.list[0].trouble == NULL, rows[i].good);
        assert_int_equal(set.list[0].p_len, rows[i].good ? expected.len : 0);
        if (rows[i].good)
            assert_memory_equal(set.list[0].p, expected.data, expected.len);
        dkim_set_done(&set);
        buf_done(&expected);
    }
}

static void a_key_brought_along_is_active_since_it_came(void **state)
{
    (void)state;
    run("rm -rf d && mkdir -p d/example.com");
    run("openssl genrsa 2048 2>/dev/null | openssl pkey -pubout | (echo 'of: somebody'; cat) >x && "
        "touch -d 2020-01-01 x && cp -p x d/example.com/mail.pub");
    struct dkim_set set = load();
    const struct dkim_key *key = &set.list[0];
    assert_true(!key->made && !key->has_private && key->state == DKIM_ACTIVE);
    assert_true(dkim_is_foreign(key));
    assert_true(key->changed > NOW - 86400 * 365); // and not since 2020
    assert_null(dkim_signer(&set, DKIM_RSA));
    dkim_set_done(&set);
}

static void broken_public_files_are_troubles_of_their_own(void **state)
{
    (void)state;
    const char *const broken[] = {
        "printf garbage >",
        "openssl ecparam -genkey -name prime256v1 -noout | openssl pkey -pubout -out ",
        "openssl genrsa 512 2>/dev/null | openssl pkey -pubout -out ",
        "openssl genpkey -algorithm ED25519 | openssl pkey -pubout | (echo 'State: odd'; cat) >",
        "openssl genpkey -algorithm ED25519 | openssl pkey -pubout | (echo 'Changed: now'; cat) >",
        "mkdir ",
        "head -c 70000 /dev/zero >",
        "openssl genpkey -algorithm ED25519 | openssl pkey -pubout | sed 's/=$/==/' >",
        "openssl genpkey -algorithm ED25519 | openssl pkey -pubout | sed 's/^\\(M......\\)./\\1=/' "
        ">",
        "openssl genpkey -algorithm ED25519 | openssl pkey -pubout | sed /END/d >",
    };
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        run("rm -rf d");
        store(DKIM_ED25519, "good");
        runf("%s d/example.com/mail.pub", broken[i]);
        struct dkim_set set = load();
        assert_int_equal(set.count, 2);
        assert_null(set.list[0].trouble);
        assert_non_null(set.list[1].trouble);
        assert_non_null(strstr(set.list[1].trouble, "d/example.com/mail.pub: "));
        assert_int_equal(set.list[1].p_len, 0);
        dkim_set_done(&set);
    }
}

static void names_cannot_leave_the_directory(void **state)
{
    (void)state;
    const char *const bad[] = {"../x", "a/b", "", ".", "..", "a b", "x\n"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct dkim_pair pair = {0};
        struct dkim_set set;
        bool changed;
        struct error err = {0};
        assert_int_equal(dkim_load("d", bad[i], &set, &err), STATUS_SYNTAX);
        assert_int_equal(dkim_complete("d", bad[i], &set, &changed, &err), STATUS_SYNTAX);
        assert_int_equal(dkim_store("d", bad[i], "mail", &pair, NOW, &err), STATUS_SYNTAX);
        assert_int_equal(dkim_store("d", "example.com", bad[i], &pair, NOW, &err), STATUS_SYNTAX);
    }
    run("rm -rf d && mkdir -p d/example.com");
    run("touch d/example.com/.pub d/example.com/.hidden.pub 'd/example.com/a b.pub'");
    struct dkim_set set = load();
    assert_int_equal(set.count, 1);
    assert_non_null(set.list[0].trouble);
    dkim_set_done(&set);
}

static void a_directory_full_of_keys_is_refused(void **state)
{
    (void)state;
    run("rm -rf d && mkdir -p d/example.com");
    run("for i in $(seq 65); do touch d/example.com/k$i.pub; done");
    struct dkim_set set = {0};
    struct error err = {0};
    assert_int_equal(dkim_load("d", "example.com", &set, &err), STATUS_RANGE);
    dkim_set_done(&set);
}

// ── Completing ───────────────────────────────────────────────────────────────────────────────────

static void lost_or_outdated_public_file_is_written_again(void **state)
{
    (void)state;
    bool changed = false;
    struct error err = {0};
    run("rm -rf d && mkdir -p d/example.com");
    // The admin brings an old key from elsewhere: PKCS#1, older by its modification time.
    run("openssl genrsa -traditional -out first 2048 2>/dev/null && touch -d 2020-01-01 first && "
        "cp -p first d/example.com/mail.private");
    assert_int_equal(complete(&changed, &err), STATUS_OK);
    assert_true(changed);
    run("openssl pkey -in first -pubout | cmp - d/example.com/mail.pub");
    assert_int_equal(complete(&changed, &err), STATUS_OK);
    assert_false(changed);
    // And then another one, under the same name.
    run("openssl genpkey -algorithm ED25519 -out second && touch -d 2020-01-01 second && "
        "cp -p second d/example.com/mail.private");
    assert_int_equal(complete(&changed, &err), STATUS_OK);
    assert_true(changed);
    run("openssl pkey -in second -pubout | cmp - d/example.com/mail.pub");
}

static void what_is_known_of_a_key_outlives_a_restored_backup(void **state)
{
    (void)state;
    bool changed = false;
    struct error err = {0};
    run("rm -rf d");
    store(DKIM_ED25519, "e");
    run("cp d/example.com/e.pub before; cp -p d/example.com/e.private x && sleep 0.01 && "
        "cp -p x d/example.com/e.private && touch d/example.com/e.private");
    assert_int_equal(complete(&changed, &err), STATUS_OK);
    assert_true(changed);
    run("cmp before d/example.com/e.pub");
    // Its key is damaged, its lines are not.
    run("sed -i 's/^MC/!!/' d/example.com/e.pub");
    assert_int_equal(complete(&changed, &err), STATUS_OK);
    assert_true(changed);
    run("cmp before d/example.com/e.pub");
}

static void a_misspelt_state_is_left_for_its_author(void **state)
{
    (void)state;
    bool changed = true;
    struct error err = {0};
    run("rm -rf d");
    store(DKIM_ED25519, "e");
    run("sed -i 's/^State: .*/State: revokd/' d/example.com/e.pub && cp d/example.com/e.pub "
        "before");
    assert_int_equal(complete(&changed, &err), STATUS_OK);
    assert_false(changed);
    run("touch d/example.com/e.private && cmp before d/example.com/e.pub");
    assert_int_equal(complete(&changed, &err), STATUS_OK);
    assert_false(changed);
    struct dkim_set set = load();
    assert_non_null(strstr(set.list[0].trouble, "revokd"));
    dkim_set_done(&set);
}

static void unreadable_private_file_is_an_error_and_stays(void **state)
{
    (void)state;
    const char *const broken[] = {
        "printf garbage >",
        "openssl ecparam -genkey -name prime256v1 -noout -out ",
        "openssl genrsa -out - 512 2>/dev/null >",
        "openssl genrsa -aes128 -passout pass:x -traditional 2048 2>/dev/null >",
        "mkdir ",
    };
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        run("rm -rf d before && mkdir -p d/example.com");
        runf("%s d/example.com/mail.private", broken[i]);
        run("cp -r d before");
        bool changed = true;
        struct error err = {0};
        assert_int_not_equal(complete(&changed, &err), STATUS_OK);
        assert_false(changed);
        assert_non_null(strstr(err.text, "d/example.com/mail.private"));
        run("diff -r d before && rm -rf before");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_made_with_safe_modes_and_never_replaced),
        cmocka_unit_test(openssl_reads_all_files_and_finds_them_to_match),
        cmocka_unit_test(the_public_file_says_what_is_known_of_the_key),
        cmocka_unit_test(selectors_have_their_date_and_are_never_taken_twice),
        cmocka_unit_test(p_is_the_der_for_rsa_and_the_bare_key_for_ed25519),
        cmocka_unit_test(keys_of_every_size_are_taken_as_openssl_takes_them),
        cmocka_unit_test(a_key_brought_along_is_active_since_it_came),
        cmocka_unit_test(broken_public_files_are_troubles_of_their_own),
        cmocka_unit_test(names_cannot_leave_the_directory),
        cmocka_unit_test(a_directory_full_of_keys_is_refused),
        cmocka_unit_test(lost_or_outdated_public_file_is_written_again),
        cmocka_unit_test(what_is_known_of_a_key_outlives_a_restored_backup),
        cmocka_unit_test(a_misspelt_state_is_left_for_its_author),
        cmocka_unit_test(unreadable_private_file_is_an_error_and_stays),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
