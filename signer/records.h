// SPDX-License-Identifier: ISC
// The records of one zone as the signer works on them: wire form, sorted, grouped.
//
// Records come from ldns (generation) or from a published image (to sign again what was good), and only here do
// they change from one world to the other. ldns gives the canonical form of the rdata (RFC 4034 §6.2). Arranged,
// they lie in canonical order: owners, their RRsets by type, the RRs of each by canonical rdata. Equal RRs
// count once, and an RRset has the lowest TTL of its RRs (RFC 2181 §5.2).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ldns/ldns.h>

#include "base/arena.h"
#include "base/status.h"
#include "dns/image.h"

struct record {
    const uint8_t *owner;     // wire, as given
    const uint8_t *key;       // of the owner relative to the apex (dns/name.h)
    const uint8_t *rdata;     // as given
    const uint8_t *canonical; // of the same length
    uint32_t ttl;
    uint16_t key_len;
    uint16_t type;
    uint16_t rdata_len;
};

struct rrset {
    size_t first; // in list
    size_t count;
    size_t owner; // in owners
    uint32_t ttl;
    uint16_t type;
};

enum owner_place {
    OWNER_AUTHORITATIVE,
    OWNER_CUT,      // has NS below the apex: only NSEC and DS are ours (RFC 4035 §2.2)
    OWNER_OCCLUDED, // below a cut or a DNAME: glue, or invisible
};

struct owner {
    const uint8_t *name;  // the first spelling
    const uint8_t *lower; // in lower case
    const uint8_t *key;
    uint16_t key_len;
    uint8_t labels; // for RRSIG's Labels field: neither root nor "*" counts (RFC 4034 §3.1.3)
    enum owner_place place;
    size_t rrset_first;
    size_t rrset_count;
};

struct records {
    struct record *list;
    size_t count;
    size_t cap;
    struct rrset *rrsets; // this and what follows: only after records_arrange
    size_t rrset_count;
    struct owner *owners; // owners[0] is the apex when the zone has a SOA
    size_t owner_count;
    const uint8_t *apex; // wire, lower case
    uint16_t apex_key_len;
    struct arena octets; // of the records
};

struct records *records_new(const uint8_t *apex);
void records_free(struct records *records); // NULL is fine

// Adds one RR; octets are copied. RANGE: the owner is outside the zone; SYNTAX: rdata that ldns cannot read.
enum status records_add(struct records *records, const struct image_rr *rr, struct error *err);
enum status records_add_rr(struct records *records, const ldns_rr *rr, struct error *err);
// Adds what the image holds, without what signing adds (DNSKEY, RRSIG, the chain) when `unsigned_only`.
enum status records_add_image(struct records *records, const struct image *image,
                              bool unsigned_only, struct error *err);

// Sorts and groups what is there. May be done again after more was added.
void records_arrange(struct records *records);

// Is the RRset signed in a signed zone (RFC 4035 §2.2)?
bool records_is_signed(const struct records *records, const struct rrset *rrset);
// The RRset of that type at the owner, or NULL.
const struct rrset *records_find(const struct records *records, const struct owner *owner,
                                 uint16_t type);
// The SOA's rdata has its serial set, in place. NULL-safe: a zone without SOA is left alone.
void records_set_serial(struct records *records, uint32_t serial);
// The serial, minimum (RFC 2308 §4) and TTL of the SOA; false without one.
struct records_soa {
    uint32_t serial;
    uint32_t minimum;
    uint32_t ttl;
};
bool records_soa(const struct records *records, struct records_soa *ret);

// 64 bits that change when a record does (XXH3): arranged records only.
uint64_t records_digest(const struct records *records);

// The canonical form of rdata (RFC 4034 §6.2, RFC 6840 §5.1) into ret, which has room for rdata_len octets.
enum status records_canonical(uint16_t type, const uint8_t *rdata, uint16_t rdata_len, uint8_t *ret,
                              struct error *err);
// Reads wire into an ldns_rr that the caller frees with ldns_rr_free; NULL when ldns cannot.
ldns_rr *records_to_ldns(const struct image_rr *rr);
