// SPDX-License-Identifier: ISC
// The resolver's face to its clients: sockets on loopback, UDP and TCP, from the octets of a query to those of the
// reply. What is looked up and what is said is decided elsewhere (policy.h, reply.h); here is who asked, who waits, and
// how many may.
//
//   front_udp.c, front_tcp.c ── query ──► front.c ── engine_ask ──► engine
//            ▲                               │
//            └──────────── reply ────────────┘
//
// Only this host is answered: a socket that is not bound to a loopback address is refused, and what comes from another
// source address all the same is dropped without a word. Over a quota the answer is SERVFAIL with the reason: mail
// software tries again later, and at once knows that it has to.
#pragma once

#include <stdint.h>
#include <uv.h>

#include "base/status.h"
#include "resolver/engine.h"

// In all: a query costs libunbound some 13 kB while it waits for servers (measured with 1.17.1), so this is about
// 30 MB.
#define FRONT_QUERIES_DEFAULT 2048
// One client is a UDP port or a TCP connection. A spam filter asks some hundreds of questions for one message, over a
// few sockets; so many still leave room for seven clients like it.
#define FRONT_QUERIES_PER_CLIENT_DEFAULT 256
// A stub resolver uses TCP for the few answers that are cut over UDP.
#define FRONT_TCP_CONNECTIONS_DEFAULT 128
#define FRONT_TCP_IDLE_DEFAULT_MS     30000 // as Unbound

struct front_settings {
    unsigned queries;
    unsigned queries_per_client;
    unsigned tcp_connections;
    uint64_t
        tcp_idle_ms; // a connection that neither sends a whole query nor reads an answer so long is closed
};

// Since the start. Each query is in one of the lower ones, when its time has come.
struct front_counters {
    uint64_t queries; // datagrams and messages from loopback
    uint64_t tcp;     // of them, over TCP
    uint64_t secure;
    uint64_t insecure;
    uint64_t bogus;
    uint64_t failed;     // no server had an answer
    uint64_t rejected;   // not a question for a resolver, or not well-formed: an error is sent
    uint64_t over_quota; // SERVFAIL
    uint64_t dropped;    // too short for an error; or its client is gone
    uint64_t foreign;    // not from loopback; no query
};

struct front;

// engine stays the caller's and must outlive front_close's `done`.
struct front *front_new(uv_loop_t *loop, struct engine *engine,
                        const struct front_settings *settings);

// Serves a bound, non-blocking socket, which is its own from now on, also when refused: UDP, or a listening TCP
// socket. DENIED when it is not bound to a loopback address.
enum status front_serve(struct front *front, int fd, struct error *err);

struct front_counters front_counters(const struct front *front);
unsigned front_waiting(const struct front *front); // queries whose clients wait for an answer

// Takes no more queries; closes everything when those under way are answered, or grace_ms are over. Then calls done,
// from the loop and once; memory is released as the loop runs on.
void front_close(struct front *front, uint64_t grace_ms, void (*done)(void *data), void *data);
