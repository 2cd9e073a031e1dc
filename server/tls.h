// SPDX-License-Identifier: ISC
// DNS over TLS (RFC 7858): the way of octets through OpenSSL. server/connections.h has the rest, and what limits it.
//
//   versions      TLS 1.2 with ephemeral keys and AEAD ciphers only, and 1.3 (RFC 9325 §3.1.1, §4.2)
//   ALPN          "dot" is agreed on when it is offered (RFC 7858 has none, RFC 9103 §7.1 wants it); who offers others
//                 alone wants another service, and is refused (RFC 7301 §3.2)
//   resumption    by tickets that the client keeps (server/tickets.h); no early data, whose replay nobody could tell
//   never         compression, renegotiation, client certificates
//
// A record is decrypted in one piece, so a turn takes one read of the socket and all records that came with it whole.
// What is left in OpenSSL's buffers has a bound: one record and one read (17 kB each). An idle connection has none.
#pragma once

#include <stdint.h>

#include "server/connections.h"

struct tls;

// Makes what the connections share, with certificate and key from the descriptor (server/certificate.h). On failure
// err says what is wrong with them.
enum status tls_new(int fd, struct tls **ret, struct error *err);
// When no connection is left. NULL is fine.
void tls_free(struct tls *tls);
// Counts handshakes there: to be told before there are connections.
void tls_count_in(struct tls *tls, struct statistics *statistics);
// The way of its connections, for as long as it lives.
const struct connection_way *tls_way(const struct tls *tls);

// When the certificate is good.
struct tls_times {
    int64_t from, until; // Unix seconds
};
struct tls_times tls_times(const struct tls *tls);
