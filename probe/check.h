// SPDX-License-Identifier: ISC
// `zone-probe --check`: what zones should say (the JSON of `zonegen --dump --json`) against what the world sees, one
// verdict a line of JSON.
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <uv.h>

#include "base/status.h"
#include "probe/resolve.h"
#include "probe/tls.h"

// The whole of standard input, which is read before any right is given up: 10,000 zones with 10 kB each, and reserve.
#define CHECK_INPUT_MAX (256U << 20)

// What the program lends to whoever looks at the world; outlives them.
struct probe_world {
    uv_loop_t *loop;
    struct resolver resolver; // with the asker
    struct tls_client *tls;
};

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
// No more verdicts, done is not called any more: before the asker and the TLS client are closed, which then end what is
// under way (its memory goes with that).
void check_give_up(struct check *check);
// After done or check_give_up, and both closed. NULL is fine.
void check_free(struct check *check);
