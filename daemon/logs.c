// SPDX-License-Identifier: ISC
#include "daemon/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "daemon/lines.h"

// What is taken from one pipe before the others have their turn: a program that writes without end does not keep zoned
// from its work.
#define READ_SIZE   8192
#define READ_ROUNDS 8

// What one process writes. It lives until the last one that has the writing end is gone.
struct log_stream {
    uv_poll_t poll;
    int fd;
    struct logs *logs;
    struct log_source *source;
    struct lines lines;
    bool paused; // its source has written too much
    struct log_stream *next;
};

// ── Out ──────────────────────────────────────────────────────────────────────────────────────────

// sd-daemon(3): the numbers of syslog(3).
static void write_stderr(const struct logs *logs, enum log_level level, const char *line)
{
    char text[LOG_LINE_MAX + 8];
    int len = logs->for_journal ? snprintf(text, sizeof(text), "<%d>%s\n", 3 + (int)level, line)
                                : snprintf(text, sizeof(text), "%s\n", line);
    log_write(text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
}

static void put(struct logs *logs, enum log_level level, const char *line)
{
    if (level > logs->level)
        return;
    // Without a syslogd the lines are not thrown away.
    if (!logs->to_syslog || !syslog_send(&logs->syslog, level, line))
        write_stderr(logs, level, line);
}

static void put_own(void *data, enum log_level level, const char *line, size_t len)
{
    struct logs *logs = data;
    struct line_event event;
    (void)len;
    put(logs, level, line);
    if (level == LOG_LEVEL_ERROR && logs->alarm != NULL && line_event_read(line, &event))
        logs->alarm(logs->alarm_data, "zoned", event.event, line);
}

// journald says in the environment which socket it gave (systemd.exec(5)); a redirected one is another.
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat info;
    char wanted[64];
    if (stream == NULL || fstat(STDERR_FILENO, &info) != 0)
        return false;
    snprintf(wanted, sizeof(wanted), "%ju:%ju", (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
    return strcmp(stream, wanted) == 0;
}

void logs_open(struct logs *logs)
{
    *logs = (struct logs){
        .level = LOG_LEVEL_INFO,
        .syslog = {.fd = -1},
        .for_journal = stderr_is_journal(),
        .burst = LOGS_BURST,
    };
    log_set_sink(put_own, logs);
}

void logs_follow(struct logs *logs, const struct config_log *config)
{
    logs->to_syslog = config->to == CONFIG_LOG_SYSLOG;
    logs->level = config->level;
    log_set_level(config->level);
    if (!logs->to_syslog)
        syslog_close(&logs->syslog);
}

// ── In ───────────────────────────────────────────────────────────────────────────────────────────

static void take_line(void *data, const char *line)
{
    struct log_stream *stream = data;
    struct log_source *source = stream->source;
    struct line_event event;
    if (source->foreign || !line_event_read(line, &event)) {
        log_event(source->foreign ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "output", "of",
                  source->name, "text", line, NULL);
        return;
    }
    char text[LOG_LINE_MAX];
    snprintf(text, sizeof(text), "%s %s %s", log_level_name(event.level), source->name, event.rest);
    put(stream->logs, event.level, text);
    if (event.level != LOG_LEVEL_ERROR)
        return;
    snprintf(source->last_error, sizeof(source->last_error), "%s", event.rest);
    source->last_error_at = time(NULL);
    if (stream->logs->alarm != NULL)
        stream->logs->alarm(stream->logs->alarm_data, source->name, event.event, text);
}

// False when nothing comes any more.
static bool read_stream(struct log_stream *stream, int rounds)
{
    char octets[READ_SIZE];
    for (int i = 0; i < rounds; i++) {
        ssize_t len = read(stream->fd, octets, sizeof(octets));
        if (len > 0) {
            stream->source->debt += len;
            lines_put(&stream->lines, octets, (size_t)len, take_line, stream);
        } else if (len < 0 && errno == EAGAIN)
            return true;
        else if (len == 0 || errno != EINTR)
            return false;
    }
    return true;
}

static void on_closed(uv_handle_t *poll)
{
    struct log_stream *stream = poll->data;
    close(stream->fd);
    free(stream);
}

static void end_stream(struct log_stream *stream)
{
    struct log_stream **at = &stream->logs->streams;
    while (*at != stream)
        at = &(*at)->next;
    *at = stream->next;
    lines_end(&stream->lines, take_line, stream);
    uv_close((uv_handle_t *)&stream->poll, on_closed);
}

// ── Quota ────────────────────────────────────────────────────────────────────────────────────────

// Has it written more than it may for now?
static bool is_over(const struct logs *logs, struct log_source *source)
{
    uint64_t now = uv_now(logs->loop);
    int64_t covered = (int64_t)(now - source->debt_at_ms) * LOGS_PER_SECOND / 1000;
    if (covered > 0) {
        source->debt = source->debt > covered ? source->debt - covered : 0;
        source->debt_at_ms = now;
    }
    return source->debt >= logs->burst;
}

static void on_readable(uv_poll_t *poll, int status, int events);

static void on_resume(uv_timer_t *timer)
{
    struct logs *logs = timer->data;
    bool any_paused = false;
    for (struct log_stream *stream = logs->streams; stream != NULL; stream = stream->next) {
        if (stream->paused && !is_over(logs, stream->source)) {
            stream->paused = false;
            uv_poll_start(&stream->poll, UV_READABLE, on_readable);
        }
        any_paused = any_paused || stream->paused;
    }
    if (!any_paused)
        uv_timer_stop(timer);
}

// Nobody writes there any more. What lies in the pipe is not worth a descriptor until its time has come.
static void on_gone(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    end_stream(poll->data);
}

static void pause_stream(struct log_stream *stream)
{
    uv_timer_t *resume = &stream->logs->resume;
    if (!uv_is_active((uv_handle_t *)resume))
        uv_timer_start(resume, on_resume, 1000, 1000);
    stream->paused = true;
    uv_poll_start(&stream->poll, UV_DISCONNECT, on_gone);
    log_event(LOG_LEVEL_WARNING, "log-throttled", "of", stream->source->name, "reason",
              "it writes without end", NULL);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct log_stream *stream = poll->data;
    (void)events;
    if (status < 0 || !read_stream(stream, READ_ROUNDS))
        end_stream(stream);
    else if (is_over(stream->logs, stream->source))
        pause_stream(stream);
}

enum status logs_stream(struct logs *logs, struct log_source *source, int *ret_fd,
                        struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return error_set_errno(err, errno, "cannot make a pipe");
    if (source->foreign)
        (void)fcntl(ends[1], F_SETFL, 0); // few programs expect a standard error that does not wait
    struct log_stream *stream = xcalloc(1, sizeof(*stream));
    *stream = (struct log_stream){.fd = ends[0], .logs = logs, .source = source};
    int failed = uv_poll_init(logs->loop, &stream->poll, ends[0]);
    if (failed != 0) {
        close(ends[0]);
        close(ends[1]);
        free(stream);
        return error_set(err, STATUS_IO, "cannot watch a pipe: %s", uv_strerror(failed));
    }
    if (!logs->has_resume) {
        uv_timer_init(logs->loop, &logs->resume);
        uv_unref((uv_handle_t *)&logs->resume);
        logs->resume.data = logs;
        logs->has_resume = true;
    }
    stream->poll.data = stream;
    stream->next = logs->streams;
    logs->streams = stream;
    if (is_over(logs, source)) // the process before it wrote too much
        pause_stream(stream);
    else
        uv_poll_start(&stream->poll, UV_READABLE, on_readable);
    *ret_fd = ends[1];
    return STATUS_OK;
}

void logs_close(struct logs *logs)
{
    while (logs->streams != NULL) {
        // As much as a pipe holds: a process that is not ours and has the other end may write on for ever.
        (void)read_stream(logs->streams, (1 << 20) / READ_SIZE);
        end_stream(logs->streams);
    }
    if (logs->has_resume)
        uv_close((uv_handle_t *)&logs->resume, NULL);
    logs->has_resume = false;
}
