// SPDX-License-Identifier: ISC
// The list of key files is read again when their directory has changed, and never too seldom.
#include "signer/keyring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/scratch.h"

static struct keyring keyring;

static int set_up(void **state)
{
    struct error err = {0};
    make_scratch(state);
    run("mkdir keys");
    char path[512];
    snprintf(path, sizeof(path), "%s/keys", scratch);
    return keyring_open(path, &keyring, &err) == STATUS_OK ? 0 : 1;
}

static int tear_down(void **state)
{
    keyring_done(&keyring);
    return remove_scratch(state);
}

static void refresh(void)
{
    struct error err = {0};
    if (keyring_refresh(&keyring, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

// Many of them come within one tick of the file system's clock.
static void what_comes_right_after_a_reading_is_in_the_next(void **state)
{
    (void)state;
    char name[64];
    for (uint16_t tag = 1; tag <= 300; tag++) {
        const struct dnskey_id id = {tag, 13};
        snprintf(name, sizeof(name), "keys/Kexample.com.+013+%05u.private", tag);
        put_file(name, "");
        refresh();
        assert_true(dnskey_is_listed(&keyring.listing, "example.com", id));
    }
}

// A backup is put in the place of the directory: what is in there is as old as before.
static void another_directory_in_its_place_is_read(void **state)
{
    (void)state;
    run("mkdir other");
    put_file("other/Kexample.com.+013+00002.private", "");
    put_file("keys/Kexample.com.+013+00001.private", "");
    refresh();
    run("rm -r keys && mv other keys");
    refresh();
    assert_true(dnskey_is_listed(&keyring.listing, "example.com", (struct dnskey_id){2, 13}));
    assert_false(dnskey_is_listed(&keyring.listing, "example.com", (struct dnskey_id){1, 13}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_comes_right_after_a_reading_is_in_the_next, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_directory_in_its_place_is_read, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
