// SPDX-License-Identifier: ISC
// What follows when a worker dies of a zone image (daemon/deaths.h): after the second death the workers are told not to
// answer from it, zone-signer that its zone has something wrong, and a person, with the zone's name where zone-signer
// can say it. Those that are started later get it as arguments.
#pragma once

#include "daemon/child.h"
#include "daemon/launch.h"
#include "daemon/zoned.h"

// Reads what was set aside before. To be called before anything is started.
void set_aside_open(struct zoned *zoned);

// --set-aside IMAGE for each.
void set_aside_arguments(const struct zoned *zoned, struct launch *launch);

// A process of zone-server has ended that had this image in hand (0: none). hung: since it was stuck there.
void set_aside_death(struct zoned *zoned, const struct child *child,
                     const struct child_exit *ending, uint64_t image, bool hung);
// zone-signer answers: it is told what it may not know.
void set_aside_signer_ready(struct zoned *zoned);
