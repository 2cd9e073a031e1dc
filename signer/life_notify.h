// SPDX-License-Identifier: ISC
// Tells the parent that CDS and CDNSKEY have changed (NOTIFY(CDS), RFC 9859): when all name servers were seen with
// them, and again, less and less often, until the DS there is as they say. A parent that is served here follows by
// itself.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "keys/keyset.h"
#include "signer/life_keys.h"
#include "signer/zone.h"

// The CDS that are published, as one number; 0: none. And may a name server still have others, so that the parent could
// follow those?
uint64_t life_cds_said(const struct zone *zone, const struct keyset *set);
bool life_cds_lags(const struct zone *zone, const struct keyset *set);
// Is there a DS of ours at the parent that has to go?
bool life_ds_has_to_go(const struct keyset *set);
// The CDS that the parent should be told of, as one number; 0: none, it has them, or takes none.
uint64_t life_cds_content(const struct zone *zone, const struct keyset *set);
// The digest of one of them: of the newest key, of `delete` when the DS are to go. False: there is none.
bool life_cds_digest(const struct keyset *set, const struct life_keys *keys, uint8_t ret[32]);
// All name servers have it: is it time to tell?
bool life_notify_is_due(const struct zone *zone, uint64_t content, int64_t now);
void life_notify_begin(struct zone *zone, uint64_t content, int64_t now);
void life_notify_tell(const struct zone *zone, const struct observe_answer *answer);
