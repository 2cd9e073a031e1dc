// SPDX-License-Identifier: ISC
#include "signer/state.h"

#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/alloc.h"
#include "dns/wire.h"
#include "keys/tls_text.h"

#define ZONE_MAGIC   0x5a42535aU // "ZBSZ"
#define INPUT_MAGIC  0x5a425349U // "ZBSI"
#define TLS_MAGIC    0x5a425354U // "ZBST"
#define VERSION      1
#define ZONE_VERSION 3

#define DIGEST_LEN LDNS_SHA256_DIGEST_LENGTH

static void put_digest(struct buf *buf, const uint8_t *octets, size_t len)
{
    uint8_t digest[DIGEST_LEN];
    ldns_sha256(octets, (unsigned)len, digest);
    buf_put(buf, digest, sizeof(digest));
}

static bool digest_holds(const uint8_t *octets, size_t len, const uint8_t *expected)
{
    uint8_t digest[DIGEST_LEN];
    ldns_sha256(octets, (unsigned)len, digest);
    return memcmp(digest, expected, sizeof(digest)) == 0;
}

// ── Zones: magic 4, version 2, mode 1, serial 4, cached until 8, length 2, keyset, digest 32 ─────

void zone_state_done(struct zone_state *state)
{
    free(state->keyset);
    *state = (struct zone_state){.mode = STATE_NEVER};
}

void zone_state_encode(const struct zone_state *state, struct buf *ret)
{
    size_t start = ret->len;
    buf_put_u32(ret, ZONE_MAGIC);
    buf_put_u16(ret, ZONE_VERSION);
    buf_put_u8(ret, (uint8_t)state->mode);
    buf_put_u32(ret, state->serial);
    buf_put_u32(ret, (uint32_t)((uint64_t)state->cached_until >> 32));
    buf_put_u32(ret, (uint32_t)state->cached_until);
    buf_put_u16(ret, (uint16_t)state->keyset_len);
    if (state->keyset_len > 0)
        buf_put(ret, state->keyset, state->keyset_len);
    buf_reserve(ret, DIGEST_LEN); // so that the octets stay where they are
    put_digest(ret, ret->data + start, ret->len - start);
}

enum status zone_state_decode(const uint8_t *octets, size_t len, struct zone_state *ret)
{
    struct wire_reader reader = wire_reader(octets, len);
    struct zone_state state = {.mode = STATE_NEVER};
    bool good = wire_u32(&reader) == ZONE_MAGIC && wire_u16(&reader) == ZONE_VERSION;
    uint8_t mode = wire_u8(&reader);
    state.serial = wire_u32(&reader);
    uint64_t high = wire_u32(&reader);
    state.cached_until = (int64_t)(high << 32 | wire_u32(&reader));
    state.keyset_len = wire_u16(&reader);
    const uint8_t *keyset = wire_take(&reader, state.keyset_len);
    if (!good || mode > STATE_PRESIGNED || keyset == NULL)
        return STATUS_SYNTAX;
    state.mode = (enum state_mode)mode;
    size_t signed_len = (size_t)(reader.at - octets);
    const uint8_t *digest = wire_take(&reader, DIGEST_LEN);
    if (digest == NULL || !digest_holds(octets, signed_len, digest))
        return STATUS_SYNTAX;
    *ret = state;
    ret->keyset = state.keyset_len > 0 ? xmemdup(keyset, state.keyset_len) : NULL;
    return STATUS_OK;
}

void state_zone_get(struct store_reader *reader, const struct name_key *apex,
                    struct zone_state *ret)
{
    struct store_entry entry;
    *ret = (struct zone_state){.mode = STATE_NEVER};
    if (store_get(reader, STORE_ZONES, apex->octets, apex->len, &entry) != STATUS_OK)
        return;
    if (zone_state_decode(entry.value, entry.value_len, ret) != STATUS_OK)
        ret->lost = true;
}

enum status state_zone_put(struct store_txn *txn, const struct name_key *apex,
                           const struct zone_state *state, struct error *err)
{
    struct buf octets = {0};
    zone_state_encode(state, &octets);
    struct store_entry entry = {apex->octets, apex->len, octets.data, octets.len};
    enum status status = store_put(txn, STORE_ZONES, &entry, err);
    buf_done(&octets);
    return status;
}

// ── Octets as they are: magic 4, version 2, length 8, digest 32, octets ──────────────────────────

#define OCTETS_HEAD (4 + 2 + 8)

// What lies in the snapshot under the key. NOT_FOUND: nothing; SYNTAX: it does not match its digest.
static enum status get_octets(struct store_reader *reader, enum store_db db, uint32_t magic,
                              struct store_entry *entry, const uint8_t **ret, size_t *ret_len)
{
    enum status status = store_get(reader, db, entry->key, entry->key_len, entry);
    if (status != STATUS_OK)
        return status;
    struct wire_reader head = wire_reader(entry->value, entry->value_len);
    bool good = wire_u32(&head) == magic && wire_u16(&head) == VERSION;
    uint64_t len = wire_u64(&head);
    const uint8_t *digest = wire_take(&head, DIGEST_LEN);
    const uint8_t *octets = wire_take(&head, len);
    if (!good || octets == NULL || len > UINT32_MAX || !digest_holds(octets, len, digest))
        return STATUS_SYNTAX;
    *ret = octets;
    *ret_len = len;
    return STATUS_OK;
}

// entry: key and octets.
static enum status put_octets(struct store_txn *txn, enum store_db db, uint32_t magic,
                              const struct store_entry *entry, struct error *err)
{
    struct buf value = {0};
    buf_reserve(&value, OCTETS_HEAD + DIGEST_LEN + entry->value_len);
    buf_put_u32(&value, magic);
    buf_put_u16(&value, VERSION);
    buf_put_u64(&value, entry->value_len);
    put_digest(&value, entry->value, entry->value_len);
    buf_put(&value, entry->value, entry->value_len);
    struct store_entry whole = {entry->key, entry->key_len, value.data, value.len};
    enum status status = store_put(txn, db, &whole, err);
    buf_done(&value);
    return status;
}

// ── Inputs ───────────────────────────────────────────────────────────────────────────────────────

#define INPUT_KEY_MAX 500 // LMDB takes 511; longer paths go by their digest

struct input_key {
    uint8_t octets[INPUT_KEY_MAX];
    size_t len;
};

static void input_key(const char *path, struct input_key *ret)
{
    ret->len = strlen(path);
    if (ret->len <= INPUT_KEY_MAX) {
        memcpy(ret->octets, path, ret->len);
        return;
    }
    ldns_sha256((const unsigned char *)path, (unsigned)ret->len, ret->octets);
    ret->len = DIGEST_LEN;
}

enum status state_input_get(struct store_reader *reader, const char *path,
                            const uint8_t **ret_octets, size_t *ret_len)
{
    struct input_key key;
    input_key(path, &key);
    struct store_entry entry = {.key = key.octets, .key_len = key.len};
    enum status status = get_octets(reader, STORE_INPUTS, INPUT_MAGIC, &entry, ret_octets, ret_len);
    return status == STATUS_SYNTAX ? STATUS_NOT_FOUND : status;
}

enum status state_input_put(struct store_txn *txn, const char *path, const uint8_t *octets,
                            size_t len, struct error *err)
{
    struct input_key key;
    input_key(path, &key);
    struct store_entry entry = {key.octets, key.len, octets, len};
    return put_octets(txn, STORE_INPUTS, INPUT_MAGIC, &entry, err);
}

// ── TLSA keys ────────────────────────────────────────────────────────────────────────────────────

enum status state_tls_get(struct store_reader *reader, const char *hostname, struct tls_plan *ret)
{
    char *key = xasprintf("tls-keys %s", hostname);
    struct store_entry entry = {.key = (const uint8_t *)key, .key_len = strlen(key)};
    const uint8_t *text;
    size_t len;
    enum status status = get_octets(reader, STORE_META, TLS_MAGIC, &entry, &text, &len);
    if (status == STATUS_OK)
        status = tls_plan_read(text, len, ret, NULL);
    free(key);
    return status;
}

enum status state_tls_put(struct store_txn *txn, const char *hostname, const struct tls_plan *plan,
                          struct error *err)
{
    char *key = xasprintf("tls-keys %s", hostname);
    struct buf text = {0};
    tls_plan_print(plan, &text);
    struct store_entry entry = {(const uint8_t *)key, strlen(key), text.data, text.len};
    enum status status = put_octets(txn, STORE_META, TLS_MAGIC, &entry, err);
    buf_done(&text);
    free(key);
    return status;
}

enum status state_tls_delete(struct store_txn *txn, const char *hostname, struct error *err)
{
    char *key = xasprintf("tls-keys %s", hostname);
    enum status status = store_delete(txn, STORE_META, key, strlen(key), err);
    free(key);
    return status;
}

// ── Numbers: the transaction of serve/, the newest time ──────────────────────────────────────────

static const char serve_id_key[] = "serve-transaction";
static const char time_key[] = "newest-time";

static bool get_number(struct store_reader *reader, const char *key, uint64_t *ret)
{
    struct store_entry entry;
    if (store_get(reader, STORE_META, key, strlen(key), &entry) != STATUS_OK || entry.value_len < 8)
        return false;
    *ret = wire_get_u64(entry.value);
    return true;
}

static enum status put_number(struct store_txn *txn, const char *key, uint64_t number,
                              struct error *err)
{
    uint8_t octets[8];
    wire_set_u64(octets, number);
    struct store_entry entry = {(const uint8_t *)key, strlen(key), octets, sizeof(octets)};
    return store_put(txn, STORE_META, &entry, err);
}

bool state_serve_id_get(struct store_reader *reader, uint64_t *ret)
{
    return get_number(reader, serve_id_key, ret);
}

enum status state_serve_id_put(struct store_txn *txn, uint64_t id, struct error *err)
{
    return put_number(txn, serve_id_key, id, err);
}

bool state_time_get(struct store_reader *reader, int64_t *ret)
{
    uint64_t number;
    if (!get_number(reader, time_key, &number) || number > INT64_MAX / 1000)
        return false;
    *ret = (int64_t)number;
    return true;
}

enum status state_time_put(struct store_txn *txn, int64_t time, struct error *err)
{
    return put_number(txn, time_key, (uint64_t)time, err);
}
