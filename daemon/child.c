// SPDX-License-Identifier: ISC
#include "daemon/child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/control.h"
#include "base/log.h"

struct child_process {
    struct child *child;
    uv_process_t handle;
    uv_timer_t timer; // until it is asked again, or until SIGKILL
    uint64_t number;  // child_generation
    uint64_t started_ms;
    int64_t since;
    bool has_control;
    bool ready;
    bool slow; // said to be
    bool told_to_end;
    unsigned open; // handles that are not closed yet
};

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

void child_init(struct child *child, struct logs *logs, const char *name, const char *path,
                const struct child_owner *owner, void *data)
{
    *child = (struct child){.path = xstrdup(path), .owner = owner, .data = data, .logs = logs};
    snprintf(child->log.name, sizeof(child->log.name), "%s", name);
    uv_timer_init(logs->loop, &child->timer);
    child->timer.data = child;
}

void child_set_control(struct child *child, const char *path, gid_t group)
{
    child->control = xstrdup(path);
    child->control_group = group;
}

bool child_is_ready(const struct child *child)
{
    return child->process != NULL && child->process->ready;
}

bool child_is_rolling(const struct child *child)
{
    return child->successor != NULL ||
           (child->process != NULL && uv_is_active((const uv_handle_t *)&child->timer));
}

int child_pid(const struct child *child)
{
    return child->process != NULL ? child->process->handle.pid : 0;
}

uint64_t child_generation(const struct child *child)
{
    return child->process != NULL ? child->process->number : 0;
}

// ── Starting a process ───────────────────────────────────────────────────────────────────────────

static void on_handle_closed(uv_handle_t *handle)
{
    struct child_process *process = handle->data;
    if (--process->open == 0)
        free(process);
}

static void process_free(struct child_process *process)
{
    uv_close((uv_handle_t *)&process->timer, on_handle_closed);
    uv_close((uv_handle_t *)&process->handle, on_handle_closed);
}

static void on_process_exit(uv_process_t *handle, int64_t exit_status, int term_signal);

// A socket in the place of the one of the process before, which keeps its own. Without one a program still does its
// work, it can only not be asked.
static bool open_control(struct child *child, struct launch *launch)
{
    struct error err = {0};
    int fd = -1;
    if (child->control == NULL)
        return false;
    (void)unlink(child->control);
    if (control_bind(child->control, 0660, child->control_group, &fd, &err) != STATUS_OK) {
        log_event(LOG_LEVEL_WARNING, "no-control", "child", child->log.name, "reason", err.text,
                  NULL);
        return false;
    }
    launch_arg(launch, "--control");
    launch_arg(launch, "%d", launch_give_fd(launch, fd));
    return true;
}

static enum status spawn(struct child *child, struct launch *launch, int output,
                         struct child_process **ret, struct error *err)
{
    static uint64_t processes;
    struct child_process *process = xcalloc(1, sizeof(*process));
    process->child = child;
    process->number = ++processes;
    process->open = 2;
    process->handle.data = process->timer.data = process;
    uv_timer_init(child->logs->loop, &process->timer);
    int failed = launch_spawn(launch, child->logs->loop, &process->handle, on_process_exit, output);
    if (failed == 0) {
        process->started_ms = uv_now(child->logs->loop);
        process->since = time(NULL);
        *ret = process;
        return STATUS_OK;
    }
    process_free(process);
    if (failed == UV_EACCES && launch->user != NULL)
        return error_set(err, STATUS_DENIED,
                         "%s: user %u cannot run it; the directories above must let everybody "
                         "through",
                         child->path, (unsigned)launch->user->uid);
    return error_set(err, STATUS_IO, "%s: %s", child->path, uv_strerror(failed));
}

static struct child_process *start_process(struct child *child)
{
    struct error err = {0};
    struct launch launch = {0};
    struct child_process *process = NULL;
    int output = -1;
    bool has_control = false;
    launch_arg(&launch, "%s", child->path);
    enum status status = child->owner->prepare(child, &launch, &err);
    if (status == STATUS_OK)
        status = logs_stream(child->logs, &child->log, &output, &err);
    if (status == STATUS_OK) {
        has_control = open_control(child, &launch);
        status = spawn(child, &launch, output, &process, &err);
    }
    if (output >= 0)
        close(output);
    launch_done(&launch);
    if (status == STATUS_OK) {
        process->has_control = has_control;
        log_event(LOG_LEVEL_INFO, "child-started", "child", child->log.name, "pid",
                  log_u64(process->handle.pid), NULL);
        return process;
    }
    log_event(LOG_LEVEL_ERROR, "child-not-started", "child", child->log.name, "reason", err.text,
              NULL);
    snprintf(child->log.last_error, sizeof(child->log.last_error), "%s", err.text);
    child->log.last_error_at = time(NULL);
    return NULL;
}

// ── Ending a process ─────────────────────────────────────────────────────────────────────────────

static void on_kill_time(uv_timer_t *timer)
{
    struct child_process *process = timer->data;
    log_event(LOG_LEVEL_WARNING, "child-killed", "child", process->child->log.name, "pid",
              log_u64(process->handle.pid), "reason", "it did not end when it was told to", NULL);
    uv_process_kill(&process->handle, SIGKILL);
}

static void dismiss(struct child_process *process)
{
    process->told_to_end = true;
    process->child->leaving++;
    uv_process_kill(&process->handle, SIGTERM);
    uv_timer_start(&process->timer, on_kill_time, CHILD_KILL_MS, 0);
}

// ── Readiness ────────────────────────────────────────────────────────────────────────────────────

static void on_ready(struct child_process *process)
{
    struct child *child = process->child;
    process->ready = true;
    if (process == child->successor) {
        log_event(LOG_LEVEL_INFO, "child-replaced", "child", child->log.name, "pid",
                  log_u64(child->process->handle.pid), "by", log_u64(process->handle.pid), NULL);
        dismiss(child->process);
        child->process = process;
        child->successor = NULL;
        child->since = process->since;
        child->failures = 0;
    }
    child->owner->ready(child);
}

static void ask_whether_ready(struct child_process *process);
static void try_later(struct child *child, uint64_t ran_ms);

static void on_ask_again(uv_timer_t *timer)
{
    ask_whether_ready(timer->data);
}

// It is slow, or about to die, or descriptors have ended here: whatever it is, it may pass.
static void on_not_ready(struct child_process *process, const struct error *err)
{
    struct child *child = process->child;
    if (uv_now(child->logs->loop) - process->started_ms < CHILD_READY_MS) {
        uv_timer_start(&process->timer, on_ask_again, CHILD_BACKOFF_FIRST_MS, 0);
        return;
    }
    if (!process->slow)
        log_event(LOG_LEVEL_WARNING, "child-not-ready", "child", child->log.name, "pid",
                  log_u64(process->handle.pid), "reason", err->text, NULL);
    process->slow = true;
    if (process != child->successor) {
        uv_timer_start(&process->timer, on_ask_again, CHILD_READY_MS, 0);
        return;
    }
    child->successor = NULL;
    dismiss(process);
    try_later(child, 0);
}

struct question {
    struct child *child;
    uint64_t number; // the process, which may be gone when the answer comes
};

static void on_answer(void *data, enum status status, const json_t *reply, const struct error *err)
{
    struct question question = *(struct question *)data;
    struct child *child = question.child;
    (void)reply;
    free(data);
    struct child_process *process = NULL;
    if (child->successor != NULL && child->successor->number == question.number)
        process = child->successor;
    else if (child->process != NULL && child->process->number == question.number)
        process = child->process;
    if (process == NULL || child->state != CHILD_RUNNING)
        return;
    // STATE: it refuses the question, and so it is there.
    if (status == STATUS_OK || status == STATUS_STATE)
        on_ready(process);
    else
        on_not_ready(process, err);
}

static void ask_whether_ready(struct child_process *process)
{
    struct child *child = process->child;
    struct question *question = xcalloc(1, sizeof(*question));
    *question = (struct question){child, process->number};
    // A question that costs nothing to answer, whatever the program: none has this command.
    json_t *request = json_pack("{s:s}", "command", "ready");
    control_tell(child->logs->loop, child->control, request, CHILD_READY_MS, on_answer, question);
    json_decref(request);
}

static void expect_ready(struct child_process *process)
{
    if (process->has_control)
        ask_whether_ready(process);
    else
        on_ready(process);
}

// ── Attempts ─────────────────────────────────────────────────────────────────────────────────────

static void attempt(struct child *child);

static void on_next_attempt(uv_timer_t *timer)
{
    attempt(timer->data);
}

// After a process died, or was none, having run for ran_ms.
static void try_later(struct child *child, uint64_t ran_ms)
{
    child->failures = child_failures(child->failures, ran_ms);
    uint64_t delay = child_backoff_ms(child->failures);
    log_event(LOG_LEVEL_WARNING, "child-restarts", "child", child->log.name, "in-ms",
              log_u64(delay), NULL);
    if (child->process == NULL)
        child->state = CHILD_WAITING;
    uv_timer_start(&child->timer, on_next_attempt, delay, 0);
}

// Starts the process, or the successor of the one that runs.
static void attempt(struct child *child)
{
    struct child_process *process = start_process(child);
    if (process == NULL) {
        try_later(child, 0);
        if (child->process == NULL)
            child->owner->died(child);
        return;
    }
    child->state = CHILD_RUNNING;
    if (child->process != NULL) {
        child->successor = process;
    } else {
        child->process = process;
        child->since = process->since;
    }
    expect_ready(process);
}

static void finish_end(struct child *child)
{
    if (child->state != CHILD_ENDING || child->leaving > 0)
        return;
    child->state = CHILD_IDLE;
    if (child->again) {
        child->again = false;
        attempt(child);
        return;
    }
    if (child->control != NULL)
        (void)unlink(child->control);
    child->owner->ended(child);
}

static void after_death(struct child *child, uint64_t ran_ms)
{
    child->process = child->successor; // it came just in time
    child->successor = NULL;
    child->restarts++;
    if (child->process == NULL)
        try_later(child, ran_ms);
    else
        child->since = child->process->since;
    child->owner->died(child);
}

static void tell_exit(struct child_process *process, int64_t exit_status, int term_signal)
{
    struct child *child = process->child;
    bool asked = process->told_to_end;
    const char *kind = term_signal != 0 ? "signal" : "status";
    const char *what = term_signal != 0 ? strsignal(term_signal) : log_u64(exit_status);
    log_event(asked ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, asked ? "child-ended" : "child-died",
              "child", child->log.name, "pid", log_u64(process->handle.pid), kind, what, NULL);
    if (!asked)
        snprintf(child->last_exit, sizeof(child->last_exit), "%s %s", kind, what);
}

static void on_process_exit(uv_process_t *handle, int64_t exit_status, int term_signal)
{
    struct child_process *process = handle->data;
    struct child *child = process->child;
    uint64_t ran_ms = uv_now(child->logs->loop) - process->started_ms;
    bool counted = process == child->process;
    bool succeeded = process == child->successor;
    struct child_exit ending = {
        .pid = handle->pid,
        .status = exit_status,
        .signal = term_signal,
        .asked = process->told_to_end,
    };
    tell_exit(process, exit_status, term_signal);
    process_free(process);
    if (child->owner->exited != NULL)
        child->owner->exited(child, &ending);
    if (counted) {
        after_death(child, ran_ms);
    } else if (succeeded) {
        child->successor = NULL;
        try_later(child, 0);
    } else {
        child->leaving--;
        finish_end(child);
    }
}

// ── The owner's words ────────────────────────────────────────────────────────────────────────────

void child_start(struct child *child)
{
    if (child->state == CHILD_IDLE)
        attempt(child);
    else if (child->state == CHILD_ENDING)
        child->again = true;
}

void child_roll(struct child *child)
{
    if (child->state != CHILD_RUNNING && child->state != CHILD_WAITING)
        return;
    if (child->successor != NULL) // started with what does not hold any more
        dismiss(child->successor);
    child->successor = NULL;
    uv_timer_stop(&child->timer);
    attempt(child);
}

void child_end(struct child *child)
{
    child->again = false;
    if (child->state == CHILD_ENDING)
        return;
    uv_timer_stop(&child->timer);
    if (child->process != NULL)
        dismiss(child->process);
    if (child->successor != NULL)
        dismiss(child->successor);
    child->process = child->successor = NULL;
    child->state = CHILD_ENDING;
    finish_end(child);
}

static void on_closed(uv_handle_t *timer)
{
    struct child *child = timer->data;
    free(child->path);
    free(child->control);
    child->path = child->control = NULL;
    child->closed(child);
}

void child_close(struct child *child, void (*closed)(struct child *child))
{
    child->closed = closed;
    uv_close((uv_handle_t *)&child->timer, on_closed);
}
