// SPDX-License-Identifier: ISC
// What is remembered, and what follows from it for keys.
#include "tests/unit/signer/signer_zone.h"

#include "signer/keyring.h"
#include "signer/state.h"

static const struct zone_state example = {
    .mode = STATE_SIGNED,
    .serial = 0xfffffffe,
    .keys = {{12345, 13}, {54321, 8}},
    .key_count = 2,
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
    assert_int_equal(back.key_count, 2);
    assert_int_equal(back.keys[1].tag, 54321);
    assert_int_equal(back.keys[1].algorithm, 8);
    assert_false(back.lost);
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

// ── Whether a key may be made ────────────────────────────────────────────────────────────────────

static void a_key_is_made_only_where_none_ever_was(void **state)
{
    (void)state;
    struct dnskey key = {.tag = 12345, .algorithm = 13};
    struct dnskey other = {.tag = 777, .algorithm = 13};
    struct dnskey_set none = {NULL, 0}, known = {&key, 1}, strange = {&other, 1};
    struct zone_state never = {.mode = STATE_NEVER};
    struct zone_state lost = {.mode = STATE_NEVER, .lost = true};
    struct zone_state is_unsigned = {.mode = STATE_UNSIGNED, .serial = 1};
    const struct {
        const struct zone_state *state;
        bool published_signed;
        const struct dnskey_set *found;
        enum keyring_verdict verdict;
    } rows[] = {
        {&never, false, &none, KEYRING_MAKE},         // a new zone
        {&never, false, &strange, KEYRING_USE},       // keys brought along
        {&never, true, &none, KEYRING_REFUSE},        // state/ and keys are lost
        {&never, true, &strange, KEYRING_USE},        // state/ is lost, keys are not
        {&lost, false, &none, KEYRING_REFUSE},        // nobody knows
        {&lost, false, &strange, KEYRING_USE},        //
        {&example, true, &none, KEYRING_REFUSE},      // the files are gone
        {&example, false, &none, KEYRING_REFUSE},     // and serve/ with them
        {&example, true, &known, KEYRING_USE},        //
        {&example, true, &strange, KEYRING_REFUSE},   // other files in their place
        {&is_unsigned, false, &none, KEYRING_MAKE},   // was off for a while
        {&is_unsigned, false, &strange, KEYRING_USE}, //
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct keyring_past past = {rows[i].state, rows[i].published_signed};
        assert_int_equal(keyring_decide(&past, rows[i].found), rows[i].verdict);
    }
}

static void a_key_made_in_this_run_is_found_again(void **state)
{
    (void)state;
    char *directory = make_directory();
    struct keyring keyring;
    struct error err = {0};
    struct zone_state never = {.mode = STATE_NEVER};
    struct keyring_past past = {&never, false};
    assert_int_equal(keyring_open(directory, &keyring, &err), STATUS_OK);
    uint16_t tags[3];
    static const char *const zones[] = {"b.example", "a.example", "c.example"};
    for (size_t turn = 0; turn < 2; turn++)
        for (size_t i = 0; i < 3; i++) {
            struct dnskey_set set;
            if (keyring_get(&keyring, zones[i], &past, NOW, &set, &err) != STATUS_OK)
                fail_msg("%s", err.text);
            assert_int_equal(set.count, 1);
            if (turn == 0)
                tags[i] = set.keys[0].tag;
            assert_int_equal(set.keys[0].tag, tags[i]);
            assert_int_equal(keyring_unlock(&keyring, zones[i], &set, &err), STATUS_OK);
            assert_non_null(set.keys[0].private);
            dnskey_set_done(&set);
        }
    assert_int_equal(keyring.listing.count, 6);
    keyring_done(&keyring);
    remove_directory(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_reads_back_as_it_was),
        cmocka_unit_test(a_spoilt_record_is_never_believed),
        cmocka_unit_test(a_missing_record_is_told_from_a_lost_one),
        cmocka_unit_test(inputs_are_kept_by_path_however_long),
        cmocka_unit_test(spoilt_inputs_are_not_used),
        cmocka_unit_test(a_key_is_made_only_where_none_ever_was),
        cmocka_unit_test(a_key_made_in_this_run_is_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
