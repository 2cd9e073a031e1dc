// SPDX-License-Identifier: ISC
// libunbound's events on a libuv loop: its ub_event_base (unbound-event.h), done with uv_poll and uv_timer. libunbound
// keeps one event per socket it may open and one per timer; nothing here knows DNS.
#pragma once

#include <unbound.h>
#include <unbound-event.h>
#include <uv.h>

// For any number of contexts, one after the other or at once. Must live until the last of them is deleted; an event
// outlives its context in the loop, but not the base in use.
struct events {
    struct ub_event_base base; // what ub_ctx_create_ub_event wants
    uv_loop_t *loop;
};

void events_init(struct events *events, uv_loop_t *loop);
