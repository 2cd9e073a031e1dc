// SPDX-License-Identifier: ISC
// One DNS question to one server at one address, and what exactly that server said: nothing is cached, nobody else
// is asked in its place.
//
//     asker_ask ──► its turn ──► UDP, sent again twice ──► answer ──────────────► done
//                                   └──► truncated ──► TCP, with time of its own ──► done
//
// Questions have EDNS with 1232 octets (RFC 9715) and DO, a port and an id of their own, both random; what does not
// come from the server's address, with that id and that question, is not looked at. A server that does not answer
// is no server that answers wrongly: outcomes are kept apart here so that who judges can.
//
// Nothing blocks. Every question is done exactly once, from the loop; when the asker is closed, at once.
#pragma once

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/address.h"
#include "dns/name.h"

// Under way at a time; others wait for their turn. Each has one socket.
#define ASK_FLIGHT_MAX 64
// Of these to one address: servers limit the rate of their answers to one client.
#define ASK_FLIGHT_PER_SERVER_MAX 4
// And to the resolver, which is ours: names of strangers that it gets no answer for keep nobody else waiting.
#define ASK_FLIGHT_RESOLVER_MAX 32
// Datagrams to a question that are no answer to it: whoever sends more of them is not listened to.
#define ASK_STRAYS_MAX 16
// Records of a message, all sections: more are no answer to anything that is asked here, and would take memory.
#define ASK_RECORDS_MAX 1000

#define ASK_TIMEOUT_DEFAULT_MS 5000

enum ask_transport { ASK_UDP, ASK_TCP };

enum ask_outcome {
    ASK_ANSWERED,    // whatever the rcode is
    ASK_TIMEOUT,     // nothing, or not the whole of it, in time
    ASK_UNREACHABLE, // somebody on the way, or the host itself, says that nobody listens there
    ASK_NO_ROUTE, // this host has no way to such addresses, so nothing was sent: no IPv6, as a rule
    ASK_BROKEN,   // an answer that cannot be read, or TCP closed without one
    ASK_GIVEN_UP, // the asker was closed
    ASK_NOT_ASKED, // the address is none that the world can reach (set by probe/servers.h only)
};

struct ask_question {
    struct address server;
    const uint8_t *name; // wire form; copied
    uint16_t type;
    enum ask_transport transport;
    bool recursive; // RD and CD: for a resolver. Else neither
    bool
        validated; // with recursive, RD only: the resolver shall validate and say so by AD (RFC 6840 §5.8)
    bool notify;   // RFC 1996: no question, but the order to look at that RRset. Without EDNS
    bool udp_only; // a truncated answer is the answer: no TCP
};

#define ASK_TEXT_MAX 120

struct ask_answer {
    enum ask_outcome outcome;
    enum ask_transport transport; // that the outcome is of
    bool truncated;               // over UDP
    uint32_t took_ms;             // from the first octet sent
    // ANSWERED only. Released after `done`, unless that takes it and puts NULL here.
    ldns_pkt *packet;
    char text[ASK_TEXT_MAX]; // why there is no answer, for people; "" when there is one
};

struct ask_counts {
    uint64_t asked;
    uint64_t answered;
    uint64_t unanswered;
};

struct asker;

// timeout_ms is that of a question over one transport.
struct asker *asker_new(uv_loop_t *loop, unsigned timeout_ms);
void asker_ask(struct asker *asker, const struct ask_question *question,
               void (*done)(void *data, struct ask_answer *answer), void *data);
const struct ask_counts *asker_counts(const struct asker *asker);
// Gives up all questions: each is done before this returns, and so is what is asked after it, before asker_ask
// returns. Memory is released when the loop has run on. NULL is fine.
void asker_close(struct asker *asker);
