// SPDX-License-Identifier: ISC
// The zone image: all that is served of one zone, as one relocatable block of octets.
//
// The signer builds it (dns/image_build.h), the store keeps it, every worker of the server maps it and answers
// from it. Offsets instead of pointers, native byte order, a version and a checksum. It is checked in full when
// a process first uses it (image_open) and trusted from then on, so the accessors below do not check again.
//
//   header │ nodes (canonical order) │ RRsets │ hash table │ NSEC3 chain │ octets: keys, names, wires, slots
//
// Nodes. Every owner name and every empty non-terminal between it and the apex, in canonical order, node 0 is the
// apex. A node is found by its key (dns/name.h) relative to the apex: exactly through the hash table, or by its
// place in the order through binary search. What RFC 1034 §4.3.2 and RFC 4592 would search for is written down:
// the zone cut that a node lies at or under, the wildcard child, the NSEC that proves what lies behind a node.
//
// The owners of NSEC3 RRs are no names of the zone (RFC 5155 §7.2.8: asked for, they do not exist). They stand behind
// the nodes that can be found, node node_count + i for NSEC3 i, and are there for their names only.
//
// RRsets hold ready wire, with their RRSIGs right behind:
//
//   wire:  [owner 2][type][class][ttl][rdlength][rdata]  ×  rr_count   then the same × sig_count, RRSIG
//
// The last RRset of all is the negative SOA; those before it are the records of the zone, in order.
//
// An owner, and a name in the rdata of the types that RFC 1035 knows (RFC 3597 §4 forbids others), ends in a
// two-octet compression pointer whose target is known only in a message: a *slot*. Slots say where the pointer
// stands in the wire and what it points at:
//
//   SLOT_OWNER  the owner of this RRset, wherever the message has it
//   SLOT_APEX   the apex, which every message has at the end of its question name (or below, RRsets of other owners)
//   SLOT_SELF   a place in this RRset's own wire (the same suffix written earlier in it)
//
// What stands in a slot's place in the image is 0xc000. An owner is just a slot. A name that is the owner's (unless
// that is a wildcard) is just SLOT_OWNER; of the others the longest suffix that is a place or the apex is one.
//
// So that an answer is made by copying wires and filling slots in: no compression table, no search.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "dns/name.h"

// In native order: another byte order is another version
#define IMAGE_MAGIC   0x5a424f58474d4931ULL
#define IMAGE_VERSION 1
#define IMAGE_NONE    UINT32_MAX // no such node or RRset
// Octets of an RR in a wire before its rdata: owner slot, type, class, TTL, rdlength
#define IMAGE_RR_HEAD 12
#define IMAGE_MAX     (1U << 30) // octets; a million records fit

enum image_flag {
    IMAGE_SIGNED = 1 << 0, // has DNSKEY and RRSIGs: DO is honoured
    IMAGE_NSEC = 1 << 1,   // denial by NSEC
    IMAGE_NSEC3 = 1 << 2,  // denial by NSEC3
};

// What the signer notes in an image for itself and for people. Opaque to the server.
struct image_meta {
    // Digest of the records and keys it was made from: the same means nothing changed
    uint64_t content;
    int64_t made_at;    // Unix time of the publication
    int64_t resign_at;  // when its first signature is due for renewal, 0 = never
    int64_t expires_at; // when its first signature expires, 0 = never
};

struct image_header {
    uint64_t magic;
    uint32_t version;
    uint32_t size; // octets from here to the end, padding of the store excluded
    // XXH3-64 of all octets behind this field; also serves as the image's identity
    uint64_t checksum;
    struct image_meta meta;
    uint32_t serial;               // of the SOA
    uint32_t flags;                // enum image_flag
    uint32_t node_off, node_count; // nsec3_count more follow
    uint32_t rrset_off, rrset_count;
    // hash_size is a power of two; each cell a node's index or IMAGE_NONE
    uint32_t hash_off, hash_size;
    uint32_t nsec3_off, nsec3_count;
    uint32_t octets_off, octets_len; // all further offsets count from octets_off
    uint32_t apex_key_off;
    uint16_t apex_key_len;
    uint16_t nsec3_iterations;
    uint32_t nsec3_salt_off;
    uint8_t nsec3_salt_len;
    uint8_t reserved[3];
    uint32_t soa; // RRset: the SOA
    // RRset: the SOA (and RRSIG) with TTL min(SOA TTL, minimum), RFC 2308 §3, RFC 9077
    uint32_t negative_soa;
};

enum image_node_flag {
    IMAGE_NODE_CUT = 1 << 0,      // a delegation: NS below the apex, not occluded itself
    IMAGE_NODE_OCCLUDED = 1 << 1, // below a cut or a DNAME: glue, or not visible at all
    IMAGE_NODE_DNAME = 1 << 2,    // has a DNAME
    IMAGE_NODE_CNAME = 1 << 3,    // has a CNAME
    IMAGE_NODE_WILDCARD = 1 << 4, // its first label is "*"
};

struct image_node {
    uint32_t name_off; // wire, whole, case as in the zone
    uint32_t key_off;  // relative to the apex: the apex' own is empty
    uint16_t key_len;
    uint8_t name_len;
    uint8_t labels;    // of the whole name
    uint32_t flags;    // enum image_node_flag
    uint32_t parent;   // node; IMAGE_NONE for the apex
    uint32_t wildcard; // node: the child "*" unless occluded, or IMAGE_NONE
    // Node: the cut or DNAME owner at (cut) or above this node, nearest to the apex; IMAGE_NONE when this node is
    // authoritative and not a cut
    uint32_t delegation;
    // RRset: this node's NSEC, else that of the nearest node before it that has one; those of occluded names do not
    // count; IMAGE_NONE when there is none
    uint32_t nsec;
    uint32_t rrset_first; // the node's RRsets lie together, by ascending type
    uint32_t rrset_count; // 0: empty non-terminal
};

struct image_rrset {
    uint32_t node; // owner
    uint16_t type;
    uint16_t rr_count;
    uint16_t sig_count;
    uint16_t extra_count; // NS at a cut only: addresses that go with a referral
    uint32_t ttl;
    uint32_t wire_off;
    uint32_t wire_len; // of the RRs (at most 65535); the RRSIGs lie right behind
    uint32_t sig_len;  // of the RRSIGs (at most 65535)
    uint32_t slot_off; // struct image_slot [slot_count], then [sig_slot_count], ascending `at`
    uint16_t slot_count;
    uint16_t sig_slot_count;
    uint32_t extra_off; // struct image_extra [extra_count]
};

enum image_slot_base { SLOT_OWNER, SLOT_APEX, SLOT_SELF };

// RRSIGs have slots of their own; their `at` counts from the start of the RRSIGs.
struct image_slot {
    uint16_t at;     // where in the wire the two octets of the pointer stand
    uint16_t base;   // enum image_slot_base
    uint16_t target; // SLOT_SELF: octets from the start of the wire; else 0
    uint16_t reserved;
};

// An address RRset (A or AAAA) that a referral carries. RFC 9471: when `required`, the name server lies at or
// below the cut itself, and a referral without its address is truncated; the rest is helpful only.
struct image_extra {
    uint32_t rrset;
    uint16_t name_at;  // where in the NS RRset's wire the name of the server stands
    uint16_t required; // 0 or 1
};

struct image_nsec3 {
    uint8_t hash[20]; // ascending
    uint32_t rrset;
};

// An opened image. It owns nothing: the octets must stay where they are for as long as it is used.
struct image {
    const struct image_header *header;
    const struct image_node *nodes;
    const struct image_rrset *rrsets;
    const uint32_t *hash;
    const struct image_nsec3 *nsec3;
    const uint8_t *octets;
};

// Checks the octets in full and opens them: magic and version (STATE when it is another one), size, checksum,
// then every offset, index, slot and wire length, so that no reader can be led outside the image even by octets
// whose checksum is right. BOGUS with the reason when something does not hold. `octets` must be aligned to 8;
// len may be more than the image's size (padding).
enum status image_open(const void *octets, size_t len, struct image *ret, struct error *err);

// As image_open for octets that this process has checked already: pointers only.
void image_trust(const void *octets, struct image *ret);

static inline const uint8_t *image_node_name(const struct image *image,
                                             const struct image_node *node)
{
    return image->octets + node->name_off;
}

static inline const uint8_t *image_node_key(const struct image *image,
                                            const struct image_node *node)
{
    return image->octets + node->key_off;
}

static inline const uint8_t *image_wire(const struct image *image, const struct image_rrset *rrset)
{
    return image->octets + rrset->wire_off;
}

static inline const struct image_slot *image_slots(const struct image *image,
                                                   const struct image_rrset *rrset)
{
    return (const void *)(image->octets + rrset->slot_off);
}

static inline const struct image_extra *image_extras(const struct image *image,
                                                     const struct image_rrset *rrset)
{
    return (const void *)(image->octets + rrset->extra_off);
}

// The hash that places keys in the hash table (linear probing from hash & (hash_size - 1)).
uint64_t image_key_hash(const uint8_t *key, size_t len);

// The node with this key relative to the apex, or NULL.
const struct image_node *image_find(const struct image *image, const uint8_t *key, size_t len);
// The last node whose key is not greater than this one: the name itself or its canonical predecessor.
const struct image_node *image_find_before(const struct image *image, const uint8_t *key,
                                           size_t len);
// The RRset of this type at the node, or NULL.
const struct image_rrset *image_rrset(const struct image *image, const struct image_node *node,
                                      uint16_t type);
// The NSEC3 whose hash equals this one (*ret_matches), else the one that covers it. NULL when there is no chain.
const struct image_rrset *image_find_nsec3(const struct image *image, const uint8_t hash[20],
                                           bool *ret_matches);

// Writes out the name that begins at `at` in the wire of the RRs (the rdata of a CNAME, image_extra.name_at) and
// returns its length. `at` must be where a label or the slot of a name in rdata stands.
size_t image_name_at(const struct image *image, const struct image_rrset *rrset, uint32_t at,
                     uint8_t ret[NAME_WIRE_MAX]);

// ── Reading records back: for dumps, transfers, verification and the reuse of signatures ─────────

// One RR with all names written out. Valid until the next step of its cursor; rdata without compressed names points
// into the image.
struct image_rr {
    const uint8_t *owner; // wire, whole
    uint16_t type;
    uint16_t rdata_len;
    uint32_t ttl;
    const uint8_t *rdata;
};

struct image_cursor {
    const struct image *image;
    const struct image_rrset *rrset;
    bool sigs;
    uint16_t left;
    uint32_t at;                           // in the RRs' or RRSIGs' wire
    uint8_t rdata[2 * NAME_WIRE_MAX + 20]; // room for the largest with compressed names, a SOA's
};

// Starts over the RRs of the RRset, or over its RRSIGs.
void image_rrs(struct image_cursor *cursor, const struct image *image,
               const struct image_rrset *rrset, bool sigs);
// The next RR, or false at the end.
bool image_rrs_next(struct image_cursor *cursor, struct image_rr *ret);
