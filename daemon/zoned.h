// SPDX-License-Identifier: ISC
// What zoned keeps running: one zone-signer, which gets the inputs, and the workers (zone-server),
// which get the sockets.
//
//     feed (files, watched) ──► accept ──► listen: sockets ──► workers, started again one by one
//     when theirs changed
//                                 └──────► snapshot ──► zone-signer
//
// Every child also holds the reading end of the lifeline, a pipe whose other end only zoned has:
// when zoned is gone, however it went, they read its end and go too.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/status.h"
#include "daemon/child.h"
#include "daemon/feed.h"
#include "daemon/listen.h"
#include "daemon/logs.h"
#include "daemon/on_alarm.h"
#include "daemon/snapshot.h"

#define ZONED_SIGNER "zone-signer"
#define ZONED_SERVER "zone-server"

#define ZONED_LISTEN_RETRY_MS                                                                      \
    30000 // for addresses that could not be bound when the configuration changed

struct zoned_worker {
    struct child child;
    struct zoned *zoned;
    size_t index;
    bool stale; // runs with sockets or settings that do not hold any more
};

// What the workers are started with, besides their sockets.
struct zoned_settings {
    size_t workers;           // wanted; none run while there is no address
    uint32_t tcp_connections; // of each worker
    uint32_t tcp_idle_ms;
};

struct zoned {
    uv_loop_t loop;
    struct logs *logs;
    struct on_alarm alarm;
    const char *libexec; // where the programs are
    char *state;
    struct feed feed;
    struct snapshot_sender snapshots;
    struct listen_set sockets;
    struct zoned_settings settings;
    int lifeline[2];
    struct child signer;
    struct zoned_worker **workers; // never shrinks: a worker that is not wanted now is idle
    size_t worker_count;
    size_t worker_cap;
    uv_signal_t hangup;
    uv_signal_t terminate;
    uv_signal_t interrupt;
    uv_timer_t listen_retry;
    bool stopping;
};

// Binds what the inputs ask for. The struct is zero but for logs, libexec, state and feed.inputs.
enum status zoned_bind(struct zoned *zoned, struct error *err);
// Starts everything and runs until a signal says to end and all children are gone. Releases what it
// started; inputs and state stay the caller's.
enum status zoned_run(struct zoned *zoned, struct error *err);
