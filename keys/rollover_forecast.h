// SPDX-License-Identifier: ISC
// What a rollover will do, and when, before it begins: for `zonebox roll`, `retire` and `move`. The world is taken to
// be a good one, rollover_step itself is run in it, and what happens is written down: name servers have the zone at
// once, they and the parent are looked at each check_interval, and somebody sees to the DS within parent_delay.
//
// Nobody knows when that is. So the times of steps behind it are the earliest ones, and say how long after it they
// come: "as soon as the DS is entered; then 25 hours later".
//
// Pure: the order was applied to a copy of the keyset (rollover_order_roll, _retire), which is not changed; keys that
// do not exist yet have no tag.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/rollover.h"

struct rollover_assumptions {
    int64_t now;
    uint32_t check_interval; // seconds between looks, 0 counts as 1
    uint32_t parent_delay;   // from a DS that is offered or withdrawn to the parent's servers
};

// A key in the plan.
struct rollover_forecast_key {
    enum key_role role; // 0: no key is meant
    uint8_t algorithm;
    bool is_new;  // it is to be made: no tag yet
    uint16_t tag; // else its tag; of a new one 1, 2 …
};

struct rollover_forecast_event {
    enum rollover_event_kind kind;
    struct rollover_forecast_key key; // none with ROLLOVER_WENT_UNSIGNED
};

// One or two keys begin, come, sign, are offered; as many go.
#define ROLLOVER_FORECAST_EVENTS_MAX 32

// What happens at a time, and what is waited for then.
struct rollover_forecast_step {
    int64_t at; // the earliest
    // How many times the parent has to act before it: 0: `at` is what the plan says, if all goes well; else it comes
    // `after` seconds behind the last of these.
    unsigned parent_acts;
    int64_t after;
    struct rollover_forecast_event events[ROLLOVER_FORECAST_EVENTS_MAX];
    size_t event_count;
    // What is waited for behind it, of several things in turn what people can do something about: ROLLOVER_FOR_DS_IN,
    // _FOR_DS_OUT with the keys concerned; else _FOR_CACHES with `until` as early as `at`; else _FOR_SERVERS. Where
    // nothing is: _DONE or _FOR_AGE.
    enum rollover_wait wait;
    int64_t until;
    struct rollover_forecast_key wait_keys[KEYSET_KEYS_MAX];
    size_t wait_key_count;
};

#define ROLLOVER_FORECAST_STEPS_MAX 32

struct rollover_forecast {
    struct rollover_forecast_step steps[ROLLOVER_FORECAST_STEPS_MAX];
    size_t count;
    bool ends;            // with the last step all is as the policy and the orders want it
    unsigned parent_acts; // in all
};

// Looks ahead. Nothing to do: no step, and `ends`.
void rollover_forecast(const struct keyset *set, const struct rollover_policy *policy,
                       const struct rollover_assumptions *assumptions,
                       struct rollover_forecast *ret);
