// SPDX-License-Identifier: ISC
// The last look before a zone is committed: does the *built image* hold up as a validator would see it?
//
// Everything is read back from the image, so that whatever made it (zonegen, a zone file, ldns, the signer's own
// code, the image builder) is under test. Places (authoritative, cut, occluded) are found anew from the names.
//
//   every zone       SOA with the intended serial, NS at the apex, CNAME alone and only once
//   signed here      every authoritative RRset, and nothing else, has a signature by each algorithm of the DNSKEY
//                    set (RFC 4035 §2.2), with right signer, labels, original TTL and times and by a key of the
//                    set; DNSKEY is signed by the keys that the parent's DS names; the chain is the intended one,
//                    NSEC or NSEC3 `1 0 0 -`, and there is no other
//                    with a keyset: published, signing keys and signing the rest are those that it says, and
//                    whatever DS a cache may have validates the zone (keys/keyset.h), unless it did not before either
//   presigned        the same, against the DNSKEY set in the zone
//   both             one closed chain of NSEC or NSEC3 over exactly the names there are, with right types
//   not signed       no cache can have a DS, by the keyset; no DNSSEC record that would make validators expect more
//
// Which signatures are verified cryptographically, when the structure is right, is the caller's choice (enum
// verify_choice): it costs three times as much as to make them. A wrong signature comes from a wrong key (then all
// fail), a wrong canonical form (then those of a type fail, or what has upper case) or broken memory. So a change has
// all of its signatures verified; where thousands are made, SOA and DNSKEY of each zone show the key, and a sample the
// rest (decision 023). ldns makes the canonical form and order that are verified, which are not those of
// signer/records.c.
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "config/config.h"
#include "dns/image.h"
#include "keys/dnskey.h"
#include "keys/keyset.h"
#include "signer/chain.h"
#include "signer/plan.h"

struct verify_later;

enum verify_choice {
    VERIFY_ALL,
    VERIFY_NEW, // made at `now`
    VERIFY_SAMPLE, // of those: apex SOA and DNSKEY, and one of VERIFY_SAMPLE_OF; in large zones the first of each type
};
// 1% of the time that signing takes.
#define VERIFY_SAMPLE_OF 256
// RRsets from which on a zone is large: to verify one of each type is no more than 1% then either.
#define VERIFY_LARGE 2000

struct verify_request {
    const struct image *image; // opened by image_open
    const uint8_t *apex;       // wire
    enum config_dnssec dnssec;
    enum denial denial;            // for CONFIG_DNSSEC_ON: what was intended
    const struct dnskey_set *keys; // for CONFIG_DNSSEC_ON: at least the public parts
    struct plan_policy policy;     // ON: no signature may be due
    uint32_t serial;
    int64_t now;
    // ON, OFF: the keyset that it follows from, and the one before it; NULL: not looked at.
    const struct keyset *keyset, *keyset_before;
    enum verify_choice choice;  // PRESIGNED: of all signatures, new or not
    struct verify_later *later; // NULL: nothing is put off
};

// BOGUS, or EXPIRED when only times are wrong, with the owner and type concerned and what is wrong.
enum status verify_image(const struct verify_request *request, struct error *err);
