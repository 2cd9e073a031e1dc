// SPDX-License-Identifier: ISC
// One process commits new versions of zones as fast as it can, others read: nobody ever sees half a zone or zones of
// two commits, also when the writer is killed.
#include "dns/store.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "dns/image_build.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "tests/support/scratch.h"

#define ZONES   6
#define COMMITS 300
#define READERS 2

// In a child a failure is its exit status: the line where it happened.
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

// ── The writer ───────────────────────────────────────────────────────────────────────────────────

static void add(struct image_builder *builder, const char *owner, uint16_t type,
                const struct buf *rdata)
{
    struct image_rr rr = {
        .owner = (const uint8_t *)owner,
        .type = type,
        .ttl = 60,
        .rdata = rdata->data,
        .rdata_len = (uint16_t)rdata->len,
    };
    MUST(image_builder_add(builder, &rr, NULL) == STATUS_OK);
}

// A zone that says its version in its first record, in its last, and in many between; its size changes from version to
// version, so that pages are taken and given back.
static void build_version(const char *apex, uint32_t version, struct buf *ret)
{
    struct image_builder *builder = image_builder_new((const uint8_t *)apex);
    struct buf rdata = {0};
    buf_put(&rdata, "\0\0", 2);
    buf_put_u32(&rdata, version);
    buf_extend(&rdata, 16);
    add(builder, apex, RR_TYPE_SOA, &rdata);
    for (uint32_t i = 0; i < 1 + version * 7 % 90; i++) {
        char owner[64];
        int len = snprintf(owner, sizeof(owner), "%cn%06u", 7, i);
        memcpy(owner + len, apex, strlen(apex) + 1);
        buf_clear(&rdata);
        buf_put_u8(&rdata, 204);
        buf_put_u32(&rdata, version);
        buf_extend(&rdata, 200);
        add(builder, owner, RR_TYPE_TXT, &rdata);
    }
    buf_done(&rdata);
    MUST(image_builder_finish(builder, &(struct image_meta){0}, ret, NULL) == STATUS_OK);
    image_builder_free(builder);
}

static void commit_version(struct store *store, uint32_t version)
{
    struct store_txn *txn;
    MUST(store_begin(store, &txn, NULL) == STATUS_OK);
    for (char zone = 'a'; zone < 'a' + ZONES; zone++) {
        char apex[] = {1, zone, 4, 't', 'e', 's', 't', 0};
        struct buf image = {0};
        build_version(apex, version, &image);
        struct name_key key;
        name_key((const uint8_t *)apex, &key);
        struct store_entry entry = {key.octets, key.len, image.data, image.len};
        MUST(store_put(txn, STORE_IMAGES, &entry, NULL) == STATUS_OK);
        buf_done(&image);
    }
    MUST(store_commit(txn, NULL, NULL) == STATUS_OK);
}

// ── The readers ──────────────────────────────────────────────────────────────────────────────────

// The version that all records of the image say, or 0 when they do not agree.
static uint32_t version_of(const struct image *image)
{
    uint32_t version = image->header->serial;
    for (uint32_t i = 1; i < image->header->node_count; i++) {
        const struct image_rrset *txt = image_rrset(image, &image->nodes[i], RR_TYPE_TXT);
        if (txt == NULL || wire_get_u32(image_wire(image, txt) + IMAGE_RR_HEAD + 1) != version)
            return 0;
    }
    return image->header->node_count == 2 + version * 7 % 90 ? version : 0;
}

// The version of all zones in the snapshot.
static uint32_t snapshot_version(struct store_reader *reader)
{
    uint32_t version = 0;
    for (char zone = 'a'; zone < 'a' + ZONES; zone++) {
        const uint8_t apex[] = {1, (uint8_t)zone, 4, 't', 'e', 's', 't', 0};
        struct name_key key;
        struct store_entry entry;
        struct image image;
        struct error err = {0};
        name_key(apex, &key);
        MUST(store_get(reader, STORE_IMAGES, key.octets, key.len, &entry) == STATUS_OK);
        MUST(image_open(entry.value, entry.value_len, &image, &err) == STATUS_OK);
        uint32_t own = version_of(&image);
        MUST(own != 0 && (zone == 'a' || own == version));
        version = own;
    }
    return version;
}

// Reads until the last version is there. The id and the versions only grow; the same id is the same version. An octet
// in `started` says that the first has been read.
static void read_versions(uint32_t last, int started)
{
    struct store *store;
    struct store_reader *reader;
    MUST(store_open_reader(scratch, STORE_SERVE, &store, NULL) == STATUS_OK);
    MUST(store_reader_open(store, &reader, NULL) == STATUS_OK);
    uint64_t id_before = 0;
    uint32_t before = 0;
    unsigned seen = 0;
    while (before < last) {
        uint64_t id;
        MUST(store_reader_renew(reader, &id, NULL) == STATUS_OK);
        uint32_t version = snapshot_version(reader);
        MUST(id == id_before ? version == before : id > id_before && version > before);
        if (seen == 0)
            MUST(write(started, "", 1) == 1);
        seen += id != id_before;
        id_before = id;
        before = version;
        store_reader_reset(reader);
    }
    store_reader_close(reader);
    store_close(store);
    MUST(seen >= 2);
}

static void commits_under_load_are_seen_whole_or_not_at_all(void **state)
{
    (void)state;
    struct store *store;
    assert_int_equal(store_open_writer(scratch, STORE_SERVE, &store, NULL), STATUS_OK);
    commit_version(store, 1);
    store_close(store); // a store is not taken over a fork
    pid_t readers[READERS];
    int started[2];
    assert_int_equal(pipe(started), 0);
    for (int i = 0; i < READERS; i++) {
        readers[i] = fork();
        if (readers[i] == 0) {
            read_versions(COMMITS, started[1]);
            _exit(0);
        }
    }
    for (int i = 0; i < READERS; i++)
        assert_int_equal(read(started[0], (char[1]){0}, 1), 1);
    close(started[0]);
    close(started[1]);
    assert_int_equal(store_open_writer(scratch, STORE_SERVE, &store, NULL), STATUS_OK);
    for (uint32_t version = 2; version <= COMMITS; version++)
        commit_version(store, version);
    store_close(store);
    for (int i = 0; i < READERS; i++) {
        int result;
        assert_int_equal(waitpid(readers[i], &result, 0), readers[i]);
        assert_int_equal(result, 0);
    }
}

// ── A writer that is killed ──────────────────────────────────────────────────────────────────────

// Commits versions from `first` on for ever, and says so in the pipe.
static void write_versions(uint32_t first, int acknowledge)
{
    struct store *store;
    MUST(store_open_writer(scratch, STORE_SERVE, &store, NULL) == STATUS_OK);
    for (uint32_t version = first;; version++) {
        commit_version(store, version);
        MUST(write(acknowledge, &version, sizeof(version)) == sizeof(version));
    }
}

static uint32_t stored_version(void)
{
    struct store *store;
    struct store_reader *reader;
    uint64_t id;
    MUST(store_open_reader(scratch, STORE_SERVE, &store, NULL) == STATUS_OK);
    MUST(store_reader_open(store, &reader, NULL) == STATUS_OK);
    MUST(store_reader_renew(reader, &id, NULL) == STATUS_OK);
    uint32_t version = snapshot_version(reader);
    store_reader_close(reader);
    store_close(store);
    return version;
}

static void nothing_acknowledged_is_lost_when_the_writer_is_killed(void **state)
{
    (void)state;
    srandom(17);
    uint32_t version = 0;
    for (int round = 0; round < 12; round++) {
        int acknowledge[2];
        assert_int_equal(pipe(acknowledge), 0);
        pid_t child = fork();
        if (child == 0)
            write_versions(version + 1, acknowledge[1]);
        close(acknowledge[1]);
        uint32_t acknowledged = 0;
        for (long wanted = 1 + random() % 8; wanted > 0; wanted--)
            assert_int_equal(read(acknowledge[0], &acknowledged, sizeof(acknowledged)),
                             sizeof(acknowledged));
        usleep((useconds_t)(random() % 5000)); // somewhere in the next commit
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        while (read(acknowledge[0], &acknowledged, sizeof(acknowledged)) > 0)
            ;
        close(acknowledge[0]);
        version = stored_version();
        // The last commit may have been killed before it could say so.
        assert_in_range(version, acknowledged, acknowledged + 1);
    }
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, make_scratch, remove_scratch)
    const struct CMUnitTest tests[] = {
        test(commits_under_load_are_seen_whole_or_not_at_all),
        test(nothing_acknowledged_is_lost_when_the_writer_is_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
