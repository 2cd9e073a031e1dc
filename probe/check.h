// SPDX-License-Identifier: ISC
// `zone-probe --check`: what zones should say (the JSON of `zonegen --dump --json`) against what the world sees, one
// verdict a line of JSON.
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "base/status.h"
#include "probe/world.h"

// The whole of standard input, which is read before any right is given up: 10,000 zones with 10 kB each, and reserve.
#define CHECK_INPUT_MAX (256U << 20)

struct check;

// Where the verdicts go: a line of JSON each, zones in the order of the input, flushed zone by zone. done is called
// once, from the loop: worst is OK (nothing is wrong), BOGUS (something is) or IO (`out` takes no more); unknown
// verdicts do not change it.
struct check_output {
    FILE *out;
    void (*done)(void *data, enum status worst);
    void *data;
};

// Reads the octets (SYNTAX with words when they are not what zonegen writes) and begins. The octets need not outlive
// the call. On failure *ret is NULL.
enum status check_begin(const struct probe_world *world, const char *octets, size_t len,
                        const struct check_output *output, struct check **ret, struct error *err);
// After done, from the loop again; or to give it up: no more verdicts then, done is not called, and the asker and
// the TLS client are to be closed next, which ends what is under way. The loop has to run on after it. NULL is
// fine.
void check_free(struct check *check);
