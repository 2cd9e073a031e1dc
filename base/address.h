// SPDX-License-Identifier: ISC
// IP addresses with ports, and the sockets bound to them.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include "base/status.h"

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

#define ADDRESS_TEXT_MAX 72 // "ffff:…:255.255.255.255%interface@65535" fits

// Reads "192.0.2.1", "2001:db8::1", with "@port" behind; default_port otherwise. Brackets round an IPv6 address are
// taken, host names are not. SYNTAX with words.
enum status address_parse(const char *text, uint16_t default_port, struct address *ret,
                          struct error *err);
// "192.0.2.1@53"; without the port when with_port is false. Returns text.
const char *address_text(const struct address *address, bool with_port,
                         char text[ADDRESS_TEXT_MAX]);
bool address_equal(const struct address *a, const struct address *b); // port included
uint16_t address_port(const struct address *address);
void address_set_port(struct address *address, uint16_t port);
socklen_t address_len(const struct address *address);

enum address_scope { // who can reach it
    ADDRESS_GLOBAL,
    ADDRESS_PRIVATE,    // RFC 1918, RFC 4193, RFC 6598 (carrier NAT)
    ADDRESS_LINK_LOCAL, // 169.254/16, fe80::/10
    ADDRESS_LOOPBACK,
    ADDRESS_SPECIAL, // unspecified, multicast, reserved, mapped …: never a host's address
};
// Documentation prefixes (RFC 5737, RFC 3849) count as global, so that examples behave like the real thing.
enum address_scope address_scope(const struct address *address);

// Opens a UDP (SOCK_DGRAM) or TCP (SOCK_STREAM, listening) socket bound to the address: non-blocking, close-on-exec,
// SO_REUSEPORT where `shared`, IP_FREEBIND so that the order of boot does not matter, IPV6_V6ONLY, and for UDP no
// path MTU discovery (RFC 9715 §3.1: IP_PMTUDISC_OMIT). The error names address and transport, for EADDRINUSE with
// what to do.
enum status address_bind(const struct address *address, int type, bool shared, int *ret_fd,
                         struct error *err);
// Is the address free? Binds without SO_REUSEPORT, which would hide another server, and closes again.
enum status address_probe(const struct address *address, int type, struct error *err);
