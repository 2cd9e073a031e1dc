// SPDX-License-Identifier: ISC
// Looks where others serve a domain (mode external) whether its pending DKIM keys are published there, since nobody
// here publishes them. Each such key has a watch (signer/dkim.h); zone-probe is asked about it (dns/observe.h), and a
// domain is looked at again when what was seen is news. A record that is not pasted for days is asked for less and less
// often.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/observe.h"

struct publisher;
struct dkim_watch;
struct zone;

// Questions under way at a time: zone-probe looks at so many with ease, the others follow.
#define DKIM_ROUNDS_MAX 32
// The longest pause between two looks at a record.
#define DKIM_PAUSE_MAX_S 3600

struct dkim_round {
    uint32_t id; // 0: free
    struct zone *zone;
    uint8_t digest[32];
    int64_t begun_at;
};

struct dkim_desk {
    struct dkim_round rounds[DKIM_ROUNDS_MAX];
    size_t cursor; // the external zone whose turn it is
};

// Was the record seen at all name servers when they were last looked at? Or was one seen without it?
bool dkim_watch_sees(const struct dkim_watch *watch);
bool dkim_watch_misses(const struct dkim_watch *watch);

size_t dkim_questions(struct publisher *publisher, int64_t now, struct observe_question *ret,
                      size_t max);
void dkim_answer(struct publisher *publisher, const struct observe_answer *answer, int64_t now);
// When dkim_questions has something to do, INT64_MAX: only when something changes.
int64_t dkim_ask_next(const struct publisher *publisher);
// The table of zones is another: what was asked before is not answered any more. soon: all is asked again at once.
void dkim_ask_anew(struct publisher *publisher, bool soon);
