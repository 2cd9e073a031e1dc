// SPDX-License-Identifier: ISC
// What the signer decides by numbers alone: the next serial, the times of a signature, what is due. Pure: no
// clock, no store; `now` is Unix time in seconds.
//
//   made            now − 1 h ≤ inception … expiration = now + ahead + lifetime − jitter
//   due             when no more than `refresh` is left behind now + ahead: the zone is published anew
//   taken along     what would be due within the window behind that, so that a zone is not published once for
//                   each of its signatures
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

// A validator's clock may be an hour slow and the signature is good all the same.
#define PLAN_BACKDATE 3600
// Jitter is at most this part of the lifetime: half a day of 14.
#define PLAN_JITTER_PART 28
// The window is a quarter of the jitter: a zone that was signed in one go is renewed in at most five.
#define PLAN_WINDOW_PART (4 * PLAN_JITTER_PART)

struct plan_policy { // seconds
    uint32_t lifetime;
    uint32_t refresh;
    uint32_t ahead; // `now` may be so much later (signer/timekeeper.h): so signatures live longer
};

// The policy of a configuration, with refresh held at three quarters of the lifetime at most: else a signature
// would be due as soon as it is made.
struct plan_policy plan_policy(const struct config_dnssec_policy *config);

// The serial to publish: behind `last`, at least the Unix time, at least `floor`. Never backwards, whatever clock and
// file say: what RFC 1982 does not put behind last + 1 is left out of account.
uint32_t plan_serial_next(uint32_t last, int64_t now, uint32_t floor);
// The same where nothing was ever published.
uint32_t plan_serial_first(int64_t now, uint32_t floor);

struct plan_times {
    int64_t inception;
    int64_t expiration;
};
// owner: wire, lower case. Owner and type alone choose the jitter, so that signing again changes nothing but the date.
struct plan_times plan_times(const struct plan_policy *policy, int64_t now, const uint8_t *owner,
                             uint16_t type);

// Must a signature with this expiration be renewed?
bool plan_is_due(const struct plan_policy *policy, int64_t now, int64_t expiration);
// Is it renewed when its zone is published now anyway, or will it be due so soon that it may as well?
bool plan_is_taken_along(const struct plan_policy *policy, int64_t now, int64_t expiration);
// When a zone is due whose first signature expires then.
int64_t plan_due_at(const struct plan_policy *policy, int64_t expiration);
