// SPDX-License-Identifier: ISC
// The keys of the files that the configuration names for TLS: certificates in use, and public keys to come.
#pragma once

#include "config/inputs.h"
#include "keys/tls_plan.h"
#include "zonegen/zonegen.h"

// What the plan has to know of the files (keys/tls_plan.h), with the TTL that the records have in this zone. Nothing is
// in `published`: that is what is served. More files than a plan has room for are as unknown as those that cannot be
// read.
void tls_facts_read(const struct inputs *inputs, const struct zone_target *target,
                    struct tls_facts *ret);

// `tls: []` or `tls-ports: []`: there are to be no TLSA records.
bool tls_is_declined(const struct config *config);
