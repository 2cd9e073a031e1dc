// SPDX-License-Identifier: ISC
#include "daemon/rights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/log.h"
#include "tests/support/scratch.h"

// The configuration owns its texts; here they are only lent.
static char *lent(const char *text)
{
    return (char *)(uintptr_t)text;
}

static struct config a_config(void)
{
    return (struct config){
        .path = lent("box.yaml"),
        .resolver.enabled = true,
        .probe.enabled = true,
        .server.tls.enabled = true,
        .user = {.signer = lent("61001"),
                 .server = lent("61002"),
                 .resolver = lent("61003"),
                 .probe = lent("61004"),
                 .tls = lent("61005"),
                 .signer_place = {.line = 3, .column = 17},
                 .server_place = {.line = 3, .column = 32},
                 .resolver_place = {.line = 3, .column = 47},
                 .probe_place = {.line = 3, .column = 62},
                 .tls_place = {.line = 3, .column = 77}},
    };
}

static void need_root(void)
{
    if (geteuid() != 0)
        skip();
}

static void refuse(const struct config *config, const char *words)
{
    struct rights rights;
    struct error err = {0};
    assert_int_equal(rights_read(config, &rights, &err), STATUS_SYNTAX);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, err.text);
}

static void numbers_without_a_user_are_their_own_group(void **state)
{
    (void)state;
    need_root();
    struct config config = a_config();
    struct rights rights;
    struct error err = {0};
    config.box.dkim_group = lent("61007");
    assert_int_equal(rights_read(&config, &rights, &err), STATUS_OK);
    assert_true(rights.root);
    assert_int_equal(rights.signer.uid, 61001);
    assert_int_equal(rights.signer.gid, 61001);
    assert_int_equal(rights.server.uid, 61002);
    assert_int_equal(rights.resolver.uid, 61003);
    assert_int_equal(rights.probe.uid, 61004);
    assert_int_equal(rights.tls.uid, 61005);
    assert_int_equal(rights.tls.gid, 61002); // the server's, for what is served
    assert_int_equal(rights.dkim, 61007);
    assert_int_equal(rights.control, 0);
    assert_ptr_equal(rights_of(&rights, &rights.server), &rights.server);
}

static void names_have_their_primary_group(void **state)
{
    (void)state;
    need_root();
    struct config config = a_config();
    struct rights rights;
    struct error err = {0};
    config.user.server = lent("games"); // in Debian's base-passwd: uid 5, gid 60
    assert_int_equal(rights_read(&config, &rights, &err), STATUS_OK);
    assert_int_equal(rights.server.uid, 5);
    assert_int_equal(rights.server.gid, 60);
    config.user.server = lent("5");
    assert_int_equal(rights_read(&config, &rights, &err), STATUS_OK);
    assert_int_equal(rights.server.gid, 60);
}

static void users_that_do_not_do_are_named_with_their_place(void **state)
{
    (void)state;
    need_root();
    struct config config = a_config();
    config.user.server = lent("zonebox-nobody-has-this");
    refuse(&config, "box.yaml:3:32: user.server: there is no user \"zonebox-nobody-has-this\"");
    refuse(&config, "`zonebox init` makes it, or `user: {server: NAME}`");
    config = a_config();
    config.user.signer = lent("root");
    refuse(&config, "box.yaml:3:17: user.signer: \"root\" is root");
    config = a_config();
    config.user.resolver = lent("61001");
    refuse(&config, "box.yaml:3:47: user.resolver: has the user or group of the signer");
    config.user.server = lent("games");
    config.user.resolver = lent("5"); // the same by its number
    refuse(&config, "box.yaml:3:47: user.resolver: has the user or group of the server");
    config = a_config();
    config.user.resolver = lent("zonebox-nobody-has-this");
    refuse(&config, "box.yaml:3:47: user.resolver: there is no user");
    config.resolver.enabled = false;
    struct rights rights;
    assert_int_equal(rights_read(&config, &rights, NULL), STATUS_OK);
    config.user.probe = lent("61002");
    refuse(&config, "box.yaml:3:62: user.probe: has the user or group of the server");
    config.user.probe = lent("zonebox-nobody-has-this");
    refuse(&config, "box.yaml:3:62: user.probe: there is no user");
    config.probe.enabled = false;
    assert_int_equal(rights_read(&config, &rights, NULL), STATUS_OK);
    config.user.tls = lent("61002");
    refuse(&config, "box.yaml:3:77: user.tls: has the user or group of the server");
    config.user.tls = lent("zonebox-nobody-has-this");
    refuse(&config, "box.yaml:3:77: user.tls: there is no user");
    config.server.tls.enabled = false;
    assert_int_equal(rights_read(&config, &rights, NULL), STATUS_OK);
    config.user.signer = lent("4294967295"); // no user, and "leave it" to chown(2)
    refuse(&config, "there is no user \"4294967295\"");
    config = a_config();
    config.box.dkim_group = lent("zonebox-nobody-has-this");
    refuse(&config, "box.dkim.group: there is no group");
    config = a_config();
    config.control.group = lent("zonebox-nobody-has-this");
    refuse(&config, "control.group: there is no group");
}

static void an_ordinary_user_needs_no_others(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip();
    struct config config = a_config();
    struct rights rights;
    config.user.signer = lent("zonebox-nobody-has-this");
    assert_int_equal(rights_read(&config, &rights, NULL), STATUS_OK);
    assert_false(rights.root);
    assert_null(rights_of(&rights, &rights.signer));
}

static void read_rights(struct rights *ret)
{
    struct config config = a_config();
    struct error err = {0};
    if (rights_read(&config, ret, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

static void expect(const char *directory, const char *name, uid_t uid, gid_t gid, mode_t mode)
{
    char *path = path_join(directory, name);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    if (info.st_uid != uid || info.st_gid != gid || (info.st_mode & 07777) != mode)
        fail_msg("%s: %u:%u %o", path, info.st_uid, info.st_gid, info.st_mode & 07777);
    free(path);
}

static char *new_directory(const char *name, mode_t mode)
{
    char *path = path_join(scratch, name);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static enum status make_all(const struct rights *rights, const char *top, struct error *err)
{
    enum status status = rights_make_top(rights, top, err);
    return status == STATUS_OK ? rights_make_state(rights, top, err) : status;
}

static void the_state_has_its_owners(void **state)
{
    (void)state;
    need_root();
    struct rights rights;
    struct error err = {0};
    read_rights(&rights);
    rights.dkim = 61007;
    char *above = new_directory("state-above", 0711);
    char *top = path_join(above, "state");
    assert_int_equal(chmod(scratch, 0711), 0);
    if (make_all(&rights, top, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    expect(above, "state", 0, 0, 0755);
    expect(top, "keys", 61001, 61001, 0700);
    expect(top, "dkim", 61001, 61007, 02750);
    expect(top, "state", 61001, 61001, 0700);
    expect(top, "serve", 61001, 61002, 02750);
    expect(top, "public", 61001, 61001, 0755);
    expect(top, "resolver", 61003, 61003, 0700);
    free(top);
    free(above);
}

static void a_closed_directory_above_is_named(void **state)
{
    (void)state;
    need_root();
    struct rights rights;
    struct error err = {0};
    read_rights(&rights);
    char *above = new_directory("closed", 0700);
    char *top = path_join(above, "state");
    assert_int_equal(make_all(&rights, top, &err), STATUS_DENIED);
    assert_non_null(strstr(err.text, "user 61001 cannot get there"));
    assert_int_equal(geteuid(), 0);
    assert_int_equal(getegid(), 0);
    free(top);
    free(above);
}

static void a_state_directory_that_others_own_is_taken_from_them(void **state)
{
    (void)state;
    need_root();
    struct rights rights;
    struct error err = {0};
    read_rights(&rights);
    char *top = new_directory("theirs", 0777);
    assert_int_equal(chown(top, 61001, 61001), 0);
    if (make_all(&rights, top, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    expect(scratch, "theirs", 0, 0, 0755);
    assert_int_equal(chown(top, 61001, 61001), 0); // with keys/ and all
    assert_int_equal(make_all(&rights, top, &err), STATUS_OK);
    expect(scratch, "theirs", 0, 0, 0755);
    free(top);
}

static void what_is_no_state_directory_is_left_alone(void **state)
{
    (void)state;
    need_root();
    struct rights rights;
    struct error err = {0};
    read_rights(&rights);
    char *home = new_directory("home", 0750);
    char *mail = path_join(home, "mail");
    assert_int_equal(mkdir(mail, 0700), 0);
    assert_int_equal(chown(home, 61001, 61001), 0);
    assert_int_equal(rights_make_top(&rights, home, &err), STATUS_DENIED);
    assert_non_null(strstr(err.text, "does not look like the state"));
    expect(scratch, "home", 61001, 61001, 0750);
    char *temporary = new_directory("temporary", 01777);
    assert_int_equal(rights_make_top(&rights, temporary, &err), STATUS_DENIED);
    assert_non_null(strstr(err.text, "others may write there"));
    expect(scratch, "temporary", 0, 0, 01777);
    free(temporary);
    free(mail);
    free(home);
}

static void the_control_directory_is_made_for_its_group(void **state)
{
    (void)state;
    need_root();
    struct rights rights;
    read_rights(&rights);
    rights.control = 61008;
    char *path = path_join(scratch, "run/zonebox");
    assert_int_equal(rights_make_control(&rights, path, NULL), STATUS_OK);
    expect(scratch, "run/zonebox", 0, 61008, 0750);
    rights.control = 61009;
    assert_int_equal(rights_make_control(&rights, path, NULL), STATUS_OK);
    expect(scratch, "run/zonebox", 0, 61009, 0750);
    free(path);
}

static void a_control_directory_for_all_is_refused_and_left(void **state)
{
    (void)state;
    struct config config = a_config();
    struct rights rights;
    struct error err = {0};
    assert_int_equal(rights_read(&config, &rights, &err), STATUS_OK);
    char *path = new_directory("tmp", 01777);
    assert_int_equal(rights_make_control(&rights, path, &err), STATUS_DENIED);
    assert_non_null(strstr(err.text, "control.directory"));
    expect(scratch, "tmp", geteuid(), getegid(), 01777);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_without_a_user_are_their_own_group),
        cmocka_unit_test(names_have_their_primary_group),
        cmocka_unit_test(users_that_do_not_do_are_named_with_their_place),
        cmocka_unit_test(an_ordinary_user_needs_no_others),
        cmocka_unit_test(the_state_has_its_owners),
        cmocka_unit_test(a_closed_directory_above_is_named),
        cmocka_unit_test(a_state_directory_that_others_own_is_taken_from_them),
        cmocka_unit_test(what_is_no_state_directory_is_left_alone),
        cmocka_unit_test(the_control_directory_is_made_for_its_group),
        cmocka_unit_test(a_control_directory_for_all_is_refused_and_left),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
