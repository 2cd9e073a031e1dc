// SPDX-License-Identifier: ISC
// The way of a line to the system's log: one datagram to /dev/log in the form that every syslogd reads (RFC 3164 §4.1
// without the host name, as the C library writes it). Ours, because syslog(3) waits when the one that reads is stuck,
// and zoned must not.
#pragma once

#include <stdbool.h>

#include "base/log.h"

struct syslog_link {
    int fd; // -1: not connected
    unsigned long lost;
};

// Who writes, in every line.
#define SYSLOG_NAME "zoned"

// Sends the line, connecting anew when the syslogd was started again. A line that cannot be sent at once is lost and
// counted; the count is sent before the next one. False when there is no syslogd at all.
bool syslog_send(struct syslog_link *link, enum log_level level, const char *line);
void syslog_close(struct syslog_link *link);
