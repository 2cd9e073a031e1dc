// SPDX-License-Identifier: ISC
// May these records take the place of what is published? Generation leaves out what it has no input for; here it is
// decided when that is a loss: then the published zone stays.
#pragma once

#include "base/status.h"
#include "signer/build.h"

// STATE with the reason when not. What is wrong with the inputs and takes nothing away is logged once.
enum status judge_content(const struct build_context *context, const struct zone *zone,
                          const struct zone_content *content, struct error *err);
// Adds the published records of DKIM keys whose files cannot be used now: mail that was signed with them is on its way,
// and the rest of the zone has to go on, so that this is no reason to keep all of it.
enum status judge_keep_dkim(const struct build_context *context, const struct zone *zone,
                            const struct zone_content *content, struct records *records,
                            struct error *err);

// For zonegen_keys: is this key of the child zone one whose DS the parent should have now? `zones` is a struct zones.
bool judge_is_offered(void *zones, const struct zone_target *child, const ldns_rr *dnskey);
