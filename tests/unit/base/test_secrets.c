// SPDX-License-Identifier: ISC
#include "base/secrets.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "tests/support/scratch.h"

#define ONE "000102030405060708090a0b0c0d0e0f"
#define TWO "F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF"

static char *path;

static int set_up(void **state)
{
    make_scratch(state);
    path = in_scratch("secrets");
    return 0;
}

static int tear_down(void **state)
{
    free(path);
    return remove_scratch(state);
}

static enum status read_octets(const char *text, size_t len, struct secrets *ret, struct error *err)
{
    assert_int_equal(file_write(path, text, len, 0600, err), STATUS_OK);
    return secrets_read(path, ret, err);
}

static void a_file_has_a_secret_a_line(void **state)
{
    (void)state;
    struct secrets secrets;
    struct error err = {0};
    static const char text[] = "# newest first\n" ONE "\r\n\n" TWO;
    assert_int_equal(read_octets(text, strlen(text), &secrets, &err), STATUS_OK);
    assert_int_equal(secrets.shared, 2);
    for (unsigned i = 0; i < SECRET_LEN; i++) {
        assert_int_equal(secrets.octets[0][i], i);
        assert_int_equal(secrets.octets[1][i], 0xf0 + i);
    }
}

static void what_is_wrong_with_a_file_is_said_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        const char *words;
    } files[] = {
        {"", 0, ":1:1: no secret; a line of 32 hexadecimal digits is one"},
        {ONE "\n" ONE "0\n", 66, ":2:33: more than 32 hexadecimal digits"},
        {"\n"
         "0001\n",
         6, ":2:5: fewer than 32 hexadecimal digits"},
        {"00x1\n", 5, ":1:3: not a hexadecimal digit; a line is one secret of 32"},
        {ONE "\n\0", 34, ":2:1: not a hexadecimal digit; a line is one secret of 32"},
        {ONE "\n" ONE "\n" ONE "\n" ONE "\n" ONE "\n", 165,
         ":5:1: one secret too many; 4 are taken"},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct secrets secrets;
        struct error err = {0};
        assert_int_equal(read_octets(files[i].text, files[i].len, &secrets, &err), STATUS_SYNTAX);
        assert_memory_equal(err.text, path, strlen(path));
        assert_string_equal(err.text + strlen(path), files[i].words);
    }
}

static void a_file_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct secrets secrets;
    struct error err = {0};
    assert_int_equal(secrets_read(path, &secrets, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, path));
}

static void every_process_that_inherits_them_takes_the_same(void **state)
{
    (void)state;
    struct secrets made;
    struct secrets other;
    struct error err = {0};
    int fd;
    secrets_make(&made);
    secrets_make(&other);
    assert_int_equal(made.shared, 0);
    assert_false(secrets_equal(&made, &other));
    assert_int_equal(secrets_hand_over(&made, &fd, &err), STATUS_OK);
    for (unsigned i = 0; i < 2; i++) {
        struct secrets taken;
        assert_int_equal(secrets_take(dup(fd), &taken, &err), STATUS_OK);
        assert_true(secrets_equal(&made, &taken));
    }
    assert_int_equal(pwrite(fd, "x", 1, 0), -1);
    close(fd);
}

static void something_else_is_not_taken(void **state)
{
    (void)state;
    struct secrets secrets;
    struct error err = {0};
    int pipe_ends[2];
    assert_int_equal(pipe(pipe_ends), 0);
    assert_int_equal(secrets_take(pipe_ends[0], &secrets, &err), STATUS_IO);
    close(pipe_ends[1]);
    assert_int_equal(file_write(path, "short", 5, 0600, &err), STATUS_OK);
    FILE *file = fopen(path, "r");
    assert_int_equal(secrets_take(dup(fileno(file)), &secrets, &err), STATUS_RANGE);
    fclose(file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_has_a_secret_a_line),
        TEST(what_is_wrong_with_a_file_is_said_with_its_place),
        TEST(a_file_that_is_not_there_is_named),
        TEST(every_process_that_inherits_them_takes_the_same),
        TEST(something_else_is_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
