// SPDX-License-Identifier: ISC
#include "resolver/own_zones.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "tests/support/scratch.h"

#define KEY_A "DNSKEY 257 3 13 AQIDBA==\n"
#define KEY_B "DNSKEY 256 3 13 BQYHCA==\n"

static enum status parse(const char *text, struct own_zones *ret, struct error *err)
{
    struct buf buf = {0};
    buf_put_text(&buf, text);
    enum status status = own_zones_parse("zones.key", &buf, ret, err);
    buf_done(&buf);
    return status;
}

static void reads_signed_and_unsigned_zones(void **state)
{
    (void)state;
    struct own_zones zones = {0};
    struct error err = {0};
    assert_int_equal(parse("; written by zone-signer\n"
                           "b.example. 3600 IN " KEY_A "; unsigned: Plain.example.\n"
                           "b.example. " KEY_B "a.example. " KEY_A "; unsigned: plain.EXAMPLE.\n",
                           &zones, &err),
                     STATUS_OK);
    assert_int_equal(zones.keys.count, 3);
    assert_int_equal(zones.unsigned_count, 1);
    assert_memory_equal(zones.unsigned_zones[0].wire, "\5plain\7example", 15);
    assert_int_equal(own_zones_count(&zones), 3);
    own_zones_done(&zones);
}

static void an_empty_file_is_no_zones(void **state)
{
    (void)state;
    struct own_zones zones = {0};
    struct error err = {0};
    assert_int_equal(parse("", &zones, &err), STATUS_OK);
    assert_int_equal(own_zones_count(&zones), 0);
    own_zones_done(&zones);
}

static void refuses_what_cannot_be_meant(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a.example. " KEY_A "; unsigned: a.example.\n", // both
        "a.example. DS 1 13 2 00\n",
        "; unsigned: a..example.\n",
        "; unsigned: \n",
        "a.example. DNSKEY 257 3 13\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct own_zones zones = {0};
        struct error err = {0};
        assert_int_equal(parse(texts[i], &zones, &err), STATUS_SYNTAX);
        assert_memory_equal(err.text, "zones.key:", 10);
        assert_int_equal(own_zones_count(&zones), 0);
    }
}

static void a_copy_is_equal_and_its_own(void **state)
{
    (void)state;
    struct own_zones a = {0};
    struct own_zones b;
    struct own_zones c = {0};
    struct error err = {0};
    assert_int_equal(parse("a. " KEY_A "; unsigned: b.\n", &a, &err), STATUS_OK);
    own_zones_copy(&a, &b);
    assert_true(own_zones_equal(&a, &b));
    own_zones_done(&a);
    assert_int_equal(own_zones_count(&b), 2);
    assert_int_equal(parse("a. " KEY_B "; unsigned: b.\n", &c, &err), STATUS_OK);
    assert_false(own_zones_equal(&b, &c));
    own_zones_done(&b);
    own_zones_done(&c);
}

// ── The file ─────────────────────────────────────────────────────────────────────────────────────

struct seen {
    unsigned changes;
    unsigned failures;
    size_t count;
};

static void on_changed(void *data, const struct own_zones *zones)
{
    struct seen *seen = data;
    seen->changes++;
    seen->count = own_zones_count(zones);
}

static void on_failed(void *data, enum status status, const struct error *err)
{
    struct seen *seen = data;
    (void)status;
    assert_true(err->text[0] != '\0');
    seen->failures++;
}

static void write_text(const char *path, const char *text)
{
    struct error err = {0};
    assert_int_equal(file_write(path, text, strlen(text), 0644, &err), STATUS_OK);
}

static void run_until(uv_loop_t *loop, const unsigned *counter, unsigned wanted)
{
    uint64_t deadline = uv_hrtime() + 10000000000U;
    while (*counter < wanted && uv_hrtime() < deadline)
        uv_run(loop, UV_RUN_ONCE);
    assert_int_equal(*counter, wanted);
}

static void follows_the_file_and_keeps_what_was_good(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct seen seen = {0};
    char *path = path_join(scratch, "zones.key");
    uv_loop_init(&loop);
    struct own_zones_watch *watch = own_zones_follow(&loop, path, on_changed, on_failed, &seen);
    assert_int_equal(seen.failures, 1); // not there yet
    write_text(path, "a. " KEY_A);
    run_until(&loop, &seen.changes, 1);
    write_text(path, "a. nonsense\n");
    run_until(&loop, &seen.failures, 2);
    assert_int_equal(seen.count, 1);
    assert_int_equal(unlink(path), 0);
    run_until(&loop, &seen.failures, 3);
    write_text(path, "a. " KEY_A); // as it was: no change
    write_text(path, "a. " KEY_A "; unsigned: b.\n");
    run_until(&loop, &seen.changes, 2);
    assert_int_equal(seen.count, 2);
    own_zones_unfollow(watch);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_signed_and_unsigned_zones),
        cmocka_unit_test(an_empty_file_is_no_zones),
        cmocka_unit_test(refuses_what_cannot_be_meant),
        cmocka_unit_test(a_copy_is_equal_and_its_own),
        cmocka_unit_test(follows_the_file_and_keeps_what_was_good),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
