// SPDX-License-Identifier: ISC
// Stores that were cut off, written over or never were ours; file systems that are full or not to be written. What
// could end a process (SIGBUS) is tried in one of its own.
#include "dns/store.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <lmdb.h>

#include "base/alloc.h"
#include "base/file.h"
#include "dns/image.h"
#include "tests/support/scratch.h"
#include "tests/support/zone_text.h"

#define ZONES 12

static char *data_path;

static int set_up(void **state)
{
    make_scratch(state);
    data_path = in_scratch("data.mdb");
    return 0;
}

static int tear_down(void **state)
{
    free(data_path);
    return remove_scratch(state);
}

// ── A store with a few zones ─────────────────────────────────────────────────────────────────────

static enum status put_bytes(struct store_txn *txn, enum store_db db, const char *key,
                             const struct buf *value, struct error *err)
{
    struct store_entry entry = {(const uint8_t *)key, strlen(key), value->data, value->len};
    return store_put(txn, db, &entry, err);
}

static void make_zones(void)
{
    struct store *store;
    struct store_txn *txn;
    struct error err = {0};
    assert_int_equal(store_open_writer(scratch, STORE_SERVE, &store, &err), STATUS_OK);
    struct buf image = {0};
    zone_text_image("example.com.",
                    "@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1\n@ TXT \"some text\"\n",
                    &image);
    for (int round = 0; round < 3; round++) { // so that there are old pages and a free list
        assert_int_equal(store_begin(store, &txn, &err), STATUS_OK);
        for (int i = 0; i < ZONES; i++) {
            char key[32];
            snprintf(key, sizeof(key), "zone%d", i);
            assert_int_equal(put_bytes(txn, STORE_IMAGES, key, &image, &err), STATUS_OK);
        }
        assert_int_equal(store_commit(txn, NULL, &err), STATUS_OK);
    }
    buf_done(&image);
    store_close(store);
}

// Reads everything that is there. STATE when some of it is no image.
static enum status read_zones(struct store *store, size_t *ret_count)
{
    struct store_reader *reader;
    struct store_entry entry;
    uint64_t id;
    enum status status = store_reader_open(store, &reader, NULL);
    if (status != STATUS_OK)
        return status;
    *ret_count = 0;
    status = store_reader_renew(reader, &id, NULL);
    if (status == STATUS_OK)
        status = store_seek(reader, STORE_IMAGES, "", 0, false, &entry);
    while (status == STATUS_OK) {
        struct image image;
        if (image_open(entry.value, entry.value_len, &image, NULL) != STATUS_OK)
            status = STATUS_STATE;
        else
            status = store_seek(reader, STORE_IMAGES, entry.key, entry.key_len, true, &entry);
        (*ret_count)++;
    }
    store_reader_close(reader);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

// Lets a child end by its signal: cmocka would go on with its tests in the child.
static void default_signals(void)
{
    int signals[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS};
    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
        signal(signals[i], SIG_DFL);
}

// What comes of opening and reading the store in a process of its own: a status, or 100 and the signal.
static int try_store(bool as_writer)
{
    pid_t child = fork();
    if (child == 0) {
        default_signals();
        struct store *store;
        struct error err = {0};
        size_t count = 0;
        enum status status = as_writer ? store_open_writer(scratch, STORE_SERVE, &store, &err)
                                       : store_open_reader(scratch, STORE_SERVE, &store, &err);
        if (status == STATUS_OK)
            status = read_zones(store, &count);
        else if (err.text[0] == '\0')
            _exit(99);
        if (status == STATUS_OK && count != ZONES)
            status = STATUS_BOGUS;
        _exit((int)status);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    return WIFEXITED(result) ? WEXITSTATUS(result) : 100 + WTERMSIG(result);
}

// In place and not synced: a file of its own for each try takes long.
static void write_data(const struct buf *content, size_t len)
{
    int fd = open(data_path, O_WRONLY | O_CREAT, 0640);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, content->data, len, 0), len);
    assert_int_equal(ftruncate(fd, (off_t)len), 0);
    close(fd);
}

static void write_octet(const struct buf *content, size_t at)
{
    int fd = open(data_path, O_WRONLY);
    assert_int_equal(pwrite(fd, content->data + at, 1, (off_t)at), 1);
    close(fd);
}

// ── Damage ───────────────────────────────────────────────────────────────────────────────────────

static void a_store_that_was_cut_off_is_refused(void **state)
{
    (void)state;
    make_zones();
    struct buf content = {0};
    assert_int_equal(file_read(data_path, 64 << 20, &content, NULL), STATUS_OK);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    // The end of the file was never written: cut there, nothing is lost.
    size_t used = content.len;
    while (used > 0 && content.data[used - 1] == 0)
        used--;
    assert_int_equal(try_store(false), STATUS_OK);
    unsigned refused = 0;
    // Of what is free at the end, a few places will do.
    for (size_t len = page; len < content.len; len += len < used ? page : 37 * page) {
        size_t lengths[] = {len, len - 1, len + page / 2};
        for (size_t i = 0; i < 3; i++) {
            write_data(&content, lengths[i]);
            int as_reader = try_store(false);
            int as_writer = try_store(true);
            assert_true(as_reader == STATUS_STATE ||
                        (lengths[i] >= used && as_reader == STATUS_OK));
            assert_int_equal(as_writer, as_reader);
            refused += as_reader == STATUS_STATE;
        }
    }
    assert_true(refused > 3 * ZONES);
    buf_done(&content);
}

static void the_file_is_as_long_as_it_says_whatever_was_done(void **state)
{
    (void)state;
    srandom(11);
    struct buf value = {0};
    buf_extend(&value, 90000);
    struct error err = {0};
    struct store *store;
    for (int round = 0; round < 40; round++) {
        // check_length at each opening is the judge.
        if (store_open_writer(scratch, STORE_SERVE, &store, &err) != STATUS_OK)
            fail_msg("%s", err.text);
        struct store_txn *txn;
        assert_int_equal(store_begin(store, &txn, NULL), STATUS_OK);
        for (int i = 0; i < 30;
             i++) { // taken and given back in one transaction, at the file's end too
            char key[32];
            snprintf(key, sizeof(key), "zone%ld", random() % 8);
            value.len = (size_t)random() % 90000;
            if (random() % 3)
                assert_int_equal(put_bytes(txn, STORE_IMAGES, key, &value, NULL), STATUS_OK);
            else
                assert_int_equal(store_delete(txn, STORE_IMAGES, key, strlen(key), NULL),
                                 STATUS_OK);
        }
        assert_int_equal(store_commit(txn, NULL, NULL), STATUS_OK);
        store_close(store);
    }
    buf_done(&value);
}

static void garbage_is_refused(void **state)
{
    (void)state;
    make_zones();
    struct buf garbage = {0};
    buf_extend(&garbage, 100000);
    srandom(5);
    for (int round = 0; round < 4; round++) {
        write_data(&garbage, (size_t[]){100000, 1, 4096, 8192}[round]);
        assert_int_equal(try_store(false), STATUS_STATE);
        assert_int_equal(try_store(true), STATUS_STATE);
        for (size_t i = 0; i < garbage.len; i++)
            garbage.data[i] = (uint8_t)random();
    }
    buf_done(&garbage);
}

// Opens the store with each bit of the first 152 octets of the page (header and root) flipped. *bit is where it is.
static void flip_root(const struct buf *content, size_t page, volatile size_t *bit)
{
    for (*bit = page * 8; *bit < (page + 152) * 8; ++*bit) {
        size_t at = *bit / 8;
        content->data[at] ^= (uint8_t)(1 << *bit % 8);
        write_octet(content, at);
        struct store *store;
        struct error err = {0};
        size_t count;
        if (store_open_reader(scratch, STORE_SERVE, &store, &err) == STATUS_OK) {
            (void)read_zones(store, &count);
            store_close(store);
        } else if (err.text[0] == '\0') {
            _exit(99);
        }
        content->data[at] ^= (uint8_t)(1 << *bit % 8);
        write_octet(content, at);
    }
}

static void flipped_bits_in_the_root_end_nobody(void **state)
{
    (void)state;
    make_zones();
    struct buf content = {0};
    assert_int_equal(file_read(data_path, 64 << 20, &content, NULL), STATUS_OK);
    volatile size_t *bit =
        mmap(NULL, sizeof(*bit), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = fork();
    if (child == 0) {
        default_signals();
        flip_root(&content, 0, bit);
        flip_root(&content, (size_t)sysconf(_SC_PAGESIZE), bit);
        _exit(0);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    if (result != 0)
        fail_msg("octet %zu, bit %zu: %d", *bit / 8, *bit % 8, result);
    munmap((void *)(uintptr_t)bit, sizeof(*bit));
    buf_done(&content);
}

static void flipped_bits_in_an_image_are_never_served(void **state)
{
    (void)state;
    make_zones();
    struct buf content = {0};
    assert_int_equal(file_read(data_path, 64 << 20, &content, NULL), STATUS_OK);
    unsigned images = 0;
    unsigned refused = 0;
    uint64_t magic = IMAGE_MAGIC;
    for (size_t at = 0; at + sizeof(magic) <= content.len; at += 8) {
        if (memcmp(content.data + at, &magic, sizeof(magic)) != 0)
            continue;
        content.data[at + 300] ^= 4;
        write_octet(&content, at + 300);
        int result = try_store(false);
        // Old versions of images lie about in free pages.
        assert_true(result == STATUS_STATE || result == STATUS_OK);
        refused += result == STATUS_STATE;
        images++;
        content.data[at + 300] ^= 4;
        write_octet(&content, at + 300);
    }
    assert_int_equal(refused, ZONES);
    assert_true(images > ZONES);
    buf_done(&content);
}

static void a_broken_lock_file_is_made_anew(void **state)
{
    (void)state;
    make_zones();
    char *path = path_join(scratch, "lock.mdb");
    assert_int_equal(file_write(path, "garbage", 7, 0660, NULL), STATUS_OK);
    free(path);
    assert_int_equal(try_store(true), STATUS_OK);
    assert_int_equal(try_store(false), STATUS_OK);
}

static void the_store_of_another_program_is_refused(void **state)
{
    (void)state;
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, scratch, 0, 0640), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
    MDB_val value = {4, (char[]){"meta"}};
    assert_int_equal(mdb_put(txn, dbi, &value, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    assert_int_equal(try_store(true), STATUS_STATE);
    assert_true(try_store(false) == STATUS_STATE || try_store(false) == STATUS_NOT_FOUND);
}

static void another_format_is_refused_and_made_anew(void **state)
{
    (void)state;
    make_zones();
    struct store *store;
    struct store_txn *txn;
    struct error err = {0};
    assert_int_equal(store_open_writer(scratch, STORE_SERVE, &store, &err), STATUS_OK);
    assert_int_equal(store_begin(store, &txn, &err), STATUS_OK);
    struct store_entry entry = {(const uint8_t *)"format", 6, (const uint8_t *)"zonebox 0", 9};
    assert_int_equal(store_put(txn, STORE_META, &entry, &err), STATUS_OK);
    assert_int_equal(store_commit(txn, NULL, &err), STATUS_OK);
    store_close(store);
    assert_int_equal(store_open_writer(scratch, STORE_SERVE, &store, &err), STATUS_STATE);
    assert_non_null(strstr(err.text, "another format"));
    assert_int_equal(store_open_reader(scratch, STORE_SERVE, &store, &err), STATUS_STATE);
    // The other kind of store is none of this kind either.
    assert_int_equal(store_destroy(scratch, &err), STATUS_OK);
    make_zones();
    assert_int_equal(store_open_writer(scratch, STORE_STATE, &store, &err), STATUS_STATE);
    assert_int_equal(try_store(false), STATUS_OK);
}

// ── Refusals of the system ───────────────────────────────────────────────────────────────────────

static void an_empty_file_is_a_store_not_made_yet(void **state)
{
    (void)state;
    struct buf nothing = {0};
    buf_reserve(&nothing, 1);
    write_data(&nothing, 0);
    assert_int_equal(try_store(false), STATUS_NOT_FOUND);
    assert_int_equal(try_store(true), STATUS_BOGUS); // made, without the zones
    buf_done(&nothing);
}

// As an ordinary user, whatever the test runs as.
static int try_as_stranger(bool as_writer)
{
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
            _exit(98);
        struct store *store;
        struct error err = {0};
        enum status status = as_writer ? store_open_writer(scratch, STORE_SERVE, &store, &err)
                                       : store_open_reader(scratch, STORE_SERVE, &store, &err);
        if (status != STATUS_OK && strstr(err.text, scratch) == NULL)
            _exit(99);
        _exit((int)status);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    return WIFEXITED(result) ? WEXITSTATUS(result) : 100 + WTERMSIG(result);
}

static void readers_without_the_lock_file_are_denied(void **state)
{
    (void)state;
    make_zones();
    char *lock = path_join(scratch, "lock.mdb");
    assert_int_equal(chmod(scratch, 0755), 0);
    assert_int_equal(chmod(data_path, 0444), 0);
    assert_int_equal(chmod(lock, 0444), 0);
    assert_int_equal(try_as_stranger(false), STATUS_DENIED);
    assert_int_equal(try_as_stranger(true), STATUS_DENIED);
    assert_int_equal(chmod(lock, 0666), 0);
    assert_int_equal(try_as_stranger(false), STATUS_OK);
    assert_int_equal(try_as_stranger(true), STATUS_DENIED);
    assert_int_equal(chmod(data_path, 0), 0);
    assert_int_equal(try_as_stranger(false), STATUS_DENIED);
    assert_int_equal(chmod(scratch, 0), 0);
    assert_int_equal(try_as_stranger(false), STATUS_DENIED);
    assert_int_equal(chmod(scratch, 0755), 0);
    free(lock);
}

// Opens the store where it is mounted read-only, in a mount namespace of its own. 96: that may not be done here.
static int open_read_only(void)
{
    if (unshare(CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount(scratch, scratch, NULL, MS_BIND, NULL) < 0 ||
        mount(NULL, scratch, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
        return 96;
    struct store *store;
    struct error err = {0};
    enum status writer = store_open_writer(scratch, STORE_SERVE, &store, &err);
    enum status reader = store_open_reader(scratch, STORE_SERVE, &store, &err);
    if (writer == STATUS_OK || strstr(err.text, "Read-only") == NULL)
        return 97;
    return (int)reader;
}

static void a_read_only_file_system_is_told(void **state)
{
    (void)state;
    make_zones();
    pid_t child = fork();
    if (child == 0)
        _exit(open_read_only());
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    if (WEXITSTATUS(result) == 96)
        skip();
    assert_int_equal(WEXITSTATUS(result), STATUS_DENIED);
}

// With no more room than the file takes now: RLIMIT_FSIZE stands for the full file system.
static int write_without_room(void)
{
    struct stat file;
    if (stat(data_path, &file) < 0)
        return 97;
    struct rlimit limit = {(rlim_t)file.st_size, (rlim_t)file.st_size};
    signal(SIGXFSZ, SIG_IGN);
    struct store *store;
    struct store_txn *txn;
    struct error err = {0};
    if (setrlimit(RLIMIT_FSIZE, &limit) < 0 ||
        store_open_writer(scratch, STORE_SERVE, &store, &err) != STATUS_OK ||
        store_begin(store, &txn, &err) != STATUS_OK)
        return 98;
    struct buf value = {0};
    buf_extend(&value, 8 << 20);
    enum status status = put_bytes(txn, STORE_IMAGES, "large", &value, &err);
    if (status == STATUS_OK)
        status = store_commit(txn, NULL, &err);
    buf_done(&value);
    size_t count = 0;
    if (strstr(err.text, scratch) == NULL || read_zones(store, &count) != STATUS_OK ||
        count != ZONES)
        return 99;
    return (int)status;
}

static void a_full_file_system_is_told_and_loses_nothing(void **state)
{
    (void)state;
    make_zones();
    pid_t child = fork();
    if (child == 0)
        _exit(write_without_room());
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), STATUS_NO_SPACE);
    assert_int_equal(try_store(true), STATUS_OK);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        test(a_store_that_was_cut_off_is_refused),
        test(the_file_is_as_long_as_it_says_whatever_was_done),
        test(garbage_is_refused),
        test(flipped_bits_in_the_root_end_nobody),
        test(flipped_bits_in_an_image_are_never_served),
        test(a_broken_lock_file_is_made_anew),
        test(the_store_of_another_program_is_refused),
        test(another_format_is_refused_and_made_anew),
        test(an_empty_file_is_a_store_not_made_yet),
        test(readers_without_the_lock_file_are_denied),
        test(a_read_only_file_system_is_told),
        test(a_full_file_system_is_told_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
