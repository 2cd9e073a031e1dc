// SPDX-License-Identifier: ISC
// Keys of certificates to come; openssl judges them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "keys/tls_make.h"
#include "tests/support/scratch.h"

#define NOW INT64_C(1795000000) // 2026-11-18

static int enter(void **state)
{
    umask(0);
    return make_scratch(state) != 0 || chdir(scratch) != 0;
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

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
        char *command = xasprintf(
            "openssl pkey -in %s.key -pubout 2>/dev/null | cmp - %s.pub && openssl pkey -in "
            "%s.key -text -noout | grep -q '%s' && head -1 %s.key | grep -q 'BEGIN PRIVATE KEY'",
            path, path, path, kinds[i].words, path);
        assert_int_equal(system(command), 0);
        free(command);
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
    assert_int_equal(system("rm -rf next; mkdir next; echo mine >next/2026-11-18-ecdsa.key"), 0);
    char *path = make(TLS_ECDSA);
    assert_string_equal(path, "next/2026-11-18-ecdsa-2");
    free(path);
    path = make(TLS_ECDSA);
    assert_string_equal(path, "next/2026-11-18-ecdsa-3");
    free(path);
    assert_int_equal(system("grep -q mine next/2026-11-18-ecdsa.key"), 0);
}

static void a_directory_that_cannot_be_made_is_an_error(void **state)
{
    (void)state;
    char *path = NULL;
    uint8_t digest[TLS_DIGEST_LEN];
    struct error err = {0};
    assert_int_equal(system("touch file"), 0);
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
    return cmocka_run_group_tests(tests, enter, remove_scratch);
}
