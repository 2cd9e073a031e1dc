// SPDX-License-Identifier: ISC
// The server's one narrow entry: the octets of a query in, the octets of its reply out. No sockets
// in here, so that the same code answers UDP, TCP, tests, the fuzzer and the bench.
//
//   dns/query.c, question.c  octets → checked question
//   zones.c  name → image of its zone
//   answer.c, denial.c  image + question → references to RRsets
//   reply.c  references → octets
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "server/zones.h"

enum transport { TRANSPORT_UDP, TRANSPORT_TCP };

// Answers inside a batch of `zones` (zones_begin). `out` has room for out_cap octets, at least
// DNS_UDP_EDNS_MAX for UDP and DNS_MESSAGE_MAX for TCP, and does not overlap octets. Returns the
// reply's length, 0 when there is to be none.
size_t server_respond(struct zones *zones, const uint8_t *octets, size_t len,
                      enum transport transport, uint8_t *out, size_t out_cap);
