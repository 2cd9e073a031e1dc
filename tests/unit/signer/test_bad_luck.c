// SPDX-License-Identifier: ISC
// What a disk does to a running publisher that is full, gives errors or gives them for a while: what is published
// stays, it is said once, and it goes on when the cause is gone.
#include "tests/unit/signer/key_world.h"

#include <dirent.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdlib.h>
#include <unistd.h>

#include "dns/serial.h"
#include "dns/store_lmdb.h"
#include "signer/life.h"
#include "signer/life_order.h"

// ── A disk that gives errors ─────────────────────────────────────────────────────────────────────

struct broken_file {
    int fd, kept;
};

// LMDB writes pages through one descriptor, and its root pages through another, which is synchronous.
static struct broken_file break_file(const char *name, bool root)
{
    struct broken_file broken = {-1, -1};
    DIR *all = opendir("/proc/self/fd");
    assert_non_null(all);
    for (struct dirent *entry; (entry = readdir(all)) != NULL;) {
        int fd = (int)strtol(entry->d_name, NULL, 10);
        char target[PATH_MAX] = "";
        if (readlinkat(dirfd(all), entry->d_name, target, sizeof(target) - 1) < 0 ||
            strstr(target, name) == NULL || ((fcntl(fd, F_GETFL) & O_DSYNC) != 0) != root)
            continue;
        broken = (struct broken_file){fd, dup(fd)};
        int bad = open(target, O_RDONLY);
        assert_true(bad >= 0 && dup2(bad, fd) == fd);
        close(bad);
        break;
    }
    closedir(all);
    assert_true(broken.fd >= 0);
    return broken;
}

static void mend_file(struct broken_file broken)
{
    assert_int_equal(dup2(broken.kept, broken.fd), broken.fd);
    close(broken.kept);
}

// As the loop does, for so many seconds.
static int64_t go_on(struct publisher *publisher, int64_t now, int seconds)
{
    for (int64_t end = now + seconds; now < end; now++) {
        struct batch *batch;
        while ((batch = sign_next(publisher, now)) != NULL)
            if (publisher_commit(publisher, batch, now) != STATUS_OK)
                break;
    }
    return now;
}

static const char *const files[] = {"state/state/data.mdb", "state/serve/data.mdb"};

static void a_file_that_cannot_be_written_for_a_while_stops_nothing(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    int64_t now = NOW + 60;
    for (size_t i = 0; i < 2; i++) {
        uint32_t serial = serial_of(publisher, "example.com");
        write_text("host.pub", i == 0 ? other_host_key : host_key);
        struct broken_file broken = break_file(files[i], false);
        listen_to_log();
        publisher_set_inputs(publisher, read_inputs(), now);
        now = go_on(publisher, now, 10);
        assert_int_equal(end_listening("cannot-publish"), 1);
        assert_true(publisher_has_trouble(publisher));
        assert_int_equal(serial_of(publisher, "example.com"), serial);
        mend_file(broken);
        listen_to_log();
        now = go_on(publisher, now, 70);
        assert_int_equal(end_listening("can-publish-again"), 1);
        assert_false(publisher_has_trouble(publisher));
        assert_true(serial_is_later(serial_of(publisher, "example.com"), serial));
        assert_valid(publisher, "example.com", now);
        assert_false(publisher_is_stuck(publisher));
    }
    publisher_close(publisher);
}

// Other octets of an input that say the same: there is something to remember, and nothing to publish.
static void trouble_ends_also_where_nothing_is_to_be_published(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    uint32_t serial = serial_of(publisher, "example.com");
    char *key = xasprintf("%.*s more words\n", (int)strlen(host_key) - 1, host_key);
    write_text("host.pub", key);
    free(key);
    struct broken_file broken = break_file(files[0], false);
    publisher_set_inputs(publisher, read_inputs(), NOW + 60);
    int64_t now = go_on(publisher, NOW + 60, 10);
    assert_true(publisher_has_trouble(publisher));
    mend_file(broken);
    listen_to_log();
    go_on(publisher, now, 70);
    assert_int_equal(end_listening("can-publish-again"), 1);
    assert_false(publisher_has_trouble(publisher));
    assert_int_equal(serial_of(publisher, "example.com"), serial);
    publisher_close(publisher);
}

// LMDB takes back what it wrote, and refuses everything until it is opened anew; the next zone-signer does it.
static void a_root_page_that_cannot_be_written_wants_a_new_process(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    for (size_t i = 0; i < 2; i++) {
        struct publisher *publisher = begin(NOW + 600 * (int64_t)i);
        int64_t now = NOW + 60 + 600 * (int64_t)i;
        uint32_t serial = serial_of(publisher, "example.com");
        struct broken_file broken = break_file(files[i], true);
        write_text("host.pub", i == 0 ? other_host_key : host_key);
        publisher_set_inputs(publisher, read_inputs(), now);
        assert_false(publisher_is_stuck(publisher));
        listen_to_log();
        now = go_on(publisher, now, 10);
        now = go_on(publisher, now, 10);
        assert_true(end_listening("cannot-publish") >= 1);
        mend_file(broken);
        assert_true(publisher_is_stuck(publisher));
        publisher_close(publisher);
        publisher = begin(now);
        assert_true(serial_is_later(serial_of(publisher, "example.com"), serial));
        assert_valid(publisher, "example.com", now);
        assert_false(publisher_has_trouble(publisher));
        publisher_close(publisher);
    }
}

// ── A map that is full ───────────────────────────────────────────────────────────────────────────

static void a_full_map_stops_nothing(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    struct store *stores[] = {publisher->stores.state, publisher->stores.serve};
    int64_t now = NOW + 60;
    for (size_t i = 0; i < 2; i++) {
        uint32_t serial = serial_of(publisher, "example.com");
        MDB_envinfo info;
        mdb_env_info(stores[i]->env, &info);
        assert_int_equal(mdb_env_set_mapsize(stores[i]->env, 1), 0); // as small as it can be
        write_config(i == 0 ? "  - example.com\n  - example.org\n" : "  - example.com\n");
        write_text("host.pub", i == 0 ? other_host_key : host_key);
        listen_to_log();
        for (int turn = 0; turn < 100 && publisher->trouble == NULL; turn++) { // until it is full
            char *domains = xasprintf("  - example.com\n  - turn%d.example\n", turn);
            write_config(domains);
            free(domains);
            publisher_set_inputs(publisher, read_inputs(), now);
            now = go_on(publisher, now, 3);
        }
        assert_int_equal(end_listening("MDB_MAP_FULL"), 1);
        assert_int_equal(mdb_env_set_mapsize(stores[i]->env, info.me_mapsize), 0);
        now = go_on(publisher, now, 70);
        assert_false(publisher_has_trouble(publisher));
        assert_true(serial_is_later(serial_of(publisher, "example.com"), serial));
        assert_valid(publisher, "example.com", now);
    }
    publisher_close(publisher);
}

static struct publisher *roll_compromised(struct dnskey_id *ret_old, int64_t *ret_now)
{
    struct publisher *publisher = begin_sound("  - example.com\n");
    struct zone *zone = world_zone(publisher);
    struct rollover_policy policy = life_policy(zone, 0);
    struct error err = {0};
    struct keyset set;
    int64_t now = NOW;
    *ret_old = world_wanted(publisher);
    for (int i = 0; i < 6; i++)
        world_see(publisher, now += 3600);
    world_keyset(publisher, &set);
    rollover_order_roll(&set, &policy, KEY_ROLE_CSK, 0, true, now);
    assert_int_equal(life_keep(publisher, zone, &set, &err), STATUS_OK);
    keyset_mask bit = keyset_bit(keyset_find(&set, *ret_old));
    for (int i = 0; i < 4 * 24 && (keyset_dnskeys(&set) & bit) != 0; i++) {
        world_see(publisher, now += 3600);
        world_keyset(publisher, &set);
    }
    world_see(publisher, now + 1);
    world_keyset(publisher, &set);
    *ret_now = 0; // when no cache knows it any more
    for (size_t c = KEYSET_DNSKEYS; c <= KEYSET_SIGNATURES; c++)
        for (size_t i = 0; i + 1 < set.history[c].count; i++)
            if (keyset_until(&set.history[c].list[i]) > *ret_now)
                *ret_now = keyset_until(&set.history[c].list[i]);
    assert_true(keyset_find(&set, *ret_old) < KEYSET_KEYS_MAX);
    return publisher;
}

// Where the two cannot be one, the secret goes first: who crashes in between has no second chance.
static void a_compromised_key_is_destroyed_before_it_is_forgotten(void **state)
{
    (void)state;
    struct dnskey_id old;
    int64_t now;
    struct publisher *publisher = roll_compromised(&old, &now);
    char *path = xasprintf("%s/state/keys/Kexample.com.+%03u+%05u.private", directory,
                           old.algorithm, old.tag);
    assert_int_equal(access(path, F_OK), 0);
    struct broken_file broken = break_file("state/state/data.mdb", false);
    struct batch *batch = sign_next(publisher, now);
    assert_non_null(batch);
    assert_int_not_equal(publisher_commit(publisher, batch, now), STATUS_OK);
    assert_int_not_equal(access(path, F_OK), 0);
    mend_file(broken);
    now = go_on(publisher, now, 120);
    struct keyset set;
    world_keyset(publisher, &set);
    assert_int_equal(keyset_find(&set, old), KEYSET_KEYS_MAX);
    assert_false(publisher_has_trouble(publisher));
    free(path);
    publisher_close(publisher);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_file_that_cannot_be_written_for_a_while_stops_nothing),
        TEST(trouble_ends_also_where_nothing_is_to_be_published),
        TEST(a_root_page_that_cannot_be_written_wants_a_new_process),
        TEST(a_full_map_stops_nothing),
        TEST(a_compromised_key_is_destroyed_before_it_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
