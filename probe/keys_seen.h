// SPDX-License-Identifier: ISC
// With which keys does a server serve a zone? Its answers to the zone's DNSKEY and SOA, against what OBSERVE_KEYS
// (dns/observe.h) says should be there. Pure.
//
// Signatures are verified with the keys that the server itself gives, after these were found to be the expected ones:
// no key of a stranger is ever computed with. One that is expected to sign and not to stand in the DNSKEY RRset (RFC
// 6781 §4.1.4: an algorithm comes with its signatures first) cannot be verified, and is told by tag and algorithm.
#pragma once

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stdint.h>

#include "dns/observe.h"

// Signatures of one RRset: more are not looked at. A zone has one for each key, and right after a change perhaps two.
#define KEYS_SIGNATURES_MAX (2 * OBSERVE_KEYS_MAX)

// list[i]: the DNSKEY record that is question.keys[i]; NULL: it is not there.
struct keys_list {
    ldns_rr *list[OBSERVE_KEYS_MAX];
};

struct keys_seen {
    bool right;
    uint32_t ttl;       // of the DNSKEY RRset, 0: none
    int64_t expires_at; // first expiration of the signatures, Unix seconds; 0: none was seen
};

// *ret_keys is the caller's (keys_list_done), filled also when something is wrong.
void keys_read_dnskey(const struct observe_question *question, ldns_pkt *packet, int64_t now,
                      struct keys_seen *ret, struct keys_list *ret_keys);
void keys_read_soa(const struct observe_question *question, ldns_pkt *packet,
                   const struct keys_list *keys, int64_t now, struct keys_seen *ret);
void keys_list_done(struct keys_list *keys);
