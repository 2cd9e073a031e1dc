// SPDX-License-Identifier: ISC
// public/zones.key: at any instant it has the keys of what is served and of what is about to be.
#include "tests/unit/signer/box.h"

#include <sys/stat.h>

#include "base/file.h"
#include "dns/types.h"
#include "signer/public_file.h"
#include "signer/life.h"

static char *path_of_file(void)
{
    return xasprintf("%s/state/public/zones.key", directory);
}

// The lines of the zone, without the comments at the head. The caller frees.
static char *lines_of(const char *zone)
{
    char *path = path_of_file();
    struct buf text = {0}, lines = {0};
    struct error err = {0};
    if (file_read(path, 1 << 20, &text, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    char *name = xasprintf("%s. ", zone), *comment = xasprintf("; unsigned: %s.", zone);
    buf_put_u8(&text, 0);
    char *rest = NULL;
    for (char *line = strtok_r((char *)text.data, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest))
        if (strncmp(line, name, strlen(name)) == 0 || strcmp(line, comment) == 0)
            buf_printf(&lines, "%s\n", line);
    char *ret = xstrdup(buf_text(&lines));
    buf_done(&text);
    buf_done(&lines);
    free(name);
    free(comment);
    free(path);
    return ret;
}

static size_t count_lines(const char *zone, const char *words)
{
    char *lines = lines_of(zone);
    size_t count = 0;
    for (const char *at = lines; (at = strstr(at, words)) != NULL; at++)
        count++;
    free(lines);
    return count;
}

static struct stat stat_of_file(void)
{
    char *path = path_of_file();
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    free(path);
    return info;
}

// Each write is a new file.
static bool is_written_again(const struct stat *before)
{
    struct stat now = stat_of_file();
    return now.st_ino != before->st_ino;
}

static void each_zone_has_its_keys_or_is_called_unsigned(void **state)
{
    (void)state;
    write_config("  - example.com\n  - {name: example.org, dnssec: off}\n");
    struct publisher *publisher = begin(NOW);
    struct image image;
    assert_true(look(publisher, "example.com", &image));
    struct public_keys keys;
    public_keys_read(&image, false, &keys);
    assert_int_equal(keys.count, 1);
    assert_int_equal(keys.list[0].flags, 257);
    assert_int_equal(keys.list[0].algorithm, 13);
    char *file = xasprintf("%s/state/keys/Kexample.com.+013+%05u.key", directory, keys.list[0].tag);
    assert_int_equal(access(file, F_OK), 0);
    struct buf lines = {0};
    public_keys_print(&keys, "example.com", &lines);
    char *found = lines_of("example.com");
    assert_string_equal(found, buf_text(&lines));
    free(found);
    found = lines_of("example.org");
    assert_string_equal(found, "; unsigned: example.org.\n");
    assert_int_equal(stat_of_file().st_mode & 0777, 0644);
    free(found);
    free(file);
    buf_done(&lines);
    public_keys_done(&keys);
    publisher_close(publisher);
}

static void it_is_written_when_keys_change_and_not_else(void **state)
{
    (void)state;
    write_config("  - example.com\n  - example.org\n");
    struct publisher *publisher = begin(NOW);
    struct stat first = stat_of_file();
    work(publisher, NOW + 10 * DAY); // signs again
    write_text("host.pub", other_host_key);
    take(publisher, NOW + 10 * DAY);
    assert_int_equal(publisher_counts(publisher).published, 5);
    publisher_close(publisher);
    publisher = begin(NOW + 10 * DAY);
    assert_false(is_written_again(&first));
    write_config("  - example.com\n");
    take(publisher, NOW + 10 * DAY);
    assert_true(is_written_again(&first));
    assert_int_equal(count_lines("example.org", "DNSKEY"), 0);
    assert_int_equal(count_lines("example.com", "DNSKEY"), 1);
    in_shell("rm state/public/zones.key");
    publisher_touch_all(publisher); // SIGHUP
    work(publisher, NOW + 10 * DAY);
    assert_int_equal(count_lines("example.com", "DNSKEY"), 1);
    publisher_close(publisher);
}

// A copy of serve/ that cannot be committed to.
static struct store *open_copy(void)
{
    char *path = path_join(directory, "copy");
    struct store *store = NULL;
    struct error err = {0};
    in_shell("rm -rf copy && cp -r state/serve copy");
    if (store_open_reader(path, STORE_SERVE, &store, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    free(path);
    return store;
}

static void commit_in_vain(struct publisher *publisher)
{
    struct store *writer = publisher->stores.serve;
    publisher->stores.serve = open_copy();
    assert_int_not_equal(publisher_commit(publisher, publisher->batch, NOW), STATUS_OK);
    store_close(publisher->stores.serve);
    publisher->stores.serve = writer;
}

static void the_keys_of_a_new_zone_come_before_it(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = start(NOW);
    prepare(publisher, NOW);
    assert_int_equal(publisher->batch->count, 1);
    commit_in_vain(publisher);
    assert_int_equal(serial_of(publisher, "example.com"), 0);
    assert_int_equal(count_lines("example.com", "DNSKEY"), 1);
    publisher_close(publisher);
}

// As nobody has a DS for the zone, another key takes the place of the first at once.
static void roll(struct publisher *publisher)
{
    struct zone *zone = &publisher->zones.list[0];
    struct rollover_policy policy = life_policy(zone, 0);
    struct keyset set;
    life_read(&zone->state, &set);
    rollover_order_roll(&set, &policy, KEY_ROLE_CSK, 0, false, NOW);
    life_put(&set, &zone->state);
    publisher_touch_all(publisher);
}

static void keys_of_before_stay_until_the_commit(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    char *old = lines_of("example.com");
    roll(publisher);
    prepare(publisher, NOW);
    assert_int_equal(publisher_commit(publisher, publisher->batch, NOW), STATUS_OK);
    assert_int_equal(count_lines("example.com", "DNSKEY"), 2); // the round is not over
    work(publisher, NOW);
    assert_int_equal(count_lines("example.com", "DNSKEY"), 1);
    assert_int_equal(count_lines("example.com", old), 0);
    free(old);
    publisher_close(publisher);
}

static void a_key_that_comes_is_there_before_the_commit_that_fails(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    roll(publisher);
    prepare(publisher, NOW);
    commit_in_vain(publisher);
    assert_int_equal(count_lines("example.com", "DNSKEY"), 2);
    work(publisher, NOW + PUBLISH_RETRY_S);
    assert_int_equal(count_lines("example.com", "DNSKEY"), 1);
    publisher_close(publisher);
}

static void a_zone_between_signed_and_unsigned_is_called_unsigned(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    write_config("  - {name: example.com, dnssec: off}\n");
    publisher_set_inputs(publisher, read_inputs(), NOW);
    prepare(publisher, NOW);
    assert_int_equal(publisher_commit(publisher, publisher->batch, NOW), STATUS_OK);
    assert_int_equal(count_lines("example.com", "; unsigned"), 1);
    assert_int_equal(count_lines("example.com", "DNSKEY"), 0);
    work(publisher, NOW);
    write_config("  - example.com\n");
    publisher_set_inputs(publisher, read_inputs(), NOW);
    prepare(publisher, NOW);
    assert_int_equal(publisher_commit(publisher, publisher->batch, NOW), STATUS_OK);
    assert_int_equal(count_lines("example.com", "; unsigned"), 1);
    work(publisher, NOW);
    assert_int_equal(count_lines("example.com", "; unsigned"), 0);
    assert_int_equal(count_lines("example.com", "DNSKEY"), 1);
    publisher_close(publisher);
}

static void revoked_keys_are_nobodys_anchors(void **state)
{
    (void)state;
    uint8_t good[] = {1, 1, 3, 13, 1, 2, 3}, revoked[] = {1, 0x81, 3, 13, 1, 2, 3};
    struct public_key list[] = {
        {.tag = 1, .flags = 257, .algorithm = 13, .len = 7, .rdata = good},
        {.tag = 2, .flags = 0x181, .algorithm = 13, .len = 7, .rdata = revoked},
    };
    struct public_keys keys = {.kind = PUBLIC_SIGNED, .ttl = 5, .list = list, .count = 2};
    struct buf text = {0};
    public_keys_print(&keys, "a.example", &text);
    assert_string_equal(buf_text(&text), "a.example. 5 IN DNSKEY 257 3 13 AQID\n");
    buf_done(&text);
}

static void what_cannot_be_written_is_said_once_and_stops_no_zone(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    in_shell("mkdir -p state/public/zones.key/x");
    struct publisher *publisher = start(NOW);
    listen_to_log();
    work(publisher, NOW);
    work(publisher, NOW + 1);
    assert_int_equal(end_listening("public-keys-not-written"), 1);
    assert_valid(publisher, "example.com", NOW);
    assert_true(publisher_has_trouble(publisher));
    assert_in_range(publisher_next(publisher, NOW + 1), NOW + 2, NOW + 60);
    in_shell("rm -r state/public/zones.key");
    work(publisher, NOW + 60);
    assert_int_equal(count_lines("example.com", "DNSKEY"), 1);
    assert_false(publisher_has_trouble(publisher));
    publisher_close(publisher);
}

// A first start with many zones takes many batches.
static void many_zones_do_not_write_it_for_each_batch(void **state)
{
    (void)state;
    struct buf domains = {0};
    for (int i = 0; i < 1500; i++)
        buf_printf(&domains, "  - {name: d%d.example, dnssec: off}\n", i);
    write_config(buf_text(&domains));
    buf_done(&domains);
    struct publisher *publisher = start(NOW);
    prepare(publisher, NOW);
    assert_int_equal(publisher_commit(publisher, publisher->batch, NOW), STATUS_OK);
    publisher->public_file.kept.rest_ms = INT64_MAX; // as if the disk were slow
    struct stat first = stat_of_file();
    while (publisher_collect(publisher, NOW)) {
        assert_false(is_written_again(&first));
        assert_int_equal(publisher_commit(publisher, publisher->batch, NOW), STATUS_OK);
    }
    assert_true(is_written_again(&first));
    assert_int_equal(count_lines("d1499.example", "; unsigned"), 1);
    assert_int_equal(count_lines("d0.example", "; unsigned"), 1);
    publisher_close(publisher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)
        TEST(each_zone_has_its_keys_or_is_called_unsigned),
        TEST(it_is_written_when_keys_change_and_not_else),
        TEST(the_keys_of_a_new_zone_come_before_it),
        TEST(keys_of_before_stay_until_the_commit),
        TEST(a_key_that_comes_is_there_before_the_commit_that_fails),
        TEST(a_zone_between_signed_and_unsigned_is_called_unsigned),
        TEST(revoked_keys_are_nobodys_anchors),
        TEST(what_cannot_be_written_is_said_once_and_stops_no_zone),
        TEST(many_zones_do_not_write_it_for_each_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
