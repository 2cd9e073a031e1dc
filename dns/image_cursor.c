// SPDX-License-Identifier: ISC
// Records read back from an image, with the names that were compressed written out.
#include "dns/image.h"

#include <string.h>

#include "dns/rdata.h"
#include "dns/types.h"
#include "dns/wire.h"

// The slot that stands at `at` among the slots of the RRs; there is one.
static const struct image_slot *slot_at(const struct image *image, const struct image_rrset *rrset,
                                        uint32_t at)
{
    const struct image_slot *slots = image_slots(image, rrset);
    unsigned low = 0;
    unsigned high = rrset->slot_count;
    while (high - low > 1) {
        unsigned middle = low + (high - low) / 2;
        if (slots[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    return &slots[low];
}

// Writes out what a slot means that points at the apex or the owner, or a suffix of them.
static size_t suffix_at(const struct image *image, const struct image_rrset *rrset, uint16_t target,
                        uint8_t *ret)
{
    const struct image_node *node = &image->nodes[target < SLOT_APEX ? rrset->node : 0];
    const uint8_t *name = image_node_name(image, node);
    size_t skip = target < SLOT_APEX ? 0 : (size_t)(target - SLOT_APEX);
    for (unsigned i = node->labels; target < SLOT_APEX && i > (unsigned)(target - SLOT_OWNER); i--)
        skip += 1u + name[skip];
    memcpy(ret, name + skip, node->name_len - skip);
    return node->name_len - skip;
}

size_t image_name_at(const struct image *image, const struct image_rrset *rrset, uint32_t at,
                     uint8_t ret[NAME_WIRE_MAX])
{
    const uint8_t *wire = image_wire(image, rrset);
    size_t len = 0;
    for (;;) {
        uint8_t octet = wire[at];
        if (octet == 0) {
            ret[len++] = 0;
            return len;
        }
        if (octet <= NAME_LABEL_MAX) {
            memcpy(ret + len, wire + at, 1u + octet);
            len += 1u + octet;
            at += 1u + octet;
            continue;
        }
        uint16_t target = slot_at(image, rrset, at)->target;
        if (target < SLOT_OWNER) {
            at = target;
            continue;
        }
        return len + suffix_at(image, rrset, target, ret + len);
    }
}

void image_rrs(struct image_cursor *cursor, const struct image *image,
               const struct image_rrset *rrset, bool sigs)
{
    cursor->image = image;
    cursor->rrset = rrset;
    cursor->sigs = sigs;
    cursor->left = sigs ? rrset->sig_count : rrset->rr_count;
    cursor->at = 0;
}

// The octets that a name takes in the wire, its slot included.
static size_t name_stored_len(const uint8_t *at)
{
    size_t len = 0;
    while (at[len] != 0 && at[len] <= NAME_LABEL_MAX)
        len += 1u + at[len];
    return len + (at[len] == 0 ? 1 : 2);
}

// Writes rdata with names out into the cursor's own room and returns its length.
static uint16_t write_out(struct image_cursor *cursor, const struct rdata_layout *layout,
                          uint32_t at)
{
    const uint8_t *wire = image_wire(cursor->image, cursor->rrset);
    uint8_t *out = cursor->rdata;
    memcpy(out, wire + at, layout->before);
    out += layout->before;
    at += layout->before;
    for (unsigned i = 0; i < layout->names; i++) {
        out += image_name_at(cursor->image, cursor->rrset, at, out);
        at += (uint32_t)name_stored_len(wire + at);
    }
    memcpy(out, wire + at, layout->after);
    out += layout->after;
    return (uint16_t)(out - cursor->rdata);
}

bool image_rrs_next(struct image_cursor *cursor, struct image_rr *ret)
{
    if (cursor->left == 0)
        return false;
    cursor->left--;
    const struct image_rrset *rrset = cursor->rrset;
    const uint8_t *wire = image_wire(cursor->image, rrset) + (cursor->sigs ? rrset->wire_len : 0);
    const uint8_t *rr = wire + cursor->at;
    uint16_t rdata_len = wire_get_u16(rr + 10);
    ret->owner = image_node_name(cursor->image, &cursor->image->nodes[rrset->node]);
    ret->type = wire_get_u16(rr + 2);
    ret->ttl = wire_get_u32(rr + 6);
    const struct rdata_layout *layout = cursor->sigs ? NULL : rdata_layout(rrset->type);
    if (layout != NULL) {
        ret->rdata_len = write_out(cursor, layout, cursor->at + IMAGE_RR_HEAD);
        ret->rdata = cursor->rdata;
    } else {
        ret->rdata_len = rdata_len;
        ret->rdata = rr + IMAGE_RR_HEAD;
    }
    cursor->at += IMAGE_RR_HEAD + (uint32_t)rdata_len;
    return true;
}
