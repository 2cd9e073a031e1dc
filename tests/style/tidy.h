// SPDX-License-Identifier: ISC
// Read by tests/tidy.sh before every source: what base/status.h says in words about the results of its functions,
// said in a way that an analyzer sees, since it looks at one file at a time. Without it each `return error_set(…)`
// could be STATUS_OK, and what the caller reads then would seem uninitialised.
#pragma once

#include "base/status.h"

#define error_set(err, status, ...)    (error_set(err, status, __VA_ARGS__), (status))
#define error_prefix(err, status, ...) (error_prefix(err, status, __VA_ARGS__), (status))
#define error_set_errno(...)           (error_set_errno(__VA_ARGS__), STATUS_IO)
