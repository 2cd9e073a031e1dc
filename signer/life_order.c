// SPDX-License-Identifier: ISC
#include "signer/life_order.h"

#include <string.h>

#include "base/control.h"
#include "base/log.h"
#include "signer/life.h"
#include "signer/life_plan.h"
#include "signer/publisher.h"
#include "signer/questions.h"

static const struct {
    const char *command;
    enum status (*change)(struct life_order *order, struct error *err);
} kinds[] = {
    {"import", life_import}, {"roll", life_roll},     {"retire", life_retire},
    {"move", life_move},     {"resume", life_resume},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool is_same_name(const char *name, const char *wanted)
{
    size_t len = strlen(wanted);
    len -= len > 0 && wanted[len - 1] == '.' ? 1 : 0;
    return strlen(name) == len && strncasecmp(name, wanted, len) == 0;
}

// Is it a domain whose records are in the zone?
static bool is_inside(const struct zone *zone, const char *wanted)
{
    for (size_t i = 0; i < zone->target->inside_count; i++)
        if (is_same_name(zone->target->inside[i]->name, wanted))
            return true;
    return false;
}

static enum status find_zone(const struct zones *zones, const char *name, struct zone **ret,
                             struct error *err)
{
    for (size_t i = 0; i < zones->count; i++) {
        *ret = &zones->list[i];
        if (is_same_name(zones->list[i].name, name))
            return STATUS_OK;
        if (is_inside(*ret, name))
            return error_set(err, STATUS_NOT_FOUND,
                             "%s is part of the zone %s and has no keys of its own; order it for "
                             "that zone",
                             name, zones->list[i].name);
    }
    for (size_t i = 0; i < zones->external_count; i++)
        if (is_same_name(zones->externals[i].name, name))
            return error_set(err, STATUS_STATE,
                             "%s is served by others (mode: external), who have its keys", name);
    return error_set(err, STATUS_NOT_FOUND, "%s is no zone of this box", name);
}

static enum status put(struct publisher *publisher, const struct zone *zone,
                       const struct zone_state *state, struct error *err)
{
    struct store_txn *txn = NULL;
    enum status status = store_begin(publisher->stores.state, &txn, err);
    if (status != STATUS_OK)
        return status;
    status = state_zone_put(txn, &zone->key, state, err);
    if (status == STATUS_OK)
        return store_commit(txn, NULL, err);
    store_abort(txn);
    return status;
}

enum status life_keep(struct publisher *publisher, struct zone *zone, const struct keyset *set,
                      struct error *err)
{
    struct zone_state next = zone->state;
    next.keyset = NULL;
    life_put(set, &next);
    enum status status = put(publisher, zone, &next, err);
    if (status != STATUS_OK) {
        zone_state_done(&next);
        return status;
    }
    zone_state_done(&zone->state);
    zone->state = next;
    zone->overtaken = zone->in_batch;
    zone->life_next = life_next(zone);
    zone->urgent = true;
    queue_touch(zone);
    return STATUS_OK;
}

static void tell_outlook(const struct life_order *order)
{
    bool secure = order->set.begun && keyset_is_secure(&order->set);
    json_object_set_new(order->reply, "secure", json_boolean(secure));
    json_object_set_new(order->reply, "observed", json_boolean(questions_wanted(order->publisher)));
    control_set(order->reply, "parent-here", control_text(life_parent_here(order->zone)));
    if (order->set.begun)
        json_object_set_new(order->reply, "plan",
                            life_plan(order->publisher, order->zone, &order->set, order->now));
}

enum status life_order(struct publisher *publisher, const json_t *request, json_t *reply,
                       int64_t now, struct error *err)
{
    const char *command = json_string_value(json_object_get(request, "command"));
    const char *name = json_string_value(json_object_get(request, "zone"));
    size_t kind = 0;
    while (kind < KINDS && (command == NULL || strcmp(kinds[kind].command, command) != 0))
        kind++;
    if (publisher == NULL || name == NULL || kind == KINDS)
        return error_set(err, STATUS_SYNTAX, "which zone?");
    struct life_order order = {
        .publisher = publisher,
        .request = request,
        .reply = reply,
        .now = now,
        .dry = json_is_true(json_object_get(request, "dry")),
    };
    enum status status = find_zone(&publisher->zones, name, &order.zone, err);
    if (status != STATUS_OK)
        return status;
    if (order.zone->state.lost)
        return error_set(err, STATUS_STATE, "%s: what state/ had of it cannot be read",
                         order.zone->name);
    life_read(&order.zone->state, &order.set);
    order.policy = life_policy(order.zone, 0);
    status = kinds[kind].change(&order, err);
    if (status != STATUS_OK || order.nothing)
        return status;
    if (order.dry) {
        tell_outlook(&order);
        return STATUS_OK;
    }
    if (order.set.begun)
        status = life_keep(publisher, order.zone, &order.set, err);
    order.zone->urgent = true;
    queue_touch(order.zone);
    if (status == STATUS_OK)
        log_event(LOG_LEVEL_NOTICE, "keys-ordered", "zone", order.zone->name, "order", command,
                  NULL);
    return status;
}
