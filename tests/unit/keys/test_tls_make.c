// SPDX-License-Identifier: ISC
// Keys of certificates to come; openssl judges them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "keys/tls_make.h"
#include "tests/support/scratch.h"

#define NOW INT64_C(1795000000) // 2026-11-18

static char *make(enum tls_algorithm algorithm)
{
    char *path = NULL;
    uint8_t digest[TLS_DIGEST_LEN];
    struct error err = {0};
    if (tls_make("next", algorithm, NOW, &path, digest, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return path;
}

static void a_pair_is_private_and_public(void **state)
{
    (void)state;
    static const struct {
        enum tls_algorithm algorithm;
        const char *path, *words;
    } kinds[] = {{TLS_ECDSA, "next/2026-11-18-ecdsa", "prime256v1"},
                 {TLS_RSA, "next/2026-11-18-rsa", "2048 bit"}};
    for (size_t i = 0; i < 2; i++) {
        char *path = make(kinds[i].algorithm);
        assert_string_equal(path, kinds[i].path);
        runf("openssl pkey -in %s.key -pubout 2>/dev/null | cmp - %s.pub && openssl pkey -in "
             "%s.key -text -noout | grep -q '%s' && head -1 %s.key | grep -q 'BEGIN PRIVATE KEY'",
             path, path, path, kinds[i].words, path);
        char *private = xasprintf("%s.key", path), *public = xasprintf("%s.pub", path);
        assert_int_equal(mode_of(private), 0600);
        assert_int_equal(mode_of(public), 0644);
        free(private);
        free(public);
        free(path);
    }
    assert_int_equal(mode_of("next"), 0755);
}

static void no_file_is_ever_replaced(void **state)
{
    (void)state;
    run("rm -rf next; mkdir next; echo mine >next/2026-11-18-ecdsa.key");
    char *path = make(TLS_ECDSA);
    assert_string_equal(path, "next/2026-11-18-ecdsa-2");
    free(path);
    path = make(TLS_ECDSA);
    assert_string_equal(path, "next/2026-11-18-ecdsa-3");
    free(path);
    run("grep -q mine next/2026-11-18-ecdsa.key");
}

static void a_directory_that_cannot_be_made_is_an_error(void **state)
{
    (void)state;
    char *path = NULL;
    uint8_t digest[TLS_DIGEST_LEN];
    struct error err = {0};
    run("touch file");
    assert_int_not_equal(tls_make("file/next", TLS_ECDSA, NOW, &path, digest, &err), STATUS_OK);
    assert_null(path);
    assert_non_null(strstr(err.text, "file/next"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_is_private_and_public),
        cmocka_unit_test(no_file_is_ever_replaced),
        cmocka_unit_test(a_directory_that_cannot_be_made_is_an_error),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
