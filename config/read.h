// SPDX-License-Identifier: ISC
// Tree → struct config, by the table of options: types, bounds, defaults, unknown keys.
#pragma once

#include "config/config.h"
#include "config/tree.h"

struct reader {
    const char *path; // for messages
    struct config *config;
    struct config_errors *errors;
};

// Fills reader->config (zeroed but for path and directory) from the tree and with the table's
// defaults. All errors are counted; what is wrong is left at its default or zero.
void read_config(const struct reader *reader, const struct tree *tree);

// Counts "path:line:col: option: words" as an error. option "": without one.
void reader_complain(const struct reader *reader, struct config_place place, const char *option,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));
