// SPDX-License-Identifier: ISC
// The store as one process sees it; tests/unit/dns/test_store_damage.c and test_store_load.c have the rest.
#include "dns/store.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "tests/support/scratch.h"

// ── Short forms that must succeed ────────────────────────────────────────────────────────────────

static struct store *open_writer(enum store_kind kind)
{
    struct store *store;
    struct error err = {0};
    if (store_open_writer(scratch, kind, &store, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return store;
}

static struct store_reader *open_slot(struct store *store)
{
    struct store_reader *reader;
    assert_int_equal(store_reader_open(store, &reader, NULL), STATUS_OK);
    return reader;
}

static uint64_t renew(struct store_reader *reader)
{
    uint64_t id;
    assert_int_equal(store_reader_renew(reader, &id, NULL), STATUS_OK);
    return id;
}

static struct store_txn *begin(struct store *store)
{
    struct store_txn *txn;
    assert_int_equal(store_begin(store, &txn, NULL), STATUS_OK);
    return txn;
}

static uint64_t commit(struct store_txn *txn)
{
    uint64_t id;
    assert_int_equal(store_commit(txn, &id, NULL), STATUS_OK);
    return id;
}

static enum status put(struct store_txn *txn, enum store_db db, const char *key, const char *value)
{
    struct store_entry entry = {
        .key = (const uint8_t *)key,
        .key_len = strlen(key),
        .value = (const uint8_t *)value,
        .value_len = strlen(value),
    };
    return store_put(txn, db, &entry, NULL);
}

static struct name_key key_of(const char *text)
{
    struct name name;
    struct name_key key;
    assert_int_equal(name_from_text(text, &name, NULL), STATUS_OK);
    name_key(name.wire, &key);
    return key;
}

// Puts a zone whose value is `len` octets of `octet`.
static void put_zone(struct store_txn *txn, const char *apex, uint8_t octet, size_t len)
{
    struct name_key key = key_of(apex);
    uint8_t *value = xmalloc(len);
    memset(value, octet, len);
    struct store_entry entry = {key.octets, key.len, value, len};
    assert_int_equal(store_put(txn, STORE_IMAGES, &entry, NULL), STATUS_OK);
    free(value);
}

static struct store_entry get_zone(struct store_reader *reader, const char *apex)
{
    struct name_key key = key_of(apex);
    struct store_entry entry;
    assert_int_equal(store_get(reader, STORE_IMAGES, key.octets, key.len, &entry), STATUS_OK);
    return entry;
}

static enum status look(struct store_reader *reader, enum store_db db, const char *key)
{
    struct store_entry entry;
    return store_get(reader, db, key, strlen(key), &entry);
}

// ── Reading and writing ──────────────────────────────────────────────────────────────────────────

static void what_is_committed_is_there_after_opening_again(void **state)
{
    (void)state;
    struct store *store = open_writer(STORE_STATE);
    struct store_txn *txn = begin(store);
    assert_int_equal(put(txn, STORE_ZONES, "a", "one"), STATUS_OK);
    assert_int_equal(put(txn, STORE_ZONES, "b", ""), STATUS_OK);
    assert_int_equal(put(txn, STORE_INPUTS, "a", "other"), STATUS_OK);
    commit(txn);
    store_close(store);

    assert_int_equal(store_open_reader(scratch, STORE_STATE, &store, NULL), STATUS_OK);
    struct store_reader *reader = open_slot(store);
    renew(reader);
    struct store_entry entry;
    assert_int_equal(store_get(reader, STORE_ZONES, "a", 1, &entry), STATUS_OK);
    assert_int_equal(entry.value_len, 3);
    assert_memory_equal(entry.value, "one", 3);
    assert_int_equal(store_get(reader, STORE_ZONES, "b", 1, &entry), STATUS_OK);
    assert_int_equal(entry.value_len, 0);
    assert_int_equal(store_get(reader, STORE_INPUTS, "a", 1, &entry), STATUS_OK);
    assert_memory_equal(entry.value, "other", 5);
    assert_int_equal(look(reader, STORE_INPUTS, "b"), STATUS_NOT_FOUND);
    assert_int_equal(store_count(reader, STORE_ZONES), 2);
    store_reader_reset(reader);
    store_reader_close(reader);
    store_close(store);
}

static void a_snapshot_does_not_change_until_it_is_renewed(void **state)
{
    (void)state;
    struct store *store = open_writer(STORE_STATE);
    struct store_reader *reader = open_slot(store);
    uint64_t before = renew(reader);
    struct store_txn *txn = begin(store);
    assert_int_equal(put(txn, STORE_ZONES, "a", "one"), STATUS_OK);
    assert_int_equal(look(reader, STORE_ZONES, "a"), STATUS_NOT_FOUND);
    uint64_t id = commit(txn);
    assert_int_equal(look(reader, STORE_ZONES, "a"), STATUS_NOT_FOUND);
    store_reader_reset(reader);
    assert_int_equal(renew(reader), id);
    assert_int_equal(id, before + 1);
    assert_int_equal(look(reader, STORE_ZONES, "a"), STATUS_OK);
    store_reader_reset(reader);
    // Nothing new, the same id.
    assert_int_equal(renew(reader), id);
    store_reader_reset(reader);
    assert_int_equal(commit(begin(store)), id);
    assert_int_equal(renew(reader), id);
    store_reader_close(reader);
    store_close(store);
}

static void an_aborted_transaction_leaves_nothing(void **state)
{
    (void)state;
    struct store *store = open_writer(STORE_STATE);
    struct store_txn *txn = begin(store);
    assert_int_equal(put(txn, STORE_ZONES, "a", "one"), STATUS_OK);
    commit(txn);
    txn = begin(store);
    assert_int_equal(put(txn, STORE_ZONES, "b", "two"), STATUS_OK);
    assert_int_equal(store_delete(txn, STORE_ZONES, "a", 1, NULL), STATUS_OK);
    store_abort(txn);
    store_abort(NULL);
    struct store_reader *reader = open_slot(store);
    renew(reader);
    assert_int_equal(look(reader, STORE_ZONES, "a"), STATUS_OK);
    assert_int_equal(look(reader, STORE_ZONES, "b"), STATUS_NOT_FOUND);
    store_reader_close(reader);
    store_close(store);
}

static void what_is_deleted_is_gone_and_may_be_deleted_again(void **state)
{
    (void)state;
    struct store *store = open_writer(STORE_SERVE);
    struct store_txn *txn = begin(store);
    put_zone(txn, "example.com", 1, 5000);
    commit(txn);
    struct name_key key = key_of("example.com");
    for (int i = 0; i < 2; i++) {
        txn = begin(store);
        assert_int_equal(store_delete(txn, STORE_IMAGES, key.octets, key.len, NULL), STATUS_OK);
        commit(txn);
    }
    struct store_reader *reader = open_slot(store);
    renew(reader);
    assert_int_equal(store_count(reader, STORE_IMAGES), 0);
    store_reader_close(reader);
    store_close(store);
}

static void keys_that_cannot_be_are_refused_with_words(void **state)
{
    (void)state;
    struct store *store = open_writer(STORE_STATE);
    struct store_txn *txn = begin(store);
    struct error err = {0};
    uint8_t key[512] = {0};
    struct store_entry entry = {key, 0, key, 1};
    assert_int_equal(store_put(txn, STORE_INPUTS, &entry, &err), STATUS_RANGE);
    assert_non_null(strstr(err.text, scratch));
    entry.key_len = 512;
    assert_int_equal(store_put(txn, STORE_INPUTS, &entry, &err), STATUS_RANGE);
    entry.key_len = 511;
    assert_int_equal(store_put(txn, STORE_INPUTS, &entry, &err), STATUS_OK);
    commit(txn);
    store_close(store);
}

static void entries_follow_in_the_order_of_keys(void **state)
{
    (void)state;
    struct store *store = open_writer(STORE_STATE);
    struct store_txn *txn = begin(store);
    const char *const keys[] = {"c", "a", "bb", "b"};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(put(txn, STORE_INPUTS, keys[i], "x"), STATUS_OK);
    commit(txn);
    struct store_reader *reader = open_slot(store);
    renew(reader);
    struct store_entry entry;
    char seen[16] = "";
    enum status status = store_seek(reader, STORE_INPUTS, "", 0, false, &entry);
    for (; status == STATUS_OK;
         status = store_seek(reader, STORE_INPUTS, entry.key, entry.key_len, true, &entry)) {
        strncat(seen, (const char *)entry.key, entry.key_len);
        strcat(seen, " ");
    }
    assert_int_equal(status, STATUS_NOT_FOUND);
    assert_string_equal(seen, "a b bb c ");
    assert_int_equal(store_seek(reader, STORE_INPUTS, "ba", 2, false, &entry), STATUS_OK);
    assert_memory_equal(entry.key, "bb", 2);
    assert_int_equal(store_seek(reader, STORE_INPUTS, "ba", 2, true, &entry), STATUS_OK);
    assert_memory_equal(entry.key, "bb", 2);
    assert_int_equal(store_seek(reader, STORE_INPUTS, "bb", 2, false, &entry), STATUS_OK);
    assert_memory_equal(entry.key, "bb", 2);
    assert_int_equal(store_seek(reader, STORE_INPUTS, "d", 1, false, &entry), STATUS_NOT_FOUND);
    store_reader_close(reader);
    store_close(store);
}

// ── Images ───────────────────────────────────────────────────────────────────────────────────────

static const size_t image_sizes[] = {1, 100, 2000, 2038, 2039, 4079, 4080, 4081, 8176, 8177, 50000};
#define IMAGE_SIZES (sizeof(image_sizes) / sizeof(*image_sizes))

static void an_image_is_aligned_and_padded_with_zeros(void **state)
{
    (void)state;
    struct store *store = open_writer(STORE_SERVE);
    struct store_txn *txn = begin(store);
    char apex[32];
    for (size_t i = 0; i < IMAGE_SIZES; i++) {
        snprintf(apex, sizeof(apex), "zone%zu.example", i);
        put_zone(txn, apex, (uint8_t)(i + 1), image_sizes[i]);
    }
    commit(txn);
    struct store_reader *reader = open_slot(store);
    renew(reader);
    for (size_t i = 0; i < IMAGE_SIZES; i++) {
        snprintf(apex, sizeof(apex), "zone%zu.example", i);
        struct store_entry entry = get_zone(reader, apex);
        assert_int_equal((uintptr_t)entry.value % 8, 0);
        assert_true(entry.value_len >= image_sizes[i]);
        assert_true(entry.value_len - image_sizes[i] < (size_t)sysconf(_SC_PAGESIZE));
        for (size_t n = 0; n < entry.value_len; n++)
            assert_int_equal(entry.value[n], n < image_sizes[i] ? i + 1 : 0);
    }
    store_reader_close(reader);
    store_close(store);
}

static void an_image_stays_where_it_is_while_others_come_and_go(void **state)
{
    (void)state;
    struct store *store = open_writer(STORE_SERVE);
    struct store_txn *txn = begin(store);
    char apex[32];
    for (size_t i = 0; i < IMAGE_SIZES; i++) {
        snprintf(apex, sizeof(apex), "m%zu.example", i);
        put_zone(txn, apex, (uint8_t)(i + 1), image_sizes[i]);
    }
    commit(txn);
    struct store_reader *reader = open_slot(store);
    const uint8_t *at[IMAGE_SIZES];
    renew(reader);
    for (size_t i = 0; i < IMAGE_SIZES; i++) {
        snprintf(apex, sizeof(apex), "m%zu.example", i);
        at[i] = get_zone(reader, apex).value;
    }
    store_reader_reset(reader);
    for (int round = 0; round < 30; round++) {
        txn = begin(store);
        for (int n = 0; n < 40; n++) { // before, between and behind
            snprintf(apex, sizeof(apex), "%c%d.example", "amz"[n % 3], 100 + (round * 7 + n) % 90);
            struct name_key key = key_of(apex);
            if ((round + n) % 4 == 0)
                assert_int_equal(store_delete(txn, STORE_IMAGES, key.octets, key.len, NULL),
                                 STATUS_OK);
            else
                put_zone(txn, apex, 99, (size_t)(n * 300 + 1));
        }
        commit(txn);
        renew(reader);
        for (size_t i = 0; i < IMAGE_SIZES; i++) {
            snprintf(apex, sizeof(apex), "m%zu.example", i);
            struct store_entry entry = get_zone(reader, apex);
            assert_ptr_equal(entry.value, at[i]);
            assert_int_equal(entry.value[0], i + 1);
            assert_int_equal(entry.value[image_sizes[i] - 1], i + 1);
        }
        store_reader_reset(reader);
    }
    store_reader_close(reader);
    store_close(store);
}

// The previous image is `len` octets of `octet`, 0: there is none.
static void assert_previous(struct store *store, const char *apex, uint8_t octet, size_t len)
{
    struct store_reader *reader = open_slot(store);
    struct name_key key = key_of(apex);
    struct store_entry entry;
    renew(reader);
    enum status status = store_get(reader, STORE_PREVIOUS, key.octets, key.len, &entry);
    assert_int_equal(status, len > 0 ? STATUS_OK : STATUS_NOT_FOUND);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(entry.value[i], octet);
    if (len > 0) {
        assert_int_equal((uintptr_t)entry.value % 8, 0);
        assert_true(entry.value_len >= len && entry.value_len - len < 4096);
    }
    store_reader_close(reader);
}

static void an_image_that_is_replaced_can_be_kept_as_the_previous_one(void **state)
{
    (void)state;
    struct store *store = open_writer(STORE_SERVE);
    struct name_key key = key_of("example.com");
    static const size_t sizes[] = {5000, 70000, 100, 9000};
    for (uint8_t i = 0; i < 4; i++) {
        struct store_txn *txn = begin(store);
        put_zone(txn, "a.example", i, 6000); // neighbours change in the same transaction
        assert_int_equal(store_keep_image(txn, key.octets, key.len, NULL), STATUS_OK);
        put_zone(txn, "example.com", (uint8_t)(i + 1), sizes[i]);
        put_zone(txn, "z.example", i, 6000);
        commit(txn);
        assert_previous(store, "example.com", i, i > 0 ? sizes[i - 1] : 0);
    }
    struct store_txn *txn = begin(store);
    put_zone(txn, "example.com", 9, 9000);
    commit(txn);
    assert_previous(store, "example.com", 3, 100);
    assert_previous(store, "a.example", 0, 0);
    txn = begin(store);
    assert_int_equal(store_delete(txn, STORE_PREVIOUS, key.octets, key.len, NULL), STATUS_OK);
    commit(txn);
    assert_previous(store, "example.com", 0, 0);
    store_close(store);
}

static void hundreds_of_images_are_replaced_and_kept_in_one_transaction(void **state)
{
    (void)state;
    struct store *store = open_writer(STORE_SERVE);
    char apex[32];
    for (uint8_t round = 1; round <= 3; round++) {
        struct store_txn *txn = begin(store);
        for (int i = 0; i < 400; i++) {
            snprintf(apex, sizeof(apex), "m%d.example", i);
            struct name_key key = key_of(apex);
            assert_int_equal(store_keep_image(txn, key.octets, key.len, NULL), STATUS_OK);
            put_zone(txn, apex, round, (size_t)(3000 + 50 * i));
        }
        commit(txn);
    }
    for (int i = 0; i < 400; i += 57) {
        snprintf(apex, sizeof(apex), "m%d.example", i);
        assert_previous(store, apex, 2, (size_t)(3000 + 50 * i));
    }
    store_close(store);
}

static off_t file_size(void)
{
    char *path = path_join(scratch, "data.mdb");
    struct stat file;
    assert_int_equal(stat(path, &file), 0);
    free(path);
    return file.st_size;
}

static void rewrite_often(struct store *store)
{
    for (int i = 0; i < 60; i++) {
        struct store_txn *txn = begin(store);
        put_zone(txn, "example.com", (uint8_t)i, 400000);
        commit(txn);
    }
}

static void a_reader_that_was_reset_keeps_no_old_pages(void **state)
{
    (void)state;
    struct store *store = open_writer(STORE_SERVE);
    struct store_reader *reader = open_slot(store);
    renew(reader);
    store_reader_reset(reader);
    rewrite_often(store);
    assert_true(file_size() < 10000000); // 60 × 0.4 MB would be 24 MB
    renew(reader);
    rewrite_often(store); // the same with a snapshot held: so the bound above means something
    assert_true(file_size() > 20000000);
    store_reader_close(reader);
    store_close(store);
}

// ── Which zone a name is in ──────────────────────────────────────────────────────────────────────

static const char *zone_of(struct store_reader *reader, const char *name, bool parent)
{
    static char text[NAME_TEXT_MAX];
    struct name_key key = key_of(name);
    struct store_entry entry;
    unsigned labels;
    enum status status = store_find_zone(reader, &key, parent, &entry, &labels);
    if (status == STATUS_NOT_FOUND)
        return "none";
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(entry.key_len, key.end[labels]);
    assert_memory_equal(entry.key, key.octets, entry.key_len);
    snprintf(text, sizeof(text), "%.*s", (int)entry.value[0], (const char *)entry.value + 1);
    return text;
}

static void put_named_zone(struct store_txn *txn, const char *apex)
{
    struct name_key key = key_of(apex);
    uint8_t value[64];
    value[0] = (uint8_t)snprintf((char *)value + 1, sizeof(value) - 1, "%s", apex);
    struct store_entry entry = {key.octets, key.len, value, sizeof(value)};
    assert_int_equal(store_put(txn, STORE_IMAGES, &entry, NULL), STATUS_OK);
}

static void the_zone_of_a_name_is_the_nearest_above(void **state)
{
    (void)state;
    static const char *const zones[] = {
        "example.com",         "example.com-x", "aexample.com", "example-x.com", "sub.example.com",
        "a.b.sub.example.com", "zzz",           "example.co",   "0.example.com",
    };
    static const struct {
        const char *name;
        const char *zone;
        const char *parent; // of DS
    } table[] = {
        {"example.com", "example.com", "none"},
        {"www.example.com", "example.com", "example.com"},
        {"a.b.c.d.e.example.com", "example.com", "example.com"},
        {"EXAMPLE.COM", "example.com", "none"},
        {"xexample.com", "none", "none"},
        {"aexample.com", "aexample.com", "none"},
        {"w.aexample.com", "aexample.com", "aexample.com"},
        {"example-x.com", "example-x.com", "none"},
        {"example-xx.com", "none", "none"},
        {"y.example-x.com", "example-x.com", "example-x.com"},
        {"example.com-x", "example.com-x", "none"},
        {"www.example.com-x", "example.com-x", "example.com-x"},
        {"sub.example.com", "sub.example.com", "example.com"},
        {"b.sub.example.com", "sub.example.com", "sub.example.com"},
        {"a.b.sub.example.com", "a.b.sub.example.com", "sub.example.com"},
        {"zz.a.b.sub.example.com", "a.b.sub.example.com", "a.b.sub.example.com"},
        {"c.b.sub.example.com", "sub.example.com", "sub.example.com"},
        {"z.z.z.z.z.sub.example.com", "sub.example.com", "sub.example.com"},
        {"tub.example.com", "example.com", "example.com"},
        {"1.example.com", "example.com", "example.com"},
        {"example.co", "example.co", "none"},
        {"example.col", "none", "none"},
        {"zzz", "zzz", "none"},
        {"zzzz", "none", "none"},
        {"a", "none", "none"},
        {"com", "none", "none"},
        {".", "none", "none"},
        {"x.zzz", "zzz", "zzz"},
    };
    struct store *store = open_writer(STORE_SERVE);
    struct store_reader *reader = open_slot(store);
    renew(reader);
    assert_string_equal(zone_of(reader, "example.com", false), "none");
    store_reader_reset(reader);
    struct store_txn *txn = begin(store);
    for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++)
        put_named_zone(txn, zones[i]);
    commit(txn);
    renew(reader);
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        if (strcmp(zone_of(reader, table[i].name, false), table[i].zone) != 0 ||
            strcmp(zone_of(reader, table[i].name, true), table[i].parent) != 0)
            fail_msg("%s: %s", table[i].name, zone_of(reader, table[i].name, false));
    }
    store_reader_close(reader);
    store_close(store);
}

// A name of up to six labels out of three short ones, so that zones nest and touch.
static void random_text(char text[64])
{
    static const char *const labels[] = {"a.", "b.", "a-.", "\\000."};
    strcpy(text, "");
    for (long n = 1 + random() % 6; n > 0; n--)
        strcat(text, labels[random() % 4]);
}

static void the_zone_of_random_names_is_that_of_a_plain_search(void **state)
{
    (void)state;
    srandom(7);
    struct store *store = open_writer(STORE_SERVE);
    struct store_txn *txn = begin(store);
    char text[64];
    for (int i = 0; i < 150; i++) {
        random_text(text);
        put_named_zone(txn, text);
    }
    commit(txn);
    struct store_reader *reader = open_slot(store);
    renew(reader);
    unsigned found = 0;
    for (int i = 0; i < 5000; i++) {
        random_text(text);
        struct name_key key = key_of(text);
        bool parent = i % 2 == 1;
        unsigned want = key.labels - (parent ? 1u : 0u);
        struct store_entry entry;
        while (want > 0 && store_get(reader, STORE_IMAGES, key.octets, key.end[want], &entry) ==
                               STATUS_NOT_FOUND)
            want--;
        unsigned labels = 0;
        enum status status = store_find_zone(reader, &key, parent, &entry, &labels);
        assert_int_equal(status, want > 0 ? STATUS_OK : STATUS_NOT_FOUND);
        assert_int_equal(labels, want);
        found += want > 0;
    }
    assert_in_range(found, 1000, 4999);
    store_reader_close(reader);
    store_close(store);
}

// ── Files ────────────────────────────────────────────────────────────────────────────────────────

static void files_have_their_modes_whatever_the_umask(void **state)
{
    (void)state;
    mode_t masks[] = {0, 077, 022};
    for (size_t i = 0; i < 3; i++) {
        mode_t old = umask(masks[i]);
        store_close(open_writer(STORE_SERVE));
        assert_int_equal(mode_of("data.mdb"), 0640);
        assert_int_equal(mode_of("lock.mdb"), 0660);
        assert_int_equal(store_destroy(scratch, NULL), STATUS_OK);
        store_close(open_writer(STORE_STATE));
        assert_int_equal(mode_of("data.mdb"), 0600);
        assert_int_equal(mode_of("lock.mdb"), 0600);
        assert_int_equal(store_destroy(scratch, NULL), STATUS_OK);
        umask(old);
    }
}

static void the_directory_is_made(void **state)
{
    (void)state;
    char *directory = path_join(scratch, "deep/serve");
    struct store *store;
    struct error err = {0};
    assert_int_equal(store_open_reader(directory, STORE_SERVE, &store, &err), STATUS_NOT_FOUND);
    assert_int_equal(store_open_writer(directory, STORE_SERVE, &store, &err), STATUS_OK);
    store_close(store);
    assert_int_equal(mode_of("deep/serve"), 0750);
    assert_int_equal(store_open_reader(directory, STORE_SERVE, &store, &err), STATUS_OK);
    store_close(store);
    free(directory);
}

static void a_store_made_anew_is_noticed(void **state)
{
    (void)state;
    struct store *store = open_writer(STORE_SERVE);
    assert_false(store_is_replaced(store));
    assert_int_equal(store_destroy(scratch, NULL), STATUS_OK);
    assert_true(store_is_replaced(store));
    store_close(store);
    store = open_writer(STORE_SERVE);
    assert_false(store_is_replaced(store));
    store_close(store);
    store_close(NULL);
    store_reader_close(NULL);
    assert_int_equal(store_destroy(scratch, NULL), STATUS_OK);
    assert_int_equal(store_destroy(scratch, NULL), STATUS_OK);
}

// A process that takes `count` slots, a snapshot with each, and is killed.
static void kill_a_process_with_slots(int count)
{
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct store *store;
        struct store_reader *reader;
        uint64_t id;
        bool fine = store_open_reader(scratch, STORE_SERVE, &store, NULL) == STATUS_OK;
        for (int i = 0; fine && i < count; i++)
            fine = store_reader_open(store, &reader, NULL) == STATUS_OK &&
                   store_reader_renew(reader, &id, NULL) == STATUS_OK;
        _exit(write(ready[1], fine ? "y" : "n", 1) == 1 && pause() == 0);
    }
    char octet = 0;
    ssize_t len = read(ready[0], &octet, 1);
    close(ready[0]);
    close(ready[1]);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(len, 1);
    assert_int_equal(octet, 'y');
}

static void readers_that_died_keep_no_old_pages(void **state)
{
    (void)state;
    struct store *store = open_writer(STORE_SERVE);
    kill_a_process_with_slots(1);
    rewrite_often(store);
    assert_true(file_size() < 10000000); // as when they had let go
    store_close(store);
}

static void readers_that_died_lock_nobody_out(void **state)
{
    (void)state;
    struct store *store = open_writer(STORE_SERVE);
    kill_a_process_with_slots(256); // as many as there are
    kill_a_process_with_slots(256);
    struct store_reader *reader = open_slot(store);
    store_reader_close(reader);
    store_close(store);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, make_scratch, remove_scratch)
    const struct CMUnitTest tests[] = {
        test(what_is_committed_is_there_after_opening_again),
        test(a_snapshot_does_not_change_until_it_is_renewed),
        test(an_aborted_transaction_leaves_nothing),
        test(what_is_deleted_is_gone_and_may_be_deleted_again),
        test(keys_that_cannot_be_are_refused_with_words),
        test(entries_follow_in_the_order_of_keys),
        test(an_image_is_aligned_and_padded_with_zeros),
        test(an_image_stays_where_it_is_while_others_come_and_go),
        test(an_image_that_is_replaced_can_be_kept_as_the_previous_one),
        test(hundreds_of_images_are_replaced_and_kept_in_one_transaction),
        test(a_reader_that_was_reset_keeps_no_old_pages),
        test(the_zone_of_a_name_is_the_nearest_above),
        test(the_zone_of_random_names_is_that_of_a_plain_search),
        test(files_have_their_modes_whatever_the_umask),
        test(the_directory_is_made),
        test(a_store_made_anew_is_noticed),
        test(readers_that_died_keep_no_old_pages),
        test(readers_that_died_lock_nobody_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
