// SPDX-License-Identifier: ISC
// `on-alarm: COMMAND`: how trouble reaches a person who does not read the log. For lines of level error zoned runs
//
//     /bin/sh -c COMMAND      the line on standard input, and in the environment
//       ZONEBOX_PROGRAM       zone-server.0        which program says it
//       ZONEBOX_EVENT         child-died           a-z, 0-9 and "-" only
//       ZONEBOX_LINE          the whole line, without control characters
//       ZONEBOX_COUNT         how many of its kind there were since the last time
//
// with zoned's own user, in /, with PATH, HOME and the like of zoned's environment. No confined program has a shell;
// what such a program says reaches the command as data only. One command runs at a time, for ON_ALARM_LIMIT_MS at
// most; how often, daemon/alarm_queue.h decides. What it writes goes into the log. Its own trouble is a warning, never
// an alarm.
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "daemon/alarm_queue.h"
#include "daemon/logs.h"

#define ON_ALARM_LIMIT_MS 30000 // a mail queue or a pager's HTTPS answers in less
#define ON_ALARM_GRACE_MS 2000  // between SIGTERM and SIGKILL

struct on_alarm {
    struct logs *logs;
    char *command; // NULL: none
    struct alarm_queue queue;
    struct log_source output;
    uv_process_t process;
    uv_timer_t timer; // of the command that runs, or until the next one
    bool runs;
    bool told_to_end;
};

// Starts to take the alarms of logs, in its loop.
void on_alarm_open(struct on_alarm *alarm, struct logs *logs);
// The command as configured now; NULL: none. It is copied.
void on_alarm_follow(struct on_alarm *alarm, const char *command);
// Ends: a command that runs is told to end, what waits is dropped. The struct may go when the loop has run on.
void on_alarm_close(struct on_alarm *alarm);
