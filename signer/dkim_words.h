// SPDX-License-Identifier: ISC
// What the admin has to do, or to know, about the DKIM keys of a domain that others serve.
#pragma once

#include "keys/dkim_plan.h"
#include "signer/zone.h"

struct dkim_domain;

// What the key waits for or asks for, NULL: nothing. The caller frees.
char *dkim_words(const struct zone *zone, const struct dkim_domain *domain,
                 const struct dkim_key *key, bool probed);
// Why the mail of one of the zone's domains is not signed, NULL: it is, or nothing is known yet. The caller frees.
char *dkim_unsigned_words(const struct zone *zone, bool probed);
// What has to be done at who serves the zone when a key has just been made or has taken that step, NULL: nothing.
const char *dkim_step_words(const struct zone *zone, enum dkim_action action);
