// SPDX-License-Identifier: ISC
// Takes the connections of a listening socket, also when descriptors end. uv_listen is of no use for that in a confined
// program: out of descriptors, libuv drops who waits by means of one that it keeps back, and needs to open "/" to have
// it again; without it, it tries accept(2) for ever and the loop never goes on. Here who waits waits in the kernel.
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/address.h"

// Connections that are taken before other events have their turn.
#define ACCEPTOR_TURN 16
// Without descriptors it is tried again after so long.
#define ACCEPTOR_PAUSE_MS 100

// `connected`, `make_room` and `data` are set by the owner before acceptor_open.
struct acceptor {
    // The connection, non-blocking and close-on-exec, is the owner's.
    void (*connected)(struct acceptor *acceptor, int fd);
    // Descriptors or memory have ended while somebody waits: true when something was closed. May be NULL.
    bool (*make_room)(struct acceptor *acceptor);
    void *data;
    uv_poll_t poll;
    uv_timer_t pause;
    uv_pipe_t stream; // never opened
    int fd;
    struct address peer; // of the connection that is handed over; an IP address only
    bool has_poll;
    bool held;
    unsigned open; // handles
    void (*closed)(struct acceptor *acceptor);
};

// Listens on the descriptor, which is its own from now on. Also after a failure (a negative libuv code) it wants to be
// closed.
int acceptor_open(struct acceptor *acceptor, uv_loop_t *loop, int fd, int backlog);
// Takes no more until told to go on; for a quota.
void acceptor_hold(struct acceptor *acceptor);
void acceptor_go_on(struct acceptor *acceptor);
// Closes; `closed` is called when its memory may be released.
void acceptor_close(struct acceptor *acceptor, void (*closed)(struct acceptor *acceptor));
