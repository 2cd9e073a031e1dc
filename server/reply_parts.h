// SPDX-License-Identifier: ISC
// The inside of what writes replies; included by its own files only:
//
//   reply.c         sections, RRsets as they lie in the image, header and OPT
//   reply_names.c   RRsets with names that the message can say shorter than the image does
#pragma once

#include <string.h>

#include "dns/wire.h"
#include "server/references.h"

#define POINTER_MAX  0x3fffU // RFC 1035 §4.1.4
#define POINTER_BITS 0xc000U
#define NO_PLACE     UINT16_MAX // where no pointer can lead

enum section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL, SECTION_COUNT };

// What was left out of an RRset's wire when it was written: so many octets at this place of the
// image's. More of them than the names of a chain have labels in common are not to be expected.
#define OMISSIONS_MAX 8

struct omissions {
    unsigned count;
    struct {
        uint16_t at, octets;
    } places[OMISSIONS_MAX];
};

struct writer {
    const struct image *image;
    const struct query *query;
    const struct answer *answer;
    uint8_t *out;
    size_t at;
    size_t limit; // what the records may fill: room for OPT is taken off
    uint16_t counts[SECTION_COUNT];
    // Where the first rdata of each answer stands, or NO_PLACE; 0: it is not written yet.
    uint16_t rdata_at[ANSWER_RRSETS_MAX];
    struct omissions omissions; // of the last RRset that reply_put_shorter wrote
};

// How an owner is written for the first time, and where a pointer finds it from then on.
struct owner {
    const uint8_t *labels; // labels_len octets to write, then a pointer to `suffix`
    size_t labels_len;
    uint16_t suffix;
    uint16_t place;     // labels_len 0: where the owner stands in the message already
    uint8_t all_labels; // how many the whole name has
};

// A run of records as the image has them: the RRs of an RRset, or its RRSIGs.
struct run {
    const uint8_t *wire;
    size_t len;
    const struct image_slot *slots;
    unsigned slot_count;
    uint16_t count;
};

static inline void put_pointer(uint8_t *at, size_t target)
{
    wire_set_u16(at, (uint16_t)(POINTER_BITS | target));
}

// False when they do not fit.
static inline bool put_octets(struct writer *writer, const void *octets, size_t len)
{
    if (writer->limit - writer->at < len)
        return false;
    memcpy(writer->out + writer->at, octets, len);
    writer->at += len;
    return true;
}

static inline struct owner owner_known(size_t place, uint8_t all_labels)
{
    return (struct owner){(const uint8_t *)"", 0, (uint16_t)place, (uint16_t)place, all_labels};
}

// The place of name number n of the answer: 0 the question name, else the rdata of the CNAME that
// led to it.
static inline uint16_t name_place(const struct writer *writer, unsigned n)
{
    return n == 0 ? DNS_HEADER_LEN : writer->rdata_at[writer->answer->links[n - 1].cname];
}

static inline const struct query_name *name_of(const struct writer *writer, unsigned n)
{
    return n == 0 ? &writer->query->name : &writer->answer->links[n - 1].name;
}

static inline size_t apex_place(const struct writer *writer)
{
    return DNS_HEADER_LEN + query_name_suffix(&writer->query->name, writer->image->apex_labels);
}

// Where a name that stands in the message goes on behind so many labels.
static inline size_t place_behind(const struct writer *writer, size_t at, unsigned labels)
{
    for (;; labels--) {
        while (writer->out[at] >= POINTER_BITS >> 8)
            at = wire_get_u16(writer->out + at) & POINTER_MAX;
        if (labels == 0)
            return at;
        at += 1U + writer->out[at];
    }
}

// Where the slot's pointer leads, if that is not in its own run. `start`: the place in the message
// that the run's offsets count from; the owner's name stands before it, or elsewhere.
static inline size_t slot_outside(const struct writer *writer, const struct image_slot *slot,
                                  size_t start, const struct owner *owner)
{
    if (slot->target >= SLOT_APEX)
        return apex_place(writer) + slot->target - SLOT_APEX;
    unsigned labels = (unsigned)(slot->target - SLOT_OWNER);
    size_t name = owner->labels_len > 0 ? start - owner->labels_len : owner->suffix;
    return place_behind(writer, name, owner->all_labels - labels);
}

// Could a name in this RRset end in more labels of the question, or of a name that the answer leads
// to, than the image knows of?
bool reply_says_shorter(const struct writer *writer, const struct image_rrset *rrset);

// Writes the RRs of such an RRset with its names as short as that makes them. False when that
// cannot be, and the message is as it was.
bool reply_put_shorter(struct writer *writer, const struct image_rrset *rrset,
                       const struct run *run, struct owner *owner);

// Where in the message this place of the RRset's wire is that was written last, from `start` on;
// NO_PLACE when it was left out.
size_t reply_moved(const struct omissions *omissions, size_t start, unsigned place);
