// SPDX-License-Identifier: ISC
// Which signatures of the published image hold for the next one.
//
// The image is trusted for its octets only as far as this: the signature is one of the same key over the same RRs
// with the same TTL. What serve/ says is used only when nobody else wrote to it (signer/state.h); were it
// otherwise, a wrong signature would be found by validators and not by us.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dns/image.h"
#include "keys/dnskey.h"
#include "signer/plan.h"
#include "signer/records.h"

struct reuse;

// previous may be NULL: nothing is found then. What is given stays in use.
struct reuse *reuse_new(const struct records *records, const struct image *previous,
                        const struct plan_policy *policy, int64_t now);
void reuse_free(struct reuse *reuse); // NULL is fine

// The rdata of the RRSIG that this key made over the RRset, where it need not be renewed now. The caller frees it.
bool reuse_signature(struct reuse *reuse, const struct rrset *rrset, const struct dnskey *key,
                     uint8_t **ret_rdata, uint16_t *ret_len, int64_t *ret_expiration);
