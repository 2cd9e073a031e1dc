// SPDX-License-Identifier: ISC
#include "signer/timekeeper.h"

#define HOUR_S 3600

void timekeeper_begin(struct timekeeper *keeper, int64_t newest, const struct time_reading *reading)
{
    *keeper = (struct timekeeper){
        .believed_ms = newest != 0 ? newest * 1000 : reading->real_ms,
        .believed_boot_ms = reading->boot_ms,
        .first = true,
    };
}

void timekeeper_told(struct timekeeper *keeper)
{
    keeper->jumped = false;
}

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

// For how long the clock has gone on as it does, seconds.
static int64_t stable_for(struct timekeeper *keeper, const struct time_reading *reading)
{
    int64_t offset = reading->real_ms - reading->boot_ms;
    if (!keeper->doubt || distance(offset, keeper->offset_ms) > TIME_SLACK_S * INT64_C(1000)) {
        keeper->offset_ms = offset;
        keeper->doubt_boot_ms = reading->boot_ms;
    }
    return (reading->boot_ms - keeper->doubt_boot_ms) / 1000;
}

static bool is_believed(struct timekeeper *keeper, const struct time_reading *reading,
                        int64_t difference)
{
    int64_t stable = stable_for(keeper, reading);
    if (reading->synchronised)
        return true;
    if (difference < 0)
        return false;
    return (keeper->first && difference <= TIME_OFF_S) ||
           (stable >= TIME_STABLE_S && difference <= TIME_WRONG_S);
}

void timekeeper_look(struct timekeeper *keeper, const struct time_reading *reading,
                     struct time_sense *ret)
{
    int64_t counted = keeper->believed_ms + reading->boot_ms - keeper->believed_boot_ms;
    int64_t difference = (reading->real_ms - counted) / 1000;
    bool near = distance(difference, 0) <= TIME_SLACK_S;
    if (near || is_believed(keeper, reading, difference)) {
        keeper->believed_ms = reading->real_ms;
        keeper->believed_boot_ms = reading->boot_ms;
        keeper->doubt = false;
        keeper->jumped = keeper->jumped || !near;
    } else {
        keeper->doubt = true;
    }
    keeper->first = false;
    bool wrong = distance(difference, 0) > TIME_WRONG_S;
    bool both = keeper->doubt && !wrong;
    int64_t earlier = reading->real_ms < counted ? reading->real_ms : counted;
    *ret = (struct time_sense){
        .now = (!keeper->doubt ? reading->real_ms
                : both         ? earlier
                               : counted) /
               1000,
        .ahead = both ? (uint32_t)((distance(difference, 0) / HOUR_S + 1) * HOUR_S) : 0,
        .doubt = keeper->doubt,
        .jumped = keeper->jumped,
        .difference = difference,
    };
}
