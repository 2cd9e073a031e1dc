// SPDX-License-Identifier: ISC
// Who holds connections: a quota in all, and one for each address, so that no client can keep the others out. Pure: no
// sockets, and the clock is the caller's.
//
// An address is what one host can choose from: an IPv4 address, or the /64 that an IPv6 host has for itself.
//
// At a quota the connection that has gone longest without a query answered makes room for the new one, the address'
// own at its quota, else any. So who comes to ask is served, and who only holds connections loses them. The field
// refuses the new one instead (RFC 7766 §6.2.2 leaves it open); but then whoever holds connections, or lost them behind
// a firewall, keeps out all that come behind the same address. Losing an idle connection is what each client must cope
// with (RFC 7766 §6.2.4).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/recent.h"

struct client; // an address that has connections

// One connection: lies in what it is about.
struct client_connection {
    struct recent_entry of_all;
    struct recent_entry of_client;
    struct client *client;
};

struct clients;

struct clients_limits {
    unsigned in_all;
    unsigned per_address;
};

// `seed` is random, so that strangers cannot choose addresses that are slow to find.
struct clients *clients_new(struct clients_limits limits, const uint64_t seed[2]);
// No connection is left. NULL is fine.
void clients_free(struct clients *clients);

enum clients_room {
    CLIENTS_ROOM,
    CLIENTS_FULL,         // the quota in all is reached
    CLIENTS_ADDRESS_FULL, // that of the address
};
// Is there room for one more connection of the address? If not: *ret must be removed first.
enum clients_room clients_room(struct clients *clients, const struct address *address,
                               struct client_connection **ret);
void clients_add(struct clients *clients, struct client_connection *connection,
                 const struct address *address, uint64_t now);
void clients_remove(struct clients *clients, struct client_connection *connection);
// A query was answered there, and the answer taken.
void clients_active(struct clients *clients, struct client_connection *connection, uint64_t now);

// The one that has gone longest without; NULL: there are none.
struct client_connection *clients_oldest(const struct clients *clients);
// The next newer one; NULL: there is none.
struct client_connection *clients_newer(const struct client_connection *connection);
unsigned clients_count(const struct clients *clients);
