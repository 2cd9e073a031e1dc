// SPDX-License-Identifier: ISC
// The inside of the image builder; included by its own files only:
//
//   image_build.c   takes records in, drives the steps, lays the image out
//   image_group.c   records → nodes and RRsets
//   image_links.c   cuts, occlusion, wildcards, the denial chains, the addresses that go with referrals
//   image_wire.c    RRsets → wires and slots
//
// Octets (names, keys, rdata) lie in one growing buffer and are named by their offsets in it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "dns/image.h"
#include "dns/name.h"

// One RR as it was added.
struct build_record {
    uint32_t ttl;
    uint16_t type;
    uint16_t covered; // for an RRSIG the type that it covers, else the type
    uint16_t rdata_len;
    uint16_t key_len;
    uint32_t key;   // of the owner, from the root
    uint32_t owner; // wire
    uint32_t rdata;
    uint32_t
        canonical; // rdata with compressible names in lower case; same as rdata when it had no others
};

struct build_node {
    struct image_node out;
    uint32_t key; // from the root; out.key_len is relative to the apex
    uint32_t name;
};

struct build_rrset {
    struct image_rrset out;
    uint32_t record; // the RRs, then behind them the RRSIGs: out.rr_count, out.sig_count
};

// A place in the wire being written where labels of a name begin.
struct build_place {
    uint32_t canonical; // the name from there on, lower case
    uint16_t len;
    uint16_t at;
};

// How many places a wire's compression looks through. Names in one RRset seldom have more than a few suffixes; the
// bound keeps an RRset of thousands of names from costing their square.
#define BUILD_PLACES_MAX 256

struct build_wire {
    struct buf octets; // the RRs, then the RRSIGs
    struct image_slot *slots;
    size_t slot_count, slot_cap;
    uint16_t label_bits; // image_rrset.label_bits
    struct build_place places[BUILD_PLACES_MAX];
    size_t place_count;
    struct image_extra *extras;
    size_t extra_count, extra_cap;
};

struct image_builder {
    struct name apex;
    struct name_key apex_key;
    struct buf octets;
    struct build_record *records;
    size_t record_count, record_cap;
    struct build_node *nodes; // those that can be found, then the owners of NSEC3
    size_t node_count, node_cap;
    size_t chain_count; // of NSEC3
    struct build_rrset *rrsets;
    size_t rrset_count, rrset_cap;
    uint32_t nsec3param;    // rdata of the chain that is kept, or IMAGE_NONE
    uint32_t flags;         // enum image_flag
    struct build_wire wire; // the RRset being written
};

static inline const uint8_t *build_octets(const struct image_builder *builder, uint32_t offset)
{
    return builder->octets.data + offset;
}

// The length of a node's key from the root.
static inline size_t build_key_len(const struct image_builder *builder,
                                   const struct build_node *node)
{
    return (size_t)builder->apex_key.len + node->out.key_len;
}

// The node's RRset of this type, or IMAGE_NONE.
uint32_t build_find_rrset(const struct image_builder *builder, const struct build_node *node,
                          uint16_t type);

// Sorts the records and makes nodes and RRsets from them, the negative SOA last.
enum status build_group(struct image_builder *builder, struct error *err);

// Fills in what nodes say of each other: flags, wildcard, delegation, nsec.
void build_link(struct image_builder *builder);
// The addresses that go with the NS RRset of a cut, into builder->wire. Its wire has been written.
void build_extras(struct image_builder *builder, const struct build_node *node,
                  const struct build_rrset *rrset);

// Writes the RRset's wires and slots into builder->wire and notes their sizes in rrset->out. RANGE when they are too
// large for a message.
enum status build_write(struct image_builder *builder, struct build_rrset *rrset,
                        struct error *err);
