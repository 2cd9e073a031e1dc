// SPDX-License-Identifier: ISC
#include "probe/servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/types.h"
#include "probe/records.h"

// One set of servers on its way: names are looked up and addresses asked in the order in which they became known.
struct gathering {
    struct servers *set;
    size_t looked; // names
    size_t asked;  // addresses
};

struct finder {
    const struct resolver *resolver;
    struct zone_servers *result;
    struct gathering parents;
    struct gathering servers;
    void (*next)(struct finder *finder); // when nothing is pending
    unsigned pending;
    bool parents_only;
    void (*done)(void *data, struct zone_servers *servers);
    void *data;
};

struct errand {
    struct finder *finder;
    struct gathering *gathering;
    size_t index;
};

static struct errand *errand_new(struct finder *finder, struct gathering *gathering, size_t index)
{
    struct errand *errand = xmalloc(sizeof(*errand));
    *errand = (struct errand){finder, gathering, index};
    return errand;
}

static void step_done(struct finder *finder)
{
    if (--finder->pending == 0)
        finder->next(finder);
}

static void end(struct finder *finder)
{
    finder->done(finder->data, finder->result);
    free(finder);
}

static void fail(struct finder *finder, const char *text)
{
    finder->result->parent_outcome = RESOLVE_UNKNOWN;
    snprintf(finder->result->text, sizeof(finder->result->text), "%s", text);
    finder->next = end;
}

// ── What is known ────────────────────────────────────────────────────────────────────────────────

static struct server_name *find_name(struct servers *set, const struct name *name)
{
    for (size_t i = 0; i < set->name_count; i++)
        if (name_equal(set->names[i].name.wire, name->wire))
            return &set->names[i];
    return NULL;
}

static void add_name(struct servers *set, const struct name *name, unsigned from)
{
    struct server_name *known = find_name(set, name);
    if (known != NULL)
        known->from |= from;
    else if (set->name_count == SERVERS_NAMES_MAX)
        set->more = true;
    else
        set->names[set->name_count++] = (struct server_name){.name = *name, .from = from};
}

static void add_address(struct servers *set, size_t name, const struct address *address,
                        unsigned from)
{
    for (size_t i = 0; i < set->count; i++) {
        struct server *server = &set->list[i];
        if (server->name == name && address_equal(&server->address, address)) {
            server->from |= from;
            return;
        }
    }
    if (set->count == SERVERS_ADDRESSES_MAX)
        set->more = true;
    else
        set->list[set->count++] = (struct server){.name = name, .address = *address, .from = from};
}

static void add_names(struct servers *set, const ldns_rr_list *records, const struct name *zone,
                      unsigned from)
{
    struct name name;
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(records, i);
        if (record_is(rr, zone->wire, RR_TYPE_NS) && record_name(ldns_rr_rdf(rr, 0), &name))
            add_name(set, &name, from);
    }
}

// Of names within the parent's zone only: about others it is no authority.
static void add_glue(struct zone_servers *result, const ldns_rr_list *records)
{
    struct servers *set = &result->servers;
    struct name owner;
    struct address address;
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(records, i);
        if (!record_address(rr, DNS_PORT, &address) || !record_name(ldns_rr_owner(rr), &owner) ||
            !name_is_under(owner.wire, result->parent.wire))
            continue;
        struct server_name *name = find_name(set, &owner);
        if (name != NULL)
            add_address(set, (size_t)(name - set->names), &address, SERVER_GLUE);
    }
}

// ── Addresses of names ───────────────────────────────────────────────────────────────────────────

static void on_addresses(void *data, const struct resolve_addresses *addresses)
{
    struct errand *errand = data;
    struct servers *set = errand->gathering->set;
    set->names[errand->index].addresses = addresses->outcome;
    set->names[errand->index].partial = addresses->partial;
    set->names[errand->index].alias = addresses->alias;
    for (size_t i = 0; i < addresses->count; i++)
        add_address(set, errand->index, &addresses->list[i], SERVER_RESOLVED);
    for (size_t i = 0; i < addresses->unreachable_count; i++)
        add_address(set, errand->index, &addresses->unreachable[i], SERVER_RESOLVED);
    if (addresses->more)
        set->more = true;
    step_done(errand->finder);
    free(errand);
}

static void look_up_names(struct finder *finder, struct gathering *gathering,
                          void (*next)(struct finder *finder))
{
    finder->next = next;
    finder->pending = 1;
    while (gathering->looked < gathering->set->name_count) {
        size_t index = gathering->looked++;
        finder->pending++;
        resolve_addresses(finder->resolver, gathering->set->names[index].name.wire, DNS_PORT,
                          on_addresses, errand_new(finder, gathering, index));
    }
    step_done(finder);
}

// ── Each address, asked ──────────────────────────────────────────────────────────────────────────

static void on_said(void *data, struct ask_answer *answer)
{
    struct errand *errand = data;
    struct server *server = &errand->gathering->set->list[errand->index];
    server->outcome = answer->outcome;
    server->answer = answer->packet;
    answer->packet = NULL;
    memcpy(server->text, answer->text, sizeof(server->text));
    step_done(errand->finder);
    free(errand);
}

static void ask_server(struct finder *finder, struct gathering *gathering, size_t index)
{
    struct server *server = &gathering->set->list[index];
    struct ask_question question = {.server = server->address,
                                    .name = finder->result->zone.wire,
                                    .type = RR_TYPE_NS,
                                    .transport = ASK_UDP};
    if (address_scope(&server->address) != ADDRESS_GLOBAL) {
        server->outcome = ASK_NOT_ASKED;
        snprintf(server->text, sizeof(server->text), "an address that the world cannot reach");
        return;
    }
    finder->pending++;
    asker_ask(finder->resolver->asker, &question, on_said, errand_new(finder, gathering, index));
}

static void ask_servers(struct finder *finder, struct gathering *gathering,
                        void (*next)(struct finder *finder))
{
    finder->next = next;
    finder->pending = 1;
    while (gathering->asked < gathering->set->count)
        ask_server(finder, gathering, gathering->asked++);
    step_done(finder);
}

bool server_is_authoritative(const struct server *server)
{
    if (server->answer == NULL || !ldns_pkt_aa(server->answer))
        return false;
    ldns_pkt_rcode rcode = ldns_pkt_get_rcode(server->answer);
    return rcode == LDNS_RCODE_NOERROR || rcode == LDNS_RCODE_NXDOMAIN;
}

// ── The zone's servers ───────────────────────────────────────────────────────────────────────────

static void servers_looked_up(struct finder *finder);

// Their own NS may name more of them; each round adds a name, so that SERVERS_NAMES_MAX bounds the rounds.
static void servers_said(struct finder *finder)
{
    struct zone_servers *result = finder->result;
    for (size_t i = 0; i < result->servers.count; i++)
        if (server_is_authoritative(&result->servers.list[i]))
            add_names(&result->servers, ldns_pkt_answer(result->servers.list[i].answer),
                      &result->zone, SERVER_IN_ZONE);
    if (finder->servers.looked < result->servers.name_count)
        look_up_names(finder, &finder->servers, servers_looked_up);
    else
        end(finder);
}

static void servers_looked_up(struct finder *finder)
{
    ask_servers(finder, &finder->servers, servers_said);
}

// ── The parent ───────────────────────────────────────────────────────────────────────────────────

// A parent's server that serves the zone as well answers from the zone: its referral cannot be seen.
static void parents_said(struct finder *finder)
{
    struct zone_servers *result = finder->result;
    for (size_t i = 0; i < result->parents.count; i++) {
        const ldns_pkt *packet = result->parents.list[i].answer;
        if (packet == NULL)
            continue;
        add_names(&result->servers, ldns_pkt_answer(packet), &result->zone, SERVER_AT_PARENT);
        add_names(&result->servers, ldns_pkt_authority(packet), &result->zone, SERVER_AT_PARENT);
        add_glue(result, ldns_pkt_additional(packet));
    }
    if (finder->parents_only)
        end(finder);
    else
        look_up_names(finder, &finder->servers, servers_looked_up);
}

static void parents_looked_up(struct finder *finder)
{
    ask_servers(finder, &finder->parents, parents_said);
}

static void look_up_parents(struct finder *finder)
{
    look_up_names(finder, &finder->parents, parents_looked_up);
}

static void on_parent_names(void *data, const struct resolve_answer *answer)
{
    struct finder *finder = data;
    if (answer->outcome == RESOLVE_FOUND)
        add_names(&finder->result->parents, ldns_pkt_answer(answer->packet),
                  &finder->result->parent, SERVER_IN_ZONE);
    else
        fail(finder, answer->outcome == RESOLVE_UNKNOWN
                         ? answer->text
                         : "the zone above names no servers of its own");
    step_done(finder);
}

static void look_for_parents(struct finder *finder)
{
    finder->pending = 1;
    finder->next = look_up_parents;
    resolve(finder->resolver, finder->result->parent.wire, RR_TYPE_NS, on_parent_names, finder);
}

static void on_cut(void *data, const struct resolve_answer *answer)
{
    struct finder *finder = data;
    struct zone_servers *result = finder->result;
    const uint8_t *above = result->zone.wire + result->zone.wire[0] + 1;
    if (answer->outcome == RESOLVE_UNKNOWN)
        fail(finder, answer->text);
    else if (!records_apex(answer->packet, above, &result->parent))
        fail(finder, "the resolver tells no zone above");
    else
        result->parent_outcome = RESOLVE_FOUND;
    step_done(finder);
}

// Without a parent the resolver has to tell who serves the zone.
static void on_root_names(void *data, const struct resolve_answer *answer)
{
    struct finder *finder = data;
    if (answer->outcome == RESOLVE_FOUND)
        add_names(&finder->result->servers, ldns_pkt_answer(answer->packet), &finder->result->zone,
                  SERVER_IN_ZONE);
    else
        fail(finder, answer->text);
    step_done(finder);
}

static void look_up_servers(struct finder *finder)
{
    look_up_names(finder, &finder->servers, servers_looked_up);
}

static void find(const struct resolver *resolver, const uint8_t *zone, const struct finder *wanted)
{
    struct finder *finder = xmalloc(sizeof(*finder));
    struct zone_servers *result = xcalloc(1, sizeof(*result));
    *finder = (struct finder){.resolver = resolver,
                              .result = result,
                              .parents.set = &result->parents,
                              .servers.set = &result->servers,
                              .pending = 1,
                              .parents_only = wanted->parents_only,
                              .done = wanted->done,
                              .data = wanted->data};
    result->zone.len = (uint8_t)name_wire_len(zone);
    memcpy(result->zone.wire, zone, result->zone.len);
    if (zone[0] == 0) {
        result->parent_outcome = RESOLVE_NONE;
        finder->next = wanted->parents_only ? end : look_up_servers;
        resolve(resolver, zone, RR_TYPE_NS, on_root_names, finder);
        return;
    }
    finder->next = look_for_parents;
    resolve(resolver, zone + zone[0] + 1, RR_TYPE_SOA, on_cut, finder);
}

void servers_find(const struct resolver *resolver, const uint8_t *zone,
                  void (*done)(void *data, struct zone_servers *servers), void *data)
{
    struct finder wanted = {.done = done, .data = data};
    find(resolver, zone, &wanted);
}

void servers_find_parents(const struct resolver *resolver, const uint8_t *zone,
                          void (*done)(void *data, struct zone_servers *servers), void *data)
{
    struct finder wanted = {.parents_only = true, .done = done, .data = data};
    find(resolver, zone, &wanted);
}

void zone_servers_free(struct zone_servers *servers)
{
    if (servers == NULL)
        return;
    for (size_t i = 0; i < servers->parents.count; i++)
        ldns_pkt_free(servers->parents.list[i].answer);
    for (size_t i = 0; i < servers->servers.count; i++)
        ldns_pkt_free(servers->servers.list[i].answer);
    free(servers);
}
