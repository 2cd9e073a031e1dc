// SPDX-License-Identifier: ISC
// The plan as text, and digests of certificates and keys; openssl is the judge of those.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "keys/tls_spki.h"
#include "keys/tls_text.h"
#include "tests/support/scratch.h"

static struct tls_plan example(void)
{
    struct tls_plan plan = {.begun = true, .ttl = 3600, .ttl_until = 1800000000, .count = 3};
    memset(plan.keys[0].digest, 0xa5, TLS_DIGEST_LEN);
    plan.keys[0].state = TLS_CURRENT;
    plan.keys[0].surprise = plan.keys[0].told = true;
    plan.keys[0].since = plan.keys[0].added_at = 1790000000;
    memset(plan.keys[1].digest, 0x01, TLS_DIGEST_LEN);
    plan.keys[1].state = TLS_SAFE;
    plan.keys[1].since = 1790000001;
    plan.keys[1].added_at = 1790000002;
    plan.keys[1].seen_at = 1790000003;
    plan.keys[1].safe_at = 1790000004;
    memset(plan.keys[2].digest, 0xff, TLS_DIGEST_LEN);
    plan.keys[2].state = TLS_DROPPED;
    plan.keys[2].since = plan.keys[2].added_at = plan.keys[2].absent_at = 1790000005;
    plan.keys[2].forgotten = true;
    return plan;
}

static void a_plan_reads_back_as_it_was(void **state)
{
    (void)state;
    struct tls_plan plan = example(), back;
    struct buf text = {0}, again = {0};
    struct error err = {0};
    tls_plan_print(&plan, &text);
    assert_int_equal(tls_plan_read(text.data, text.len, &back, &err), STATUS_OK);
    assert_int_equal(back.count, 3);
    assert_true(back.begun);
    tls_plan_print(&back, &again);
    assert_string_equal(buf_text(&text), buf_text(&again));
    assert_int_equal(back.keys[1].safe_at, 1790000004);
    assert_true(back.keys[2].forgotten);
    buf_done(&text);
    buf_done(&again);
}

static void anything_else_is_refused_and_changes_nothing(void **state)
{
    (void)state;
#define KEY  "0101010101010101010101010101010101010101010101010101010101010101"
#define TIME "2026-11-22T12:00:00Z"
#define LINE "key " KEY " next " TIME " " TIME " - - -"
    static const char *const wrong[] = {
        "",
        "# only a comment\n",
        "zonebox-tls-keys 2\n",
        LINE "\n",
        "zonebox-tls-keys 1\nkey " KEY "\n",
        "zonebox-tls-keys 1\nkey " KEY " soon " TIME " " TIME " - - -\n",
        "zonebox-tls-keys 1\nkey " KEY "00 next " TIME " " TIME " - - -\n",
        "zonebox-tls-keys 1\n" LINE " maybe\n",
        "zonebox-tls-keys 1\n" LINE "\n" LINE "\n",
        "zonebox-tls-keys 1\nkey " KEY " next yesterday " TIME " - - -\n",
        "zonebox-tls-keys 1\nttl -1 -\n",
        "zonebox-tls-keys 1\nttl 99999999999 -\n",
        "zonebox-tls-keys 1\nlock " KEY "\n",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct tls_plan plan = example();
        struct error err = {0};
        if (tls_plan_read((const uint8_t *)wrong[i], strlen(wrong[i]), &plan, &err) !=
            STATUS_SYNTAX)
            fail_msg("was read: %s", wrong[i]);
        assert_true(err.text[0] != '\0');
        assert_int_equal(plan.count, 3);
    }
    struct tls_plan plan;
    static const char good[] = "zonebox-tls-keys 1\n" LINE;
    assert_int_equal(tls_plan_read((const uint8_t *)good, sizeof(good) - 1, &plan, NULL),
                     STATUS_OK);
    assert_int_equal(plan.count, 1);
}

static void more_keys_than_a_plan_has_are_refused(void **state)
{
    (void)state;
    struct buf text = {0};
    struct tls_plan plan;
    buf_put_text(&text, "zonebox-tls-keys 1\n");
    for (unsigned i = 0; i <= TLS_KEYS_MAX; i++)
        buf_printf(&text, "key %064x next " TIME " " TIME " - - -\n", i);
    assert_int_equal(tls_plan_read(text.data, text.len, &plan, NULL), STATUS_SYNTAX);
    for (unsigned i = 100; i < 200; i++)
        buf_printf(&text, "key %064x dropped " TIME " " TIME " - - -\n", i);
    assert_int_equal(tls_plan_read(text.data, text.len, &plan, NULL), STATUS_SYNTAX);
    buf_done(&text);
}

// ── Digests ──────────────────────────────────────────────────────────────────────────────────────

static int make_files(void **state)
{
    if (enter_scratch(state) != 0)
        return 1;
    run("exec 2>/dev/null; openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=CA -keyout ca.key "
        "-out ca.pem && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
        "-subj /CN=box -keyout box.key -out box.csr && openssl x509 -req -in box.csr -CA ca.pem "
        "-CAkey ca.key -out box.pem && openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=CA "
        "-keyout fake.key -out fake.pem && openssl pkey -in box.key -pubout -out box.pub");
    run("for c in box ca; do openssl x509 -in $c.pem -pubkey -noout | openssl pkey -pubin "
        "-outform DER | openssl dgst -sha256 -r | cut -c1-64 | tr -d '\\n' >$c.digest; done");
    run("cat box.pem ca.pem >chain.pem; cat box.pem fake.pem >wrong.pem; "
        "cat box.pem fake.pem ca.pem >long.pem");
    return 0;
}

static struct buf content(const char *path)
{
    struct buf octets = {0};
    assert_int_equal(file_read(path, 1 << 20, &octets, NULL), STATUS_OK);
    return octets;
}

static void assert_digest(const uint8_t *digest, const char *path)
{
    char hex[TLS_DIGEST_HEX];
    uint8_t back[TLS_DIGEST_LEN];
    struct buf expected = content(path);
    assert_string_equal(tls_digest_text(digest, hex), buf_text(&expected));
    assert_true(tls_digest_read(hex, back));
    assert_memory_equal(back, digest, TLS_DIGEST_LEN);
    buf_done(&expected);
}

static void digests_are_those_of_openssl(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool has_issuer;
    } files[] = {{"box.pem", false},
                 {"chain.pem", true},
                 {"wrong.pem", false},
                 {"long.pem", true},
                 {"ca.pem", false}};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct buf pem = content(files[i].path);
        struct tls_chain chain;
        assert_int_equal(tls_spki_of_chain(pem.data, pem.len, &chain, NULL), STATUS_OK);
        assert_digest(chain.key, i == 4 ? "ca.digest" : "box.digest");
        assert_int_equal(chain.has_issuer, files[i].has_issuer);
        if (chain.has_issuer)
            assert_digest(chain.issuer, "ca.digest");
        buf_done(&pem);
    }
    struct buf pem = content("box.pub");
    uint8_t digest[TLS_DIGEST_LEN];
    assert_int_equal(tls_spki_of_public(pem.data, pem.len, digest, NULL), STATUS_OK);
    assert_digest(digest, "box.digest");
    buf_done(&pem);
}

static void what_is_no_certificate_or_key_is_an_error(void **state)
{
    (void)state;
    struct tls_chain chain;
    uint8_t digest[TLS_DIGEST_LEN];
    struct error err = {0};
    struct buf private = content("box.key");
    assert_int_equal(tls_spki_of_chain((const uint8_t *)"", 0, &chain, &err), STATUS_SYNTAX);
    assert_int_equal(tls_spki_of_chain(private.data, private.len, &chain, &err), STATUS_SYNTAX);
    assert_int_equal(tls_spki_of_public(private.data, private.len, digest, &err), STATUS_SYNTAX);
    assert_false(tls_digest_read("xyz", digest));
    buf_done(&private);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_reads_back_as_it_was),
        cmocka_unit_test(anything_else_is_refused_and_changes_nothing),
        cmocka_unit_test(more_keys_than_a_plan_has_are_refused),
        cmocka_unit_test(digests_are_those_of_openssl),
        cmocka_unit_test(what_is_no_certificate_or_key_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_files, remove_scratch);
}
