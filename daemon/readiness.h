// SPDX-License-Identifier: ISC
// Is zonebox ready? When queries are answered: the workers run and have the zones open that the configuration has, and
// the resolver runs and knows them, too. A zone that cannot be published for a reason of its own does not hold the
// others up: after some time without progress what is there is enough.
//
// The service manager is told (READY=1, STATUS=), and while many zones are signed for the first time, that there is
// progress (EXTEND_TIMEOUT_USEC=).
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/systemd.h"

struct zoned;

// Without any progress for so long, the programs that run are enough.
#define READINESS_PATIENCE_MS 5000

struct readiness {
    struct zoned *zoned;
    struct systemd *systemd;
    uv_timer_t timer;
    bool asking; // a program, how many zones it has
    bool ready;
    int64_t zones;     // that a worker had when it was last asked
    int64_t own_zones; // that the resolver knew
    uint64_t progress_ms;
};

void readiness_start(struct readiness *readiness, struct zoned *zoned, struct systemd *systemd);
// The configuration is looked at again: to be called before and after.
void readiness_reloading(struct readiness *readiness);
void readiness_reloaded(struct readiness *readiness);
// zoned ends; closes the handle.
void readiness_stop(struct readiness *readiness);
