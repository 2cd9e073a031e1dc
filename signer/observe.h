// SPDX-License-Identifier: ISC
// The signer's end of the channel to zone-probe (dns/observe.h): a descriptor, inherited from zoned, on which questions
// go out and answers come in. Nothing waits here: a question that cannot be sent is lost, and asked again later.
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "dns/observe.h"

struct observe {
    uv_poll_t poll;
    int fd; // -1: nobody can be asked
    // Called for each message that has the size of an answer; whether it is one is the caller's to judge.
    void (*answered)(struct observe *observe, const struct observe_answer *answer);
    void *data; // the owner's own
};

// fd -1: does nothing, and neither do the others. The rest of the struct is set by the caller before.
void observe_start(struct observe *observe, uv_loop_t *loop, int fd);
void observe_send(struct observe *observe, const struct observe_question *question);
void observe_stop(struct observe *observe); // a second call does nothing
