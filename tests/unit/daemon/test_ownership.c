// SPDX-License-Identifier: ISC
#include "daemon/ownership.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "tests/support/scratch.h"

#define SIGNER   61001
#define STRANGER 61009
#define GROUP    61002

static char top[4096];

static const char *in_top(const char *name)
{
    static char paths[4][sizeof(top) + 64];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", top, name);
    return path;
}

static int make_top(void **state)
{
    (void)state;
    snprintf(top, sizeof(top), "%s/XXXXXX", scratch);
    log_open("test", LOG_LEVEL_ERROR);
    return mkdtemp(top) != NULL ? 0 : -1;
}

static void put_owned(const char *name, uid_t uid)
{
    int fd = open(in_top(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fchown(fd, uid, (gid_t)uid), 0);
    close(fd);
}

static void put_directory(const char *name, uid_t uid)
{
    assert_int_equal(mkdir(in_top(name), 0755), 0);
    assert_int_equal(chown(in_top(name), uid, (gid_t)uid), 0);
}

static void expect(const char *name, uid_t uid, gid_t gid, mode_t mode)
{
    struct stat info;
    assert_int_equal(lstat(in_top(name), &info), 0);
    if (info.st_uid != uid || info.st_gid != gid || (info.st_mode & 07777) != mode)
        fail_msg("%s: %u:%u %o", name, info.st_uid, info.st_gid, info.st_mode & 07777);
}

static void ensure(const char *name, mode_t mode)
{
    const struct ownership wanted = {SIGNER, GROUP, mode};
    struct error err = {0};
    if (ownership_ensure(top, name, &wanted, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

static void need_root(void)
{
    if (geteuid() != 0)
        skip();
}

static void what_is_missing_is_made(void **state)
{
    (void)state;
    need_root();
    ensure("keys", 0700);
    expect("keys", SIGNER, GROUP, 0700);
    ensure("dkim", 02750);
    expect("dkim", SIGNER, GROUP, 02750);
}

static void an_ordinary_user_keeps_what_is_its_own(void **state)
{
    (void)state;
    const struct ownership wanted = {geteuid(), (gid_t)-1, 02750};
    struct error err = {0};
    assert_int_equal(ownership_ensure(top, "serve", &wanted, &err), STATUS_OK);
    assert_int_equal(chmod(in_top("serve"), 0700), 0);
    assert_int_equal(ownership_ensure(top, "serve", &wanted, &err), STATUS_OK);
    expect("serve", geteuid(), getegid(), 02750);
}

static void a_restored_directory_is_repaired_with_what_is_in_it(void **state)
{
    (void)state;
    need_root();
    put_directory("dkim", 0);
    put_directory("dkim/example.com", STRANGER);
    put_owned("dkim/example.com/mail.private", 0);
    put_owned("dkim/example.com/mail.pub", STRANGER);
    ensure("dkim", 02750);
    expect("dkim", SIGNER, GROUP, 02750);
    expect("dkim/example.com", SIGNER, GROUP, 02755);
    expect("dkim/example.com/mail.private", SIGNER, GROUP, 0600);
    expect("dkim/example.com/mail.pub", SIGNER, GROUP, 0600);
}

static void what_is_planted_is_not_given_away(void **state)
{
    (void)state;
    need_root();
    put_directory("elsewhere", 0);
    put_owned("elsewhere/shadow", 0);
    put_directory("keys", STRANGER);
    assert_int_equal(symlink(in_top("elsewhere/shadow"), in_top("keys/K.private")), 0);
    assert_int_equal(symlink(in_top("elsewhere"), in_top("keys/below")), 0);
    assert_int_equal(link(in_top("elsewhere/shadow"), in_top("keys/K.key")), 0);
    assert_int_equal(mkfifo(in_top("keys/pipe"), 0600), 0);
    put_owned("keys/L.key", STRANGER);
    ensure("keys", 0700);
    expect("elsewhere", 0, 0, 0755);
    expect("elsewhere/shadow", 0, 0, 0600);
    expect("keys/K.key", 0, 0, 0600);
    expect("keys/K.private", 0, 0, 0777);
    expect("keys/pipe", 0, 0, 0600);
    expect("keys/L.key", SIGNER, GROUP, 0600);
    expect("keys", SIGNER, GROUP, 0700);
}

static void nothing_is_repaired_below_the_right_owner(void **state)
{
    (void)state;
    need_root();
    ensure("keys", 0700);
    put_owned("keys/K.private", 0);
    ensure("keys", 0700);
    expect("keys/K.private", 0, 0, 0600);
}

static void another_group_is_given_to_what_is_the_users_own(void **state)
{
    (void)state;
    need_root();
    put_directory("dkim", SIGNER);
    put_owned("dkim/mail.private", SIGNER);
    put_owned("dkim/shadow", 0);
    ensure("dkim", 02750);
    expect("dkim", SIGNER, GROUP, 02750);
    expect("dkim/mail.private", SIGNER, GROUP, 0600);
    expect("dkim/shadow", 0, 0, 0600);
}

static void a_link_or_file_in_its_place_is_refused(void **state)
{
    (void)state;
    const struct ownership wanted = {geteuid(), (gid_t)-1, 0700};
    struct error err = {0};
    assert_int_equal(mkdir(in_top("other"), 0755), 0);
    assert_int_equal(symlink("other", in_top("keys")), 0);
    assert_int_equal(ownership_ensure(top, "keys", &wanted, &err), STATUS_EXISTS);
    assert_non_null(strstr(err.text, "symbolic link"));
    put_owned("state", geteuid());
    assert_int_equal(ownership_ensure(top, "state", &wanted, &err), STATUS_EXISTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_missing_is_made, make_top),
        cmocka_unit_test_setup(an_ordinary_user_keeps_what_is_its_own, make_top),
        cmocka_unit_test_setup(a_restored_directory_is_repaired_with_what_is_in_it, make_top),
        cmocka_unit_test_setup(what_is_planted_is_not_given_away, make_top),
        cmocka_unit_test_setup(nothing_is_repaired_below_the_right_owner, make_top),
        cmocka_unit_test_setup(another_group_is_given_to_what_is_the_users_own, make_top),
        cmocka_unit_test_setup(a_link_or_file_in_its_place_is_refused, make_top),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
