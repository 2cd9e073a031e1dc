// SPDX-License-Identifier: ISC
// The image builder's face: records come in and are checked; the other files make sense of them; the image is
// laid out in its sections.
#include "dns/image_build.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/alloc.h"
#include "dns/image_builder.h"
#include "dns/nsec3.h"
#include "dns/rdata.h"
#include "dns/types.h"
#include "dns/wire.h"

#define OCTETS_MIN 16384 // a mail domain's, signed: it need not be moved as it grows

struct image_builder *image_builder_new(const uint8_t *apex)
{
    struct image_builder *builder = xcalloc(1, sizeof(*builder));
    buf_reserve(&builder->octets, OCTETS_MIN);
    builder->apex.len = (uint8_t)name_wire_len(apex);
    memcpy(builder->apex.wire, apex, builder->apex.len);
    name_key(apex, &builder->apex_key);
    builder->nsec3param = IMAGE_NONE;
    return builder;
}

void image_builder_free(struct image_builder *builder)
{
    if (builder == NULL)
        return;
    buf_done(&builder->octets);
    buf_done(&builder->wire.octets);
    free(builder->wire.slots);
    free(builder->wire.extras);
    free(builder->records);
    free(builder->nodes);
    free(builder->rrsets);
    free(builder);
}

// ── Records in ───────────────────────────────────────────────────────────────────────────────────

// Is rdata just names and numbers as the layout says?
static bool layout_holds(const struct rdata_layout *layout, const uint8_t *rdata, size_t len)
{
    struct wire_reader reader = wire_reader(rdata, len);
    wire_take(&reader, layout->before);
    for (unsigned i = 0; wire_ok(&reader) && i < layout->names; i++) {
        struct name name;
        if (name_from_wire(reader.at, wire_left(&reader), &name) != STATUS_OK)
            return false;
        wire_take(&reader, name.len);
    }
    wire_take(&reader, layout->after);
    return wire_ok(&reader) && wire_left(&reader) == 0;
}

// RFC 4034 §3.1: numbers, the signer's name, the signature. An RRSIG does not cover RRSIGs (RFC 4035 §2.2).
static bool rrsig_holds(const uint8_t *rdata, size_t len)
{
    struct wire_reader reader = wire_reader(rdata, len);
    uint16_t covered = wire_u16(&reader);
    wire_take(&reader, 16);
    struct name signer;
    return wire_ok(&reader) && covered != RR_TYPE_RRSIG &&
           name_from_wire(reader.at, wire_left(&reader), &signer) == STATUS_OK &&
           wire_left(&reader) > signer.len;
}

// RFC 5155 §3.2 and §4.2: algorithm, flags, iterations, salt; NSEC3 goes on with the next hash and types.
static bool nsec3_holds(const uint8_t *rdata, size_t len, bool param)
{
    struct wire_reader reader = wire_reader(rdata, len);
    wire_take(&reader, 4);
    wire_take(&reader, wire_u8(&reader));
    if (!param)
        wire_take(&reader, wire_u8(&reader));
    return wire_ok(&reader) && (!param || wire_left(&reader) == 0);
}

static bool rdata_holds(uint16_t type, const uint8_t *rdata, size_t len)
{
    const struct rdata_layout *layout = rdata_layout(type);
    if (layout != NULL)
        return layout_holds(layout, rdata, len);
    if (type == RR_TYPE_DNAME)
        return rdata_is_name(rdata, len);
    if (type == RR_TYPE_RRSIG)
        return rrsig_holds(rdata, len);
    if (type == RR_TYPE_NSEC3 || type == RR_TYPE_NSEC3PARAM)
        return nsec3_holds(rdata, len, type == RR_TYPE_NSEC3PARAM);
    return true;
}

// Types of messages and questions (RFC 6895 §3.1), which no zone has.
static bool is_data_type(uint16_t type)
{
    return type != 0 && type != RR_TYPE_OPT && (type < 249 || type > RR_TYPE_ANY);
}

static uint32_t keep(struct image_builder *builder, const void *octets, size_t len)
{
    uint32_t offset = (uint32_t)builder->octets.len;
    buf_put(&builder->octets, octets, len);
    return offset;
}

// Copies rdata with its compressible names in lower case. Returns the offset of what is there already when there is
// no upper case in them.
static uint32_t keep_canonical(struct image_builder *builder, const struct build_record *record,
                               const uint8_t *rdata)
{
    const struct rdata_layout *layout = rdata_layout(record->type);
    if (layout == NULL)
        return record->rdata;
    uint32_t copy = keep(builder, rdata, record->rdata_len);
    uint8_t *octets = builder->octets.data + copy;
    for (size_t i = layout->before; i < (size_t)record->rdata_len - layout->after; i++)
        octets[i] = name_lower(octets[i]); // lengths of labels are no letters
    if (memcmp(octets, rdata, record->rdata_len) != 0)
        return copy;
    builder->octets.len = copy;
    return record->rdata;
}

// Records of one owner mostly come together: then the octets and the key of the last record's are this one's. False: it
// is another.
static bool take_last_owner(const struct image_builder *builder, struct build_record *record,
                            const uint8_t *owner)
{
    if (builder->record_count == 0)
        return false;
    const struct build_record *last = &builder->records[builder->record_count - 1];
    const uint8_t *known = build_octets(builder, last->owner);
    size_t len = name_wire_len(owner);
    if (name_wire_len(known) != len || memcmp(known, owner, len) != 0)
        return false;
    record->owner = last->owner;
    record->key = last->key;
    record->key_len = last->key_len;
    return true;
}

static enum status keep_owner(struct image_builder *builder, struct build_record *record,
                              const uint8_t *owner, struct error *err)
{
    struct name_key key;
    char text[NAME_TEXT_MAX];
    if (take_last_owner(builder, record, owner))
        return STATUS_OK;
    if (!name_is_under(owner, builder->apex.wire))
        return error_set(err, STATUS_RANGE, "%s is not in this zone", name_to_text(owner, text));
    name_key(owner, &key);
    record->owner = keep(builder, owner, name_wire_len(owner));
    record->key = keep(builder, key.octets, key.len);
    record->key_len = key.len;
    return STATUS_OK;
}

static enum status check_record(const struct image_rr *rr, struct error *err)
{
    char text[NAME_TEXT_MAX];
    if (!is_data_type(rr->type))
        return error_set(err, STATUS_SYNTAX, "%s: type %u cannot be in a zone",
                         name_to_text(rr->owner, text), rr->type);
    if (!rdata_holds(rr->type, rr->rdata, rr->rdata_len))
        return error_set(err, STATUS_SYNTAX, "%s: malformed rdata of type %u",
                         name_to_text(rr->owner, text), rr->type);
    return STATUS_OK;
}

enum status image_builder_add(struct image_builder *builder, const struct image_rr *rr,
                              struct error *err)
{
    enum status status = check_record(rr, err);
    if (status != STATUS_OK)
        return status;
    // Room for the owner, its key and rdata twice.
    if (builder->octets.len + NAME_WIRE_MAX + NAME_KEY_MAX + 2u * rr->rdata_len > IMAGE_MAX)
        return error_set(err, STATUS_RANGE, "a zone of more than %u octets", IMAGE_MAX);
    struct build_record record = {
        .ttl = rr->ttl > INT32_MAX ? 0 : rr->ttl, // RFC 2181 §8
        .type = rr->type,
        .covered = rr->type == RR_TYPE_RRSIG ? wire_get_u16(rr->rdata) : rr->type,
        .rdata_len = rr->rdata_len,
    };
    status = keep_owner(builder, &record, rr->owner, err);
    if (status != STATUS_OK)
        return status;
    record.rdata = keep(builder, rr->rdata, rr->rdata_len);
    record.canonical = keep_canonical(builder, &record, rr->rdata);
    builder->records = array_grow(builder->records, &builder->record_cap, builder->record_count,
                                  sizeof(*builder->records));
    builder->records[builder->record_count++] = record;
    return STATUS_OK;
}

// ── The image out ────────────────────────────────────────────────────────────────────────────────

// Where the image is being written. Its octets are appended to buf, which may move: sections are reached by offset.
struct layout {
    struct buf *buf;
    size_t start; // of the image in buf
    struct image_header header;
    size_t rrset_off, hash_off, order_off, nsec3_off; // from start; the nodes are behind the header
};

static void *section(const struct layout *layout, size_t offset)
{
    return layout->buf->data + layout->start + offset;
}

// Appends octets at a multiple of `align` and returns their offset in the image's octets.
static uint32_t append(struct layout *layout, const void *octets, size_t len, size_t align)
{
    size_t base = layout->start + layout->header.octets_off;
    size_t padding = -(layout->buf->len - base) & (align - 1); // align is a power of two
    if (padding > 0)
        buf_extend(layout->buf, padding);
    uint32_t offset = (uint32_t)(layout->buf->len - base);
    buf_put(layout->buf, octets, len);
    return offset;
}

// Sizes of all sections but the octets, which follow.
static void lay_sections(const struct image_builder *builder, struct layout *layout)
{
    struct image_header *header = &layout->header;
    header->node_count = (uint32_t)(builder->node_count - builder->chain_count);
    header->nsec3_count = (uint32_t)builder->chain_count;
    header->rrset_count = (uint32_t)builder->rrset_count;
    header->hash_size = 4;
    while (header->hash_size < 2 * header->node_count) // so that probing ends soon
        header->hash_size *= 2;
    layout->rrset_off = sizeof(*header) + builder->node_count * sizeof(struct image_node);
    layout->hash_off = layout->rrset_off + header->rrset_count * sizeof(struct image_rrset);
    layout->order_off = layout->hash_off + header->hash_size * sizeof(uint32_t);
    layout->nsec3_off = layout->order_off + header->node_count * sizeof(uint64_t);
    size_t end = layout->nsec3_off + header->nsec3_count * sizeof(struct image_nsec3);
    header->octets_off = (uint32_t)(end + 7) & ~7u;
    // What was taken in comes out a little smaller, or larger: at most one move of it all is left.
    buf_reserve(layout->buf, header->octets_off + builder->octets.len);
    buf_extend(layout->buf, header->octets_off);
}

// A node with its key, its name still to come. The keys of all nodes stand together: a search by order reads several.
static void put_node(const struct image_builder *builder, struct layout *layout, uint32_t index)
{
    const struct build_node *node = &builder->nodes[index];
    struct image_node out = node->out;
    const uint8_t *key = build_octets(builder, node->key) + builder->apex_key.len;
    out.key_off = append(layout, key, out.key_len, 1);
    for (unsigned i = 0; i < out.rrset_count && i < IMAGE_NODE_TYPES; i++)
        out.types[i] = builder->rrsets[out.rrset_first + i].out.type;
    struct image_node *nodes = section(layout, sizeof(struct image_header));
    nodes[index] = out;
    if (index >= layout->header.node_count)
        return;
    uint64_t *order = section(layout, layout->order_off);
    order[index] = image_key_head(key, out.key_len);
    uint32_t *hash = section(layout, layout->hash_off);
    uint32_t mask = layout->header.hash_size - 1;
    uint64_t key_hash = image_key_hash(key, out.key_len);
    uint64_t cell = key_hash;
    while (hash[cell & mask] != IMAGE_NONE)
        cell++;
    hash[cell & mask] = image_cell(key_hash, index);
}

static void put_name(const struct image_builder *builder, struct layout *layout, uint32_t index)
{
    const struct build_node *node = &builder->nodes[index];
    uint32_t name = append(layout, build_octets(builder, node->name), node->out.name_len, 1);
    struct image_node *nodes = section(layout, sizeof(struct image_header));
    nodes[index].name_off = name;
}

static enum status put_rrset(struct image_builder *builder, struct layout *layout, uint32_t index,
                             struct error *err)
{
    struct build_rrset *rrset = &builder->rrsets[index];
    struct build_wire *wire = &builder->wire;
    enum status status = build_write(builder, rrset, err);
    if (status != STATUS_OK)
        return status;
    const struct build_node *node = &builder->nodes[rrset->out.node];
    wire->extra_count = 0;
    if ((node->out.flags & IMAGE_NODE_CUT) != 0 && rrset->out.type == RR_TYPE_NS)
        build_extras(builder, node, rrset);
    struct image_rrset out = rrset->out;
    out.extra_count = (uint16_t)wire->extra_count;
    // No slots and extras: no padding either
    size_t align = wire->slot_count > 0 ? IMAGE_SLOT_ALIGN : 1;
    out.slot_off = append(layout, wire->slots, wire->slot_count * sizeof(*wire->slots), align);
    append(layout, wire->extras, wire->extra_count * sizeof(*wire->extras), 1);
    out.wire_off = append(layout, wire->octets.data, wire->octets.len, 1);
    struct image_rrset *rrsets = section(layout, layout->rrset_off);
    rrsets[index] = out;
    return STATUS_OK;
}

// The owners of NSEC3 are nodes in the order of their hashes, each with its one RRset.
static void put_chain(const struct image_builder *builder, struct layout *layout)
{
    struct image_header *header = &layout->header;
    struct image_nsec3 *nsec3 = section(layout, layout->nsec3_off);
    for (uint32_t i = 0; i < header->nsec3_count; i++) {
        const struct build_node *node = &builder->nodes[header->node_count + i];
        nsec3_owner_hash(build_octets(builder, node->name), nsec3[i].hash);
        nsec3[i].rrset = node->out.rrset_first;
    }
    if (builder->nsec3param == IMAGE_NONE)
        return;
    const uint8_t *param = build_octets(builder, builder->nsec3param);
    header->nsec3_iterations = wire_get_u16(param + 2);
    header->nsec3_salt_len = param[4];
    header->nsec3_salt_off = append(layout, param + 5, param[4], 1);
}

// Everything behind the sections: the keys, then each node's name and RRsets together.
static enum status put_octets(struct image_builder *builder, struct layout *layout,
                              struct error *err)
{
    memset(section(layout, layout->hash_off), 0xff, // IMAGE_NONE
           layout->header.hash_size * sizeof(uint32_t));
    for (uint32_t i = 0; i < builder->node_count; i++)
        put_node(builder, layout, i);
    uint32_t rrset = 0;
    for (uint32_t i = 0; i < builder->node_count; i++) {
        put_name(builder, layout, i);
        uint32_t end = builder->nodes[i].out.rrset_first + builder->nodes[i].out.rrset_count;
        for (; rrset < end; rrset++) {
            enum status status = put_rrset(builder, layout, rrset, err);
            if (status != STATUS_OK)
                return status;
        }
        if (layout->buf->len - layout->start > IMAGE_MAX)
            break;
    }
    if (layout->buf->len - layout->start > IMAGE_MAX)
        return error_set(err, STATUS_RANGE, "an image of more than %u octets", IMAGE_MAX);
    put_chain(builder, layout);
    return put_rrset(builder, layout, rrset, err);
}

static void put_header(const struct image_builder *builder, struct layout *layout,
                       const struct image_meta *meta)
{
    struct image_header *header = &layout->header;
    const struct build_rrset *negative = &builder->rrsets[builder->rrset_count - 1];
    const struct build_record *soa = &builder->records[negative->record];
    header->apex_key_len = builder->apex_key.len;
    header->apex_key_off = append(layout, builder->apex_key.octets, builder->apex_key.len, 1);
    header->octets_len = (uint32_t)(layout->buf->len - layout->start - layout->header.octets_off);
    header->magic = IMAGE_MAGIC;
    header->version = IMAGE_VERSION;
    header->size = (uint32_t)(layout->buf->len - layout->start);
    header->meta = *meta;
    header->serial = wire_get_u32(build_octets(builder, soa->rdata) + soa->rdata_len - 20);
    header->flags = builder->flags;
    header->soa = build_find_rrset(builder, &builder->nodes[0], RR_TYPE_SOA);
    header->negative_soa = header->rrset_count - 1;
    uint8_t *image = section(layout, 0);
    memcpy(image, header, sizeof(*header));
    size_t behind = offsetof(struct image_header, checksum) + sizeof(header->checksum);
    header->checksum = XXH3_64bits(image + behind, header->size - behind);
    memcpy(image, header, sizeof(*header));
}

enum status image_builder_finish(struct image_builder *builder, const struct image_meta *meta,
                                 struct buf *ret, struct error *err)
{
    enum status status = build_group(builder, err);
    if (status != STATUS_OK)
        return status;
    build_link(builder);
    size_t before = ret->len;
    buf_extend(ret, (8 - ret->len % 8) % 8);
    struct layout layout = {.buf = ret, .start = ret->len};
    lay_sections(builder, &layout);
    status = put_octets(builder, &layout, err);
    if (status != STATUS_OK) {
        ret->len = before;
        return status;
    }
    put_header(builder, &layout, meta);
    return STATUS_OK;
}
