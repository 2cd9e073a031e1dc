// SPDX-License-Identifier: ISC
#include "daemon/last_good.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "tests/support/scratch.h"

static char *config;

static int set_up(void **state)
{
    int failed = make_scratch(state);
    config = path_join(scratch, "zonebox.yaml");
    return failed;
}

static int tear_down(void **state)
{
    free(config);
    return remove_scratch(state);
}

static enum status keep(const char *text)
{
    struct error err = {0};
    const struct config_file file = {.path = config, .text = text, .len = strlen(text)};
    return last_good_write(scratch, &file, 1, &err);
}

// What is kept must be one file with this text.
static void must_read(const char *path, const char *text)
{
    struct error err = {0};
    struct last_good last_good;
    assert_int_equal(last_good_read(scratch, path, &last_good, &err), STATUS_OK);
    assert_int_equal(last_good.count, 1);
    assert_string_equal(last_good.files[0].path, path);
    assert_int_equal(last_good.files[0].len, strlen(text));
    assert_memory_equal(last_good.files[0].text, text, strlen(text));
    last_good_done(&last_good);
}

static void must_fail(const char *path, enum status wanted)
{
    struct error err = {0};
    struct last_good last_good;
    assert_int_equal(last_good_read(scratch, path, &last_good, &err), wanted);
    last_good_done(&last_good);
}

static void the_text_comes_back_unchanged(void **state)
{
    (void)state;
    must_fail(config, STATUS_NOT_FOUND);
    assert_int_equal(keep("box: {}\n"), STATUS_OK);
    must_read(config, "box: {}\n");
    assert_int_equal(keep(""), STATUS_OK);
    must_read(config, "");
}

static void what_is_included_comes_back_with_it(void **state)
{
    (void)state;
    struct error err = {0};
    struct last_good last_good;
    const struct config_file files[] = {{config, "include: conf.d/*\n", 18},
                                        {"/etc/conf.d/a b.yaml", "domains: [a.example]\n", 21},
                                        {"/etc/conf.d/b.yaml", "", 0},
                                        {"/etc/conf.d/c.yaml", "# 1 octets\nx", 12}};
    assert_int_equal(last_good_write(scratch, files, 4, &err), STATUS_OK);
    assert_int_equal(last_good_read(scratch, config, &last_good, &err), STATUS_OK);
    assert_int_equal(last_good.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(last_good.files[i].path, files[i].path);
        assert_int_equal(last_good.files[i].len, files[i].len);
        assert_memory_equal(last_good.files[i].text, files[i].text, files[i].len);
    }
    last_good_done(&last_good);
}

static void what_is_cut_anywhere_is_not_taken(void **state)
{
    (void)state;
    struct error err = {0};
    struct buf whole = {0};
    const struct config_file files[] = {{config, "box: 1\n", 7}, {"/a.yaml", "domains: 2\n", 11}};
    char *path = path_join(scratch, LAST_GOOD_FILE);
    assert_int_equal(last_good_write(scratch, files, 2, &err), STATUS_OK);
    assert_int_equal(file_read(path, 1000, &whole, &err), STATUS_OK);
    // From behind the line with the lengths; without that it is a configuration that includes nothing.
    size_t start = (size_t)(strstr(buf_text(&whole), " included\n") + 10 - buf_text(&whole));
    for (size_t len = start; len < whole.len; len++) {
        assert_int_equal(file_write(path, whole.data, len, 0600, &err), STATUS_OK);
        must_fail(config, STATUS_STATE);
    }
    buf_put_u8(&whole, '\n');
    assert_int_equal(file_write(path, whole.data, whole.len, 0600, &err), STATUS_OK);
    must_fail(config, STATUS_STATE);
    buf_done(&whole);
    free(path);
}

static void a_new_text_replaces_it_and_the_same_one_writes_nothing(void **state)
{
    (void)state;
    struct stat first;
    struct stat second;
    char *path = path_join(scratch, LAST_GOOD_FILE);
    assert_int_equal(keep("new"), STATUS_OK);
    assert_int_equal(stat(path, &first), 0);
    assert_int_equal(first.st_mode & 0777, 0600);
    assert_int_equal(keep("new"), STATUS_OK);
    assert_int_equal(stat(path, &second), 0);
    assert_int_equal(first.st_ino, second.st_ino);
    assert_int_equal(keep("old"), STATUS_OK);
    must_read(config, "old");
    free(path);
}

static void the_copy_of_another_configuration_is_not_taken(void **state)
{
    (void)state;
    char *other = path_join(scratch, "other.yaml");
    assert_int_equal(keep("mine"), STATUS_OK);
    must_fail(other, STATUS_STATE);
    free(other);
    // The same file by another way is the same configuration.
    char *roundabout = path_join(scratch, "./zonebox.yaml");
    must_read(roundabout, "mine");
    free(roundabout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_comes_back_unchanged),
        cmocka_unit_test(what_is_included_comes_back_with_it),
        cmocka_unit_test(what_is_cut_anywhere_is_not_taken),
        cmocka_unit_test(a_new_text_replaces_it_and_the_same_one_writes_nothing),
        cmocka_unit_test(the_copy_of_another_configuration_is_not_taken),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
