// SPDX-License-Identifier: ISC
// The last good configuration: a copy in the state directory, written whenever a configuration has
// been taken over, so that a box whose zonebox.yaml is spoilt still comes back after a restart
// (docs/decisions/005-last-good-at-start.md).
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "config/config.h"

#define LAST_GOOD_FILE "last-good.yaml"

// The path in the form that last-good.yaml remembers: absolute, with the directory's symbolic links
// resolved. The caller frees.
char *last_good_origin(const char *config_path);

// Keeps the texts of the configuration, files[0], and of what it includes (config->files of struct inputs); writes
// nothing when they are kept already.
enum status last_good_write(const char *state, const struct config_file *files, size_t count,
                            struct error *err);

struct last_good {
    struct config_file *files; // [0] is the configuration itself
    size_t count;
    struct buf content; // the texts point into it
    struct arena arena;
};

// What was kept of this configuration; last_good_done releases in every case. NOT_FOUND when there is nothing, STATE
// when what is kept is of another configuration or cannot be understood, DENIED when it is not zoned's own.
enum status last_good_read(const char *state, const char *config_path, struct last_good *ret,
                           struct error *err);
void last_good_done(struct last_good *last_good);
