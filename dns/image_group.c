// SPDX-License-Identifier: ISC
// The builder's step from records to nodes and RRsets: sort, drop what is there twice, cut into groups, make the
// empty non-terminals in between.
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/image_builder.h"
#include "dns/nsec3.h"
#include "dns/types.h"
#include "dns/wire.h"

// More RRs than a message has room for, even without rdata.
#define RRS_MAX (DNS_MESSAGE_MAX / IMAGE_RR_HEAD)

// ── Order ────────────────────────────────────────────────────────────────────────────────────────

static int compare_numbers(unsigned a, unsigned b)
{
    return (a > b) - (a < b);
}

// NSEC3 and their RRSIGs come behind everything else: their owners are nodes of another kind.
static int compare_sets(const struct image_builder *builder, const struct build_record *a,
                        const struct build_record *b)
{
    int order = compare_numbers(a->covered == RR_TYPE_NSEC3, b->covered == RR_TYPE_NSEC3);
    if (order == 0 && a->key != b->key)
        order = name_key_compare(build_octets(builder, a->key), a->key_len,
                                 build_octets(builder, b->key), b->key_len);
    if (order == 0)
        order = compare_numbers(a->covered, b->covered);
    return order;
}

// Within an RRset: RRSIGs last, RRs by canonical rdata (RFC 4034 §6.3).
static int compare_rrs(const struct image_builder *builder, const struct build_record *a,
                       const struct build_record *b)
{
    int order = compare_numbers(a->type == RR_TYPE_RRSIG, b->type == RR_TYPE_RRSIG);
    if (order == 0)
        order = name_key_compare(build_octets(builder, a->canonical), a->rdata_len,
                                 build_octets(builder, b->canonical), b->rdata_len);
    return order;
}

// What is equal so far differs in the case of names at most; the order is still total, so that the image does not
// depend on the order in which records came.
static int compare_records(const void *a_record, const void *b_record, void *arg)
{
    const struct image_builder *builder = arg;
    const struct build_record *a = a_record;
    const struct build_record *b = b_record;
    int order = compare_sets(builder, a, b);
    if (order == 0)
        order = compare_rrs(builder, a, b);
    if (order == 0 && a->rdata_len > 0)
        order =
            memcmp(build_octets(builder, a->rdata), build_octets(builder, b->rdata), a->rdata_len);
    if (order == 0) // of one length, since they are equal without case
        order = memcmp(build_octets(builder, a->owner), build_octets(builder, b->owner),
                       name_wire_len(build_octets(builder, a->owner)));
    return order;
}

// In order, and none twice?
static bool are_sorted(const struct image_builder *builder)
{
    for (size_t i = 1; i < builder->record_count; i++) {
        const struct build_record *a = &builder->records[i - 1];
        int order = compare_sets(builder, a, a + 1);
        if (order == 0)
            order = compare_rrs(builder, a, a + 1);
        if (order >= 0)
            return false;
    }
    return true;
}

static void drop_duplicates(struct image_builder *builder)
{
    size_t kept = 0;
    for (size_t i = 0; i < builder->record_count; i++) {
        const struct build_record *record = &builder->records[i];
        struct build_record *last = kept > 0 ? &builder->records[kept - 1] : NULL;
        if (last != NULL && compare_sets(builder, last, record) == 0 &&
            compare_rrs(builder, last, record) == 0) {
            last->ttl = record->ttl < last->ttl ? record->ttl : last->ttl;
            continue;
        }
        builder->records[kept++] = *record;
    }
    builder->record_count = kept;
}

// Who has the records in their order mostly gives them so.
static void sort_records(struct image_builder *builder)
{
    if (are_sorted(builder))
        return;
    qsort_r(builder->records, builder->record_count, sizeof(*builder->records), compare_records,
            builder);
    drop_duplicates(builder);
}

// ── NSEC3 ────────────────────────────────────────────────────────────────────────────────────────

// Algorithm, iterations and salt are the chain's that this NSEC3PARAM is of; flags differ (opt-out).
static bool is_of_chain(const struct image_builder *builder, const uint8_t *param,
                        const struct build_record *record)
{
    const uint8_t *rdata = build_octets(builder, record->rdata);
    return rdata[0] == param[0] && memcmp(rdata + 2, param + 2, 3) == 0 &&
           memcmp(rdata + 5, param + 5, param[4]) == 0;
}

// Does the NSEC3 say that its name has a SOA, as the apex alone has? Its bitmap begins with window 0 then (RFC 4034
// §4.1.2).
static bool is_of_apex(const struct image_builder *builder, const struct build_record *record)
{
    const uint8_t *rdata = build_octets(builder, record->rdata);
    unsigned at = 5U + rdata[4];
    at += 1U + rdata[at];
    return record->rdata_len > at + 2 && rdata[at] == 0 && rdata[at + 1] > 0 &&
           (rdata[at + 2] & 0x80 >> RR_TYPE_SOA) != 0;
}

static bool has_chain(const struct image_builder *builder, const uint8_t *param)
{
    for (size_t i = 0; i < builder->record_count; i++) {
        const struct build_record *record = &builder->records[i];
        if (record->type == RR_TYPE_NSEC3 && is_of_chain(builder, param, record) &&
            is_of_apex(builder, record))
            return true;
    }
    return false;
}

// The first NSEC3PARAM that says that a complete chain of a known kind is there (RFC 5155 §4.1.2). While one chain
// takes another's place there may be two of both; one whose apex has its NSEC3 goes before one that has not.
static void choose_chain(struct image_builder *builder)
{
    const struct build_record *chosen = NULL;
    bool chosen_is_there = false;
    for (size_t i = 0; i < builder->record_count; i++) {
        const struct build_record *record = &builder->records[i];
        const uint8_t *rdata = build_octets(builder, record->rdata);
        if (record->type != RR_TYPE_NSEC3PARAM || record->key_len != builder->apex_key.len ||
            rdata[0] != NSEC3_ALGORITHM || rdata[1] != 0)
            continue;
        bool is_there = has_chain(builder, rdata);
        bool is_first = chosen == NULL || compare_rrs(builder, record, chosen) < 0;
        if (is_there == chosen_is_there ? is_first : is_there) {
            chosen = record;
            chosen_is_there = is_there;
        }
    }
    if (chosen != NULL)
        builder->nsec3param = chosen->rdata;
}

// Leaves out the NSEC3 of other chains. The owner of those that stay must be a hash right below the apex.
static enum status keep_chain(struct image_builder *builder, struct error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < builder->record_count; i++) {
        const struct build_record *record = &builder->records[i];
        if (record->type == RR_TYPE_NSEC3) {
            if (builder->nsec3param == IMAGE_NONE ||
                !is_of_chain(builder, build_octets(builder, builder->nsec3param), record))
                continue;
            const uint8_t *owner = build_octets(builder, record->owner);
            uint8_t hash[NSEC3_HASH_LEN];
            char text[NAME_TEXT_MAX];
            if (!nsec3_owner_hash(owner, hash) ||
                record->key_len != builder->apex_key.len + NSEC3_LABEL_LEN + 1)
                return error_set(err, STATUS_SYNTAX, "%s: NSEC3 at a name that is no hash",
                                 name_to_text(owner, text));
        }
        builder->records[kept++] = *record;
    }
    builder->record_count = kept;
    return STATUS_OK;
}

// ── Nodes and RRsets ─────────────────────────────────────────────────────────────────────────────

static struct build_node *add_node(struct image_builder *builder, uint32_t key, size_t key_len,
                                   uint32_t name)
{
    builder->nodes = array_grow(builder->nodes, &builder->node_cap, builder->node_count,
                                sizeof(*builder->nodes));
    struct build_node *node = &builder->nodes[builder->node_count++];
    const uint8_t *wire = build_octets(builder, name);
    *node = (struct build_node){
        .out =
            {
                .key_len = (uint16_t)(key_len - builder->apex_key.len),
                .name_len = (uint8_t)name_wire_len(wire),
                .labels = (uint8_t)name_labels(wire),
                .parent = IMAGE_NONE,
                .wildcard = IMAGE_NONE,
                .delegation = IMAGE_NONE,
                .nsec = IMAGE_NONE,
                .rrset_first = (uint32_t)builder->rrset_count,
            },
        .key = key,
        .name = name,
    };
    return node;
}

// The nodes from the apex to the one that was made last, by how many labels they are below the apex.
struct path {
    uint32_t nodes[NAME_LABELS_MAX + 1];
    unsigned count;
};

static bool path_has(const struct image_builder *builder, const struct path *path, unsigned depth,
                     const uint8_t *key, size_t len)
{
    if (depth >= path->count)
        return false;
    const struct build_node *node = &builder->nodes[path->nodes[depth]];
    return build_key_len(builder, node) == len &&
           memcmp(build_octets(builder, node->key), key, len) == 0;
}

// Makes the node of this owner and those that are missing between it and the apex (RFC 4592 §2.2.2). Owners come in
// canonical order, so that an ancestor comes before what is below it and is on the path.
static void make_nodes(struct image_builder *builder, struct path *path,
                       const struct build_record *record)
{
    const uint8_t *key = build_octets(builder, record->key);
    unsigned below = name_labels(build_octets(builder, record->owner)) - builder->apex_key.labels;
    size_t len = builder->apex_key.len;
    for (unsigned depth = 0; depth <= below; depth++) {
        if (depth > 0)
            len += strlen((const char *)key + len) + 1; // 0 only ever closes a label
        if (path_has(builder, path, depth, key, len))
            continue;
        uint32_t name = record->owner;
        for (unsigned skip = below - depth; skip > 0; skip--)
            name += 1u + *build_octets(builder, name);
        struct build_node *node = add_node(builder, record->key, len, name);
        node->out.parent = depth > 0 ? path->nodes[depth - 1] : IMAGE_NONE;
        path->nodes[depth] = (uint32_t)(builder->node_count - 1);
        path->count = depth + 1;
    }
}

static enum status refuse_group(const struct image_builder *builder,
                                const struct build_record *record, const char *words,
                                struct error *err)
{
    char text[NAME_TEXT_MAX];
    return error_set(err, STATUS_SYNTAX, "%s: %s type %u",
                     name_to_text(build_octets(builder, record->owner), text), words,
                     record->covered);
}

// Makes the RRset of the last node from the records [first, end).
static enum status make_rrset(struct image_builder *builder, size_t first, size_t end,
                              struct error *err)
{
    const struct build_record *records = builder->records;
    size_t rrs = first;
    uint32_t ttl = UINT32_MAX;
    for (; rrs < end && records[rrs].type != RR_TYPE_RRSIG; rrs++)
        ttl = records[rrs].ttl < ttl ? records[rrs].ttl : ttl;
    if (rrs == first)
        return refuse_group(builder, &records[first], "RRSIG without the RRs it covers, of", err);
    if (rrs - first > RRS_MAX || end - rrs > RRS_MAX)
        return refuse_group(builder, &records[first], "too many RRs for a message, of", err);
    builder->rrsets = array_grow(builder->rrsets, &builder->rrset_cap, builder->rrset_count,
                                 sizeof(*builder->rrsets));
    builder->rrsets[builder->rrset_count++] = (struct build_rrset){
        .out =
            {
                .node = (uint32_t)(builder->node_count - 1),
                .type = records[first].type,
                .rr_count = (uint16_t)(rrs - first),
                .sig_count = (uint16_t)(end - rrs),
                .ttl = ttl,
            },
        .record = (uint32_t)first,
    };
    builder->nodes[builder->node_count - 1].out.rrset_count++;
    return STATUS_OK;
}

static bool same_owner(const struct image_builder *builder, const struct build_record *a,
                       const struct build_record *b)
{
    return a->key == b->key ||
           (a->key_len == b->key_len &&
            memcmp(build_octets(builder, a->key), build_octets(builder, b->key), a->key_len) == 0);
}

// Cuts the sorted records into RRsets, which follow each other node by node.
static enum status make_rrsets(struct image_builder *builder, struct error *err)
{
    struct path path = {0};
    const struct build_record *records = builder->records;
    for (size_t first = 0, end; first < builder->record_count; first = end) {
        for (end = first + 1; end < builder->record_count; end++) {
            if (compare_sets(builder, &records[first], &records[end]) != 0)
                break;
        }
        const struct build_record *record = &records[first];
        if (record->covered == RR_TYPE_NSEC3) {
            if (record->type == RR_TYPE_RRSIG)
                continue; // of a chain that was left out
            add_node(builder, record->key, record->key_len, record->owner)->out.parent = 0;
            builder->chain_count++;
        } else if (first == 0 || !same_owner(builder, record, record - 1)) {
            make_nodes(builder, &path, record);
        }
        enum status status = make_rrset(builder, first, end, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

uint32_t build_find_rrset(const struct image_builder *builder, const struct build_node *node,
                          uint16_t type)
{
    for (uint32_t i = 0; i < node->out.rrset_count; i++) {
        if (builder->rrsets[node->out.rrset_first + i].out.type == type)
            return node->out.rrset_first + i;
    }
    return IMAGE_NONE;
}

// RFC 2308 §3, RFC 9077 §3: a negative answer may be kept for the lesser of the SOA's TTL and its minimum.
static enum status add_negative_soa(struct image_builder *builder, struct error *err)
{
    uint32_t soa = builder->node_count > 0
                       ? build_find_rrset(builder, &builder->nodes[0], RR_TYPE_SOA)
                       : IMAGE_NONE;
    char text[NAME_TEXT_MAX];
    if (soa == IMAGE_NONE || builder->rrsets[soa].out.rr_count != 1)
        return error_set(err, STATUS_SYNTAX, "%s: a zone has exactly one SOA at its apex",
                         name_to_text(builder->apex.wire, text));
    struct build_rrset negative = builder->rrsets[soa];
    const struct build_record *record = &builder->records[negative.record];
    uint32_t minimum = wire_get_u32(build_octets(builder, record->rdata) + record->rdata_len - 4);
    if (minimum > INT32_MAX) // RFC 2181 §8
        minimum = 0;
    negative.out.ttl = negative.out.ttl < minimum ? negative.out.ttl : minimum;
    builder->rrsets = array_grow(builder->rrsets, &builder->rrset_cap, builder->rrset_count,
                                 sizeof(*builder->rrsets));
    builder->rrsets[builder->rrset_count++] = negative;
    return STATUS_OK;
}

enum status build_group(struct image_builder *builder, struct error *err)
{
    choose_chain(builder);
    enum status status = keep_chain(builder, err);
    if (status != STATUS_OK)
        return status;
    sort_records(builder);
    status = make_rrsets(builder, err);
    if (status != STATUS_OK)
        return status;
    return add_negative_soa(builder, err);
}
