// SPDX-License-Identifier: ISC
#include "daemon/syslog.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG};

void syslog_close(struct syslog_link *link)
{
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
}

static bool open_link(struct syslog_link *link)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = _PATH_LOG};
    syslog_close(link);
    link->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (link->fd < 0)
        return false;
    if (connect(link->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return true;
    syslog_close(link);
    return false;
}

// 1: sent; 0: lost, since the reader is slow; -1: there is no reader.
static int send_line(struct syslog_link *link, enum log_level level, const char *line)
{
    char text[LOG_LINE_MAX + 64];
    char when[32];
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(when, sizeof(when), "%b %e %H:%M:%S", &local);
    int len = snprintf(text, sizeof(text), "<%d>%s " SYSLOG_NAME "[%d]: %s",
                       LOG_DAEMON | priorities[level], when, getpid(), line);
    size_t octets = (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1;
    if (link->fd >= 0 && send(link->fd, text, octets, MSG_NOSIGNAL) >= 0)
        return 1;
    if (link->fd >= 0 && (errno == EAGAIN || errno == ENOBUFS))
        return 0;
    if (open_link(link) && send(link->fd, text, octets, MSG_NOSIGNAL) >= 0)
        return 1;
    return link->fd >= 0 ? 0 : -1;
}

bool syslog_send(struct syslog_link *link, enum log_level level, const char *line)
{
    if (link->lost > 0) {
        char text[80];
        snprintf(text, sizeof(text), "warning zoned log-lines-lost count=%lu", link->lost);
        if (send_line(link, LOG_LEVEL_WARNING, text) > 0)
            link->lost = 0;
    }
    int sent = send_line(link, level, line);
    if (sent == 0)
        link->lost++;
    return sent >= 0;
}
