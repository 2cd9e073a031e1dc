// SPDX-License-Identifier: ISC
// Following the inputs as they change: when to read what, for zoned and for a zone-signer that runs alone. The timer is
// the caller's.
//
//   events           inputs_follow_events → start the timer with so many milliseconds
//   the timer ends   inputs_follow_look → fresh inputs, or a while to wait again
//                    compare, take over or complain, then inputs_follow_set
//
// A look reads only what was seen to be touched, and takes the rest from the inputs in force (inputs_read_seen). What
// is wrong, or takes domains or files away, is not believed before it has been quiet for INPUTS_QUIET_MS: somebody may
// be in the middle of something.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/inputs.h"

struct inputs_follower {
    const char *config_path;
    struct inputs_watch *watch;
    uint64_t first_ms; // when the first of the steps was seen; 0: none
    bool patient;      // it was waited for long enough to believe anything
    uint64_t watched;  // what the watch depends on, as it was set last
};

void inputs_follow_begin(struct inputs_follower *follower, const char *config_path);
void inputs_follow_end(struct inputs_follower *follower);
// The descriptor, or -1.
int inputs_follow_fd(const struct inputs_follower *follower);
// It has events. Returns how many milliseconds to wait before the look, 0: no look for these.
uint64_t inputs_follow_events(struct inputs_follower *follower, uint64_t now_ms);
// Something else has happened that is worth a look: an address came or went.
uint64_t inputs_follow_others(struct inputs_follower *follower, uint64_t now_ms);

// Reads; everything: all files in any case. old are the inputs in force, NULL: none. When *ret_again_ms is not 0 there
// are neither inputs nor errors: look again then.
enum status inputs_follow_look(struct inputs_follower *follower, const struct inputs *old,
                               bool everything, struct inputs **ret, uint64_t *ret_again_ms,
                               struct config_errors *errors);
// Behind each look: what the inputs in force name is watched. taken: they are as the look found them. Returns the
// milliseconds to the next look, 0: none is needed.
uint64_t inputs_follow_set(struct inputs_follower *follower, const struct inputs *inputs,
                           bool taken);
