// SPDX-License-Identifier: ISC
// A resolver on loopback that says what a test tells it, in the test's own loop.
#pragma once

#include <ldns/ldns.h>

#include "probe/servers.h"
#include "tests/unit/probe/stand_in.h"

// How long it is waited for.
#define TOLD_TIMEOUT_MS 400

struct told {
    const char *question; // "www.example. A"
    ldns_pkt_rcode rcode;
    const char *answer;    // records, a line each; NULL: none
    const char *authority; // likewise
};

// What it says, up to one without a question; a question that is not here gets no answer.
extern const struct told *told;
extern bool secure;          // it says
extern unsigned validations; // questions that left it to the resolver to validate

extern uv_loop_t loop;
extern struct stand_in server;
extern struct resolver resolver; // asks it

// The set-up and tear-down of a cmocka test. Nothing of the test's own is left in the loop by then.
int told_start(void **state);
int told_stop(void **state);
