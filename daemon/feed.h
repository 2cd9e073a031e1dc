// SPDX-License-Identifier: ISC
// The inputs of zonebox as they are now: read, watched, and read again when something happened to a
// file.
//
// Files are waited for as config/follow.h says; the patrol also sees new addresses of the box where netlink does not.
// Inputs that do not hold up change nothing: they are logged, once, and the ones before stay.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "config/config.h"
#include "config/follow.h"

struct feed {
    const char *config_path;
    struct inputs *inputs;              // the newest good ones; replaced as a whole
    void (*changed)(struct feed *feed); // called after each replacement
    // Called after each look at the files, also one that found nothing new: for who follows files that are no inputs.
    void (*looked)(struct feed *feed);
    // Asked before fresh inputs replace the old ones: false drops them, and err says why.
    bool (*accept)(struct feed *feed, const struct inputs *fresh, struct error *err);
    void *data; // the owner's own
    struct inputs_follower follower;
    uv_poll_t files;     // inotify
    uv_poll_t addresses; // rtnetlink
    int address_fd;
    uv_timer_t quiet;
    uv_timer_t patrol;
    bool polls_files;
    bool polls_addresses;
    // What is wrong with the inputs now; logged when it changes, so that it is not said every minute
    struct config_errors complaint;
};

// Logs each error of a configuration, one line each.
void feed_log_errors(const struct config_errors *errors);
// Starts to watch. inputs and the functions above are set by the caller; ownership of inputs is the
// feed's.
void feed_start(struct feed *feed, uv_loop_t *loop);
// Reads again now, and says what is wrong (`complaint`) even when it was said before.
void feed_look(struct feed *feed);
// Closes the handles; they must not be in use any more once the loop has run. The inputs stay.
void feed_stop(struct feed *feed);
