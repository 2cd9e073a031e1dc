// SPDX-License-Identifier: ISC
// Makes the system's users for `zonebox init`, by the tools of the system.
#pragma once

#include <stdbool.h>

#include "base/status.h"

// Makes the user of that name with a group of that name, without home, shell and password, where there is none. A
// number is nobody's to make. *ret_made: it was missing.
enum status account_make_user(const char *name, bool *ret_made, struct error *err);
