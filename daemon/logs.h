// SPDX-License-Identifier: ISC
// The one log of the box. Each child writes into a pipe of its own, zoned passes whole lines on:
//
//     zone-server ──pipe──┐
//     zone-signer ──pipe──┼─► zoned ─► level ─► standard error, with sd-daemon(3)'s <N> for the journal; or syslog
//     its own lines ──────┘             └─ level error ─► the alarm (daemon/on_alarm.h)
//
// The writing end does not wait: when zoned or whoever reads its log is slow, lines are lost and counted
// (base/log.h), and no server stops. A line carries the name of the child that wrote it, whatever the line itself says.
// What is no line of ours, the last words of a crash for example, comes as an event of zoned with the text.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/log.h"
#include "base/status.h"
#include "config/config.h"
#include "daemon/syslog.h"

#define LOG_NAME_MAX 32

// One program, whichever of its processes writes. The owner keeps it for as long as the log runs.
struct log_source {
    char name[LOG_NAME_MAX];
    bool foreign; // none of ours: its lines are text, and it may wait
    char
        last_error[ERROR_TEXT_MAX]; // its last line of level error from the event on, cut; "": none
    int64_t last_error_at;          // Unix seconds
    int64_t debt;        // octets that it wrote and that LOGS_PER_SECOND did not cover yet
    uint64_t debt_at_ms; // when that was so, by the loop's clock
};

// A program may write this many octets at once, as zone-signer does about 100,000 new zones, and then so many a second:
// one that somebody took over does not keep zoned busy, and fills no disk in a night, also when it dies all the time.
#define LOGS_BURST      (32 << 20)
#define LOGS_PER_SECOND (16 << 10)

struct log_stream;

struct logs {
    uv_loop_t *loop; // set by the owner before the first stream
    bool to_syslog;
    bool for_journal; // standard error is the journal's
    enum log_level level;
    struct syslog_link syslog;
    struct log_stream *streams;
    int64_t burst;     // LOGS_BURST
    uv_timer_t resume; // while a stream is paused
    bool has_resume;
    // Told of every line of level error: the program, the event's name, the whole line. May be NULL.
    void (*alarm)(void *data, const char *program, const char *event, const char *line);
    void *alarm_data;
};

// From now on zoned's own lines go this way. To standard error, until logs_follow says more.
void logs_open(struct logs *logs);
void logs_follow(struct logs *logs, const struct config_log *config);
// Makes the pipe for a process that is about to be started; *ret_fd is its standard error, to be closed here once it
// has its copy. What it writes is read until nobody has that end any more.
enum status logs_stream(struct logs *logs, struct log_source *source, int *ret_fd,
                        struct error *err);
// Takes what still lies in the pipes, and reads no more. The loop must run on once more. zoned's own lines still go the
// same way.
void logs_close(struct logs *logs);
