// SPDX-License-Identifier: ISC
// Speaks TLS to a forwarder in libunbound's place, which Debian builds without TLS. DNS over TLS is DNS over TCP
// within TLS, octet for octet (RFC 7858 §3.3), so this needs to know no DNS: libunbound connects to a socket on
// loopback, and for each such connection there is one to the forwarder, its certificate verified for the name that was
// configured (RFC 8310 §8.1, strict). Who cannot be verified is not asked: the connection on loopback ends, as that to
// a server that is not there.
//
//     libunbound ── TCP ──► 127.0.0.1@relay ── TLS ──► forwarder@853
#pragma once

#include <uv.h>

#include "base/address.h"
#include "base/status.h"

struct tls_relay;

struct tls_relay_plan {
    struct address forwarder;
    const char *name;         // in its certificate
    const char *certificates; // file with those of who is believed, PEM
};

// Listens. Everything in the plan must outlive it.
enum status tls_relay_new(uv_loop_t *loop, const struct tls_relay_plan *plan,
                          struct tls_relay **ret, struct error *err);
// Where libunbound has to go.
const struct address *tls_relay_address(const struct tls_relay *relay);
// Memory is released when the loop has run on. NULL is fine.
void tls_relay_close(struct tls_relay *relay);
