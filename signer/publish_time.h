// SPDX-License-Identifier: ISC
// What the publisher does about a clock that may be wrong (signer/timekeeper.h): alarm, longer signatures, waits that
// begin anew; and it remembers the newest time, in state/.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "signer/publish.h"
#include "signer/timekeeper.h"

// So much of it may be lost; a start later than this is taken for one after a pause.
#define TIME_KEPT_EVERY_S 1800

// The newest time that was written, of state/ or, where that knows none, of the images in serve/. 0: none.
int64_t publisher_newest_time(struct publisher *publisher);

// Takes over what time it is, before anything else is done then. False: after a jump, with batches under way; nothing
// is collected before they are committed and it was called again.
bool publisher_take_time(struct publisher *publisher, const struct time_sense *sense);
