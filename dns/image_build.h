// SPDX-License-Identifier: ISC
// Makes a zone image from records. The control side's half of dns/image.h: it may allocate.
//
// Records come in any order and in wire form with uncompressed names. The builder groups them into nodes and
// RRsets (owners compare without case; the same RR twice counts once; an RRset has the lowest TTL of its RRs, RFC 2181
// §5.2), attaches RRSIGs to what they cover, finds cuts, glue, occlusion, wildcards and empty non-terminals, links the
// NSEC or NSEC3 chain and writes the wires compressed. The same records in any order give the same octets; where
// spellings of a name differ in case, one of them is kept.
//
// Of several NSEC3 chains the one of the first usable NSEC3PARAM (canonical order; SHA-1, flags 0) is kept. NSEC3 RRs
// of others are left out, since a server answers from one chain only (RFC 5155 §7.3); so are all when there is none.
//
// It refuses only what could not be served: not exactly one SOA at the apex, a record outside the zone, a type that is
// no data, an RRset over 65535 octets, an RRSIG without what it covers, malformed rdata of a type that it looks into
// (those whose names it compresses, RRSIG, NSEC3, NSEC3PARAM). Whether a zone is *good* is for the signer.
#pragma once

#include "base/buf.h"
#include "dns/image.h"

struct image_builder;

// apex: wire; not the root. The builder is released by image_builder_free, NULL is fine.
struct image_builder *image_builder_new(const uint8_t *apex);
void image_builder_free(struct image_builder *builder);

// Adds one RR of class IN, as a cursor gives it. Octets are copied. RANGE: the owner is outside the zone; SYNTAX: rdata
// is malformed.
enum status image_builder_add(struct image_builder *builder, const struct image_rr *rr,
                              struct error *err);

// Makes the image into ret (appended at an offset that is a multiple of 8; normally ret is empty). The builder can
// only be freed afterwards.
enum status image_builder_finish(struct image_builder *builder, const struct image_meta *meta,
                                 struct buf *ret, struct error *err);
