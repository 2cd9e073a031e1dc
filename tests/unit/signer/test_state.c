// SPDX-License-Identifier: ISC
// What is remembered, and what follows from it for keys.
#include "tests/unit/signer/signer_zone.h"

#include "signer/state.h"

static const struct zone_state example = {
    .mode = STATE_SIGNED,
    .serial = 0xfffffffe,
    .cached_until = 0x123456789abcdef,
    .keyset = (uint8_t[]){1, 2, 3},
    .keyset_len = 3,
};

static void a_record_reads_back_as_it_was(void **state)
{
    (void)state;
    struct buf octets = {0};
    struct zone_state back;
    zone_state_encode(&example, &octets);
    buf_extend(&octets, 100); // the store's padding
    assert_int_equal(zone_state_decode(octets.data, octets.len, &back), STATUS_OK);
    assert_int_equal(back.mode, STATE_SIGNED);
    assert_int_equal(back.serial, 0xfffffffe);
    assert_true(back.cached_until == example.cached_until);
    assert_int_equal(back.keyset_len, 3);
    assert_memory_equal(back.keyset, example.keyset, 3);
    assert_false(back.lost);
    zone_state_done(&back);
    buf_done(&octets);
}

static void a_spoilt_record_is_never_believed(void **state)
{
    (void)state;
    struct buf octets = {0};
    struct zone_state back;
    zone_state_encode(&example, &octets);
    for (size_t len = 0; len < octets.len; len++)
        assert_int_equal(zone_state_decode(octets.data, len, &back), STATUS_SYNTAX);
    for (size_t bit = 0; bit < octets.len * 8; bit++) {
        octets.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(zone_state_decode(octets.data, octets.len, &back), STATUS_SYNTAX);
        octets.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    buf_done(&octets);
}

// ── In the store ─────────────────────────────────────────────────────────────────────────────────

struct fixture {
    char *directory;
    struct store *store;
    struct store_reader *reader;
};

static void open_store(struct fixture *fixture)
{
    struct error err = {0};
    fixture->directory = make_directory();
    if (store_open_writer(fixture->directory, STORE_STATE, &fixture->store, &err) != STATUS_OK ||
        store_reader_open(fixture->store, &fixture->reader, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

static void close_store(struct fixture *fixture)
{
    store_reader_close(fixture->reader);
    store_close(fixture->store);
    remove_directory(fixture->directory);
}

static void renew(const struct fixture *fixture)
{
    uint64_t id;
    assert_int_equal(store_reader_renew(fixture->reader, &id, NULL), STATUS_OK);
}

static struct name_key apex_key(void)
{
    struct name name = apex_name();
    struct name_key key;
    name_key(name.wire, &key);
    return key;
}

static void put_octets(const struct fixture *fixture, enum store_db db, const void *key,
                       size_t key_len, const char *octets)
{
    struct store_txn *txn = NULL;
    struct store_entry entry = {key, key_len, (const uint8_t *)octets, strlen(octets)};
    assert_int_equal(store_begin(fixture->store, &txn, NULL), STATUS_OK);
    assert_int_equal(store_put(txn, db, &entry, NULL), STATUS_OK);
    assert_int_equal(store_commit(txn, NULL, NULL), STATUS_OK);
}

static void a_missing_record_is_told_from_a_lost_one(void **state)
{
    (void)state;
    struct fixture fixture;
    struct zone_state back;
    struct name_key key = apex_key();
    open_store(&fixture);
    renew(&fixture);
    state_zone_get(fixture.reader, &key, &back);
    assert_int_equal(back.mode, STATE_NEVER);
    assert_false(back.lost);
    store_reader_reset(fixture.reader);
    put_octets(&fixture, STORE_ZONES, key.octets, key.len, "garbage");
    renew(&fixture);
    state_zone_get(fixture.reader, &key, &back);
    assert_int_equal(back.mode, STATE_NEVER);
    assert_true(back.lost);
    store_reader_reset(fixture.reader);
    close_store(&fixture);
}

static void put_input(const struct fixture *fixture, const char *path, const char *octets)
{
    struct store_txn *txn = NULL;
    assert_int_equal(store_begin(fixture->store, &txn, NULL), STATUS_OK);
    assert_int_equal(state_input_put(txn, path, (const uint8_t *)octets, strlen(octets), NULL),
                     STATUS_OK);
    assert_int_equal(store_commit(txn, NULL, NULL), STATUS_OK);
}

static void inputs_are_kept_by_path_however_long(void **state)
{
    (void)state;
    struct fixture fixture;
    const uint8_t *octets;
    size_t len;
    char path[3000];
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    open_store(&fixture);
    put_input(&fixture, path, "long");
    put_input(&fixture, "/short", "");
    renew(&fixture);
    assert_int_equal(state_input_get(fixture.reader, path, &octets, &len), STATUS_OK);
    assert_int_equal(len, 4);
    assert_memory_equal(octets, "long", 4);
    assert_int_equal(state_input_get(fixture.reader, "/short", &octets, &len), STATUS_OK);
    assert_int_equal(len, 0);
    assert_int_equal(state_input_get(fixture.reader, "/other", &octets, &len), STATUS_NOT_FOUND);
    store_reader_reset(fixture.reader);
    close_store(&fixture);
}

static void spoilt_inputs_are_not_used(void **state)
{
    (void)state;
    struct fixture fixture;
    const uint8_t *octets;
    size_t len;
    open_store(&fixture);
    put_octets(&fixture, STORE_INPUTS, "/path", 5,
               "not what state_input_put writes, but long enough");
    renew(&fixture);
    assert_int_equal(state_input_get(fixture.reader, "/path", &octets, &len), STATUS_NOT_FOUND);
    store_reader_reset(fixture.reader);
    close_store(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_reads_back_as_it_was),
        cmocka_unit_test(a_spoilt_record_is_never_believed),
        cmocka_unit_test(a_missing_record_is_told_from_a_lost_one),
        cmocka_unit_test(inputs_are_kept_by_path_however_long),
        cmocka_unit_test(spoilt_inputs_are_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
