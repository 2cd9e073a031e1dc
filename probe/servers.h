// SPDX-License-Identifier: ISC
// Who serves a zone: the servers that its parent names and those that it names itself, at all their addresses, each
// with what it said when it was asked for the zone's NS. And the parent's servers, with their referrals.
//
//     resolver: the zone cut above ──► parent, its NS ──► addresses
//        each parent's server, every address: NS of the zone? ──► referral: names, glue
//           resolver: addresses of these names
//              each server, every address: NS of the zone? ──► the zone's own names
//                 resolver: addresses of those that are new; they are asked too
//
// All of it over UDP (TCP where truncated). What strangers may make it do is bounded by the quotas below.
#pragma once

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "dns/name.h"
#include "probe/ask.h"
#include "probe/resolve.h"

// Names of one zone's servers (the root has 13), and addresses of all of them. What is more is left out, `more` is
// set.
#define SERVERS_NAMES_MAX     32
#define SERVERS_ADDRESSES_MAX 64

enum server_from {
    SERVER_AT_PARENT = 1 << 0, // some parent's server names it
    SERVER_IN_ZONE = 1 << 1,   // some of the zone's servers names it
    SERVER_GLUE = 1 << 2,      // an address: from a referral's glue
    SERVER_RESOLVED = 1 << 3,  // an address: as the world resolves the name
};

struct server_name {
    struct name name;
    unsigned from;                  // AT_PARENT, IN_ZONE
    enum resolve_outcome addresses; // what the resolver said
    bool partial;                   // of one family they are not known
    bool alias;                     // RFC 2181 §10.3: a server's name may not be a CNAME
};

struct server {
    size_t name; // index of struct server_names.names
    struct address address;
    unsigned from; // GLUE, RESOLVED
    // Its answer to the zone's NS, DO set, no recursion. NOT_ASKED: the world cannot reach the address.
    enum ask_outcome outcome;
    ldns_pkt *answer; // NULL: none
    char text[ASK_TEXT_MAX];
};

struct servers {
    struct server_name names[SERVERS_NAMES_MAX];
    size_t name_count;
    struct server
        list[SERVERS_ADDRESSES_MAX]; // no address twice for a name; two names may share one
    size_t count;
    bool more; // than fit
};

struct zone_servers {
    struct name zone;
    // UNKNOWN: the resolver does not answer, `text` says more; nothing below is to be relied upon then. NONE: there
    // is no parent: the root. FOUND: `parent` is the zone above.
    enum resolve_outcome parent_outcome;
    char text[ASK_TEXT_MAX];
    struct name parent;
    struct servers parents; // answer: the referral. FROM is IN_ZONE: the parent zone's own NS
    struct servers servers; // answer: what it says about itself
};

// Finds them. `done` gets the result, which is then the caller's (zone_servers_free). zone in wire form is copied.
void servers_find(const struct resolver *resolver, const uint8_t *zone,
                  void (*done)(void *data, struct zone_servers *servers), void *data);
// The same, but only what the parent's servers say: the zone's own are not looked up nor asked, and `servers` has the
// names of referrals alone.
void servers_find_parents(const struct resolver *resolver, const uint8_t *zone,
                          void (*done)(void *data, struct zone_servers *servers), void *data);
void zone_servers_free(struct zone_servers *servers); // NULL is fine

// Did a server answer from authority for the zone (NOERROR or NXDOMAIN, AA)? A referral or REFUSED is none.
bool server_is_authoritative(const struct server *server);
