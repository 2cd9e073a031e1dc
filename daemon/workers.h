// SPDX-License-Identifier: ISC
// The workers: as many zone-server processes as there are cores, each with sockets of its own and copies of the
// others' (standby, server/worker.h). While one is down, the one before it in the circle serves its sockets too, so
// nothing that came there waits for longer than that takes; sockets are never closed while they are wanted.
#pragma once

#include <stdbool.h>

#include "daemon/zoned.h"

// Makes the workers those that the sockets are for, and replaces stale ones, one at a time.
void workers_follow(struct zoned *zoned);
// Sockets or settings are not those that the workers run with.
void workers_set_stale(struct zoned *zoned);
void workers_end(struct zoned *zoned);
bool workers_are_idle(const struct zoned *zoned);
void workers_close(struct zoned *zoned);
void workers_free(struct zoned *zoned); // once the loop has run on

// What every zone-server is started with, also the one that speaks TLS.
enum status workers_put_settings(const struct zoned *zoned, struct launch *launch,
                                 struct error *err);

const struct child *workers_child(const struct zoned *zoned, size_t index);

// How many sockets behind its own the worker at `index` should serve now: those of the workers right behind it in the
// circle that are not ready, each with `sockets` of them, and no more than `standby` that it was given. Each worker
// that is down is served by one other, as long as any is ready.
size_t workers_drain_count(const bool *ready, size_t workers, size_t index, size_t sockets,
                           size_t standby);
