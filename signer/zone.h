// SPDX-License-Identifier: ISC
// One zone as the signer carries it through its life.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dns/name.h"
#include "signer/audit.h"
#include "signer/life_watch.h"
#include "signer/plan.h"
#include "signer/public_keys.h"
#include "signer/state.h"
#include "zonegen/zonegen.h"

// What serve/ has of a zone.
struct zone_published {
    bool exists;
    bool is_signed;
    uint32_t serial;
    uint64_t content;   // image_meta
    int64_t made_at;    // image_meta
    int64_t expires_at; // image_meta, 0: never
    // How long a secondary may take until it has looked for it, and once more: refresh and retry of the SOA.
    uint32_t transfer_s;
    uint32_t largest_ttl; // of its RRsets
    bool has_nsec3;       // in place of NSEC
    uint64_t id;          // of the image
    bool aside;           // workers died of it (signer/aside.h), and what is served is
    bool has_before;      // the one before it, with these:
    uint32_t before_serial;
    int64_t before_expires_at; // image_meta, 0: never
};

struct queue;
struct zone_dsboot;

struct zone {
    char *name; // text without the last dot
    struct name wire;
    struct name_key key;
    const struct zone_target *target; // of the inputs that are in force
    struct zone_state state;
    struct zone_published published;
    struct public_keys keys; // as in public/: of what is published and what is about to be
    struct queue *queue;     // signer/queue.h: queue_touch, queue_settle
    bool waiting;            // to be looked at in the next batch
    int64_t turn;            // since then, 0: it does not wait
    size_t busy_below;       // zones directly below it that wait or are in a batch
    bool counted_above;      // as one of those
    bool urgent;    // and before others: it is new, or its own lines in the configuration changed
    bool overtaken; // what the batch has of it is left out: its keyset was changed meanwhile
    bool in_batch;  // that is under way: not looked at again before it is committed
    bool failed;    // the last look ended with an error; next one at retry_at
    bool from_published; // sign again what is published: what should be published does not hold up
    int64_t kept_at; // the image before the one that is published was kept then; 0: not in this run
    bool alarmed;    // it was said that the signatures run out
    int64_t life_next;   // its keys have a step to make then (signer/life.h)
    bool keyset_unsaved; // what was seen of its keys is in `state` only, and not in state/
    struct life_watch watch;
    int64_t retry_at;
    char *complaint; // the last error that was logged, so that it is logged once
    uint32_t ahead;  // its signatures live so much longer: the clock is in doubt
    struct zone_audit audit;
    struct notes *notes;        // what else is to be said of it
    struct zone_dkim *dkim;     // the DKIM keys of its mail domains; NULL: not looked at yet
    struct zone_dsboot *dsboot; // whom it signals for, who for it (signer/dsboot.h); NULL: none
};

// As the configuration wants it. One that is to be unsigned stays signed while a DS for it may be cached, and one that
// is retired is unsigned all the same: what is so is in zone->state.mode and zone->published.
static inline enum config_dnssec zone_dnssec(const struct zone *zone)
{
    return zone->target->dnssec;
}

static inline struct plan_policy zone_policy(const struct zone *zone)
{
    struct plan_policy policy = plan_policy(zone->target->policy);
    policy.ahead = zone->ahead;
    return policy;
}

// Do others serve it to the world? Of such a zone the DKIM keys are kept here, and nothing else.
static inline bool zone_is_external(const struct zone *zone)
{
    return zone->target->domain != NULL && zone->target->domain->mode == CONFIG_EXTERNAL;
}

// The zone file's path, or NULL.
static inline const char *zone_file_path(const struct zone *zone)
{
    return zone->target->domain != NULL ? zone->target->domain->zone_file : NULL;
}
