// SPDX-License-Identifier: ISC
// One question of zone-signer that is being looked into: what its parts (observer.c, observe_keys.c, observe_ds.c,
// observe_notify.c) have in common. Nobody else includes this.
//
// Each address that is asked is a target. Everything that is under way holds the observation (observation_hold) and
// lets go of it when done (observation_release); it is told when nobody holds it any more, or when its time is over:
// then `told` is set, nobody begins anything new, and what still comes is for nothing.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "dns/observe.h"
#include "probe/servers.h"
#include "probe/world.h"

// Of one address: what its answers say together. Wrong when `has_not`; ok when `has`, not `partial`, and all is said;
// else unknown.
struct target {
    struct address address;
    size_t name;            // whose it is: targets of one server have the same
    bool has;               // some answer has it
    bool has_not;           // some answer has it not
    bool unclear;           // TLS: some kind of key could not be looked at
    bool partial;           // some answer is missing that has to be there
    bool no_route;          // this host cannot reach such addresses
    unsigned open;          // errands that are not done
    struct observe_set set; // DS: of those that have one
};

#define TARGETS_MAX SERVERS_ADDRESSES_MAX
_Static_assert(TARGETS_MAX >= RESOLVE_ADDRESSES_MAX, "one for each address of a host");

struct observer;

struct observation {
    struct observer *observer;
    const struct probe_world *world;
    struct observe_question question;
    struct observe_answer answer;
    // DS: DNSKEY of the zone above; NULL: that is not secure, or nobody validates.
    ldns_rr_list *parent_keys;
    struct target targets[TARGETS_MAX];
    size_t target_count;
    void (*ask)(struct observation *observation, struct target *target); // of observation_ask_zone
    bool begun;                                                          // to ask the targets
    bool told;
    unsigned pending;
    uv_timer_t timer;
};

// One question to one target.
struct errand {
    struct observation *observation;
    struct target *target;
};

void observation_hold(struct observation *observation);
void observation_release(struct observation *observation);
// A new target; there must be room.
struct target *observation_target(struct observation *observation, const struct address *address,
                                  size_t name);
// Holds the observation until errand_done.
struct errand *errand_new(struct observation *observation, struct target *target);
void errand_done(struct errand *errand);

// All addresses of these servers become targets; those that can be asked are handed to `ask`. What is not known of them
// counts as unknown.
void observation_ask_servers(struct observation *observation, const struct servers *servers,
                             void (*ask)(struct observation *observation, struct target *target));
// The same of the zone's servers, which are to be found first. Lets go of the observation.
void observation_ask_zone(struct observation *observation,
                          void (*ask)(struct observation *observation, struct target *target));
// Asks the target over UDP and, apart from that, over TCP; `done` gets an errand each time.
void observation_ask_both(struct observation *observation, struct target *target,
                          const uint8_t *name, uint16_t type,
                          void (*done)(void *errand, struct ask_answer *got));
// As dns/observe.h has addresses.
void observation_put_address(const struct address *address, uint8_t ret[16]);
// The larger one.
void observation_ttl(struct observation *observation, uint32_t ttl);

// Each begins to look, held until it lets go.
void observe_keys(struct observation *observation);
void observe_ds(struct observation *observation);
void observe_notify_cds(struct observation *observation);
// When it is told: puts the sets of the targets together.
void observe_ds_conclude(struct observation *observation);
