// SPDX-License-Identifier: ISC
// What an order would bring (keys/rollover_forecast.h) in words, step by step:
//
//   {"at":1795000000,"acts":0,"after":0,"step":"the new key is published","wait":"caches","waits":"…",
//    "until":1795003600}
//
// at: the time, null where it hangs on when somebody changes the DS at the parent; then it is `after` seconds behind
// the time when that happened for the acts-th time. step: what happens, "" for nothing but that change. wait, waits:
// what has to be before the next step (as signer/life_status.h has it, and in words), null for nothing; until: its
// end, null: not known before.
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "keys/keyset.h"
#include "signer/publish.h"
#include "signer/zone.h"

// set: the zone's keyset with the order applied. A last step {"at":null,"acts":0,…} says that it goes on beyond what is
// looked ahead.
json_t *life_plan(const struct publisher *publisher, const struct zone *zone,
                  const struct keyset *set, int64_t now);
