// SPDX-License-Identifier: ISC
// Where the signer's inputs come from: the files themselves, read and watched, or snapshots that zoned sends through a
// descriptor (config/inputs.h). Either way each whole new set of inputs is handed to `arrived`.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "config/follow.h"

struct source {
    void (*arrived)(struct source *source, struct inputs *inputs); // takes ownership
    void (*ended)(struct source *source); // the descriptor's other end was closed
    void *data;                           // the owner's own
    const char *config_path;              // NULL: snapshots from fd
    bool once; // the files as they are are all that is wanted: nothing is watched
    int fd;
    struct inputs_follower follower;
    struct inputs *last; // that arrived, or were in force in the beginning
    uv_poll_t poll;      // inotify, or fd
    uv_timer_t quiet;
    uv_timer_t patrol;
    bool polls;
    struct buf received;
    struct config_errors complaint; // what was logged last
};

// Logs each error of a configuration, one line each.
void source_log_errors(const struct config_errors *errors);

// Begins. Files: what the inputs in force name is watched, and read again when it changes. Snapshots: nothing arrives
// before the loop runs. The fields above are set by the caller, the others zero.
void source_start(struct source *source, uv_loop_t *loop, const struct inputs *inputs);
// Reads the files again now; nothing for snapshots, or `once`.
void source_look(struct source *source);
// Closes the handles; the loop has to run once more before source_done.
void source_stop(struct source *source);
void source_done(struct source *source);
