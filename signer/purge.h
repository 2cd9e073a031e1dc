// SPDX-License-Identifier: ISC
// Key files of zones that no keyset has and that are over for long are removed. They are looked for once a day, some
// zones at a time, when there is nothing else to do. Files of zones that are not in the configuration stay.
#pragma once

#include <stddef.h>
#include <stdint.h>

// So long after their Delete time files are kept, seconds: whoever finds that a key was needed after all has it.
#define PURGE_AFTER_S (30 * 86400)
#define PURGE_EVERY_S 86400
// Zones in a turn, each of them a search in the list of files: a millisecond or two.
#define PURGE_ZONES 500

struct publisher;

struct purge { // all zero: at once
    int64_t next_at;
    size_t next; // zone
};

// A turn, if it is time. The loop comes by at least once a minute, so nobody has to be woken for it.
void purge_go_on(struct publisher *publisher, int64_t now);
