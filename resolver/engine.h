// SPDX-License-Identifier: ISC
// The resolver's engine: libunbound in a libuv loop. It asks the world (or who is forwarded to), validates and caches.
// What clients send and get is the front's (resolver/front.h).
//
//   front ── engine_ask ──► context ──► the Internet          context: one libunbound context, its settings, its cache
//     ▲                        │
//     └───── callback ◄────────┘
//
// Settings of a context freeze at its first question, so every change (own zones, anchors, a flush) makes a new one:
// it is primed, then takes all new questions; those under way end in the old one, which is released with its last.
//
// One loop, one thread. Names are uncompressed wire names, the class is always IN.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/address.h"
#include "base/status.h"

struct anchors;   // resolver/anchors.h
struct own_zones; // resolver/own_zones.h

struct engine_forward {
    struct address address; // with its port
    const char *tls_name;   // asked over TLS, the certificate must be for this name; NULL: plain
};

// Everything pointed to stays the caller's and must outlive the engine.
struct engine_settings {
    const char *root_hints;           // file; NULL: those built into libunbound
    const char *const *trust_anchors; // files with DS or DNSKEY records of any zone
    size_t trust_anchor_count;
    const char
        *state; // directory where keys learnt by RFC 5011 live; NULL: anchors stay as in the files
    const struct engine_forward *forwards; // none: own recursion
    size_t forward_count;
    const char *tls_certificates;      // file; needed where one is over TLS
    const struct address *own_servers; // who is asked about own zones
    size_t own_server_count;
    bool trust_own_keys;               // own zones are validated by their keys in own_zones
    unsigned cache_mb;                 // of messages and RRsets together
    unsigned queries;                  // most at a time, for the outgoing ports and TCP connections
    const struct own_zones *own_zones; // to begin with; copied. NULL: none
    const char *const
        *options; // "name: value" of unbound.conf's server clause; they come last and so win
    size_t option_count;
};

enum engine_security { ENGINE_INSECURE, ENGINE_BOGUS, ENGINE_SECURE };

struct engine_result {
    unsigned rcode; // not 0: there was no answer (SERVFAIL mostly), packet is NULL
    const uint8_t *
        packet; // a whole message with the answer, as if asked with DO; its header says NXDOMAIN and the like.
    // Also there when it is bogus: it is up to the front to hold it back. Valid in the callback only
    size_t packet_len;
    enum engine_security security;
    const char *why_bogus; // words of the validator, or NULL
    bool was_ratelimited;
};

typedef void engine_answer(void *data, const struct engine_result *result);

struct engine;
struct engine_query;

// Makes the first context, which begins to ask for what primes it. Anchor files and the state directory are read, and
// libunbound has taken its settings, when this returns OK.
enum status engine_new(uv_loop_t *loop, const struct engine_settings *settings, struct engine **ret,
                       struct error *err);

// Asks. `answer` is called exactly once, unless cancelled, and MAY BE CALLED BEFORE THIS RETURNS (what is cached; what
// cannot be asked): then NULL is returned, and what the callback released is gone: keep the return value in a local
// first. Otherwise the handle is good until the callback begins. The callback must not call engine_ask, engine_swap
// or engine_close; engine_cancel of another query is fine. It comes after ENGINE_QUERY_MS at the latest, as SERVFAIL.
struct engine_query *engine_ask(struct engine *engine, const uint8_t *qname, uint16_t qtype,
                                engine_answer *answer, void *data);
// The callback will not be called. libunbound goes on and caches what it finds.
void engine_cancel(struct engine_query *query);
// Questions that libunbound works on, cancelled ones included: what a quota in all has to count.
size_t engine_running(const struct engine *engine);

// How long a client may wait: Unbound tries dead servers for longer, but stub resolvers gave up long before.
#define ENGINE_QUERY_MS 20000

// A new context that knows these own zones, once it is primed (ENGINE_PRIME_MS at most); zones is copied. On failure
// the one before stays, with its zones.
enum status engine_set_own_zones(struct engine *engine, const struct own_zones *zones,
                                 struct error *err);
// A new context with an empty cache, as above: libunbound cannot drop a single name.
enum status engine_swap(struct engine *engine, struct error *err);
#define ENGINE_PRIME_MS 500

// For status. Borrowed until the loop runs on.
struct engine_facts {
    const struct anchors *anchors;
    size_t own_zones;
    size_t contexts; // 1, but for those that wait for their last answers or are being primed
    uint64_t swaps;  // since the start
};
void engine_facts(const struct engine *engine, struct engine_facts *ret);

// Cancels all and releases everything; memory is gone when the loop has run on. NULL is fine.
void engine_close(struct engine *engine);
