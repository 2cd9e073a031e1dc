// SPDX-License-Identifier: ISC
// Follows the trust anchors as they roll (RFC 5011). libunbound does the work, but looks at an anchor's keys only when
// it primes it, and has no timer for that as Unbound has. So a small context of its own is made whenever it is time,
// asks for what needs the anchors, and is gone again; the state files tell what it found, and when to look next. The
// contexts that serve get the keys as plain anchors: there is one writer of the files.
#pragma once

#include <uv.h>

#include "resolver/anchors.h"
#include "resolver/engine.h"
#include "resolver/context.h"

struct follower;

// It has looked, its context is deleted and anchors are refreshed. changed: other keys are trusted than before.
typedef void follower_looked(void *data, bool changed);

// Is there an anchor to be followed?
bool follower_is_needed(const struct anchors *anchors);

struct follower_plan {
    struct contexts *contexts;
    const struct engine_settings *settings; // with a state directory
    struct anchors *anchors;
    bool asks_loopback;
};
// Looks at once. What the plan points to must outlive it.
struct follower *follower_new(const struct follower_plan *plan, follower_looked *looked,
                              void *data);
// Memory is released when the loop has run on. NULL is fine.
void follower_close(struct follower *follower);
