// SPDX-License-Identifier: ISC
#include "daemon/child.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"

uint64_t child_backoff_ms(unsigned failures)
{
    if (failures <= 1)
        return 0;
    uint64_t delay = CHILD_BACKOFF_FIRST_MS;
    for (unsigned i = 2; i < failures && delay < CHILD_BACKOFF_MAX_MS; i++)
        delay *= 2;
    return delay < CHILD_BACKOFF_MAX_MS ? delay : CHILD_BACKOFF_MAX_MS;
}

unsigned child_failures(unsigned before, uint64_t ran_ms)
{
    if (ran_ms >= CHILD_STEADY_MS)
        return 1;
    return before == UINT32_MAX ? before : before + 1;
}

void child_launch_arg(struct child_launch *launch, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int written = vasprintf(&text, format, args);
    va_end(args);
    if (written < 0)
        abort(); // as base/alloc.h: memory has ended
    launch->argv =
        array_grow(launch->argv, &launch->arg_cap, launch->arg_count, sizeof(*launch->argv));
    launch->argv[launch->arg_count++] = text;
}

int child_launch_fd(struct child_launch *launch, int fd)
{
    launch->fds = array_grow(launch->fds, &launch->fd_cap, launch->fd_count, sizeof(*launch->fds));
    launch->fds[launch->fd_count++] = fd;
    return CHILD_FIRST_FD + (int)launch->fd_count - 1;
}

static void launch_done(struct child_launch *launch)
{
    for (size_t i = 0; i < launch->arg_count; i++)
        free(launch->argv[i]);
    free(launch->argv);
    free(launch->fds);
    if (launch->close_after >= 0)
        close(launch->close_after);
}

void child_init(struct child *child, struct logs *logs, const char *name, const char *path,
                const struct child_owner *owner, void *data)
{
    *child = (struct child){
        .path = xstrdup(path), .owner = owner, .data = data, .logs = logs, .loop = logs->loop};
    snprintf(child->log.name, sizeof(child->log.name), "%s", name);
    uv_timer_init(logs->loop, &child->timer);
    child->timer.data = child;
    child->process.data = child;
}

static void on_process_exit(uv_process_t *process, int64_t exit_status, int term_signal);

// The options of the sanitizers' and gcov's run-time libraries, which a release does not have.
static const char *const handed_on[] = {
    "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "GCOV_PREFIX", "GCOV_PREFIX_STRIP",
};
#define HANDED_ON_COUNT (sizeof(handed_on) / sizeof(handed_on[0]))
#define VARIABLE_COUNT  (HANDED_ON_COUNT + 1)

static void fill_environment(char *ret[VARIABLE_COUNT + 1])
{
    size_t count = 0;
    for (size_t i = 0; i < HANDED_ON_COUNT; i++) {
        const char *value = getenv(handed_on[i]);
        if (value != NULL)
            ret[count++] = xasprintf("%s=%s", handed_on[i], value);
    }
    ret[count++] = xstrdup(LOG_LEVEL_VARIABLE "=debug"); // zoned passes on what is wanted
    ret[count] = NULL;
}

static void set_user(const struct rights_user *user, uv_process_options_t *options)
{
    if (user == NULL)
        return;
    options->flags |= UV_PROCESS_SETUID | UV_PROCESS_SETGID; // drops other groups, too
    options->uid = user->uid;
    options->gid = user->gid;
}

// Starts the process from a filled launch. Standard output and error are the log's. A session of its
// own keeps the terminal's Ctrl-C away from the child: it ends when zoned tells it
// to, in order.
static int spawn(struct child *child, struct child_launch *launch, int output)
{
    size_t count = CHILD_FIRST_FD + launch->fd_count;
    uv_stdio_container_t *stdio = xcalloc(count, sizeof(*stdio));
    stdio[0].flags = UV_IGNORE;
    for (size_t i = 1; i < count; i++) {
        stdio[i].flags = UV_INHERIT_FD;
        stdio[i].data.fd = i < CHILD_FIRST_FD ? output : launch->fds[i - CHILD_FIRST_FD];
    }
    launch->argv =
        array_grow(launch->argv, &launch->arg_cap, launch->arg_count, sizeof(*launch->argv));
    launch->argv[launch->arg_count] = NULL;
    char *environment[VARIABLE_COUNT + 1];
    fill_environment(environment);
    uv_process_options_t options = {
        .file = child->path,
        .args = launch->argv,
        .env = environment,
        .cwd = "/",
        .exit_cb = on_process_exit,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = (int)count,
        .stdio = stdio,
    };
    set_user(launch->user, &options);
    int failed = uv_spawn(child->loop, &child->process, &options);
    for (size_t i = 0; environment[i] != NULL; i++)
        free(environment[i]);
    free(stdio);
    return failed;
}

static void after_death(uv_handle_t *process);

static void attempt(struct child *child)
{
    struct error err = {0};
    struct child_launch launch = {.close_after = -1};
    child->started_ms = uv_now(child->loop);
    child_launch_arg(&launch, "%s", child->path);
    enum status status = child->owner->prepare(child, &launch, &err);
    int failed = 0;
    int output = -1;
    if (status == STATUS_OK)
        status = logs_stream(child->logs, &child->log, &output, &err);
    if (status == STATUS_OK) {
        failed = spawn(child, &launch, output);
        close(output);
        if (failed == UV_EACCES && launch.user != NULL)
            error_set(&err, STATUS_DENIED,
                      "%s: user %u cannot run it; the directories above must let everybody through",
                      child->path, (unsigned)launch.user->uid);
        else if (failed != 0)
            error_set(&err, STATUS_IO, "%s: %s", child->path, uv_strerror(failed));
    }
    launch_done(&launch);
    child->state = CHILD_RUNNING; // also for the moment until a failure is dealt with as a death
    if (status == STATUS_OK && failed == 0) {
        log_event(LOG_LEVEL_INFO, "child-started", "child", child->log.name, "pid",
                  log_u64(child->process.pid), NULL);
        child->owner->started(child);
        return;
    }
    log_event(LOG_LEVEL_ERROR, "child-not-started", "child", child->log.name, "reason", err.text,
              NULL);
    if (status == STATUS_OK)
        uv_close((uv_handle_t *)&child->process, after_death); // initialised by uv_spawn even so
    else
        after_death((uv_handle_t *)&child->process);
}

static void on_next_attempt(uv_timer_t *timer)
{
    attempt(timer->data);
}

// The process is gone and its handle closed: what now?
static void after_death(uv_handle_t *process)
{
    struct child *child = process->data;
    uv_timer_stop(&child->timer);
    if (child->state == CHILD_ENDING && !child->again) {
        child->state = CHILD_IDLE;
        child->owner->ended(child);
        return;
    }
    if (child->state == CHILD_ENDING) {
        child->again = false;
        child->failures = 0;
        attempt(child);
        return;
    }
    child->failures = child_failures(child->failures, uv_now(child->loop) - child->started_ms);
    uint64_t delay = child_backoff_ms(child->failures);
    log_event(LOG_LEVEL_WARNING, "child-restarts", "child", child->log.name, "in-ms",
              log_u64(delay), NULL);
    child->state = CHILD_WAITING;
    uv_timer_start(&child->timer, on_next_attempt, delay, 0);
    child->owner->died(child, delay);
}

static void on_process_exit(uv_process_t *process, int64_t exit_status, int term_signal)
{
    struct child *child = process->data;
    bool asked = child->state == CHILD_ENDING;
    log_event(asked ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, asked ? "child-ended" : "child-died",
              "child", child->log.name, "pid", log_u64(process->pid),
              term_signal != 0 ? "signal" : "status",
              term_signal != 0 ? strsignal(term_signal) : log_u64(exit_status), NULL);
    uv_close((uv_handle_t *)process, after_death);
}

void child_start(struct child *child)
{
    if (child->state == CHILD_IDLE)
        attempt(child);
    else if (child->state == CHILD_ENDING)
        child->again = true;
}

static void on_kill_time(uv_timer_t *timer)
{
    struct child *child = timer->data;
    log_event(LOG_LEVEL_WARNING, "child-killed", "child", child->log.name, "reason",
              "it did not end when it was told to", NULL);
    uv_process_kill(&child->process, SIGKILL);
}

static void terminate(struct child *child)
{
    child->state = CHILD_ENDING;
    // Dead already: its exit is about to be reported.
    if (!uv_is_closing((uv_handle_t *)&child->process))
        uv_process_kill(&child->process, SIGTERM);
    uv_timer_start(&child->timer, on_kill_time, CHILD_KILL_MS, 0);
}

void child_restart(struct child *child)
{
    if (child->state == CHILD_RUNNING) {
        child->again = true;
        terminate(child);
    } else if (child->state == CHILD_WAITING) {
        uv_timer_start(&child->timer, on_next_attempt, 0, 0);
    }
}

void child_end(struct child *child)
{
    child->again = false;
    switch (child->state) {
    case CHILD_RUNNING:
        terminate(child);
        return;
    case CHILD_ENDING:
        return;
    case CHILD_WAITING:
        uv_timer_stop(&child->timer);
        break;
    case CHILD_IDLE:
        break;
    }
    child->state = CHILD_IDLE;
    child->owner->ended(child);
}

static void on_closed(uv_handle_t *timer)
{
    struct child *child = timer->data;
    free(child->path);
    child->path = NULL;
    child->closed(child);
}

void child_close(struct child *child, void (*closed)(struct child *child))
{
    child->closed = closed;
    uv_close((uv_handle_t *)&child->timer, on_closed);
}
