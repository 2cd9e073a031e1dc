// SPDX-License-Identifier: ISC
// What time it is, when the clock may be wrong: it was set while the program ran, or it is plainly wrong at boot,
// before the newest time that was ever written (decision 027). Pure: the caller reads the clocks.
//
// Beside the clock there is an own count: the time last believed, and what CLOCK_BOOTTIME has counted since. Where the
// two differ by no more than an hour the clock is believed: signatures begin an hour back, so that is no harm. By more:
//
//   the kernel says that it is synchronised     the clock is believed
//   ahead, at the start, by up to 30 days       the clock is believed: the box was off
//   ahead, by up to a year, for a day           the clock is believed: somebody has seen the alarm
//   else                                        it is in doubt
//
// While it is in doubt both may be right, and all that is done has to be right for both: decisions are made for the
// earlier of the two (no wait ends too early, no signature begins too late), and signatures live as much longer as the
// later one is ahead. What is off by more than a year is wrong, and only the own count holds.
//
// Where the clock is believed after a difference, waits for caches begin anew (`jumped`), of keys and of TLSA records:
// which part of them has passed is not known. Those of DKIM do not: nobody asks for a selector before it is used, so
// that no cache lacks it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TIME_SLACK_S  3600
#define TIME_OFF_S    (30 * 86400)
#define TIME_STABLE_S 86400
#define TIME_WRONG_S  (366 * 86400)

struct time_reading {
    int64_t real_ms, boot_ms; // CLOCK_REALTIME, CLOCK_BOOTTIME
    bool synchronised;        // adjtimex(2)
};

struct timekeeper { // all zero: before timekeeper_begin
    int64_t believed_ms, believed_boot_ms;
    bool first; // nothing was read since the start
    bool doubt; // since:
    int64_t doubt_boot_ms;
    int64_t offset_ms; // the clock's to CLOCK_BOOTTIME then
    bool jumped;       // until timekeeper_told
};

struct time_sense {
    int64_t now;    // to decide with, Unix seconds
    uint32_t ahead; // seconds that it may be later in truth, rounded up to hours
    bool doubt;
    bool jumped;
    int64_t difference; // seconds that the clock is ahead of the own count
};

// newest: the newest time that was ever written, 0: not known.
void timekeeper_begin(struct timekeeper *keeper, int64_t newest,
                      const struct time_reading *reading);
void timekeeper_look(struct timekeeper *keeper, const struct time_reading *reading,
                     struct time_sense *ret);
// What follows from a jump is done.
void timekeeper_told(struct timekeeper *keeper);
