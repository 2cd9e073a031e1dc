// SPDX-License-Identifier: ISC
// What zoned keeps running: one zone-signer, which gets the inputs; the workers (zone-server), which get the
// sockets; zone-resolver on loopback; and zone-probe, which the signer asks.
//
//     feed (files, watched) ──► accept ──┬──► listen: sockets ──► workers, replaced one by one when theirs changed
//                                        ├──► listen: sockets ──► zone-server.tls, replaced as its certificate is
//                                        ├──► listen: sockets ──► zone-resolver, replaced when its flags changed
//                                        └──► snapshot ──► zone-signer ◄── observe ──► zone-probe
//
// Every child also holds the reading end of the lifeline, a pipe whose other end only zoned has: when zoned is
// gone, however it went, they read its end and go too.
//
// zoned.c runs and ends it all and follows the inputs; workers.c, tls.c, programs.c (zone-signer,
// zone-resolver, zone-probe) and zoned_control.c have the rest.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/buf.h"
#include "base/control.h"
#include "base/pages.h"
#include "base/secrets.h"
#include "base/status.h"
#include "daemon/child.h"
#include "daemon/deaths.h"
#include "daemon/feed.h"
#include "daemon/listen.h"
#include "daemon/logs.h"
#include "daemon/metrics.h"
#include "daemon/on_alarm.h"
#include "daemon/readiness.h"
#include "daemon/rights.h"
#include "daemon/snapshot.h"
#include "daemon/systemd.h"
#include "daemon/tls.h"

#define ZONED_SIGNER   "zone-signer"
#define ZONED_SERVER   "zone-server"
#define ZONED_TLS      "zone-server.tls"
#define ZONED_RESOLVER "zone-resolver"
#define ZONED_PROBE    "zone-probe"

// For addresses that could not be bound when the configuration changed.
#define ZONED_LISTEN_RETRY_MS 2000

struct answerer;
struct zoned;
struct zoned_worker;

// What the workers are started with, besides their sockets.
struct zoned_settings {
    size_t workers;           // wanted; none run while there is no address
    uint32_t tcp_connections; // of each worker
    uint32_t tcp_per_address; // and of each address there
    uint32_t tcp_idle_ms;
    uint32_t rate_limit; // of each worker; 0: none
    uint32_t rate_limit_slip;
    bool cookies;
    struct secrets secrets; // of cookies
    // What is told to who asks; "": nothing
    char nsid[CONFIG_TOLD_MAX + 1];
    char identity[CONFIG_TOLD_MAX + 1];
    char version[CONFIG_TOLD_MAX + 1];
};

// daemon/cookie_secrets.h
struct zoned_cookies {
    struct secrets master;
    struct error error; // why the file's are not taken; "": they are, or there is none
    uv_timer_t look;
    void (*changed)(struct zoned *zoned);
};

struct zoned {
    uv_loop_t loop;
    struct logs *logs;
    struct on_alarm alarm;
    const char *libexec; // where the programs are
    char *state;
    char *control_directory;
    struct systemd systemd;
    struct readiness readiness;
    struct rights rights; // of the start: other users are another start
    int64_t since;        // Unix seconds
    struct control *control;
    struct feed feed;
    struct snapshot_sender snapshots;
    int lifeline[2];
    struct child signer;
    // The workers and what they serve
    struct listen_set sockets;
    struct zoned_settings settings;
    struct zoned_cookies cookies;
    struct error listen_error; // why the addresses are not those of the configuration; "": they are
    struct zoned_worker **workers; // never shrinks: a worker that is not wanted now is idle
    size_t worker_count;
    size_t worker_cap;
    struct metrics metrics;
    struct answerer *answerers; // the workers, and the one that speaks TLS
    struct pages pages;         // where they count, each in its slot
    struct deaths deaths;       // of them, by the image that they answered from
    uv_timer_t watch;           // over those that are stuck
    uv_timer_t surplus;         // until workers that are not wanted any more are ended
    struct zoned_tls tls;
    // The resolver
    struct child resolver;
    struct listen_set resolver_sockets; // one worker's
    struct error resolver_error;        // why it does not listen where it should; "": it does
    struct buf resolver_flags;          // arguments for its next start, each ends with a NUL
    struct child probe;
    struct buf probe_flags; // likewise
    // Between zone-signer [0] and zone-probe [1] (dns/observe.h), kept here so that it outlives both.
    int observe[2];
    uv_signal_t hangup;
    uv_signal_t terminate;
    uv_signal_t interrupt;
    uv_timer_t listen_retry;
    bool stopping;
};

// Binds what the inputs ask for. The struct is zero but for logs, libexec, state, control_directory, rights,
// systemd, the given ones of both sets of sockets, and feed.inputs.
enum status zoned_bind(struct zoned *zoned, struct error *err);
// Starts everything and runs until a signal says to end and all children are gone. Releases what it started; inputs,
// state and control_directory stay the caller's.
enum status zoned_run(struct zoned *zoned, struct error *err);

// For its parts: reads the inputs again now.
void zoned_look_again(struct zoned *zoned);
// A child has ended; is it the last?
void zoned_child_ended(struct zoned *zoned);
