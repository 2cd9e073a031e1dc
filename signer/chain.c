// SPDX-License-Identifier: ISC
#include "signer/chain.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "dns/types.h"
#include "keys/name_hash.h"

// The rdata of NSEC3PARAM, and what that of NSEC3 begins with: SHA-1, no flags, no further iterations, no salt.
static const uint8_t parameters[] = {NSEC3_ALGORITHM, 0, 0, 0, 0};

// ── Types ────────────────────────────────────────────────────────────────────────────────────────

// The types at an owner that a chain names: at a cut only the NS and what is authoritative (RFC 4035 §2.3). Returns how
// many; types has room for all.
static size_t list_types(const struct records *records, const struct owner *owner, uint16_t *types)
{
    size_t count = 0;
    for (size_t i = 0; i < owner->rrset_count; i++) {
        uint16_t type = records->rrsets[owner->rrset_first + i].type;
        if (owner->place == OWNER_AUTHORITATIVE || type == RR_TYPE_NS || type == RR_TYPE_DS)
            types[count++] = type;
    }
    return count;
}

static int compare_types(const void *left, const void *right)
{
    uint16_t a = *(const uint16_t *)left;
    uint16_t b = *(const uint16_t *)right;
    return (a > b) - (a < b);
}

// RFC 4034 §4.1.2: a block for each window of 256 types that has any, with no more octets than it needs.
static void put_bitmap(struct buf *rdata, uint16_t *types, size_t count)
{
    if (count > 0)
        qsort(types, count, sizeof(*types), compare_types);
    for (size_t i = 0; i < count;) {
        unsigned window = types[i] >> 8;
        uint8_t bits[32] = {0};
        unsigned octet = 0;
        for (; i < count && types[i] >> 8 == window; i++) {
            octet = (types[i] & 0xffU) / 8;
            bits[octet] |= (uint8_t)(0x80U >> (types[i] % 8));
        }
        buf_put_u8(rdata, (uint8_t)window);
        buf_put_u8(rdata, (uint8_t)(octet + 1));
        buf_put(rdata, bits, octet + 1);
    }
}

// ── NSEC ─────────────────────────────────────────────────────────────────────────────────────────

static enum status add_one_nsec(struct records *records, const struct owner *owner,
                                const struct owner *next, uint32_t ttl, struct error *err)
{
    uint16_t *types = xmalloc((owner->rrset_count + 2) * sizeof(*types));
    size_t count = list_types(records, owner, types);
    types[count++] = RR_TYPE_RRSIG; // of the NSEC, if of nothing else
    types[count++] = RR_TYPE_NSEC;
    struct buf rdata = {0};
    buf_put(&rdata, next->lower, name_wire_len(next->lower));
    put_bitmap(&rdata, types, count);
    struct image_rr rr = {owner->name, RR_TYPE_NSEC, (uint16_t)rdata.len, ttl, rdata.data};
    enum status status = records_add(records, &rr, err);
    buf_done(&rdata);
    free(types);
    return status;
}

static enum status add_nsec(struct records *records, uint32_t ttl, struct error *err)
{
    enum status status = STATUS_OK;
    const struct owner *last = &records->owners[0]; // the apex, which nothing occludes
    for (size_t i = 1; status == STATUS_OK && i < records->owner_count; i++) {
        const struct owner *owner = &records->owners[i];
        if (owner->place == OWNER_OCCLUDED)
            continue;
        status = add_one_nsec(records, last, owner, ttl, err);
        last = owner;
    }
    if (status == STATUS_OK)
        status = add_one_nsec(records, last, &records->owners[0], ttl, err);
    return status;
}

// ── NSEC3: names ─────────────────────────────────────────────────────────────────────────────────

struct names {
    struct chain_name *list;
    size_t count, cap;
    struct name_hasher *hasher;
};

static enum status put_name(struct names *names, const uint8_t *name, const struct owner *owner,
                            struct error *err)
{
    struct chain_name one = {.name = name, .owner = owner};
    enum status status = name_hash(names->hasher, name, one.hash, err);
    names->list = array_grow(names->list, &names->cap, names->count, sizeof(one));
    names->list[names->count++] = one;
    return status;
}

// The names above `name` that have no records. In canonical order a name follows those above it at once, so of these
// the known ones are above (or are) the name before.
static enum status put_empty(struct names *names, const uint8_t *apex, const uint8_t *before,
                             const uint8_t *name, struct error *err)
{
    enum status status = STATUS_OK;
    unsigned between = name_labels(name) - name_labels(apex);
    for (const uint8_t *above = name; status == STATUS_OK && between > 1; between--) {
        above += *above + 1;
        if (name_is_under(before, above))
            break;
        status = put_name(names, above, NULL, err);
    }
    return status;
}

static enum status collect_names(const struct records *records, struct names *names,
                                 struct error *err)
{
    const uint8_t *before = records->apex;
    enum status status = put_name(names, before, &records->owners[0], err);
    for (size_t i = 1; status == STATUS_OK && i < records->owner_count; i++) {
        const struct owner *owner = &records->owners[i];
        if (owner->place == OWNER_OCCLUDED)
            continue;
        status = put_empty(names, records->apex, before, owner->lower, err);
        if (status == STATUS_OK)
            status = put_name(names, owner->lower, owner, err);
        before = owner->lower;
    }
    return status;
}

static int compare_hashes(const void *left, const void *right)
{
    const struct chain_name *a = left;
    const struct chain_name *b = right;
    return memcmp(a->hash, b->hash, sizeof(a->hash));
}

enum status chain_sort(struct chain_name *names, size_t count, struct error *err)
{
    qsort(names, count, sizeof(*names), compare_hashes);
    for (size_t i = 1; i < count; i++) {
        char one[NAME_TEXT_MAX], other[NAME_TEXT_MAX];
        if (compare_hashes(&names[i - 1], &names[i]) == 0)
            return error_set(
                err, STATUS_STATE,
                "%s and %s have the same NSEC3 hash: rename one, or say `denial: nsec`",
                name_to_text(names[i - 1].name, one), name_to_text(names[i].name, other));
    }
    return STATUS_OK;
}

// ── NSEC3: records ───────────────────────────────────────────────────────────────────────────────

// RFC 5155 §3.2.1 and §7.1: RRSIG is named where a type is signed, the NSEC3 itself never.
static void put_types(const struct records *records, const struct owner *owner, struct buf *rdata)
{
    if (owner == NULL)
        return; // an empty non-terminal: the empty bitmap is no octet at all
    uint16_t *types = xmalloc((owner->rrset_count + 2) * sizeof(*types));
    size_t count = list_types(records, owner, types);
    if (owner == &records->owners[0])
        types[count++] = RR_TYPE_NSEC3PARAM;
    if (owner->place == OWNER_AUTHORITATIVE || records_find(records, owner, RR_TYPE_DS) != NULL)
        types[count++] = RR_TYPE_RRSIG;
    put_bitmap(rdata, types, count);
    free(types);
}

static enum status add_one_nsec3(struct records *records, const struct chain_name *name,
                                 const struct chain_name *next, uint32_t ttl, struct error *err)
{
    uint8_t owner[NAME_WIRE_MAX] = {NSEC3_LABEL_LEN};
    nsec3_label(name->hash, owner + 1);
    memcpy(owner + 1 + NSEC3_LABEL_LEN, records->apex, name_wire_len(records->apex));
    struct buf rdata = {0};
    buf_put(&rdata, parameters, sizeof(parameters));
    buf_put_u8(&rdata, NSEC3_HASH_LEN);
    buf_put(&rdata, next->hash, NSEC3_HASH_LEN);
    put_types(records, name->owner, &rdata);
    struct image_rr rr = {owner, RR_TYPE_NSEC3, (uint16_t)rdata.len, ttl, rdata.data};
    enum status status = records_add(records, &rr, err);
    buf_done(&rdata);
    return status;
}

static enum status link_names(struct records *records, const struct names *names, uint32_t ttl,
                              struct error *err)
{
    struct image_rr rr = {records->apex, RR_TYPE_NSEC3PARAM, sizeof(parameters), ttl, parameters};
    enum status status = records_add(records, &rr, err);
    for (size_t i = 0; status == STATUS_OK && i < names->count; i++)
        status =
            add_one_nsec3(records, &names->list[i], &names->list[(i + 1) % names->count], ttl, err);
    return status;
}

static enum status add_nsec3(struct records *records, uint32_t ttl, struct error *err)
{
    if (name_wire_len(records->apex) + 1 + NSEC3_LABEL_LEN > NAME_WIRE_MAX)
        return error_set(err, STATUS_RANGE,
                         "the zone's name is too long for NSEC3; say `denial: nsec`");
    struct names names = {.list = NULL};
    enum status status = name_hasher_new(&names.hasher, err);
    if (status == STATUS_OK)
        status = collect_names(records, &names, err);
    if (status == STATUS_OK)
        status = chain_sort(names.list, names.count, err);
    if (status == STATUS_OK)
        status = link_names(records, &names, ttl, err);
    name_hasher_free(names.hasher);
    free(names.list);
    return status;
}

enum status chain_add(struct records *records, enum denial denial, struct error *err)
{
    struct records_soa soa;
    if (!records_soa(records, &soa))
        return error_set(err, STATUS_STATE, "the zone has no SOA");
    uint32_t ttl = soa.ttl < soa.minimum ? soa.ttl : soa.minimum;
    enum status status =
        denial == DENIAL_NSEC3 ? add_nsec3(records, ttl, err) : add_nsec(records, ttl, err);
    if (status == STATUS_OK)
        records_arrange(records);
    return status;
}
