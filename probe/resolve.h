// SPDX-License-Identifier: ISC
// Asks a recursive resolver, to find out where to look: addresses of hosts, zone cuts. What it says is not judged, so
// it is told not to validate either (CD): who looks at a zone that is bogus must find its servers too. Only who acts on
// what it says asks it to (resolve_validated).
//
// Addresses that the world cannot reach (private, loopback, reserved …: base/address.h) are told apart: strangers may
// write any address into their zones, and this program asks nobody inside the admin's network for them.
#pragma once

#include <ldns/ldns.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "dns/name.h"
#include "probe/ask.h"

// Addresses of one host: more than any real one has. The rest is left out and `more` set.
#define RESOLVE_ADDRESSES_MAX 16
// Aliases in a row; resolvers give up at about as many.
#define RESOLVE_ALIASES_MAX 12

struct resolver {
    struct asker *asker;
    struct address address;
};

enum resolve_outcome {
    RESOLVE_FOUND,
    RESOLVE_NONE,    // there is no such name, or nothing of that type
    RESOLVE_UNKNOWN, // no answer, or none that helps (SERVFAIL, REFUSED)
};

struct resolve_answer {
    enum resolve_outcome outcome;
    struct name canonical;  // the end of the aliases: owner of the records
    const ldns_pkt *packet; // NULL when there is none; until `done` returns
    bool secure; // resolve_validated only: the resolver found it signed from the root down
    char text[ASK_TEXT_MAX]; // why it is unknown
};

// name in wire form is copied. The records are those in the packet's answer section with that type and the owner
// `canonical`.
void resolve(const struct resolver *resolver, const uint8_t *name, uint16_t type,
             void (*done)(void *data, const struct resolve_answer *answer), void *data);

// The same, but what is bogus is UNKNOWN, and `secure` is set. Believes the resolver and the way to it: on this host.
void resolve_validated(const struct resolver *resolver, const uint8_t *name, uint16_t type,
                       void (*done)(void *data, const struct resolve_answer *answer), void *data);

struct resolve_addresses {
    // FOUND: at least one, of either family and any kind. UNKNOWN: one family is not known and the other has none.
    enum resolve_outcome outcome;
    struct address list[RESOLVE_ADDRESSES_MAX]; // those that may be asked, with the port wanted
    size_t count;
    struct address unreachable[RESOLVE_ADDRESSES_MAX]; // the world cannot reach them
    size_t unreachable_count;
    bool partial; // a family is not known
    bool more;    // than fit
    bool alias;   // the name is a CNAME
    char text[ASK_TEXT_MAX];
};

// A and AAAA. port goes into the addresses.
void resolve_addresses(const struct resolver *resolver, const uint8_t *name, uint16_t port,
                       void (*done)(void *data, const struct resolve_addresses *addresses),
                       void *data);
