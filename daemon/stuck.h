// SPDX-License-Identifier: ISC
// Is a worker stuck in an answer? It is when it has an image in hand (base/pages.h), has counted nothing since, and has
// used STUCK_CPU_MS of a core meanwhile: so one that waits for its turn, or that a debugger has stopped, is not.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/pages.h"

// How often is looked.
#define STUCK_LOOK_MS 1000
// The longest that a worker ever works on one thing is the check of an image when it first comes: some seconds for a
// million records.
#define STUCK_CPU_MS 5000

struct stuck { // what was seen of a process; zero: nothing
    pid_t pid;
    int64_t cpu_ms; // when its page was first seen like this
    uint8_t page[PAGE_OCTETS];
};

// Looks at the process of the slot. cpu_ms: the time that it has used so far, all its cores.
bool stuck_look(struct stuck *stuck, const struct pages *pages, unsigned slot, pid_t pid,
                int64_t cpu_ms);
// The time that a process has used, -1: there is none.
int64_t stuck_cpu_ms(pid_t pid);
