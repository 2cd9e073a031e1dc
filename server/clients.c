// SPDX-License-Identifier: ISC
#include "server/clients.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct client {
    uint64_t key;
    struct client *next; // in its slot
    struct recent connections;
};

struct clients {
    struct clients_limits limits;
    uint64_t seed[2];
    struct recent connections;
    size_t slot_mask;
    struct client *slots[];
};

// ── Addresses ────────────────────────────────────────────────────────────────────────────────────

static uint64_t key_of(const struct address *address)
{
    uint64_t key;
    if (address->any.sa_family == AF_INET6)
        memcpy(&key, &address->v6.sin6_addr, sizeof(key)); // the /64
    else
        key = UINT64_MAX << 32 | address->v4.sin_addr.s_addr; // no host has ffff:ffff::/32
    return key;
}

// Where a pointer to the key's client is, or goes. The product's halves depend on all bits of both, and
// on the seed.
static struct client **slot_of(struct clients *clients, uint64_t key)
{
    unsigned __int128 product = (unsigned __int128)(key ^ clients->seed[0]) * clients->seed[1];
    size_t slot = ((size_t)product ^ (size_t)(product >> 64)) & clients->slot_mask;
    struct client **link = &clients->slots[slot];
    while (*link != NULL && (*link)->key != key)
        link = &(*link)->next;
    return link;
}

// ── Connections ──────────────────────────────────────────────────────────────────────────────────

static struct client_connection *in_all(struct recent_entry *entry)
{
    if (entry == NULL)
        return NULL;
    return (struct client_connection *)(void *)((char *)entry -
                                                offsetof(struct client_connection, of_all));
}

static struct client_connection *in_client(struct recent_entry *entry)
{
    return (struct client_connection *)(void *)((char *)entry -
                                                offsetof(struct client_connection, of_client));
}

struct clients *clients_new(struct clients_limits limits, const uint64_t seed[2])
{
    size_t slots = 1;
    while (slots < limits.in_all)
        slots *= 2;
    struct clients *clients = xcalloc(1, sizeof(*clients) + slots * sizeof(struct client *));
    clients->limits = limits;
    clients->seed[0] = seed[0];
    clients->seed[1] = seed[1] | 1;
    clients->slot_mask = slots - 1;
    return clients;
}

void clients_free(struct clients *clients)
{
    free(clients);
}

enum clients_room clients_room(struct clients *clients, const struct address *address,
                               struct client_connection **ret)
{
    const struct client *client = *slot_of(clients, key_of(address));
    if (client != NULL && client->connections.count >= clients->limits.per_address) {
        *ret = in_client(client->connections.oldest);
        return CLIENTS_ADDRESS_FULL;
    }
    if (clients->connections.count < clients->limits.in_all)
        return CLIENTS_ROOM;
    *ret = clients_oldest(clients);
    return CLIENTS_FULL;
}

void clients_add(struct clients *clients, struct client_connection *connection,
                 const struct address *address, uint64_t now)
{
    uint64_t key = key_of(address);
    struct client **link = slot_of(clients, key);
    if (*link == NULL) {
        *link = xcalloc(1, sizeof(**link));
        (*link)->key = key;
    }
    connection->client = *link;
    recent_add(&clients->connections, &connection->of_all, now);
    recent_add(&connection->client->connections, &connection->of_client, now);
}

void clients_remove(struct clients *clients, struct client_connection *connection)
{
    struct client *client = connection->client;
    recent_remove(&clients->connections, &connection->of_all);
    recent_remove(&client->connections, &connection->of_client);
    if (client->connections.count > 0)
        return;
    *slot_of(clients, client->key) = client->next;
    free(client);
}

void clients_active(struct clients *clients, struct client_connection *connection, uint64_t now)
{
    if (connection->of_all.at == now)
        return; // a busy one is not moved for each of its queries
    recent_touch(&clients->connections, &connection->of_all, now);
    recent_touch(&connection->client->connections, &connection->of_client, now);
}

struct client_connection *clients_oldest(const struct clients *clients)
{
    return in_all(clients->connections.oldest);
}

struct client_connection *clients_newer(const struct client_connection *connection)
{
    return in_all(connection->of_all.newer);
}

unsigned clients_count(const struct clients *clients)
{
    return clients->connections.count;
}
