// SPDX-License-Identifier: ISC
#include "daemon/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "daemon/steer.h"

static bool contains(const struct address *addresses, size_t count, const struct address *address)
{
    for (size_t i = 0; i < count; i++)
        if (address_equal(&addresses[i], address))
            return true;
    return false;
}

static bool want_given(const struct listen_set *set, struct address **ret, size_t *ret_count)
{
    if (set->given_count == 0)
        return false;
    *ret = xcalloc(set->given_count, sizeof(**ret));
    *ret_count = set->given_count;
    for (size_t i = 0; i < set->given_count; i++)
        (*ret)[i] = set->given[i].address;
    return true;
}

void listen_wanted_resolver(const struct listen_set *set, const struct inputs *inputs,
                            struct address **ret, size_t *ret_count)
{
    const struct config_resolver *resolver = &inputs->config->resolver;
    if (want_given(set, ret, ret_count))
        return;
    *ret = xmemdup(resolver->listen, resolver->listen_count * sizeof(**ret));
    *ret_count = resolver->listen_count;
}

void listen_wanted_tls(const struct listen_set *set, const struct listen_set *plain,
                       const struct config_server_tls *tls, struct address **ret, size_t *ret_count)
{
    if (want_given(set, ret, ret_count))
        return;
    bool given = tls->listen_count > 0;
    const struct address *from = given ? tls->listen : plain->addresses;
    size_t from_count = given ? tls->listen_count : plain->address_count;
    struct address *addresses = xcalloc(from_count + 1, sizeof(*addresses));
    size_t count = 0;
    for (size_t i = 0; i < from_count; i++) {
        struct address address = from[i];
        if (!given)
            address_set_port(&address, CONFIG_PORT_TLS);
        if (!contains(addresses, count, &address))
            addresses[count++] = address;
    }
    *ret = addresses;
    *ret_count = count;
}

void listen_wanted(const struct listen_set *set, const struct inputs *inputs, struct address **ret,
                   size_t *ret_count)
{
    if (want_given(set, ret, ret_count))
        return;
    const struct config_server *server = &inputs->config->server;
    bool given = server->listen_count > 0;
    const struct address *from = given ? server->listen : inputs->found;
    size_t from_count = given ? server->listen_count : inputs->found_count;
    struct address *addresses = xcalloc(from_count, sizeof(*addresses));
    size_t count = 0;
    for (size_t i = 0; i < from_count; i++) {
        struct address address = from[i];
        if (!given)
            address_set_port(&address, LISTEN_PORT_DEFAULT);
        if (!contains(addresses, count, &address))
            addresses[count++] = address;
    }
    *ret = addresses;
    *ret_count = count;
}

bool listen_is(const struct listen_set *set, const struct address *addresses, size_t count,
               size_t workers)
{
    if (count != set->address_count || workers != set->worker_count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!contains(set->addresses, set->address_count, &addresses[i]))
            return false;
    return true;
}

static void close_pair(struct listen_pair *pair)
{
    if (pair->udp >= 0)
        close(pair->udp);
    if (pair->tcp >= 0)
        close(pair->tcp);
    *pair = (struct listen_pair){-1, -1};
}

static enum status open_pair(const struct address *address, bool streams_only,
                             struct listen_pair *ret, struct error *err)
{
    struct listen_pair pair = {-1, -1};
    enum status status = STATUS_OK;
    if (!streams_only)
        status = address_bind(address, SOCK_DGRAM, true, &pair.udp, err);
    if (status == STATUS_OK)
        status = address_bind(address, SOCK_STREAM, true, &pair.tcp, err);
    if (status != STATUS_OK) {
        close_pair(&pair);
        return status;
    }
    *ret = pair;
    return STATUS_OK;
}

static const struct listen_given *find_given(const struct listen_set *set,
                                             const struct address *address)
{
    for (size_t i = 0; i < set->given_count; i++)
        if (address_equal(&set->given[i].address, address))
            return &set->given[i];
    return NULL;
}

// Copies, so that they are closed like others.
static enum status copy_pair(const struct listen_given *given, struct listen_pair *ret,
                             struct error *err)
{
    bool has_udp = given->pair.udp >= 0;
    struct listen_pair pair = {
        .udp = has_udp ? fcntl(given->pair.udp, F_DUPFD_CLOEXEC, 0) : -1,
        .tcp = fcntl(given->pair.tcp, F_DUPFD_CLOEXEC, 0),
    };
    if ((has_udp && pair.udp < 0) || pair.tcp < 0) {
        enum status status = error_set_errno(err, errno, "cannot copy a socket");
        close_pair(&pair);
        return status;
    }
    *ret = pair;
    return STATUS_OK;
}

static enum status probe(const struct address *address, bool streams_only, struct error *err)
{
    enum status status = STATUS_OK;
    if (!streams_only)
        status = address_probe(address, SOCK_DGRAM, err);
    if (status == STATUS_OK)
        status = address_probe(address, SOCK_STREAM, err);
    return status;
}

const struct listen_pair *listen_pairs(const struct listen_set *set, size_t worker)
{
    return &set->pairs[worker * set->address_count];
}

// The socket pair that the set has for this address and worker, or NULL.
static struct listen_pair *find_pair(struct listen_set *set, const struct address *address,
                                     size_t worker)
{
    if (worker >= set->worker_count)
        return NULL;
    for (size_t i = 0; i < set->address_count; i++)
        if (address_equal(&set->addresses[i], address))
            return &set->pairs[worker * set->address_count + i];
    return NULL;
}

static void set_init(struct listen_set *set, const struct address *addresses, size_t count,
                     size_t workers)
{
    *set = (struct listen_set){
        .addresses = xmemdup(addresses, count * sizeof(*addresses)),
        .address_count = count,
        .worker_count = workers,
        .pairs = xcalloc(count * workers, sizeof(*set->pairs)),
    };
    for (size_t i = 0; i < count * workers; i++)
        set->pairs[i] = (struct listen_pair){-1, -1};
}

// Opens what `fresh` has and `old` has not.
static enum status open_new(struct listen_set *fresh, struct listen_set *old, struct error *err)
{
    for (size_t a = 0; a < fresh->address_count; a++) {
        const struct address *address = &fresh->addresses[a];
        const struct listen_given *given = find_given(old, address);
        bool known = given != NULL || contains(old->addresses, old->address_count, address);
        enum status status = known ? STATUS_OK : probe(address, old->streams_only, err);
        for (size_t w = 0; w < fresh->worker_count && status == STATUS_OK; w++) {
            struct listen_pair *pair = &fresh->pairs[w * fresh->address_count + a];
            if (find_pair(old, address, w) == NULL)
                status = given != NULL ? copy_pair(given, pair, err)
                                       : open_pair(address, old->streams_only, pair, err);
        }
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static void steer_all(const struct listen_set *set, size_t workers)
{
    for (size_t a = 0; a < set->address_count && set->worker_count > 0; a++) {
        if (set->pairs[a].udp >= 0)
            steer(set->pairs[a].udp, workers);
        steer(set->pairs[a].tcp, workers);
    }
}

void listen_settle(const struct listen_set *set)
{
    steer_all(set, 0);
}

enum status listen_change(struct listen_set *set, const struct address *addresses, size_t count,
                          size_t workers, struct error *err)
{
    if (count > LISTEN_ADDRESSES_MAX)
        return error_set(err, STATUS_RANGE,
                         "%zu addresses to listen on are more than %d; name those that are for the "
                         "name server in `server: listen:`",
                         count, LISTEN_ADDRESSES_MAX);
    struct listen_set fresh;
    set_init(&fresh, addresses, count, workers);
    enum status status = open_new(&fresh, set, err);
    if (status != STATUS_OK) {
        listen_done(&fresh);
        return status;
    }
    for (size_t w = 0; w < workers; w++) {
        for (size_t a = 0; a < count; a++) {
            struct listen_pair *kept = find_pair(set, &addresses[a], w);
            if (kept == NULL)
                continue;
            fresh.pairs[w * count + a] = *kept;
            *kept = (struct listen_pair){-1, -1};
        }
    }
    fresh.streams_only = set->streams_only;
    fresh.given = set->given;
    fresh.given_count = set->given_count;
    bool fewer = workers < set->worker_count;
    listen_done(set);
    *set = fresh;
    steer_all(set, fewer ? workers : 0);
    return STATUS_OK;
}

void listen_done(struct listen_set *set)
{
    for (size_t i = 0; i < set->address_count * set->worker_count; i++)
        close_pair(&set->pairs[i]);
    free(set->addresses);
    free(set->pairs);
    *set = (struct listen_set){
        .streams_only = set->streams_only, .given = set->given, .given_count = set->given_count};
}
