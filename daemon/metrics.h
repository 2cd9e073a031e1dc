// SPDX-License-Identifier: ISC
// The socket where worker 0 tells the name server's numbers. It is zoned's, since workers can bind nothing, and stays
// open while the worker is replaced: who asks meanwhile waits.
#pragma once

#include <stdbool.h>

#include "base/address.h"
#include "base/status.h"
#include "config/config.h"

struct metrics {
    int fd; // -1: none
    struct address address;
    struct error error; // why it is not where the configuration wants it; "": it is
};

// Makes the socket what the configuration says. What cannot be bound is no reason to serve no zones: it is logged, the
// socket from before stays, and false returned, to try again. *ret_changed is set when the socket is another, or none.
bool metrics_follow(struct metrics *metrics, const struct config_server *server, bool *ret_changed);
void metrics_done(struct metrics *metrics);
