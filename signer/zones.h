// SPDX-License-Identifier: ISC
// The table of the zones: those that the inputs in force ask for, in canonical order of their names. And beside it
// those that others serve (mode external), which are never made here: of them the DKIM keys are kept.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/inputs.h"
#include "dns/store.h"
#include "signer/zone.h"

struct zone_gone {
    struct name_key key;
    char name[NAME_TEXT_MAX]; // "" when its image does not hold up
};

struct zones {
    struct zone *list;
    size_t count;
    struct zone *externals;
    size_t external_count;
    size_t host; // the zone that has the host name; count when there is none
    struct inputs *inputs;
    struct zone_target *targets;
    size_t target_count;
    struct zone_gone *gone; // what serve/ has and nobody asks for
    size_t gone_count, gone_cap;
};

void zones_done(struct zones *zones);

// Takes new inputs over (zones owns them then). What is known of zones that stay is kept; of new ones it is read
// from the stores, whose readers are renewed. Zones that may have changed wait to be looked at: those about which the
// configuration says something else, or a file that they are made from; all, when what all share has changed.
// True: the table is another one, and whoever refers to places in it begins anew. False: it stays, since there are the
// same zones by a configuration that says the same outside of `domains:`; the queue has those that wait.
bool zones_take(struct zones *zones, struct inputs *inputs, struct store_reader *state,
                struct store_reader *serve);

// The zone that has the name: of those that enclose it the nearest, or NULL when others serve that, or there is none.
struct zone *zones_enclosing(const struct zones *zones, const uint8_t *name);

// The zone of a target, or NULL.
struct zone *zones_find(const struct zones *zones, const struct zone_target *target);
