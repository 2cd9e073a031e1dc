// SPDX-License-Identifier: ISC
#include "probe/check_quiet.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

// More servers than that are not remembered.
#define SERVERS_MAX 10000

struct server {
    ldns_rbnode_t node; // the first member: a node is its server
    char key[ADDRESS_TEXT_MAX + 4];
    unsigned in_a_row;
};

struct quiet {
    ldns_rbtree_t *servers;
    struct address resolver;
};

static int compare_keys(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void write_key(const struct address *server, bool tcp, char key[ADDRESS_TEXT_MAX + 4])
{
    key[0] = tcp ? 't' : 'u';
    address_text(server, true, key + 1);
}

struct quiet *quiet_new(const struct address *resolver)
{
    struct quiet *quiet = xcalloc(1, sizeof(*quiet));
    quiet->servers = ldns_rbtree_create(compare_keys);
    quiet->resolver = *resolver;
    return quiet;
}

static void free_server(ldns_rbnode_t *node, void *data)
{
    (void)data;
    free(node);
}

void quiet_free(struct quiet *quiet)
{
    if (quiet == NULL)
        return;
    ldns_traverse_postorder(quiet->servers, free_server, NULL);
    ldns_rbtree_free(quiet->servers);
    free(quiet);
}

static struct server *find(const struct quiet *quiet, const struct address *server, bool tcp)
{
    char key[ADDRESS_TEXT_MAX + 4];
    write_key(server, tcp, key);
    return (struct server *)(void *)ldns_rbtree_search(quiet->servers, key);
}

bool quiet_is(const struct quiet *quiet, const struct address *server, bool tcp)
{
    const struct server *found = find(quiet, server, tcp);
    unsigned most = address_equal(server, &quiet->resolver) ? QUIET_RESOLVER_MAX : QUIET_MAX;
    return found != NULL && found->in_a_row >= most;
}

void quiet_note(struct quiet *quiet, const struct address *server, bool tcp, bool answered)
{
    struct server *found = find(quiet, server, tcp);
    if (found == NULL && !answered && quiet->servers->count < SERVERS_MAX) {
        found = xcalloc(1, sizeof(*found));
        write_key(server, tcp, found->key);
        found->node.key = found->key;
        ldns_rbtree_insert(quiet->servers, &found->node);
    }
    if (found != NULL)
        found->in_a_row = answered ? 0 : found->in_a_row + 1;
}
