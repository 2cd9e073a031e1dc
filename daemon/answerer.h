// SPDX-License-Identifier: ISC
// A zone-server as one that answers from zone images, each worker and the one that speaks TLS: it says in its page
// which one it has in hand (base/pages.h), so a death can be blamed on that (daemon/set_aside.h). One that is stuck in
// an answer is killed (daemon/stuck.h): it serves nobody any more, and does not end when it is told to. And it is told
// of images that it is not to answer from any more.
#pragma once

#include <stdint.h>

#include "daemon/child.h"
#include "daemon/stuck.h"

struct zoned;

struct answerer {
    struct answerer *next;
    struct zoned *zoned;
    struct child *child;
    unsigned slot; // of its pages
    // It did not hear of an image: it is to be replaced by one that gets that as an argument.
    void (*deaf)(struct answerer *answerer);
    struct stuck stuck;
    int stuck_pid; // the process that was killed for it
};

// Takes it in, for as long as zoned runs. `zoned`, `child`, `slot` and `deaf` are given, the rest is zero.
void answerer_add(struct answerer *answerer);
// Of the child's owner (child_owner.exited).
void answerer_exited(const struct answerer *answerer, const struct child_exit *ending);

// From now on, all of them are watched.
void answerers_watch(struct zoned *zoned);
// Tells all that run not to answer from the image.
void answerers_set_aside(struct zoned *zoned, uint64_t image);
