// SPDX-License-Identifier: ISC
// The zone image: all that is served of one zone, as one relocatable block of octets.
//
// The signer builds it (dns/image_build.h), the store keeps it, every worker of the server maps it and answers
// from it. Offsets instead of pointers, native byte order, a version and a checksum. It is checked in full when
// a process first uses it (image_open) and trusted from then on, so the accessors below do not check again.
//
//   header │ nodes (canonical order) │ RRsets │ hash table │ order │ NSEC3 chain │ octets: keys, names, wires, slots
//
// What one answer reads lies close together, since it is memory that it waits for: a node is a line of the cache and
// says which types it has, an RRset is half of one, and the first octets of all keys stand in a row of their own.
//
// Nodes. Every owner name and every empty non-terminal between it and the apex, in canonical order, node 0 is the
// apex. A node is found by its key (dns/name.h) relative to the apex: exactly through the hash table, or by its
// place in the order through binary search, mostly in the first octets of keys alone. What RFC 1034 §4.3.2 and RFC
// 4592 would search for is written down: the zone cut that a node lies at or under, the wildcard child, the NSEC that
// proves what lies behind a node.
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
// An owner is two octets: a compression pointer whose target is known only in a message. A name in the rdata of the
// types that RFC 1035 knows (RFC 3597 §4 forbids others) ends in one, too, and a *slot* says where it stands in the
// wire and what it points at:
//
//   SLOT_OWNER + n  the last n labels of this RRset's owner, wherever the message has it
//   SLOT_APEX + n   the apex, from its octet n on, which every message has at the end of its question name
//   a lower value   a place in this RRset's own wire (the same suffix written earlier in it)
//
// The longest suffix that is one of these is a slot. The "*" of a wildcard is another label in every answer made from
// it, the labels below are the same. RRSIGs have no slots.
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
#define IMAGE_VERSION 4
#define IMAGE_NONE    UINT32_MAX // no such node or RRset
// Octets of an RR in a wire before its rdata: owner slot, type, class, TTL, rdlength
#define IMAGE_RR_HEAD 12
#define IMAGE_POINTER 0xc000     // what stands for a pointer until its target is known
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
    uint32_t serial; // of the SOA
    uint32_t flags;  // enum image_flag
    // How many: the sections follow each other as drawn above
    uint32_t node_count, nsec3_count; // nodes of the chain stand behind the others
    uint32_t rrset_count;
    uint32_t hash_size;              // a power of two
    uint32_t octets_off, octets_len; // all offsets count from octets_off
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

// How many types of its RRsets a node has in itself
#define IMAGE_NODE_TYPES 14

struct image_node {    // 64 octets
    uint32_t name_off; // wire, whole, case as in the zone
    uint32_t key_off;  // relative to the apex: the apex' own is empty
    uint16_t key_len;
    uint8_t name_len;
    uint8_t labels;    // of the whole name
    uint32_t parent;   // node; IMAGE_NONE for the apex
    uint32_t wildcard; // node: the child "*" unless occluded, or IMAGE_NONE
    // Node: the cut or DNAME owner at (cut) or above this node, nearest to the apex; IMAGE_NONE when this node is
    // authoritative and not a cut
    uint32_t delegation;
    // RRset: this node's NSEC, else that of the nearest node before it that has one; those of occluded names do not
    // count; IMAGE_NONE when there is none
    uint32_t nsec;
    uint32_t rrset_first;             // the node's RRsets lie together, by ascending type
    uint16_t rrset_count;             // 0: empty non-terminal
    uint16_t flags;                   // enum image_node_flag
    uint16_t types[IMAGE_NODE_TYPES]; // of the first RRsets; 0 behind the last
};

struct image_rrset { // 32 octets
    uint32_t node;   // owner
    uint32_t ttl;
    uint32_t wire_off;
    uint16_t wire_len; // of the RRs; the RRSIGs lie right behind
    uint16_t sig_len;  // of the RRSIGs
    uint32_t slot_off; // struct image_slot [slot_count], ascending `at`
    uint16_t slot_count;
    uint16_t type;
    uint16_t rr_count;
    uint16_t sig_count;
    uint16_t extra_count; // NS at a cut only: struct image_extra behind the slots, for a referral
    // Of the names in rdata that lie below the apex, and are not a slot as a whole, name_label_bit of the label right
    // below it: where the names that a message is about have none of these, no slot could end in a longer suffix.
    uint16_t label_bits;
};

// What a slot points at when that is not a place in the RRset's own wire, as far as pointers reach (0x3fff)
enum image_slot_target { SLOT_OWNER = 0x4000, SLOT_APEX = 0x8000 };

// Where slots begin, for the sake of the extras behind them. Without slots slot_off means nothing, and is in the image.
#define IMAGE_SLOT_ALIGN 4

struct image_slot {
    uint16_t at;     // where in the wire the two octets of the pointer stand
    uint16_t target; // enum image_slot_target, or octets from the start of the wire
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

// A cell of the hash table: the upper octet of the key's hash (which spares a look at most wrong nodes), then the
// node's index; or IMAGE_NONE. An image has too few octets for the index to need more.
#define IMAGE_CELL_NODE 0x00ffffffU

// An opened image. It owns nothing: the octets must stay where they are for as long as it is used. With what every
// answer needs of the header.
struct image {
    const struct image_header *header;
    const struct image_node *nodes;
    const struct image_rrset *rrsets;
    const uint32_t *hash;
    const uint64_t *order; // of each node the first 8 octets of its key, as a number
    const struct image_nsec3 *nsec3;
    const uint8_t *octets;
    uint32_t hash_mask;
    uint16_t apex_key_len;
    uint8_t apex_labels;
    uint8_t flags; // enum image_flag
};

// Checks the octets in full and opens them: magic and version (STATE when it is another one), size, checksum,
// then every offset, index, slot and wire length, so that no reader can be led outside the image even by octets
// whose checksum is right. BOGUS with the reason when something does not hold. `octets` must be aligned to 8;
// len may be more than the image's size (padding).
enum status image_open(const void *octets, size_t len, struct image *ret, struct error *err);

// The identity of an image that nobody has checked yet, 0: it is too short to have one.
static inline uint64_t image_id(const void *octets, size_t len)
{
    const struct image_header *header = octets;
    return len < sizeof(*header) ? 0 : header->checksum;
}

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
    return (const void *)(image_slots(image, rrset) + rrset->slot_count);
}

// The hash that places keys in the hash table (linear probing from hash & (hash_size - 1)).
uint64_t image_key_hash(const uint8_t *key, size_t len);

// The cell of the node with this index, whose key has this hash.
static inline uint32_t image_cell(uint64_t hash, uint32_t index)
{
    return (uint32_t)(hash >> 56) << 24 | index;
}

// The first 8 octets of a key as a number: as long as two numbers differ, their order is that of the keys.
uint64_t image_key_head(const uint8_t *key, size_t len);

// The node with this key relative to the apex, or NULL.
const struct image_node *image_find(const struct image *image, const uint8_t *key, size_t len);
// The last node whose key is not greater than this one: the name itself or its canonical predecessor.
const struct image_node *image_find_before(const struct image *image, const uint8_t *key,
                                           size_t len);

// Both of these and the closest encloser, in four steps. Each asks memory for what the next one reads, so that who
// looks for many names at once takes all of them through one step before the next, and they wait for memory together.
struct image_search {
    const uint8_t *key; // relative to the apex; the caller's
    size_t len;
    uint64_t hash;                   // of the key
    const struct image_node *likely; // what the hash leads to, or NULL
    const struct image_node *node;   // found at the end: as image_find has it,
    const struct image_node *before; // as image_find_before,
    const struct image_node
        *encloser; // and the node, else the deepest one above the name (RFC 4592 §3.3.1)
};

void image_search_begin(const uint8_t *key, size_t len, struct image_search *ret);
void image_search_cell(const struct image *image, struct image_search *search);
void image_search_node(const struct image *image, struct image_search *search);
void image_search_end(const struct image *image, struct image_search *search);

// Asks memory for the cell that image_search_cell reads. On its own, since a processor waits for many pages at once
// only when nothing else stands between them.
static inline void image_prefetch_cell(const struct image *image, const struct image_search *search)
{
    __builtin_prefetch(&image->hash[search->hash & image->hash_mask]);
}
// The octets that an answer with this RRset copies, as far as they fit a small message.
void image_prefetch_wire(const struct image *image, const struct image_rrset *rrset, bool sigs);

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
