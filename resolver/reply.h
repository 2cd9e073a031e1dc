// SPDX-License-Identifier: ISC
// What the engine found, and what the client asked → what the client gets. Pure; writes into the caller's
// buffer, never beyond the limit, and allocates nothing.
//
//   header │ question, octet by octet as it came │ answer │ authority │ additional │ OPT, if the query had one
//
// The engine always asks with DO, and hands out what does not validate together with the reason. So here is
// decided:
//   AD      set when and only when the answer is secure and the client wants to know: AD or DO (RFC 6840 §5.7, §5.8)
//   bogus   SERVFAIL with the reason as extended error (RFC 8914); with CD the data all the same (RFC 4035 §3.2.2)
//   DO      clear: DNSSEC's records are left out, but for those that were asked for (RFC 4035 §3.2.1)
//   TC      RRsets go in whole with their signatures or not at all (RFC 2181 §9); additional ones that do not
//           fit are left out without a word
// The names of all records are written anew: what they pointed to may have moved.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/query.h"
#include "resolver/engine.h"

// What is kept of a query while its answer is looked for.
struct asked {
    uint16_t id;
    uint16_t flags; // as in struct query
    uint16_t qtype;
    uint16_t udp_size;
    uint16_t question_len; // 0: there was none to echo
    bool edns;
    bool dnssec_ok;
    uint8_t question[NAME_WIRE_MAX + 4];
};

void asked_keep(const struct query *query, struct asked *ret);

// The most octets that the reply may have over UDP: what the client takes, and never more than 1232. Over loopback
// larger datagrams would arrive too (its MTU is 65536), but clients in containers are behind forwarders with another
// one, TCP to this host costs next to nothing, and one limit everywhere means one behaviour everywhere (RFC 9715).
static inline size_t reply_limit_udp(const struct asked *asked)
{
    return asked->udp_size < DNS_UDP_EDNS_MAX ? asked->udp_size : DNS_UDP_EDNS_MAX;
}

struct reply_error {
    uint16_t rcode;
    uint16_t ede;     // enum ede_code, or QUERY_NO_EDE
    const char *text; // EXTRA-TEXT, cut where it gets long; or NULL
};

// Both return the length of the reply. limit: at least 512; an error needs no more than that. A packet that cannot
// be read gives SERVFAIL.
size_t reply_write(const struct asked *asked, const struct engine_result *result, uint8_t *out,
                   size_t limit);
size_t reply_write_error(const struct asked *asked, const struct reply_error *error, uint8_t *out);
