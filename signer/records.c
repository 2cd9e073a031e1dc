// SPDX-License-Identifier: ISC
#include "signer/records.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "dns/types.h"
#include "dns/wire.h"

static const uint8_t *keep_octets(struct records *records, const void *octets, size_t len)
{
    uint8_t *kept = arena_octets(&records->octets, len);
    if (len > 0)
        memcpy(kept, octets, len);
    return kept;
}

static const uint8_t *keep_lower_name(struct records *records, const uint8_t *name)
{
    size_t len = name_wire_len(name);
    uint8_t *lower = arena_octets(&records->octets, len);
    for (size_t i = 0; i < len; i++) // length octets are below 'A'
        lower[i] = name_lower(name[i]);
    return lower;
}

struct records *records_new(const uint8_t *apex)
{
    struct records *records = xcalloc(1, sizeof(*records));
    records->apex = keep_lower_name(records, apex);
    struct name_key key;
    name_key(apex, &key);
    records->apex_key_len = key.len;
    return records;
}

static void forget_groups(struct records *records)
{
    free(records->rrsets);
    free(records->owners);
    records->rrsets = NULL;
    records->owners = NULL;
    records->rrset_count = 0;
    records->owner_count = 0;
}

void records_free(struct records *records)
{
    if (records == NULL)
        return;
    forget_groups(records);
    arena_done(&records->octets);
    free(records->list);
    free(records);
}

// ── From and to ldns ─────────────────────────────────────────────────────────────────────────────

ldns_rr *records_to_ldns(const struct image_rr *rr)
{
    struct buf wire = {0};
    buf_put(&wire, rr->owner, name_wire_len(rr->owner));
    buf_put_u16(&wire, rr->type);
    buf_put_u16(&wire, RR_CLASS_IN);
    buf_put_u32(&wire, rr->ttl);
    buf_put_u16(&wire, rr->rdata_len);
    buf_put(&wire, rr->rdata, rr->rdata_len);
    ldns_rr *read = NULL;
    size_t at = 0;
    if (ldns_wire2rr(&read, wire.data, wire.len, &at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
        read = NULL;
    buf_done(&wire);
    return read;
}

// RFC 4034 §6.2 with RFC 6840 §5.1: the types whose names are put into lower case. NSEC and HINFO are none of them,
// and RRSIGs are never signed. Every other rdata is canonical as it is.
static bool has_canonical_names(uint16_t type)
{
    static const uint16_t types[] = {
        LDNS_RR_TYPE_NS,    LDNS_RR_TYPE_MD,    LDNS_RR_TYPE_MF,  LDNS_RR_TYPE_CNAME,
        LDNS_RR_TYPE_SOA,   LDNS_RR_TYPE_MB,    LDNS_RR_TYPE_MG,  LDNS_RR_TYPE_MR,
        LDNS_RR_TYPE_PTR,   LDNS_RR_TYPE_MINFO, LDNS_RR_TYPE_MX,  LDNS_RR_TYPE_RP,
        LDNS_RR_TYPE_AFSDB, LDNS_RR_TYPE_RT,    LDNS_RR_TYPE_SIG, LDNS_RR_TYPE_PX,
        LDNS_RR_TYPE_NXT,   LDNS_RR_TYPE_NAPTR, LDNS_RR_TYPE_KX,  LDNS_RR_TYPE_SRV,
        LDNS_RR_TYPE_DNAME, LDNS_RR_TYPE_A6,
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i] == type)
            return true;
    return false;
}

static bool has_upper(const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (octets[i] >= 'A' && octets[i] <= 'Z')
            return true;
    return false;
}

enum status records_canonical(uint16_t type, const uint8_t *rdata, uint16_t rdata_len, uint8_t *ret,
                              struct error *err)
{
    memcpy(ret, rdata, rdata_len);
    if (!has_canonical_names(type) || !has_upper(rdata, rdata_len))
        return STATUS_OK;
    struct image_rr plain = {(const uint8_t *)"", type, rdata_len, 0, rdata};
    ldns_rr *rr = records_to_ldns(&plain);
    if (rr == NULL)
        return error_set(err, STATUS_SYNTAX, "rdata of type %u is malformed", type);
    ldns_rr2canonical(rr);
    ldns_buffer *wire = ldns_buffer_new(rdata_len + 16U);
    enum status status = STATUS_OK;
    if (wire == NULL || ldns_rr_rdata2buffer_wire(wire, rr) != LDNS_STATUS_OK ||
        ldns_buffer_position(wire) != rdata_len)
        status = error_set(err, STATUS_SYNTAX, "rdata of type %u is malformed", type);
    else
        memcpy(ret, ldns_buffer_begin(wire), rdata_len);
    ldns_buffer_free(wire);
    ldns_rr_free(rr);
    return status;
}

enum status records_add(struct records *records, const struct image_rr *rr, struct error *err)
{
    const uint8_t *owner = rr->owner;
    uint16_t rdata_len = rr->rdata_len;
    char text[NAME_TEXT_MAX];
    if (!name_is_under(owner, records->apex))
        return error_set(err, STATUS_RANGE, "%s lies outside the zone", name_to_text(owner, text));
    struct name_key key;
    name_key(owner, &key);
    uint8_t *canonical = arena_octets(&records->octets, rdata_len);
    enum status status = records_canonical(rr->type, rr->rdata, rdata_len, canonical, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "%s", name_to_text(owner, text));
    records->list =
        array_grow(records->list, &records->cap, records->count, sizeof(*records->list));
    uint16_t apex_len = records->apex_key_len;
    bool same = rdata_len == 0 || memcmp(canonical, rr->rdata, rdata_len) == 0;
    records->list[records->count++] = (struct record){
        .owner = keep_octets(records, owner, name_wire_len(owner)),
        .key = keep_octets(records, key.octets + apex_len, (size_t)(key.len - apex_len)),
        .rdata = same ? canonical : keep_octets(records, rr->rdata, rdata_len),
        .canonical = canonical,
        .ttl = rr->ttl,
        .key_len = (uint16_t)(key.len - apex_len),
        .type = rr->type,
        .rdata_len = rdata_len,
    };
    return STATUS_OK;
}

enum status records_add_rr(struct records *records, const ldns_rr *rr, struct error *err)
{
    const ldns_rdf *owner = ldns_rr_owner(rr);
    uint8_t rdata[UINT16_MAX];
    struct name name;
    if (owner == NULL ||
        name_from_wire(ldns_rdf_data(owner), ldns_rdf_size(owner), &name) != STATUS_OK)
        return error_set(err, STATUS_SYNTAX, "a record without a valid owner");
    size_t len = 0;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *field = ldns_rr_rdf(rr, i);
        size_t field_len = ldns_rdf_size(field);
        if (field_len > UINT16_MAX - len)
            return error_set(err, STATUS_SYNTAX, "a record whose rdata is malformed");
        if (field_len > 0) // fields are as on the wire
            memcpy(rdata + len, ldns_rdf_data(field), field_len);
        len += field_len;
    }
    struct image_rr plain = {name.wire, (uint16_t)ldns_rr_get_type(rr), (uint16_t)len,
                             ldns_rr_ttl(rr), rdata};
    return records_add(records, &plain, err);
}

static enum status add_image_rrset(struct records *records, struct image_cursor *cursor,
                                   const struct image *image, const struct image_rrset *rrset,
                                   bool sigs, struct error *err)
{
    enum status status = STATUS_OK;
    struct image_rr rr;
    image_rrs(cursor, image, rrset, sigs);
    while (status == STATUS_OK && image_rrs_next(cursor, &rr))
        status = records_add(records, &rr, err);
    return status;
}

static bool is_of_signing(uint16_t type)
{
    return type == RR_TYPE_DNSKEY || type == RR_TYPE_RRSIG || type == RR_TYPE_NSEC ||
           type == RR_TYPE_NSEC3 || type == RR_TYPE_NSEC3PARAM;
}

enum status records_add_image(struct records *records, const struct image *image,
                              bool unsigned_only, struct error *err)
{
    struct image_cursor cursor;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < image->header->rrset_count; i++) {
        const struct image_rrset *rrset = &image->rrsets[i];
        if (i == image->header->negative_soa && i != image->header->soa)
            continue; // the SOA a second time, with another TTL
        if (unsigned_only && is_of_signing(rrset->type))
            continue;
        status = add_image_rrset(records, &cursor, image, rrset, false, err);
        if (status == STATUS_OK && !unsigned_only)
            status = add_image_rrset(records, &cursor, image, rrset, true, err);
    }
    return status;
}

// ── Arranging ────────────────────────────────────────────────────────────────────────────────────

static int compare_octets(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    size_t len = a_len < b_len ? a_len : b_len;
    int order = len > 0 ? memcmp(a, b, len) : 0;
    return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_records(const void *left, const void *right)
{
    const struct record *a = left;
    const struct record *b = right;
    int order = name_key_compare(a->key, a->key_len, b->key, b->key_len);
    if (order != 0)
        return order;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    // RFC 4034 §6.3: as left-justified octets.
    return compare_octets(a->canonical, a->rdata_len, b->canonical, b->rdata_len);
}

static bool same_owner(const struct record *a, const struct record *b)
{
    return a->key_len == b->key_len && memcmp(a->key, b->key, a->key_len) == 0;
}

static void drop_equal(struct records *records)
{
    size_t kept = 0;
    for (size_t i = 0; i < records->count; i++) {
        if (kept > 0 && compare_records(&records->list[kept - 1], &records->list[i]) == 0) {
            if (records->list[i].ttl < records->list[kept - 1].ttl)
                records->list[kept - 1].ttl = records->list[i].ttl;
            continue;
        }
        records->list[kept++] = records->list[i];
    }
    records->count = kept;
}

static bool owner_has(const struct records *records, const struct owner *owner, uint16_t type)
{
    return records_find(records, owner, type) != NULL;
}

// Owners come in canonical order, so everything below a cut or DNAME follows it at once: its key is a prefix.
static void place_owners(struct records *records)
{
    const struct owner *above = NULL; // the last cut or DNAME
    for (size_t i = 0; i < records->owner_count; i++) {
        struct owner *owner = &records->owners[i];
        owner->place = OWNER_AUTHORITATIVE;
        if (above != NULL && owner->key_len > above->key_len &&
            memcmp(owner->key, above->key, above->key_len) == 0) {
            owner->place = OWNER_OCCLUDED;
            continue;
        }
        if (owner->key_len > 0 && owner_has(records, owner, RR_TYPE_NS))
            owner->place = OWNER_CUT;
        if (owner->place == OWNER_CUT || owner_has(records, owner, RR_TYPE_DNAME))
            above = owner;
    }
}

static struct owner *open_owner(struct records *records, size_t *cap, const struct record *record)
{
    records->owners =
        array_grow(records->owners, cap, records->owner_count, sizeof(*records->owners));
    struct owner *owner = &records->owners[records->owner_count++];
    *owner = (struct owner){
        .name = record->owner,
        .lower = keep_lower_name(records, record->owner),
        .key = record->key,
        .key_len = record->key_len,
        .labels = (uint8_t)(name_labels(record->owner) - (name_is_wildcard(record->owner) ? 1 : 0)),
        .rrset_first = records->rrset_count,
    };
    return owner;
}

void records_arrange(struct records *records)
{
    forget_groups(records);
    if (records->count > 0)
        qsort(records->list, records->count, sizeof(*records->list), compare_records);
    drop_equal(records);
    size_t owner_cap = 0, rrset_cap = 0;
    struct owner *owner = NULL;
    struct rrset *rrset = NULL;
    for (size_t i = 0; i < records->count; i++) {
        const struct record *record = &records->list[i];
        bool new_owner = i == 0 || !same_owner(record, record - 1);
        if (new_owner)
            owner = open_owner(records, &owner_cap, record);
        if (new_owner || record->type != rrset->type) {
            records->rrsets = array_grow(records->rrsets, &rrset_cap, records->rrset_count,
                                         sizeof(*records->rrsets));
            rrset = &records->rrsets[records->rrset_count++];
            *rrset = (struct rrset){.first = i,
                                    .owner = records->owner_count - 1,
                                    .ttl = record->ttl,
                                    .type = record->type};
            owner->rrset_count++;
        }
        rrset->count++;
        if (record->ttl < rrset->ttl)
            rrset->ttl = record->ttl;
    }
    place_owners(records);
}

bool records_is_signed(const struct records *records, const struct rrset *rrset)
{
    enum owner_place place = records->owners[rrset->owner].place;
    if (rrset->type == RR_TYPE_NSEC3)
        return true; // at its hash, whatever else has a name that looks the same
    if (rrset->type == RR_TYPE_RRSIG || place == OWNER_OCCLUDED)
        return false;
    return place == OWNER_AUTHORITATIVE || rrset->type == RR_TYPE_DS || rrset->type == RR_TYPE_NSEC;
}

const struct rrset *records_find(const struct records *records, const struct owner *owner,
                                 uint16_t type)
{
    for (size_t i = 0; i < owner->rrset_count; i++)
        if (records->rrsets[owner->rrset_first + i].type == type)
            return &records->rrsets[owner->rrset_first + i];
    return NULL;
}

// ── The SOA ──────────────────────────────────────────────────────────────────────────────────────

#define SOA_NUMBERS_LEN 20 // serial, refresh, retry, expire, minimum, behind two names

static const struct rrset *soa_rrset(const struct records *records)
{
    if (records->owner_count == 0 || records->owners[0].key_len != 0)
        return NULL;
    const struct rrset *rrset = records_find(records, &records->owners[0], RR_TYPE_SOA);
    return rrset != NULL && records->list[rrset->first].rdata_len >= SOA_NUMBERS_LEN + 2 ? rrset
                                                                                         : NULL;
}

void records_set_serial(struct records *records, uint32_t serial)
{
    const struct rrset *rrset = soa_rrset(records);
    if (rrset == NULL)
        return;
    struct record *soa = &records->list[rrset->first];
    uint8_t *rdata = xmemdup(soa->rdata, soa->rdata_len);
    uint8_t *canonical = xmemdup(soa->canonical, soa->rdata_len);
    wire_set_u32(rdata + soa->rdata_len - SOA_NUMBERS_LEN, serial);
    wire_set_u32(canonical + soa->rdata_len - SOA_NUMBERS_LEN, serial);
    soa->rdata = keep_octets(records, rdata, soa->rdata_len);
    soa->canonical = keep_octets(records, canonical, soa->rdata_len);
    free(rdata);
    free(canonical);
}

bool records_soa(const struct records *records, struct records_soa *ret)
{
    const struct rrset *rrset = soa_rrset(records);
    if (rrset == NULL)
        return false;
    const struct record *soa = &records->list[rrset->first];
    const uint8_t *numbers = soa->rdata + soa->rdata_len - SOA_NUMBERS_LEN;
    *ret = (struct records_soa){wire_get_u32(numbers), wire_get_u32(numbers + 16), rrset->ttl};
    return true;
}

// ── The digest ───────────────────────────────────────────────────────────────────────────────────

uint64_t records_digest(const struct records *records)
{
    uint64_t digest = 0;
    for (size_t i = 0; i < records->count; i++) {
        const struct record *record = &records->list[i];
        uint8_t numbers[8];
        wire_set_u16(numbers, record->type);
        wire_set_u32(numbers + 2, record->ttl);
        wire_set_u16(numbers + 6, record->rdata_len);
        digest = XXH3_64bits_withSeed(record->owner, name_wire_len(record->owner), digest);
        digest = XXH3_64bits_withSeed(numbers, sizeof(numbers), digest);
        digest = XXH3_64bits_withSeed(record->rdata, record->rdata_len, digest);
    }
    return digest;
}
