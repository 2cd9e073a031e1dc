// SPDX-License-Identifier: ISC
#include "daemon/on_alarm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

// What the command keeps of zoned's environment: enough to find programs, a mail configuration, and the time.
static const char *const kept[] = {"PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ"};
#define KEPT_COUNT     (sizeof(kept) / sizeof(kept[0]))
#define VARIABLE_COUNT (KEPT_COUNT + 4)

static void next(struct on_alarm *alarm);

static void on_wait_over(uv_timer_t *timer)
{
    next(timer->data);
}

// ── The command ──────────────────────────────────────────────────────────────────────────────────

static void add_variable(char **environment, size_t *count, const char *name, const char *value)
{
    environment[(*count)++] = xasprintf("%s=%s", name, value);
}

static void fill_environment(const struct alarm *alarm, char *ret[VARIABLE_COUNT + 1])
{
    char number[24];
    size_t count = 0;
    for (size_t i = 0; i < KEPT_COUNT; i++)
        if (getenv(kept[i]) != NULL)
            add_variable(ret, &count, kept[i], getenv(kept[i]));
    snprintf(number, sizeof(number), "%" PRIu64, alarm->count);
    add_variable(ret, &count, "ZONEBOX_PROGRAM", alarm->program);
    add_variable(ret, &count, "ZONEBOX_EVENT", alarm->event);
    add_variable(ret, &count, "ZONEBOX_LINE", alarm->line);
    add_variable(ret, &count, "ZONEBOX_COUNT", number);
    ret[count] = NULL;
}

// The reading end of a pipe that has the line in it, or -1. A new pipe takes a line without waiting.
static int line_as_input(const char *line)
{
    int ends[2];
    char text[LOG_LINE_MAX + 2];
    int len = snprintf(text, sizeof(text), "%s\n", line);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    bool written = write(ends[1], text, (size_t)len) == len;
    close(ends[1]);
    if (written)
        return ends[0];
    close(ends[0]);
    return -1;
}

static void tell_all(struct on_alarm *alarm, int number)
{
    // Its whole session: the shell's children are what takes long.
    (void)kill(-alarm->process.pid, number);
}

static void on_limit(uv_timer_t *timer)
{
    struct on_alarm *alarm = timer->data;
    if (!alarm->told_to_end)
        log_event(LOG_LEVEL_WARNING, "on-alarm-ended", "reason", "it takes too long", NULL);
    tell_all(alarm, alarm->told_to_end ? SIGKILL : SIGTERM);
    alarm->told_to_end = true;
    uv_timer_start(timer, on_limit, ON_ALARM_GRACE_MS, 0);
}

static void on_gone(uv_handle_t *process)
{
    struct on_alarm *alarm = process->data;
    alarm->runs = false;
    next(alarm);
}

static void on_exit_of_command(uv_process_t *process, int64_t exit_status, int term_signal)
{
    struct on_alarm *alarm = process->data;
    uv_timer_stop(&alarm->timer);
    if (exit_status != 0 || term_signal != 0)
        log_event(LOG_LEVEL_WARNING, "on-alarm-failed", term_signal != 0 ? "signal" : "status",
                  term_signal != 0 ? strsignal(term_signal) : log_u64(exit_status), NULL);
    uv_close((uv_handle_t *)process, on_gone);
}

static int spawn(struct on_alarm *alarm, const struct alarm *what, int input, int output)
{
    char shell[] = "/bin/sh";
    char option[] = "-c";
    char *argv[] = {shell, option, alarm->command, NULL};
    char *environment[VARIABLE_COUNT + 1];
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_INHERIT_FD, .data.fd = input},
        {.flags = UV_INHERIT_FD, .data.fd = output},
        {.flags = UV_INHERIT_FD, .data.fd = output},
    };
    fill_environment(what, environment);
    uv_process_options_t options = {
        .file = shell,
        .args = argv,
        .env = environment,
        .cwd = "/",
        .exit_cb = on_exit_of_command,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = 3,
        .stdio = stdio,
    };
    int failed = uv_spawn(alarm->logs->loop, &alarm->process, &options);
    for (size_t i = 0; environment[i] != NULL; i++)
        free(environment[i]);
    return failed;
}

static void run(struct on_alarm *alarm, const struct alarm *what)
{
    struct error err = {0};
    int output = -1;
    int input = line_as_input(what->line);
    if (input < 0)
        error_set_errno(&err, errno, "cannot make a pipe");
    else if (logs_stream(alarm->logs, &alarm->output, &output, &err) == STATUS_OK) {
        int failed = spawn(alarm, what, input, output);
        alarm->runs = true; // until its handle is closed, which uv_spawn initialised in any case
        if (failed != 0) {
            error_set(&err, STATUS_IO, "/bin/sh: %s", uv_strerror(failed));
            uv_close((uv_handle_t *)&alarm->process, on_gone);
        }
    }
    if (input >= 0)
        close(input);
    if (output >= 0)
        close(output);
    alarm->told_to_end = false;
    if (err.text[0] == '\0') {
        uv_timer_start(&alarm->timer, on_limit, ON_ALARM_LIMIT_MS, 0);
        return;
    }
    log_event(LOG_LEVEL_WARNING, "on-alarm-failed", "reason", err.text, NULL);
    alarm_queue_add(&alarm->queue, what->program, what->event, what->line,
                    uv_now(alarm->logs->loop));
    uv_timer_start(&alarm->timer, on_wait_over, ON_ALARM_GRACE_MS, 0);
}

// ── Which, and when ──────────────────────────────────────────────────────────────────────────────

static void next(struct on_alarm *alarm)
{
    struct alarm what;
    uint64_t wait = 0;
    if (alarm->runs || alarm->command == NULL || uv_is_closing((uv_handle_t *)&alarm->timer))
        return;
    if (alarm->queue.dropped > 0) {
        log_event(LOG_LEVEL_WARNING, "alarms-dropped", "count", log_u64(alarm->queue.dropped),
                  "reason", "too many kinds at once", NULL);
        alarm->queue.dropped = 0;
    }
    if (alarm_queue_next(&alarm->queue, uv_now(alarm->logs->loop), &what, &wait))
        run(alarm, &what);
    else if (wait != UINT64_MAX)
        uv_timer_start(&alarm->timer, on_wait_over, wait, 0);
}

static void raise_alarm(void *data, const char *program, const char *event, const char *line)
{
    struct on_alarm *alarm = data;
    if (alarm->command == NULL || uv_is_closing((uv_handle_t *)&alarm->timer))
        return;
    alarm_queue_add(&alarm->queue, program, event, line, uv_now(alarm->logs->loop));
    if (!alarm->runs) // not from here, which may be anywhere in zoned
        uv_timer_start(&alarm->timer, on_wait_over, 0, 0);
}

void on_alarm_open(struct on_alarm *alarm, struct logs *logs)
{
    *alarm = (struct on_alarm){
        .logs = logs,
        .queue = {.tokens = ALARM_BURST, .counted_ms = uv_now(logs->loop)},
        .output = {.name = "on-alarm", .foreign = true},
    };
    uv_timer_init(logs->loop, &alarm->timer);
    alarm->timer.data = alarm;
    alarm->process.data = alarm;
    logs->alarm = raise_alarm;
    logs->alarm_data = alarm;
}

void on_alarm_follow(struct on_alarm *alarm, const char *command)
{
    free(alarm->command);
    alarm->command = command != NULL ? xstrdup(command) : NULL;
}

void on_alarm_close(struct on_alarm *alarm)
{
    alarm->logs->alarm = NULL;
    if (alarm->runs && !uv_is_closing((uv_handle_t *)&alarm->process)) {
        tell_all(alarm, SIGTERM);
        uv_close((uv_handle_t *)&alarm->process, NULL);
    }
    uv_close((uv_handle_t *)&alarm->timer, NULL);
    free(alarm->command);
    alarm->command = NULL;
}
