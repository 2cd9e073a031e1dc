// SPDX-License-Identifier: ISC
// CDS and CDNSKEY: what the parent should have, said in the zone itself (RFC 7344), so that parents that look there
// need no form filled in. They say what is offered; nothing before that, and `delete` (RFC 8078 §4) while a DS has to
// go.
#pragma once

#include "base/status.h"
#include "keys/keyset.h"
#include "signer/records.h"

// Adds them to the records, not yet arranged. keys: at least those that are offered.
enum status cds_add(struct records *records, const struct keyset *set,
                    const struct dnskey_set *keys, uint32_t ttl, struct error *err);
