// SPDX-License-Identifier: ISC
// OBSERVE_DS: each of the parent's servers is asked for the DS of the zone, over UDP and over TCP. One that says
// different things over the two is wrong; who does not answer over one of them is unknown.
//
// Where the resolver says that the zone above is secure, an answer counts only when that zone has signed it
// (probe/ds_proof.h). Where it is not, no DS there leads anywhere, and there is nothing to protect.
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "dns/types.h"
#include "probe/ds_proof.h"
#include "probe/ds_seen.h"
#include "probe/observation.h"
#include "probe/records.h"

// What the answer says, and with which TTL. False: it is none, or nobody that counts has signed it.
static bool read_answer(const struct observation *observation, const ldns_pkt *packet,
                        struct observe_set *ret, uint32_t *ret_ttl)
{
    const struct observe_question *question = &observation->question;
    return ds_read(question, packet, ret, ret_ttl) &&
           (observation->parent_keys == NULL ||
            ds_proven(packet, question->zone, observation->parent_keys, (int64_t)time(NULL),
                      ret_ttl));
}

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
    } else if (!read_answer(observation, got->packet, &set, &ttl) ||
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

// The parent was found, and its keys are asked for.
struct known_parent {
    struct observation *observation;
    struct zone_servers *found;
};

static ldns_rr_list *zone_keys(const struct resolve_answer *answer)
{
    const ldns_rr_list *records = ldns_pkt_answer(answer->packet);
    ldns_rr_list *keys = ldns_rr_list_new();
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(records, i);
        if (!record_is(rr, answer->canonical.wire, RR_TYPE_DNSKEY) || ldns_rr_rd_count(rr) != 4)
            continue;
        uint16_t flags = ldns_rdf2native_int16(ldns_rr_dnskey_flags(rr));
        if ((flags & LDNS_KEY_ZONE_KEY) != 0 && (flags & LDNS_KEY_REVOKE_KEY) == 0)
            ldns_rr_list_push_rr(keys, ldns_rr_clone(rr));
    }
    return keys;
}

static void on_parent_keys(void *data, const struct resolve_answer *answer)
{
    struct known_parent *parent = data;
    struct observation *observation = parent->observation;
    if (answer->outcome == RESOLVE_FOUND && answer->secure && observation->parent_keys == NULL)
        observation->parent_keys = zone_keys(answer);
    if (answer->outcome == RESOLVE_UNKNOWN) // bogus, as long as it lasts, or no resolver
        observation->answer.unknown++;
    else
        observation_ask_servers(observation, &parent->found->parents, ask_server);
    zone_servers_free(parent->found);
    free(parent);
    observation_release(observation);
}

static void on_parents(void *data, struct zone_servers *found)
{
    struct observation *observation = data;
    observation->begun = true;
    note_delegation(observation, &found->parents);
    if (found->parent_outcome == RESOLVE_FOUND && found->servers.name_count > 0) {
        struct known_parent *parent = xmalloc(sizeof(*parent));
        *parent = (struct known_parent){observation, found};
        resolve_validated(&observation->world->resolver, found->parent.wire, RR_TYPE_DNSKEY,
                          on_parent_keys, parent);
        return;
    }
    if (found->parent_outcome == RESOLVE_UNKNOWN)
        observation->answer.unknown++;
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
