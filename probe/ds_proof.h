// SPDX-License-Identifier: ISC
// Is what a server says of the DS of a zone what the zone above has signed? Without that, who sits on the way to the
// parent's servers could say that a DS is in or out, and have the signer drop a key that the world still goes by. Pure.
#pragma once

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stdint.h>

// Signatures of one RRset, and NSEC or NSEC3 of one answer: more are not looked at. Each pair of signature and key
// costs a verification (CVE-2023-50387).
#define DS_PROOF_SIGNATURES_MAX 8
#define DS_PROOF_DENIALS_MAX    4

// packet: answers the question for DS of the zone (wire form), from authority. keys: the DNSKEY of the zone above,
// validated. True when the DS RRset there, or the proof that there is none (RFC 4035 §5.4, RFC 5155 §8.6), was signed
// with one of them. *ret_ttl: the TTL that was signed (RFC 4034 §3.1.4), 0 of a proof.
bool ds_proven(const ldns_pkt *packet, const uint8_t *zone, const ldns_rr_list *keys, int64_t now,
               uint32_t *ret_ttl);
