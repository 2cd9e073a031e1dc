// SPDX-License-Identifier: ISC
// The watchdog: judges what was last seen of a zone out there (signer/life_watch.h). What is wrong is told once, at
// level error, which is an alarm (`on-alarm`), and once more when it is well again; the status has it in between.
#pragma once

#include <stdint.h>

#include "keys/keyset.h"
#include "signer/zone.h"

// Behind each look. set: as it is now, `begun` is false when the zone has none.
void life_judge(struct zone *zone, const struct keyset *set, int64_t now);
// What is wrong, for the status; NULL: nothing. The caller frees it.
char *life_alarm_words(const struct zone *zone);
