// SPDX-License-Identifier: ISC
#include "base/file.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "tests/support/scratch.h"

static void write_replaces_whole_and_sets_the_mode(void **state)
{
    (void)state;
    char *path = path_join(scratch, "secret");
    struct error err = {0};
    assert_int_equal(file_write(path, "first and long", 14, 0600, &err), STATUS_OK);
    assert_int_equal(file_write(path, "second", 6, 0640, &err), STATUS_OK);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    struct buf content = {0};
    assert_int_equal(file_read(path, 100, &content, &err), STATUS_OK);
    assert_string_equal(buf_text(&content), "second");
    buf_done(&content);
    free(path);
}

static ino_t inode_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_ino;
}

static void update_writes_only_what_is_another(void **state)
{
    (void)state;
    char *path = path_join(scratch, "followed");
    struct error err = {0};
    assert_int_equal(file_update(path, "", 0, 0640, &err), STATUS_OK);
    ino_t empty = inode_of(path);
    assert_int_equal(file_update(path, "", 0, 0640, &err), STATUS_OK);
    assert_int_equal(inode_of(path), empty);
    assert_int_equal(file_update(path, "longer", 6, 0640, &err), STATUS_OK);
    ino_t longer = inode_of(path);
    assert_int_equal(file_update(path, "longer", 6, 0640, &err), STATUS_OK);
    assert_int_equal(inode_of(path), longer);
    assert_int_equal(file_update(path, "other!", 6, 0640, &err), STATUS_OK);
    assert_int_equal(file_update(path, "other", 5, 0640, &err), STATUS_OK);
    struct buf content = {0};
    assert_int_equal(file_read(path, 100, &content, &err), STATUS_OK);
    assert_string_equal(buf_text(&content), "other");
    buf_done(&content);
    free(path);
}

static size_t count_entries(const char *directory)
{
    size_t count = 0;
    DIR *dir = opendir(directory);
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

// A limit on the size of files stands for a full disk.
static void write_that_fails_leaves_all_as_it_was(void **state)
{
    (void)state;
    static const char long_text[64];
    char *directory = path_join(scratch, "full");
    char *path = path_join(directory, "kept");
    struct error err = {0};
    assert_int_equal(directory_make(directory, 0700, &err), STATUS_OK);
    assert_int_equal(file_write(path, "first", 5, 0600, &err), STATUS_OK);
    size_t entries = count_entries(directory), entries_beside = count_entries(scratch);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){16, before.rlim_max}), 0);
    enum status replaced = file_write(path, long_text, sizeof(long_text), 0600, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(replaced, STATUS_IO);
    assert_non_null(strstr(err.text, "kept: cannot write: "));
    struct buf content = {0};
    assert_int_equal(file_read(path, 100, &content, &err), STATUS_OK);
    assert_string_equal(buf_text(&content), "first");
    assert_int_equal(count_entries(directory), entries);
    // A directory is in the place of the file.
    assert_int_not_equal(file_write(directory, "second", 6, 0600, &err), STATUS_OK);
    assert_non_null(strstr(err.text, "full: cannot rename into place: "));
    assert_int_equal(count_entries(scratch), entries_beside);
    buf_done(&content);
    free(path);
    free(directory);
}

static void create_never_touches_what_is_there(void **state)
{
    (void)state;
    char *path = path_join(scratch, "key");
    struct error err = {0};
    assert_int_equal(file_create(path, "one", 3, 0600, &err), STATUS_OK);
    assert_int_equal(file_create(path, "two", 3, 0600, &err), STATUS_EXISTS);
    struct buf content = {0};
    assert_int_equal(file_read(path, 100, &content, &err), STATUS_OK);
    assert_string_equal(buf_text(&content), "one");
    buf_done(&content);
    free(path);
}

static void sweeping_takes_what_a_killed_writer_left_and_nothing_else(void **state)
{
    (void)state;
    static const char *const names[] = {"a.private", "a.private.backup", "a.private.new",
                                        "a.private.new-12", ".new-abc123"};
    struct error err = {0};
    char *directory = path_join(scratch, "swept");
    assert_int_equal(directory_make(directory, 0700, &err), STATUS_OK);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *path = path_join(directory, names[i]);
        assert_int_equal(file_create(path, "x", 1, 0600, &err), STATUS_OK);
        free(path);
    }
    char *left = path_join(directory, "a.private.new-aB3xY9");
    assert_int_equal(file_create(left, "x", 1, 0600, &err), STATUS_OK);
    file_sweep(directory);
    assert_int_not_equal(access(left, F_OK), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *path = path_join(directory, names[i]);
        assert_int_equal(access(path, F_OK), 0);
        free(path);
    }
    file_sweep("/nowhere");
    free(left);
    free(directory);
}

static void read_refuses_what_is_too_large_or_no_file(void **state)
{
    (void)state;
    char *path = path_join(scratch, "large");
    struct error err = {0};
    struct buf content = {0};
    assert_int_equal(file_write(path, "0123456789", 10, 0644, &err), STATUS_OK);
    assert_int_equal(file_read(path, 9, &content, &err), STATUS_RANGE);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(file_read(scratch, 9, &content, &err), STATUS_IO);
    free(path);
    path = path_join(scratch, "fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(file_read(path, 9, &content, &err), STATUS_IO);
    free(path);
    path = path_join(scratch, "nothing");
    assert_int_equal(file_read(path, 9, &content, &err), STATUS_NOT_FOUND);
    free(path);
    buf_done(&content);
}

static void second_locker_is_told_who_has_it(void **state)
{
    (void)state;
    char *path = path_join(scratch, "lock");
    struct error err = {0};
    int fd = -1;
    assert_int_equal(file_lock(path, &fd, &err), STATUS_OK);
    pid_t child = fork();
    if (child == 0) {
        int second = -1;
        enum status status = file_lock(path, &second, &err);
        char who[32];
        snprintf(who, sizeof(who), "pid %ld", (long)getppid());
        _exit(status == STATUS_STATE && strstr(err.text, who) != NULL ? 0 : 1);
    }
    int outcome = -1;
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_int_equal(outcome, 0);
    close(fd);
    free(path);
}

static void directories_are_made_with_their_parents(void **state)
{
    (void)state;
    char *path = path_join(scratch, "a/b/c");
    struct error err = {0};
    assert_int_equal(directory_make(path, 0700, &err), STATUS_OK);
    assert_int_equal(directory_make(path, 0700, &err), STATUS_OK);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    free(path);
    char *file = path_join(scratch, "plain");
    assert_int_equal(file_write(file, "", 0, 0644, &err), STATUS_OK);
    assert_int_not_equal(directory_make(file, 0700, &err), STATUS_OK);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(write_replaces_whole_and_sets_the_mode),
        cmocka_unit_test(update_writes_only_what_is_another),
        cmocka_unit_test(write_that_fails_leaves_all_as_it_was),
        cmocka_unit_test(create_never_touches_what_is_there),
        cmocka_unit_test(sweeping_takes_what_a_killed_writer_left_and_nothing_else),
        cmocka_unit_test(read_refuses_what_is_too_large_or_no_file),
        cmocka_unit_test(second_locker_is_told_who_has_it),
        cmocka_unit_test(directories_are_made_with_their_parents),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
