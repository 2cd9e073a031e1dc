// SPDX-License-Identifier: ISC
// OBSERVE_DS: each of the parent's servers is asked for the DS of the zone, over UDP and over TCP. One that says
// different things over the two is wrong; who does not answer over one of them is unknown.
#include "dns/types.h"
#include "probe/ds_seen.h"
#include "probe/observation.h"
#include "probe/records.h"

static void on_ds(void *data, struct ask_answer *got)
{
    struct errand *errand = data;
    struct observation *observation = errand->observation;
    struct target *target = errand->target;
    struct observe_set set;
    uint32_t ttl = 0;
    if (got->outcome == ASK_NO_ROUTE)
        target->no_route = true;
    if (got->packet == NULL) {
        target->partial = true;
    } else if (!ds_read(&observation->question, got->packet, &set, &ttl) ||
               (target->has && !ds_same(&target->set, &set))) {
        target->has_not = true;
    } else {
        target->has = true;
        target->set = set;
    }
    observation_ttl(observation, ttl);
    errand_done(errand);
}

static void ask_server(struct observation *observation, struct target *target)
{
    observation_ask_both(observation, target, observation->question.zone, RR_TYPE_DS, on_ds);
}

// Nobody delegates the zone, as it seems: that is known only when each server says so.
static void note_silent(struct observation *observation, const struct servers *parents)
{
    size_t heard = 0;
    for (size_t i = 0; i < parents->count; i++) {
        const struct server *server = &parents->list[i];
        if (server_is_authoritative(server))
            heard++;
        else if (server->outcome != ASK_NO_ROUTE)
            observation->answer.unknown++;
    }
    if (heard == 0 || parents->more)
        observation->answer.unknown++;
}

static void note_delegation(struct observation *observation, const struct servers *parents)
{
    for (size_t i = 0; i < parents->count; i++) {
        const ldns_pkt *reply = parents->list[i].answer;
        if (reply == NULL)
            continue;
        const ldns_rr_list *sections[] = {ldns_pkt_answer(reply), ldns_pkt_authority(reply)};
        for (size_t s = 0; s < 2; s++)
            for (size_t r = 0; r < ldns_rr_list_rr_count(sections[s]); r++) {
                const ldns_rr *rr = ldns_rr_list_rr(sections[s], r);
                bool is_ns = record_is(rr, observation->question.zone, RR_TYPE_NS);
                if (is_ns && record_ttl(rr) > observation->answer.ns_ttl)
                    observation->answer.ns_ttl = record_ttl(rr);
            }
    }
}

static void on_parents(void *data, struct zone_servers *found)
{
    struct observation *observation = data;
    observation->begun = true;
    note_delegation(observation, &found->parents);
    if (found->parent_outcome == RESOLVE_UNKNOWN)
        observation->answer.unknown++;
    else if (found->parent_outcome == RESOLVE_FOUND && found->servers.name_count > 0)
        observation_ask_servers(observation, &found->parents, ask_server);
    else if (found->parent_outcome == RESOLVE_FOUND)
        note_silent(observation, &found->parents);
    zone_servers_free(found);
    observation_release(observation);
}

void observe_ds(struct observation *observation)
{
    servers_find_parents(&observation->world->resolver, observation->question.zone, on_parents,
                         observation);
}

void observe_ds_conclude(struct observation *observation)
{
    for (size_t i = 0; i < observation->target_count; i++) {
        struct target *target = &observation->targets[i];
        if (target->has && !target->has_not && !target->partial && target->open == 0 &&
            !ds_count(&observation->answer, &target->set))
            target->partial = true; // no room
    }
}
