// SPDX-License-Identifier: ISC
#include "signer/keyset_state.h"

#include "dns/wire.h"

#define FORMAT 1

enum key_flag { FLAG_WANTED = 1, FLAG_SPENT = 2, FLAG_COMPROMISED = 4 };

static void put_time(struct buf *buf, int64_t time)
{
    buf_put_u64(buf, (uint64_t)time);
}

static int64_t take_time(struct wire_reader *reader)
{
    return (int64_t)wire_u64(reader);
}

static void put_key(struct buf *buf, size_t slot, const struct keyset_key *key)
{
    buf_put_u8(buf, (uint8_t)slot);
    buf_put_u8(buf, (uint8_t)key->role);
    buf_put_u8(buf, (uint8_t)((key->wanted ? FLAG_WANTED : 0) | (key->spent ? FLAG_SPENT : 0) |
                              (key->compromised ? FLAG_COMPROMISED : 0)));
    buf_put_u8(buf, key->id.algorithm);
    buf_put_u16(buf, key->id.tag);
    put_time(buf, key->created_at);
    put_time(buf, key->published_at);
    put_time(buf, key->active_at);
    put_time(buf, key->retired_at);
    put_time(buf, key->offered_at);
    put_time(buf, key->ds_seen_at);
}

static bool take_key(struct wire_reader *reader, struct keyset *set)
{
    uint8_t slot = wire_u8(reader), role = wire_u8(reader), flags = wire_u8(reader);
    if (slot >= KEYSET_KEYS_MAX || role == 0 || role > KEY_ROLE_CSK || set->keys[slot].role != 0)
        return false;
    struct keyset_key *key = &set->keys[slot];
    key->role = (enum key_role)role;
    key->wanted = (flags & FLAG_WANTED) != 0;
    key->spent = (flags & FLAG_SPENT) != 0;
    key->compromised = (flags & FLAG_COMPROMISED) != 0;
    key->id.algorithm = wire_u8(reader);
    key->id.tag = wire_u16(reader);
    key->created_at = take_time(reader);
    key->published_at = take_time(reader);
    key->active_at = take_time(reader);
    key->retired_at = take_time(reader);
    key->offered_at = take_time(reader);
    key->ds_seen_at = take_time(reader);
    return true;
}

static void put_version(struct buf *buf, const struct keyset_version *version)
{
    buf_put_u16(buf, version->keys);
    buf_put_u16(buf, version->signers);
    buf_put_u32(buf, version->ttl);
    buf_put_u32(buf, version->hold);
    put_time(buf, version->since);
    put_time(buf, version->seen_at);
    put_time(buf, version->gone_at);
}

static bool take_history(struct wire_reader *reader, struct keyset_history *history)
{
    uint8_t count = wire_u8(reader);
    if (count == 0 || count > KEYSET_VERSIONS_MAX)
        return false;
    for (history->count = 0; history->count < count; history->count++) {
        struct keyset_version *version = &history->list[history->count];
        version->keys = wire_u16(reader);
        version->signers = wire_u16(reader);
        version->ttl = wire_u32(reader);
        version->hold = wire_u32(reader);
        version->since = take_time(reader);
        version->seen_at = take_time(reader);
        version->gone_at = take_time(reader);
    }
    return true;
}

// The last look at the name servers and at the parent.
static void put_looks(struct buf *buf, const struct keyset *set)
{
    put_time(buf, set->zone_looked_at);
    buf_put_u32(buf, set->zone_ok);
    buf_put_u32(buf, set->zone_wrong);
    buf_put_u32(buf, set->zone_unknown);
    put_time(buf, set->ds_looked_at);
    buf_put_u8(buf, set->ds_known ? 1 : 0);
    buf_put_u32(buf, set->ds_foreign);
    buf_put_u32(buf, set->ds_ok);
    buf_put_u32(buf, set->ds_wrong);
    buf_put_u32(buf, set->ds_unknown);
}

static void take_looks(struct wire_reader *reader, struct keyset *set)
{
    set->zone_looked_at = take_time(reader);
    set->zone_ok = wire_u32(reader);
    set->zone_wrong = wire_u32(reader);
    set->zone_unknown = wire_u32(reader);
    set->ds_looked_at = take_time(reader);
    set->ds_known = wire_u8(reader) != 0;
    set->ds_foreign = wire_u32(reader);
    set->ds_ok = wire_u32(reader);
    set->ds_wrong = wire_u32(reader);
    set->ds_unknown = wire_u32(reader);
}

void keyset_encode(const struct keyset *set, struct buf *ret)
{
    unsigned count = 0;
    buf_put_u8(ret, FORMAT);
    buf_put_u8(ret, (uint8_t)set->order);
    buf_put_u8(ret, set->algorithm);
    buf_put_u8(ret, set->algorithm_of_policy);
    put_time(ret, set->ordered_at);
    buf_put_u32(ret, set->revision);
    buf_put_u16(ret, set->offered);
    buf_put_u32(ret, set->ds_ttl);
    put_looks(ret, set);
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        count += set->keys[i].role != 0 ? 1U : 0U;
    buf_put_u8(ret, (uint8_t)count);
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (set->keys[i].role != 0)
            put_key(ret, i, &set->keys[i]);
    for (size_t c = 0; c < KEYSET_COMPONENTS; c++) {
        buf_put_u8(ret, (uint8_t)set->history[c].count);
        for (size_t i = 0; i < set->history[c].count; i++)
            put_version(ret, &set->history[c].list[i]);
    }
}

enum status keyset_decode(const uint8_t *octets, size_t len, struct keyset *ret)
{
    struct wire_reader reader = wire_reader(octets, len);
    struct keyset set = {.begun = true};
    bool good = wire_u8(&reader) == FORMAT;
    uint8_t order = wire_u8(&reader);
    set.order = (enum keyset_order)order;
    set.algorithm = wire_u8(&reader);
    set.algorithm_of_policy = wire_u8(&reader);
    set.ordered_at = take_time(&reader);
    set.revision = wire_u32(&reader);
    set.offered = wire_u16(&reader);
    set.ds_ttl = wire_u32(&reader);
    take_looks(&reader, &set);
    uint8_t count = wire_u8(&reader);
    good = good && order <= KEYSET_MOVE && count <= KEYSET_KEYS_MAX;
    for (size_t i = 0; good && i < count; i++)
        good = take_key(&reader, &set);
    for (size_t c = 0; good && c < KEYSET_COMPONENTS; c++)
        good = take_history(&reader, &set.history[c]);
    if (!good || !wire_ok(&reader) || wire_left(&reader) > 0)
        return STATUS_SYNTAX;
    *ret = set;
    return STATUS_OK;
}
