// SPDX-License-Identifier: ISC
#include "resolver/unbound_log.h"

#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "base/log.h"

#define LINES_MAX 20 // in SECONDS
#define SECONDS   60

static struct {
    time_t since;
    unsigned lines;
    uint64_t dropped;
} quota;

// "[time] libunbound[pid:0] error: words": what follows the last bracket.
static void log_line(const char *text, size_t len)
{
    char line[512];
    time_t now = time(NULL);
    if (now - quota.since >= SECONDS || now < quota.since) {
        if (quota.dropped > 0)
            log_event(LOG_LEVEL_WARNING, "libunbound-lines-dropped", "count",
                      log_u64(quota.dropped), NULL);
        quota.since = now;
        quota.lines = 0;
        quota.dropped = 0;
    }
    if (quota.lines == LINES_MAX) {
        quota.dropped++;
        return;
    }
    quota.lines++;
    snprintf(line, sizeof(line), "%.*s", (int)(len < sizeof(line) ? len : sizeof(line) - 1), text);
    const char *words = strstr(line, ":0] ");
    log_event(LOG_LEVEL_WARNING, "libunbound", "words", words != NULL ? words + 4 : line, NULL);
}

static ssize_t on_write(void *cookie, const char *text, size_t len)
{
    (void)cookie;
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t line = end != NULL ? (size_t)(end - (text + at)) : len - at;
        if (line > 0)
            log_line(text + at, line);
        at += line + 1;
    }
    return (ssize_t)len;
}

FILE *unbound_log(void)
{
    static FILE *stream;
    if (stream == NULL) {
        stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = on_write});
        if (stream != NULL)
            setvbuf(stream, NULL, _IOLBF, BUFSIZ);
    }
    return stream;
}
