// SPDX-License-Identifier: ISC
// Zones for people whose DNS provider has a web form: `zonegen --dump --style paste`.
#pragma once

#include "base/buf.h"
#include "zonegen/zonegen.h"

// Prints each record field by field. SOA, the NS of the apex and what belongs to signatures are left out: the provider
// has its own.
void zone_content_paste(const struct zone_content *content, struct buf *ret);
