// SPDX-License-Identifier: ISC
// The sockets of the servers. zoned binds them and keeps its copies open, so that what is queued in
// one waits while its worker is started again; every worker has one UDP and one listening TCP
// socket per address (SO_REUSEPORT).
//
// SO_REUSEPORT hides another server on the same port, so each new address is first bound once
// without it.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "base/status.h"
#include "config/inputs.h"

#define LISTEN_PORT_DEFAULT 53
// What zone-server takes, twice this many sockets. A box with more addresses says which are for the name server.
#define LISTEN_ADDRESSES_MAX 128

struct listen_pair {
    int udp; // -1: not open, as where there are streams only
    int tcp;
};

// Sockets that somebody else has bound, for as long as zoned runs (daemon/systemd.h).
struct listen_given {
    struct address address;
    struct listen_pair pair;
};

// All addresses × all workers. Zero-initialise; listen_done closes.
struct listen_set {
    bool streams_only; // no UDP sockets; set by the owner
    struct address *addresses;
    size_t address_count;
    size_t worker_count;
    struct listen_pair *pairs; // pairs[worker * address_count + address]
    // Taken, as copies, where an address is one of theirs; set by the owner, who keeps them.
    const struct listen_given *given;
    size_t given_count;
};

// The addresses to listen on: those of given sockets, else of `server: listen:`, else every address of the box but
// loopback, on port 53. Each once. The caller frees *ret.
void listen_wanted(const struct listen_set *set, const struct inputs *inputs, struct address **ret,
                   size_t *ret_count);
// The same for the resolver: given sockets, else `resolver: listen:`.
void listen_wanted_resolver(const struct listen_set *set, const struct inputs *inputs,
                            struct address **ret, size_t *ret_count);

// The same for DNS over TLS: given sockets, else `server: tls: listen:`, else where the server listens (plain), port
// 853.
void listen_wanted_tls(const struct listen_set *set, const struct listen_set *plain,
                       const struct config_server_tls *tls, struct address **ret,
                       size_t *ret_count);

// Are these the addresses and the number of workers that the set has?
bool listen_is(const struct listen_set *set, const struct address *addresses, size_t count,
               size_t workers);

// Makes the set that of these addresses and workers: what stays keeps its sockets, what is new is
// bound, what is not wanted any more is closed. When something cannot be bound the set stays as it
// was and err names the address.
enum status listen_change(struct listen_set *set, const struct address *addresses, size_t count,
                          size_t workers, struct error *err);

// After a change to fewer workers what arrives goes to those that stay, so that the others can read what they have and
// close. Once they are gone: to all again.
void listen_settle(const struct listen_set *set);

// The pairs of a worker, address_count of them.
const struct listen_pair *listen_pairs(const struct listen_set *set, size_t worker);

// Empties the set; given sockets stay known to it.
void listen_done(struct listen_set *set);
