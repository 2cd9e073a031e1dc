// SPDX-License-Identifier: ISC
// Names of DKIM key files. Internal to keys/.
#pragma once

#include "base/status.h"

#define DKIM_FILE_MAX (64U << 10)
#define DKIM_PRIVATE  ".private"
#define DKIM_PUBLIC   ".pub"

// Domain and selector become parts of a path: they must be names and nothing else.
enum status dkim_part_check(const char *text, struct error *err);
