// SPDX-License-Identifier: ISC
// Collecting what is wrong with a configuration (struct config_errors of config.h), for the parts
// of this folder.
#pragma once

#include "base/status.h"
#include "config/config.h"

// Counts one more error and returns where its words go; NULL when the list is full, which error_set
// takes.
struct error *config_errors_next(struct config_errors *errors);
