// SPDX-License-Identifier: ISC
// How long something takes. Deciding functions get the time of day as an argument and never read a clock.
#pragma once

#include <stdint.h>

// Monotonic milliseconds.
int64_t clock_ms(void);
