// SPDX-License-Identifier: ISC
#include "keys/dkim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "tests/support/scratch.h"

static void run(const char *format, const char *argument)
{
    char *command =
        xasprintf("cd '%s' && mkdir -p d/example.com && %s%s", scratch, format, argument);
    assert_int_equal(system(command), 0);
    free(command);
}

static int enter_scratch(void **state)
{
    umask(0); // the modes must be right by themselves
    return make_scratch(state) != 0 || chdir(scratch) != 0;
}

static unsigned mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static struct buf content_of(const char *path)
{
    struct buf content = {0};
    struct error err = {0};
    assert_int_equal(file_read(path, 65536, &content, &err), STATUS_OK);
    return content;
}

static bool ensure(void)
{
    bool made = false;
    struct error err = {0};
    assert_int_equal(dkim_ensure("d", "example.com", "mail", &made, &err), STATUS_OK);
    return made;
}

static void a_key_is_made_once_with_safe_modes(void **state)
{
    (void)state;
    run("rm -rf d", "");
    assert_true(ensure());
    assert_int_equal(mode_of("d/example.com/mail.private"), 0640);
    assert_int_equal(mode_of("d/example.com/mail.pub"), 0644);
    assert_int_equal(mode_of("d/example.com"), 0750);
    struct buf before = content_of("d/example.com/mail.private");
    assert_false(ensure());
    struct buf after = content_of("d/example.com/mail.private");
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, before.len);
    buf_done(&before);
    buf_done(&after);
}

static void openssl_reads_both_files_and_finds_them_to_match(void **state)
{
    (void)state;
    run("rm -rf d", "");
    assert_true(ensure());
    run("openssl pkey -in d/example.com/mail.private -check -noout >/dev/null && "
        "openssl pkey -in d/example.com/mail.private -text -noout | grep -q '2048 bit' && ",
        "openssl pkey -in d/example.com/mail.private -pubout | cmp - d/example.com/mail.pub && "
        "head -1 d/example.com/mail.private | grep -qx -- '-----BEGIN PRIVATE KEY-----'");
}

static void public_key_is_the_der_of_the_file(void **state)
{
    (void)state;
    run("rm -rf d", "");
    assert_true(ensure());
    run("openssl pkey -pubin -in d/example.com/mail.pub -outform DER -out ", "expected.der");
    struct buf expected = content_of("expected.der");
    struct buf der = {0};
    struct error err = {0};
    assert_int_equal(dkim_load_public("d", "example.com", "mail", &der, &err), STATUS_OK);
    assert_int_equal(der.len, expected.len);
    assert_memory_equal(der.data, expected.data, der.len);
    buf_done(&der);
    assert_int_equal(dkim_load_public("d", "example.net", "mail", &der, &err), STATUS_NOT_FOUND);
    buf_done(&expected);
}

static void keys_of_every_size_are_taken_as_openssl_takes_them(void **state)
{
    (void)state;
    static const struct {
        const char *bits;
        enum status status;
    } rows[] = {
        {"1016", STATUS_RANGE}, {"1024", STATUS_OK}, {"1027", STATUS_OK}, {"2056", STATUS_OK}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        run("rm -rf d", "");
        run("openssl genrsa -out k.pem 2>/dev/null ", rows[i].bits);
        run("openssl pkey -in k.pem -pubout -outform DER -out expected.der && "
            "openssl pkey -in k.pem -pubout -out ",
            "d/example.com/mail.pub");
        struct buf expected = content_of("expected.der");
        struct buf der = {0};
        struct error err = {0};
        assert_int_equal(dkim_load_public("d", "example.com", "mail", &der, &err), rows[i].status);
        assert_int_equal(der.len, rows[i].status == STATUS_OK ? expected.len : 0);
        if (der.len > 0)
            assert_memory_equal(der.data, expected.data, der.len);
        buf_done(&der);
        buf_done(&expected);
    }
}

static void lost_or_outdated_public_file_is_written_again(void **state)
{
    (void)state;
    run("rm -rf d", "");
    assert_true(ensure());
    struct buf before = content_of("d/example.com/mail.pub");
    assert_int_equal(unlink("d/example.com/mail.pub"), 0);
    assert_false(ensure());
    struct buf after = content_of("d/example.com/mail.pub");
    assert_string_equal(buf_text(&before), buf_text(&after));
    buf_done(&after);
    // The admin brings an old key from elsewhere: PKCS#1, older by its modification time.
    run("openssl genrsa -traditional -out other 2048 2>/dev/null && touch -d 2020-01-01 other && ",
        "cp -p other d/example.com/mail.private");
    assert_false(ensure());
    run("openssl pkey -in other -pubout | cmp - ", "d/example.com/mail.pub");
    buf_done(&before);
}

static void unreadable_private_file_is_an_error_and_stays(void **state)
{
    (void)state;
    const char *const broken[] = {
        "printf garbage >",
        "openssl genpkey -algorithm ED25519 -out ",
        "openssl genrsa -out - 512 2>/dev/null >",
        "openssl genrsa -aes128 -passout pass:x -traditional 2048 2>/dev/null >",
        "mkdir ",
    };
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        run("rm -rf d", "");
        run(broken[i], "d/example.com/mail.private");
        run("cp -r d ", "before");
        bool made = true;
        struct error err = {0};
        assert_int_not_equal(dkim_ensure("d", "example.com", "mail", &made, &err), STATUS_OK);
        assert_false(made);
        assert_non_null(strstr(err.text, "d/example.com/mail.private"));
        run("diff -r d before && rm -rf ", "before");
    }
}

static void public_file_alone_is_left_alone(void **state)
{
    (void)state;
    run("rm -rf d", "");
    assert_true(ensure());
    assert_int_equal(unlink("d/example.com/mail.private"), 0);
    assert_false(ensure());
    assert_int_equal(access("d/example.com/mail.private", F_OK), -1);
}

static void broken_public_files_are_refused_by_name(void **state)
{
    (void)state;
    const char *const broken[] = {
        "printf garbage >",
        "openssl genpkey -algorithm ED25519 | openssl pkey -pubout -out ",
        "openssl genrsa 512 2>/dev/null | openssl pkey -pubout -out ",
    };
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        run("rm -rf d", "");
        run(broken[i], "d/example.com/mail.pub");
        struct buf der = {0};
        struct error err = {0};
        assert_int_not_equal(dkim_load_public("d", "example.com", "mail", &der, &err), STATUS_OK);
        assert_int_equal(der.len, 0);
        assert_non_null(strstr(err.text, "d/example.com/mail.pub: "));
    }
}

static void names_cannot_leave_the_directory(void **state)
{
    (void)state;
    const char *const bad[] = {"../x", "a/b", "", ".", "..", "a b", "x\n"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        bool made = true;
        struct error err = {0};
        assert_int_equal(dkim_ensure("d", bad[i], "mail", &made, &err), STATUS_SYNTAX);
        assert_int_equal(dkim_ensure("d", "example.com", bad[i], &made, &err), STATUS_SYNTAX);
        assert_false(made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_made_once_with_safe_modes),
        cmocka_unit_test(openssl_reads_both_files_and_finds_them_to_match),
        cmocka_unit_test(public_key_is_the_der_of_the_file),
        cmocka_unit_test(keys_of_every_size_are_taken_as_openssl_takes_them),
        cmocka_unit_test(lost_or_outdated_public_file_is_written_again),
        cmocka_unit_test(unreadable_private_file_is_an_error_and_stays),
        cmocka_unit_test(public_file_alone_is_left_alone),
        cmocka_unit_test(broken_public_files_are_refused_by_name),
        cmocka_unit_test(names_cannot_leave_the_directory),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
