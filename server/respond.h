// SPDX-License-Identifier: ISC
// The server's one narrow entry: the octets of queries in, the octets of their replies out. No sockets in here, so that
// the same code answers UDP, TCP, TLS, tests, the fuzzer and the bench.
//
//   dns/query.c, question.c  octets → checked question
//   zones.c  name → image of its zone
//   answer.c, denial.c  image + question → references to RRsets
//   opt.c  options → options (cookies.c, identity.c)
//   reply.c  references → octets
//
// Answering is little work and much waiting for memory: with ten thousand zones, nothing that a query needs is in a
// cache. So the queries of a batch take each step together (question, zone, node, RRsets, octets), and each step only
// asks memory for what the next one reads (decision 031).
//
// Queries come in batches, as system calls and streams have them. Beside the reply each leaves an outcome: what limits
// and statistics have to know, so that neither reads messages again.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "server/cookies.h"
#include "server/identity.h"
#include "server/outcome.h"
#include "server/zones.h"

enum transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS };

// One query and its reply.
struct exchange {
    const uint8_t *octets;
    size_t len;
    const struct address *client;
    uint8_t *
        out; // room for out_cap octets, at least DNS_UDP_EDNS_MAX for UDP and DNS_MESSAGE_MAX else; not in octets
    size_t out_cap;
    // Filled:
    size_t out_len; // 0: there is to be no reply
    struct outcome outcome;
};

// What a worker answers from.
struct responder {
    struct zones *zones;
    struct cookies *cookies;  // NULL: none are given
    struct identity identity; // points to what stays
    unsigned tcp_idle_ms;
    uint32_t now; // Unix seconds of the batch
};

// A batch: between the two the zones stand still.
void respond_begin(struct responder *responder);
void respond_end(struct responder *responder);
// Answers `count` queries of the batch.
void respond(const struct responder *responder, enum transport transport,
             struct exchange *exchanges, unsigned count);
