// SPDX-License-Identifier: ISC
// The builder's step from an RRset's records to its wires: where names end in pointers, and to what.
#include <string.h>

#include "base/alloc.h"
#include "dns/image_builder.h"
#include "dns/rdata.h"
#include "dns/types.h"
#include "dns/wire.h"

struct writer {
    const struct image_builder *builder;
    struct build_wire *wire;
    const struct build_rrset *rrset;
    size_t start; // of the RRs or RRSIGs in the wire: slots count from here
};

static void put_slot(struct writer *writer, uint16_t target)
{
    struct build_wire *wire = writer->wire;
    wire->slots = array_grow(wire->slots, &wire->slot_cap, wire->slot_count, sizeof(*wire->slots));
    wire->slots[wire->slot_count++] = (struct image_slot){
        .at = (uint16_t)(wire->octets.len - writer->start),
        .target = target,
    };
    buf_put_u16(&wire->octets, IMAGE_POINTER);
}

static const struct build_place *find_place(const struct writer *writer, const uint8_t *canonical,
                                            size_t len)
{
    const struct build_wire *wire = writer->wire;
    for (size_t i = 0; i < wire->place_count; i++) {
        const struct build_place *place = &wire->places[i];
        if (place->len == len &&
            memcmp(build_octets(writer->builder, place->canonical), canonical, len) == 0)
            return place;
    }
    return NULL;
}

static void note_place(struct writer *writer, uint32_t canonical, size_t len)
{
    struct build_wire *wire = writer->wire;
    size_t at = wire->octets.len - writer->start;
    if (wire->place_count == BUILD_PLACES_MAX || at > DNS_POINTER_MAX)
        return;
    wire->places[wire->place_count++] =
        (struct build_place){.canonical = canonical, .len = (uint16_t)len, .at = (uint16_t)at};
}

// A name on its way from its first label to its last, to meet another one.
struct tail {
    const uint8_t *at;
    size_t left;
};

static struct tail tail_of(const uint8_t *name)
{
    return (struct tail){name, name_wire_len(name)};
}

// Is what follows of the tail this suffix, which is shorter each time?
static bool tail_meets(struct tail *tail, const uint8_t *suffix, size_t len)
{
    while (tail->left > len) {
        tail->left -= 1u + *tail->at;
        tail->at += 1u + *tail->at;
    }
    return tail->left == len && name_equal(tail->at, suffix);
}

// Writes a name: label by label, until what is left can be a pointer. `canonical` is the same in lower case.
static void put_name(struct writer *writer, uint32_t name, uint32_t canonical)
{
    const struct image_builder *builder = writer->builder;
    struct tail apex = tail_of(builder->apex.wire);
    struct tail owner =
        tail_of(build_octets(builder, builder->nodes[writer->rrset->out.node].name));
    // A wildcard's owner is another name in every answer made from it (RFC 4592 §3.3.1).
    if (name_is_wildcard(owner.at))
        owner = tail_of(owner.at + 2);
    size_t left = name_wire_len(build_octets(builder, name));
    for (;;) {
        const uint8_t *label = build_octets(builder, name);
        if (*label == 0) {
            buf_put_u8(&writer->wire->octets, 0);
            return;
        }
        const struct build_place *place =
            find_place(writer, build_octets(builder, canonical), left);
        if (place != NULL) {
            put_slot(writer, place->at);
            return;
        }
        if (tail_meets(&apex, label, left)) {
            put_slot(writer, (uint16_t)(SLOT_APEX + builder->apex.len - left));
            return;
        }
        if (tail_meets(&owner, label, left)) {
            put_slot(writer, (uint16_t)(SLOT_OWNER + name_labels(label)));
            return;
        }
        note_place(writer, canonical, left);
        uint32_t step = 1u + *label;
        buf_put(&writer->wire->octets, label, step);
        name += step;
        canonical += step;
        left -= step;
    }
}

// image_rrset.label_bits
static void note_label(struct writer *writer, const uint8_t *name)
{
    const struct name *apex = &writer->builder->apex;
    struct tail tail = tail_of(name);
    const uint8_t *label = NULL;
    while (tail.left > apex->len) {
        label = tail.at;
        tail.left -= 1u + *tail.at;
        tail.at += 1u + *tail.at;
    }
    if (label != NULL && tail.left == apex->len && name_equal(tail.at, apex->wire))
        writer->wire->label_bits |= name_label_bit(label);
}

static void put_rdata(struct writer *writer, const struct build_record *record)
{
    const struct image_builder *builder = writer->builder;
    const struct rdata_layout *layout = rdata_layout(record->type);
    if (layout == NULL) {
        buf_put(&writer->wire->octets, build_octets(builder, record->rdata), record->rdata_len);
        return;
    }
    uint32_t at = layout->before;
    buf_put(&writer->wire->octets, build_octets(builder, record->rdata), at);
    for (unsigned i = 0; i < layout->names; i++) {
        size_t start = writer->wire->octets.len;
        put_name(writer, record->rdata + at, record->canonical + at);
        if (writer->wire->octets.len > start + 2) // not a slot as a whole
            note_label(writer, build_octets(builder, record->rdata + at));
        at += (uint32_t)name_wire_len(build_octets(builder, record->rdata + at));
    }
    buf_put(&writer->wire->octets, build_octets(builder, record->rdata + at), layout->after);
}

static void put_record(struct writer *writer, const struct build_record *record)
{
    struct buf *octets = &writer->wire->octets;
    uint8_t head[10] = {0}; // type, class, TTL, and the length when it is known
    wire_set_u16(head, record->type);
    wire_set_u16(head + 2, RR_CLASS_IN);
    wire_set_u32(head + 4, writer->rrset->out.ttl);
    buf_put_u16(octets, IMAGE_POINTER);
    buf_put(octets, head, sizeof(head));
    size_t at = octets->len - 2;
    put_rdata(writer, record);
    wire_set_u16(octets->data + at, (uint16_t)(octets->len - at - 2));
}

// Writes `count` records and says how long they are. What does not fit a message cannot be answered, ever.
static enum status put_records(struct writer *writer, uint32_t first, uint32_t count,
                               uint16_t *ret_len, struct error *err)
{
    const struct image_builder *builder = writer->builder;
    writer->start = writer->wire->octets.len;
    writer->wire->place_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        put_record(writer, &builder->records[first + i]);
        size_t len = writer->wire->octets.len - writer->start;
        if (len > DNS_MESSAGE_MAX) {
            char text[NAME_TEXT_MAX];
            const struct build_node *owner = &builder->nodes[writer->rrset->out.node];
            return error_set(err, STATUS_RANGE,
                             "%s: the RRs of type %u%s are too large for a message (%u octets)",
                             name_to_text(build_octets(builder, owner->name), text),
                             writer->rrset->out.type,
                             writer->start > 0 ? " or their signatures" : "", DNS_MESSAGE_MAX);
        }
        *ret_len = (uint16_t)len;
    }
    return STATUS_OK;
}

enum status build_write(struct image_builder *builder, struct build_rrset *rrset, struct error *err)
{
    struct build_wire *wire = &builder->wire;
    struct writer writer = {.builder = builder, .wire = wire, .rrset = rrset};
    struct image_rrset *out = &rrset->out;
    buf_clear(&wire->octets);
    wire->slot_count = 0;
    wire->label_bits = 0;
    out->wire_len = 0;
    out->sig_len = 0;
    enum status status = put_records(&writer, rrset->record, out->rr_count, &out->wire_len, err);
    if (status != STATUS_OK)
        return status;
    out->slot_count = (uint16_t)wire->slot_count;
    out->label_bits = wire->label_bits;
    return put_records(&writer, rrset->record + out->rr_count, out->sig_count, &out->sig_len, err);
}
