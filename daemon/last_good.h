// SPDX-License-Identifier: ISC
// The last good configuration: a copy in the state directory, written whenever a configuration has
// been taken over, so that a box whose zonebox.yaml is spoilt still comes back after a restart
// (docs/decisions/005-last-good-at-start.md).
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/status.h"

#define LAST_GOOD_FILE "last-good.yaml"

// The path in the form that last-good.yaml remembers: absolute, with the directory's symbolic links
// resolved. The caller frees.
char *last_good_origin(const char *config_path);

// Keeps the text; writes nothing when it is kept already.
enum status last_good_write(const char *state, const char *config_path, const void *text,
                            size_t len, struct error *err);

// Appends the text that was kept of this configuration to ret. NOT_FOUND when there is none, STATE
// when the one that is kept is of another configuration, DENIED when it is not zoned's own.
enum status last_good_read(const char *state, const char *config_path, struct buf *ret,
                           struct error *err);
