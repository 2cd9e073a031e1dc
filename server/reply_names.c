// SPDX-License-Identifier: ISC
// A name server's name is often asked for itself, or what is below it: `x.ns1.example.` gets a SOA
// with ns1.example. in it, or a referral to it. The image ends that name in a pointer to the apex
// or to the owner, which every message has. Here it ends in one to the question, or to a name that
// a CNAME of the answer leads to, where that saves labels. It is so seldom that the image says
// which RRsets are worth a look (image_rrset.label_bits).
#include "dns/rdata.h"
#include "server/reply_parts.h"

// The labels right below the apex of the names that the message is about.
static uint16_t names_label_bits(const struct writer *writer)
{
    unsigned labels = writer->image->apex_labels + 1U;
    uint16_t bits = 0;
    for (unsigned n = 0; n <= writer->answer->link_count; n++) {
        const struct query_name *name = name_of(writer, n);
        if (name->labels >= labels)
            bits |= name_label_bit(name->wire + query_name_suffix(name, labels));
    }
    return bits;
}

bool reply_says_shorter(const struct writer *writer, const struct image_rrset *rrset)
{
    return (names_label_bits(writer) & rrset->label_bits) != 0;
}

size_t reply_moved(const struct omissions *omissions, size_t start, unsigned place)
{
    size_t moved = start + place;
    for (unsigned i = 0; i < omissions->count && omissions->places[i].at < place; i++) {
        if (place < (unsigned)omissions->places[i].at + omissions->places[i].octets)
            return NO_PLACE;
        moved -= omissions->places[i].octets;
    }
    return moved;
}

// Where the message has this suffix of so many labels, in a name that is looked for.
static size_t find_suffix(const struct writer *writer, const uint8_t *suffix, unsigned labels)
{
    for (unsigned n = 0; n <= writer->answer->link_count; n++) {
        const struct query_name *name = name_of(writer, n);
        uint16_t place = name_place(writer, n);
        if (place == 0 || place > POINTER_MAX || name->labels < labels ||
            !name_equal(name->wire + query_name_suffix(name, labels), suffix))
            continue;
        size_t at = place_behind(writer, place, name->labels - labels);
        if (at <= POINTER_MAX)
            return at;
    }
    return NO_PLACE;
}

// The RRs on their way from the image to the message.
struct shortening {
    struct writer *writer;
    const struct image_rrset *rrset;
    const struct run *run;
    const struct owner *owner;
    size_t start; // where in the message the run begins
    size_t read;  // how far it has been taken
    unsigned slot;
};

static bool put_as_it_is(struct shortening *shortening, size_t len)
{
    const uint8_t *wire = shortening->run->wire + shortening->read;
    shortening->read += len;
    return put_octets(shortening->writer, wire, len);
}

static size_t slot_target(const struct shortening *shortening, const struct image_slot *slot)
{
    const struct writer *writer = shortening->writer;
    if (slot->target < SLOT_OWNER)
        return reply_moved(&writer->omissions, shortening->start, slot->target);
    return slot_outside(writer, slot, shortening->start, shortening->owner);
}

// How long the labels are that stand in the wire before the slot or the root that the name ends in.
static size_t labels_len(const uint8_t *wire)
{
    size_t len = 0;
    while ((uint8_t)(wire[len] - 1) < NAME_LABEL_MAX) // a label has 1 to 63 octets
        len += 1U + wire[len];
    return len;
}

static bool put_name(struct shortening *shortening)
{
    struct writer *writer = shortening->writer;
    const uint8_t *wire = shortening->run->wire + shortening->read;
    size_t len = labels_len(wire);
    if (wire[len] == 0)
        return put_as_it_is(shortening, len + 1);
    const struct image_slot *slot = &shortening->run->slots[shortening->slot++];
    uint8_t name[NAME_WIRE_MAX];
    image_name_at(writer->image, shortening->rrset, (uint32_t)shortening->read, name);
    // The longest suffix that is somewhere; the slot's own at the latest.
    struct omissions *omissions = &writer->omissions;
    size_t kept = omissions->count < OMISSIONS_MAX ? 0 : len;
    unsigned labels = name_labels(name + kept);
    size_t target = find_suffix(writer, name + kept, labels);
    for (; target == NO_PLACE && kept < len; kept += 1U + name[kept])
        target = find_suffix(writer, name + kept + 1 + name[kept], --labels);
    if (target == NO_PLACE)
        target = slot_target(shortening, slot);
    if (kept < len) {
        omissions->places[omissions->count].at = (uint16_t)(shortening->read + kept);
        omissions->places[omissions->count++].octets = (uint16_t)(len - kept);
    }
    uint8_t pointer[2];
    put_pointer(pointer, target & POINTER_MAX);
    shortening->read += len + sizeof(pointer);
    return target <= POINTER_MAX && put_octets(writer, wire, kept) &&
           put_octets(writer, pointer, sizeof(pointer));
}

static bool put_rr(struct shortening *shortening, size_t owner, const struct rdata_layout *layout)
{
    struct writer *writer = shortening->writer;
    size_t head = writer->at;
    size_t rdata_len = wire_get_u16(shortening->run->wire + shortening->read + IMAGE_RR_HEAD - 2);
    size_t end = shortening->read + IMAGE_RR_HEAD + rdata_len;
    if (!put_as_it_is(shortening, (size_t)IMAGE_RR_HEAD + layout->before))
        return false;
    put_pointer(writer->out + head, owner);
    for (unsigned i = 0; i < layout->names; i++)
        if (!put_name(shortening))
            return false;
    if (!put_as_it_is(shortening, end - shortening->read))
        return false;
    wire_set_u16(writer->out + head + IMAGE_RR_HEAD - 2,
                 (uint16_t)(writer->at - head - IMAGE_RR_HEAD));
    return true;
}

bool reply_put_shorter(struct writer *writer, const struct image_rrset *rrset,
                       const struct run *run, struct owner *owner)
{
    size_t before = writer->at;
    struct shortening shortening = {
        .writer = writer,
        .rrset = rrset,
        .run = run,
        .owner = owner,
        .start = before + owner->labels_len,
    };
    writer->omissions.count = 0;
    struct owner next = *owner; // how those after the first are written
    bool fits = put_octets(writer, owner->labels, owner->labels_len);
    if (owner->labels_len > 0)
        next = owner_known(before, owner->all_labels);
    fits = fits && next.place <= POINTER_MAX;
    const struct rdata_layout *layout = rdata_layout(rrset->type);
    for (unsigned i = 0; fits && i < run->count; i++)
        fits = put_rr(&shortening, i == 0 ? owner->suffix : next.place, layout);
    if (!fits) {
        writer->at = before;
        writer->omissions.count = 0;
        return false;
    }
    *owner = next;
    return true;
}
