// SPDX-License-Identifier: ISC
// What the admin orders for the keys of a zone, as the signer's control socket gets it (`zonebox roll`, `import` …):
//
//   {"command":"import","zone":"example.com","keys":[{"tag":12345,"algorithm":13,"flags":257}],"dry":false}
//   {"command":"roll","zone":"example.com","role":"all|ksk|zsk","algorithm":13|null,"compromised":false,"dry":false}
//   {"command":"retire","zone":"example.com","dry":false}     back to unsigned
//   {"command":"move","zone":"example.com","dry":false}       the same, since the zone leaves this box
//   {"command":"resume","zone":"example.com","dry":false}     takes either of these back
//
// An order changes the zone's keyset (keys/rollover.h), and no more: with the next step of its life (signer/life.h) the
// zone follows. The keyset is in state/ before the answer is given, so what was acknowledged is not lost. A dry one is
// judged in the same way, and nothing is changed: its reply has "plan" (signer/life_plan.h), what would come;
// "observed": is there somebody to look, so that it goes on? And "secure": may resolvers have a DS for the zone?
// "parent-here": the zone above, where the box itself sees to the DS, or null.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "keys/rollover.h"
#include "signer/publish.h"
#include "signer/zone.h"

struct life_order {
    struct publisher *publisher;
    struct zone *zone;
    struct rollover_policy policy;
    struct keyset set; // to be changed; begun is false when the zone has none
    const json_t *request;
    json_t *reply; // to be added to
    int64_t now;
    bool dry;
    bool nothing; // set by who changes it: there is nothing to remember
};

// NOT_FOUND: no such zone here; STATE: one that others serve. Else what the order's own function says, or state/.
enum status life_order(struct publisher *publisher, const json_t *request, json_t *reply,
                       int64_t now, struct error *err);

// Remembers another keyset of a zone, now: on return it is in state/. A batch that has the zone leaves it out, and it
// is looked at again, before others. On an error nothing has changed.
enum status life_keep(struct publisher *publisher, struct zone *zone, const struct keyset *set,
                      struct error *err);

// "import": keys whose files were put into keys/ become the wanted ones of their roles (signer/life_import.c). The
// reply says "adopted":true for a zone that has no keyset yet: it takes all its key files over when it is signed. A
// dry order comes before the files are there.
enum status life_import(struct life_order *order, struct error *err);

// "roll", "retire", "move" and "resume" (signer/life_roll.c). The reply of roll has "replaces": the tags of the keys
// that go; that of retire and move "ns-ttl", seconds: how long resolvers keep its NS (life_ns_ttl). A zone with
// `dnssec: no` that was never signed may move at any time: "nothing" is true then, and nothing ordered. EXISTS:
// it is ordered already; STATE, RANGE, SYNTAX: it cannot be. The words say what can.
enum status life_roll(struct life_order *order, struct error *err);
enum status life_retire(struct life_order *order, struct error *err);
enum status life_move(struct life_order *order, struct error *err);
enum status life_resume(struct life_order *order, struct error *err);
