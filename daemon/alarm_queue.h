// SPDX-License-Identifier: ISC
// Which alarm is told next, and when. A person who gets a hundred mails an hour reads none of them, and the one that
// matters must not stand behind ninety of a kind. So:
//
//   - of one kind (program and event) one alarm is told in ALARM_SAME_MS; of what comes meanwhile the newest line
//     waits, with the number of all
//   - over all kinds ALARM_BURST at once, then one in ALARM_EVERY_MS
//   - as many kinds as ALARM_KINDS are known; while all of them wait, another one is counted and not told
//
// Pure: time is an argument, in milliseconds of any clock that does not go back.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/lines.h"
#include "daemon/logs.h"

#define ALARM_SAME_MS  (10 * 60 * 1000)
#define ALARM_BURST    5
#define ALARM_EVERY_MS (60 * 1000)
#define ALARM_KINDS    32

struct alarm {
    char program[LOG_NAME_MAX];
    char event[LINE_EVENT_MAX];
    char line[LOG_LINE_MAX];
    uint64_t count; // how many of this kind, with this one, since the last one that was told
};

struct alarm_kind {
    struct alarm alarm; // waits when its count is not 0
    uint64_t told_ms;
    bool told;         // ever
    uint64_t since_ms; // when the first that waits came
};

// Zero-initialise but for `tokens`: ALARM_BURST.
struct alarm_queue {
    struct alarm_kind kinds[ALARM_KINDS];
    unsigned tokens;
    uint64_t counted_ms; // when tokens were last counted
    uint64_t dropped;    // of kinds for which there was no room
};

void alarm_queue_add(struct alarm_queue *queue, const char *program, const char *event,
                     const char *line, uint64_t now_ms);
// Takes the one that is to be told now: the kind that has waited longest. False when none is; then *ret_wait_ms is how
// long to wait, UINT64_MAX when nothing waits.
bool alarm_queue_next(struct alarm_queue *queue, uint64_t now_ms, struct alarm *ret,
                      uint64_t *ret_wait_ms);
