// SPDX-License-Identifier: ISC
// From the records of a zone to the records of the signed zone: DNSKEY, the chain, RRSIGs.
//
//   sign_add_dnskeys  adds the keys: they count as content, a zone with another key is another zone
//   chain_add         (signer/chain.h) adds the chain of NSEC or NSEC3
//   sign_prepare      looks which signatures of the published image still hold, and writes the octets to be signed
//                     (RFC 4034 §3.1.8.1) of all others: the jobs
//   sign_run          (signer/sign_batch.h) octets → signatures, of many zones at once; in any thread
//   sign_finish       looks whether every job went well
//
// A signature is used again when the published RRset has the same RRs, TTL and key and its time has not come
// (signer/plan.h). So a change costs the signatures of what changed, of the SOA, and of the chain's links beside it.
//
// What is published and what signs what is in the `use` of each key: decided elsewhere (signer/life.h).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "dns/image.h"
#include "keys/dnskey.h"
#include "keys/signing.h"
#include "signer/plan.h"
#include "signer/records.h"

// No rollover needs more, and each costs every answer its octets.
#define SIGN_KEYS_MAX 8

struct sign_job {
    const struct dnskey *key;
    size_t rrset; // in records->rrsets
    // What is signed, in signing->octets: RRSIG rdata without signature (prefix_len), then the RRs.
    size_t octets_at;
    size_t octets_len;
    uint16_t prefix_len;
    uint16_t signature_len;
    size_t signature_at; // in signing->signatures
    bool done;           // it was made
};

struct sign_reused {
    size_t rrset;
    uint16_t rdata_len;
    uint8_t *rdata; // of the RRSIG
};

struct signing {
    const struct records *records;
    struct buf octets;
    struct sign_job *jobs;
    size_t job_count, job_cap;
    uint8_t *signatures; // of all jobs; room for them until they are made
    size_t signatures_len;
    struct sign_reused *reused;
    size_t reused_count, reused_cap;
    int64_t expires_at; // the first expiration of all signatures
};

// Adds the DNSKEYs that are to be published to the records, not yet arranged.
enum status sign_add_dnskeys(struct records *records, const struct dnskey_set *keys, uint32_t ttl,
                             struct error *err);

struct sign_request {
    const struct records *records; // arranged, with DNSKEY and the chain
    const struct dnskey_set *keys; // with private parts and use
    const struct image *previous;  // what is published, or NULL
    struct plan_policy policy;
    int64_t now;
};

// The keys stay in use by the jobs until sign_free. STATE: no key signs, or one has no private part.
enum status sign_prepare(const struct sign_request *request, struct signing **ret,
                         struct error *err);
void sign_free(struct signing *signing); // NULL is fine
enum status sign_finish(const struct signing *signing, struct error *err);
