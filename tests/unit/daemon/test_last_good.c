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

static void the_text_comes_back_unchanged(void **state)
{
    (void)state;
    struct error err = {0};
    struct buf text = {0};
    assert_int_equal(last_good_read(scratch, config, &text, &err), STATUS_NOT_FOUND);
    assert_int_equal(last_good_write(scratch, config, "box: {}\n", 8, &err), STATUS_OK);
    assert_int_equal(last_good_read(scratch, config, &text, &err), STATUS_OK);
    assert_string_equal(buf_text(&text), "box: {}\n");
    buf_done(&text);
}

static void a_new_text_replaces_it_and_the_same_one_writes_nothing(void **state)
{
    (void)state;
    struct error err = {0};
    struct buf text = {0};
    struct stat first;
    struct stat second;
    char *path = path_join(scratch, LAST_GOOD_FILE);
    assert_int_equal(last_good_write(scratch, config, "new", 3, &err), STATUS_OK);
    assert_int_equal(stat(path, &first), 0);
    assert_int_equal(first.st_mode & 0777, 0600);
    assert_int_equal(last_good_write(scratch, config, "new", 3, &err), STATUS_OK);
    assert_int_equal(stat(path, &second), 0);
    assert_int_equal(first.st_ino, second.st_ino);
    assert_int_equal(last_good_write(scratch, config, "old", 3, &err), STATUS_OK);
    assert_int_equal(last_good_read(scratch, config, &text, &err), STATUS_OK);
    assert_string_equal(buf_text(&text), "old");
    buf_done(&text);
    free(path);
}

static void the_copy_of_another_configuration_is_not_taken(void **state)
{
    (void)state;
    struct error err = {0};
    struct buf text = {0};
    char *other = path_join(scratch, "other.yaml");
    assert_int_equal(last_good_write(scratch, config, "mine", 4, &err), STATUS_OK);
    assert_int_equal(last_good_read(scratch, other, &text, &err), STATUS_STATE);
    assert_int_equal(text.len, 0);
    free(other);
    // The same file by another way is the same configuration.
    char *roundabout = path_join(scratch, "./zonebox.yaml");
    assert_int_equal(last_good_read(scratch, roundabout, &text, &err), STATUS_OK);
    assert_string_equal(buf_text(&text), "mine");
    buf_done(&text);
    free(roundabout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_comes_back_unchanged),
        cmocka_unit_test(a_new_text_replaces_it_and_the_same_one_writes_nothing),
        cmocka_unit_test(the_copy_of_another_configuration_is_not_taken),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
