// SPDX-License-Identifier: ISC
// Who may begin now: of all that want to talk to hosts, so many at a time, and so many of them to one address. The
// others wait in line; who waits for a busy address does not hold up those behind.
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/address.h"

// In the struct of what waits, at its beginning.
struct turn {
    struct turn *next;
    struct turn *previous;
    struct address address;
    unsigned most_there; // at that address, this one among them
    bool flies;
};

struct turn_list {
    struct turn *first;
    struct turn *last;
};

struct turns {
    unsigned most;
    void (*begin)(struct turn *turn); // from the loop
    struct turn_list waiting;
    struct turn_list flight;
    unsigned flight_count;
    bool closing;
    uv_timer_t timer;
};

// most and begin are set by the caller before; the timer's data are the caller's.
void turns_start(struct turns *turns, uv_loop_t *loop);
// address and most_there are set by the caller before.
void turns_wait(struct turns *turns, struct turn *turn);
// It has ended, or waits no longer.
void turns_leave(struct turns *turns, struct turn *turn);
// One that waits or has begun, to end them all; NULL: none.
struct turn *turns_any(const struct turns *turns);
// Nobody begins any more.
void turns_close(struct turns *turns, uv_close_cb closed);
