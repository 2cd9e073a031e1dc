// SPDX-License-Identifier: ISC
#include "dns/image_check.h"

#include <string.h>

#include "dns/rdata.h"
#include "dns/types.h"
#include "dns/wire.h"

// One of the two wires of an RRset on the way through it.
struct walk {
    const struct image *image;
    const struct image_rrset *rrset;
    const uint8_t *wire;
    uint32_t len;
    uint32_t at;
    const struct image_slot *slots; // those still to come
    unsigned slot_count;
    struct image_places *places; // of names in rdata so far
};

// Steps over a pointer's two octets and its slot, or returns NULL when there are none.
static const struct image_slot *take_slot(struct walk *walk)
{
    if (walk->len - walk->at < 2 || walk->slot_count == 0 || walk->slots->at != walk->at ||
        wire_get_u16(walk->wire + walk->at) != IMAGE_POINTER)
        return NULL;
    walk->at += 2;
    walk->slot_count--;
    return walk->slots++;
}

// How long the last so many labels of the name are; 0 when it has not so many. The root alone is no suffix.
static unsigned suffix_len(const uint8_t *name, unsigned name_len, unsigned labels)
{
    unsigned has = name_labels(name);
    if (labels == 0 || labels > has)
        return 0;
    for (; has > labels; has--) {
        name_len -= 1u + *name;
        name += 1u + *name;
    }
    return name_len;
}

// How long the apex is from this octet on; 0 when no label begins there.
static unsigned apex_len(const struct image *image, unsigned from)
{
    const uint8_t *name = image_node_name(image, &image->nodes[0]);
    unsigned at = 0;
    while (at < from && name[at] != 0)
        at += 1u + name[at];
    return at == from && name[at] != 0 ? image->nodes[0].name_len - from : 0;
}

// How long the name is that the slot stands for; 0 when it may not be there.
static unsigned slot_name_len(const struct walk *walk, const struct image_slot *slot)
{
    const struct image_node *owner = &walk->image->nodes[walk->rrset->node];
    const uint8_t *name = image_node_name(walk->image, owner);
    unsigned differs = name_is_wildcard(name) ? 2 : 0; // its "*", from answer to answer
    if (slot->target >= SLOT_APEX)
        return apex_len(walk->image, (unsigned)(slot->target - SLOT_APEX));
    if (slot->target >= SLOT_OWNER)
        return suffix_len(name + differs, owner->name_len - differs,
                          (unsigned)(slot->target - SLOT_OWNER));
    // To a name before this one, so that following pointers ends.
    return slot->target < walk->at ? walk->places->name_len[slot->target] : 0;
}

// Steps over the labels of a name in rdata and what they end with, the root or a slot, before `end`. How long the
// name is that it ends with; 0 when it may not be there.
static unsigned take_labels(struct walk *walk, uint32_t end)
{
    uint32_t start = walk->at;
    while (end > walk->at && walk->at - start <= NAME_WIRE_MAX) {
        uint32_t left = end - walk->at;
        uint8_t octet = walk->wire[walk->at];
        if (octet == 0) {
            walk->at++;
            return 1;
        }
        if (octet > NAME_LABEL_MAX) {
            const struct image_slot *slot = left >= 2 ? take_slot(walk) : NULL;
            return slot != NULL ? slot_name_len(walk, slot) : 0;
        }
        if (left <= octet)
            return 0;
        walk->at += 1u + octet;
    }
    return 0;
}

// Steps over a name in rdata, which has to end before `end`.
static bool take_name(struct walk *walk, uint32_t end)
{
    uint32_t start = walk->at;
    unsigned tail = take_labels(walk, end);
    if (tail == 0)
        return false;
    const uint8_t *wire = walk->wire;
    uint32_t labels = start;
    while (wire[labels] != 0 && wire[labels] <= NAME_LABEL_MAX)
        labels += 1u + wire[labels];
    if (labels - start + tail > NAME_WIRE_MAX)
        return false;
    for (uint32_t at = start; at < labels && at <= DNS_POINTER_MAX; at += 1u + wire[at])
        walk->places->name_len[at] = (uint8_t)(labels - at + tail);
    return true;
}

// Steps over rdata that is names and numbers, up to its end.
static bool take_names(struct walk *walk, const struct rdata_layout *layout, uint32_t end)
{
    if (end - walk->at < layout->before)
        return false;
    walk->at += layout->before;
    for (unsigned i = 0; i < layout->names; i++) {
        if (!take_name(walk, end))
            return false;
    }
    if (end - walk->at != layout->after)
        return false;
    walk->at = end;
    return true;
}

static bool take_rr(struct walk *walk, uint16_t type, const struct rdata_layout *layout)
{
    const struct image_rrset *rrset = walk->rrset;
    if (walk->len - walk->at < IMAGE_RR_HEAD)
        return false;
    const uint8_t *rr = walk->wire + walk->at;
    uint16_t rdata_len = wire_get_u16(rr + 10);
    if (wire_get_u16(rr) != IMAGE_POINTER || wire_get_u16(rr + 2) != type ||
        wire_get_u16(rr + 4) != RR_CLASS_IN || wire_get_u32(rr + 6) != rrset->ttl)
        return false;
    walk->at += IMAGE_RR_HEAD;
    if (walk->len - walk->at < rdata_len)
        return false;
    uint32_t end = walk->at + rdata_len;
    if (layout != NULL)
        return take_names(walk, layout, end);
    walk->at = end;
    if (type == RR_TYPE_DNAME)
        return rdata_is_name(rr + IMAGE_RR_HEAD, rdata_len);
    // RFC 4034 §3.1: 18 octets, the signer's name, the signature.
    return type != RR_TYPE_RRSIG ||
           (rdata_len >= 20 && wire_get_u16(rr + IMAGE_RR_HEAD) == rrset->type);
}

static bool take_all(struct walk *walk, unsigned count, uint16_t type,
                     const struct rdata_layout *layout)
{
    for (unsigned i = 0; i < count; i++) {
        if (!take_rr(walk, type, layout))
            return false;
    }
    return walk->at == walk->len && walk->slot_count == 0;
}

bool image_rrset_holds(const struct image *image, const struct image_rrset *rrset,
                       struct image_places *places)
{
    uint64_t octets = image->header->octets_len;
    uint64_t slots_end = rrset->slot_off + (uint64_t)rrset->slot_count * sizeof(struct image_slot);
    if ((uint64_t)rrset->wire_off + rrset->wire_len + rrset->sig_len > octets ||
        (rrset->slot_count > 0 && rrset->slot_off % IMAGE_SLOT_ALIGN != 0) || slots_end > octets ||
        rrset->rr_count == 0 || rrset->type == RR_TYPE_RRSIG)
        return false;
    const struct rdata_layout *layout = rdata_layout(rrset->type);
    if (layout == NULL && rrset->label_bits != 0) // of no name; else they only say where to look
        return false;
    struct walk walk = {
        .image = image,
        .rrset = rrset,
        .wire = image_wire(image, rrset),
        .len = rrset->wire_len,
        .slots = image_slots(image, rrset),
        .slot_count = rrset->slot_count,
        .places = places,
    };
    if (layout != NULL)
        memset(places->name_len, 0,
               walk.len < sizeof(places->name_len) ? walk.len : sizeof(places->name_len));
    if (!take_all(&walk, rrset->rr_count, rrset->type, layout))
        return false;
    walk.wire += walk.len;
    walk.len = rrset->sig_len;
    walk.at = 0;
    return take_all(&walk, rrset->sig_count, RR_TYPE_RRSIG, NULL);
}

// The address RRset of this type that the name has in the zone, or NULL.
static const struct image_rrset *find_address(const struct image *image, const uint8_t *name,
                                              uint16_t type)
{
    if (!name_is_under(name, image_node_name(image, &image->nodes[0])))
        return NULL;
    struct name_key key;
    name_key(name, &key);
    size_t apex = image->header->apex_key_len;
    const struct image_node *node = image_find(image, key.octets + apex, key.len - apex);
    return node != NULL ? image_rrset(image, node, type) : NULL;
}

// Takes the extra of the name server at `at` and this address type from those that are left. False when it is another
// than it should be.
static bool take_extra(const struct image *image, const struct image_rrset *rrset, uint32_t at,
                       uint16_t type, unsigned *next)
{
    uint8_t server[NAME_WIRE_MAX];
    image_name_at(image, rrset, at, server);
    const struct image_rrset *address = find_address(image, server, type);
    if (address == NULL)
        return true;
    if (*next == rrset->extra_count)
        return false;
    const struct image_extra *extra = &image_extras(image, rrset)[(*next)++];
    const uint8_t *cut = image_node_name(image, &image->nodes[rrset->node]);
    return extra->rrset == address - image->rrsets && extra->name_at == at &&
           extra->required == name_is_under(server, cut);
}

bool image_extras_hold(const struct image *image, const struct image_rrset *rrset)
{
    bool is_cut = (image->nodes[rrset->node].flags & IMAGE_NODE_CUT) != 0;
    if (rrset->type != RR_TYPE_NS || !is_cut)
        return rrset->extra_count == 0;
    uint64_t start = rrset->slot_off + (uint64_t)rrset->slot_count * sizeof(struct image_slot);
    uint64_t len = (uint64_t)rrset->extra_count * sizeof(struct image_extra);
    bool is_aligned = rrset->extra_count == 0 || start % _Alignof(struct image_extra) == 0;
    if (!is_aligned || start + len > image->header->octets_len)
        return false;
    const uint8_t *wire = image_wire(image, rrset);
    unsigned next = 0;
    uint32_t at = IMAGE_RR_HEAD;
    for (unsigned i = 0; i < rrset->rr_count; i++) {
        if (!take_extra(image, rrset, at, RR_TYPE_A, &next) ||
            !take_extra(image, rrset, at, RR_TYPE_AAAA, &next))
            return false;
        at += (uint32_t)wire_get_u16(wire + at - 2) + IMAGE_RR_HEAD;
    }
    return next == rrset->extra_count;
}
