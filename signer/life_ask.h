// SPDX-License-Identifier: ISC
// Looks at what the world has of each zone's keys: zone-probe asks all its name servers for the keys and signatures
// that it is published with, and the parent's for its DS (dns/observe.h), and lets the keyset (keys/keyset.h) know.
// What is news there has the zone looked at, so that its next step follows.
//
//   waits for servers, DS or parent   at every `probe: interval`; the longer it waits the less often, LIFE_PAUSE_MAX_S
//                                     at most, since a DS may not be entered for years; and after each change
//   waits for caches                  as often, as far as ten zones a second allow: for a DS that comes too early
//   else                              soon after the start, since what was seen before is forgotten, and then once in
//                                     LIFE_LEISURE_S: for the watchdog (signer/life_alarm.h). A zone without keys is
//                                     asked about its DS alone, of which there must be none
//
// Without anybody to look, a zone that no resolver expects to be signed goes on by time (signer/life.c), so that its DS
// is offered. From then on it waits.
//
// Zones come up in the order of their times (base/due.h), some at a time; none is found by going through all.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/due.h"
#include "dns/observe.h"
#include "keys/keyset.h"

struct publisher;
struct zone;

// Zones looked at a time: zone-probe has OBSERVER_QUESTIONS_MAX questions in hand, and a zone has two as a rule.
#define LIFE_ROUNDS_MAX  8
#define LIFE_LEISURE_S   3600
#define LIFE_PAUSE_MAX_S 900

enum life_part { LIFE_PART_KEYS, LIFE_PART_DS, LIFE_PART_CDS, LIFE_PART_NOTIFY, LIFE_PARTS };

// The questions about one zone.
struct life_round {
    struct zone *zone; // NULL: free
    int64_t begun_at;
    uint32_t revision;                     // of the keyset they were made from,
    struct dnskey_id ids[KEYSET_KEYS_MAX]; // and its keys, in the order of the questions
    size_t key_count;
    uint64_t content;           // of CDS, for CDS and NOTIFY
    uint32_t asked[LIFE_PARTS]; // ids of the questions, 0: answered, or not asked
    bool again;                 // an answer was about what is not so any more
};

struct life_desk {
    struct life_round rounds[LIFE_ROUNDS_MAX];
    struct due due;   // of the zones, by their place in the table
    int64_t now;      // the last that was heard of it: a clock that is set back makes all times new
    bool has_eyes;    // when the times were made
    bool stale;       // all is to be looked at anew, as life_ask_soon says
    int64_t looks_at; // since when all are looked at for the first time, or once more
};

void life_desk_done(struct life_desk *desk);

size_t life_questions(struct publisher *publisher, int64_t now, struct observe_question *ret,
                      size_t max);
// What is no answer to an open question, or makes no sense, or is about what was published before, changes nothing.
void life_answer(struct publisher *publisher, const struct observe_answer *answer, int64_t now);
// When life_questions has something to do, INT64_MAX: only when something changes.
int64_t life_ask_next(const struct publisher *publisher);
// The table of zones is another: what was asked before is not answered any more.
void life_ask_anew(struct publisher *publisher, int64_t now);
// Whatever is waited for is looked at with the next questions: SIGHUP.
void life_ask_soon(struct publisher *publisher);
// The zone has been committed: its next look is due anew, at once when its keys changed.
void life_ask_again(struct publisher *publisher, struct zone *zone, int64_t now);
