// SPDX-License-Identifier: ISC
// The files that a configuration includes: found and read, in order, with their texts kept (struct config_file), so
// that a snapshot and the last good configuration hold all that was written.
#pragma once

#include "config/read.h"

// A copy in the configuration's arena, with NUL behind it.
const char *include_keep_text(struct config *config, const char *text, size_t len);
// Looks for what config->includes name and appends it to config->files. A pattern that matches nothing is fine; a file
// that cannot be read, a directory that cannot be looked into, and a plain name of nothing are errors.
void include_find(const struct reader *reader);
// Appends copies of these instead.
void include_take(struct config *config, const struct config_file *files, size_t count);
