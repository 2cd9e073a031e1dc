// SPDX-License-Identifier: ISC
#include "signer/loop.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <uv.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/service.h"
#include "signer/aside.h"
#include "signer/audit.h"
#include "signer/confined.h"
#include "signer/homes.h"
#include "signer/life_order.h"
#include "signer/observe.h"
#include "signer/pool.h"
#include "signer/publish.h"
#include "signer/publish_time.h"
#include "signer/questions.h"
#include "signer/source.h"
#include "signer/status.h"
#include "signer/tls.h"

// The clock is looked at again at least so often: it may be set.
#define LOOK_MS_MAX 60000
#define LOOK_MS_MIN 50
// Questions sent at a time; the others follow in the next look.
#define QUESTIONS_MAX 128

struct loop {
    uv_loop_t uv;
    const struct loop_options *options;
    struct publisher *publisher;
    char *directory; // the state directory that was opened
    struct source source;
    struct observe observe;
    uv_timer_t step;
    uv_signal_t hangup;
    struct service service;
    struct pool pool;
    struct inputs *waiting; // arrived while batches were under way
    struct timekeeper timekeeper;
    struct time_sense sense;
    bool ending;
    bool told_moved;
    int exit_status;
};

static int64_t milliseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct time_reading read_clocks(void)
{
    struct timex state = {.modes = 0};
    int said = adjtimex(&state);
    return (struct time_reading){
        .real_ms = milliseconds(CLOCK_REALTIME),
        .boot_ms = milliseconds(CLOCK_BOOTTIME),
        .synchronised = said >= 0 && said != TIME_ERROR,
    };
}

// To decide with: what the clock says, unless that is in doubt.
static int64_t unix_time(struct loop *loop)
{
    struct time_reading reading = read_clocks();
    if (loop->publisher == NULL) // and nothing to decide
        return reading.real_ms / 1000;
    timekeeper_look(&loop->timekeeper, &reading, &loop->sense);
    return loop->sense.now;
}

static void on_step(uv_timer_t *timer);

static void step_in(struct loop *loop, uint64_t ms)
{
    if (!loop->ending)
        uv_timer_start(&loop->step, on_step, ms, 0);
}

// ── The end ──────────────────────────────────────────────────────────────────────────────────────

static void end(struct loop *loop, int exit_status)
{
    if (loop->ending)
        return;
    loop->ending = true;
    loop->exit_status = exit_status;
    pool_cancel(&loop->pool);
    source_stop(&loop->source);
    observe_stop(&loop->observe);
    uv_close((uv_handle_t *)&loop->step, NULL);
    uv_close((uv_handle_t *)&loop->hangup, NULL);
    service_stop(&loop->service);
}

// ── Batches ──────────────────────────────────────────────────────────────────────────────────────

static void take_inputs(struct loop *loop, struct inputs *inputs);

static void on_signed(struct pool *pool, struct batch *batch)
{
    struct loop *loop = pool->data;
    publisher_commit(loop->publisher, batch, unix_time(loop));
    if (loop->waiting != NULL && pool->count == 0) {
        struct inputs *waiting = loop->waiting;
        loop->waiting = NULL;
        take_inputs(loop, waiting);
    }
    step_in(loop, 0);
}

static uint64_t until(int64_t next, int64_t now)
{
    int64_t left = next - now;
    if (left >= LOOK_MS_MAX / 1000)
        return LOOK_MS_MAX;
    return left > 0 ? (uint64_t)left * 1000 : LOOK_MS_MIN;
}

// ── Asking the world ─────────────────────────────────────────────────────────────────────────────

static void ask(struct loop *loop, int64_t now)
{
    struct observe_question questions[QUESTIONS_MAX];
    if (loop->observe.fd < 0)
        return;
    size_t count = questions_take(loop->publisher, now, questions, QUESTIONS_MAX);
    for (size_t i = 0; i < count; i++)
        observe_send(&loop->observe, &questions[i]);
}

static void on_answer(struct observe *observe, const struct observe_answer *answer)
{
    struct loop *loop = observe->data;
    if (loop->publisher == NULL)
        return;
    questions_answer(loop->publisher, answer, unix_time(loop));
    step_in(loop, 0);
}

// What it does not do, the next process does: zoned starts one at once.
static bool ends_stuck(struct loop *loop)
{
    if (!publisher_is_stuck(loop->publisher))
        return false;
    log_event(LOG_LEVEL_ERROR, "stores-to-be-opened-anew", "reason",
              "a write failed at a place where LMDB does not go on", "kept",
              "what was committed is whole", NULL);
    end(loop, 1);
    return true;
}

static void on_step(uv_timer_t *timer)
{
    struct loop *loop = timer->data;
    // New inputs are taken when no batch refers to those in force any more.
    if (loop->publisher == NULL || loop->waiting != NULL || ends_stuck(loop))
        return;
    int64_t now = unix_time(loop);
    bool taken = publisher_take_time(loop->publisher, &loop->sense);
    if (taken)
        timekeeper_told(&loop->timekeeper);
    struct batch *batch = taken ? publisher_collect(loop->publisher, now) : NULL;
    if (batch != NULL) {
        step_in(loop, 0);
        pool_sign(&loop->pool, batch);
        return;
    }
    if (loop->pool.count > 0) // on_signed comes here again
        return;
    if (loop->options->once) {
        struct publisher_counts counts = publisher_counts(loop->publisher);
        log_event(LOG_LEVEL_INFO, "done", "zones-looked-at", log_u64(counts.looked_at), "published",
                  log_u64(counts.published), "signatures", log_u64(counts.signatures), NULL);
        end(loop, publisher_has_trouble(loop->publisher) ? 1 : 0);
        return;
    }
    ask(loop, now);
    int64_t next = publisher_next(loop->publisher, now), ask_at = questions_next(loop->publisher);
    uint64_t pause = until(ask_at < next ? ask_at : next, now);
    uint64_t audit = audit_step(loop->publisher, now);
    step_in(loop, audit < pause ? audit : pause);
}

// ── Inputs ───────────────────────────────────────────────────────────────────────────────────────

// Only now it is known where the state is. There are no threads yet: the pool starts with the first signatures.
static enum status give_up_rights(const struct loop *loop, struct error *err)
{
    unsigned landlock;
    bool alone = loop->options->config_path != NULL;
    if (loop->options->unconfined)
        return STATUS_OK;
    enum status status = confined_start(loop->directory, alone, &landlock, err);
    if (status == STATUS_OK)
        log_event(LOG_LEVEL_INFO, "confined", "landlock", log_u64(landlock), NULL);
    return status;
}

static bool open_publisher(struct loop *loop, const struct inputs *inputs)
{
    struct error err = {0};
    loop->directory = xstrdup(inputs->config->state);
    enum status status = STATUS_OK;
    if (loop->options->config_path != NULL)
        status = homes_make(loop->directory, inputs->config->box.dkim_group, &err);
    if (status == STATUS_OK)
        status = give_up_rights(loop, &err);
    if (status == STATUS_OK)
        status = publisher_open(loop->directory, &loop->publisher, &err);
    if (status == STATUS_OK) {
        publisher_set_aside(loop->publisher, &loop->options->aside);
        if (loop->options->once || loop->options->observe_fd >= 0)
            publisher_has_channel(loop->publisher);
        struct time_reading reading = read_clocks();
        timekeeper_begin(&loop->timekeeper, publisher_newest_time(loop->publisher), &reading);
        return true;
    }
    log_event(LOG_LEVEL_ERROR, "cannot-start", "reason", err.text, NULL);
    end(loop, 1);
    return false;
}

static void take_inputs(struct loop *loop, struct inputs *inputs)
{
    if (loop->publisher == NULL && !open_publisher(loop, inputs)) {
        inputs_free(inputs);
        return;
    }
    bool moved = strcmp(inputs->config->state, loop->directory) != 0;
    if (moved && !loop->told_moved)
        log_event(LOG_LEVEL_WARNING, "state-moved", "state", inputs->config->state, "reason",
                  "a changed `state:` is followed by a restart only", NULL);
    loop->told_moved = moved;
    publisher_set_inputs(loop->publisher, inputs, unix_time(loop));
    step_in(loop, 0);
}

static void on_arrived(struct source *source, struct inputs *inputs)
{
    struct loop *loop = source->data;
    if (loop->pool.count == 0) {
        take_inputs(loop, inputs);
        return;
    }
    inputs_free(loop->waiting); // batches under way refer to those in force
    loop->waiting = inputs;
}

static void on_source_ended(struct source *source)
{
    struct loop *loop = source->data;
    if (loop->publisher == NULL) {
        log_event(LOG_LEVEL_ERROR, "cannot-start", "reason", "the inputs ended before they began",
                  NULL);
        end(loop, 1);
    } else if (!loop->service.has_lifeline && !loop->options->once) {
        end(loop, 0);
    }
}

// ── Signals and commands ─────────────────────────────────────────────────────────────────────────

static void on_end(struct service *service)
{
    end(service->data, 0);
}

static void look_at_everything(struct loop *loop)
{
    source_look(&loop->source);
    if (loop->publisher != NULL)
        publisher_touch_all(loop->publisher);
    step_in(loop, 0);
}

static void on_hangup(uv_signal_t *handle, int number)
{
    (void)number;
    look_at_everything(handle->data);
}

static enum status run_reload(void *data, const json_t *request, json_t *reply, struct error *err)
{
    (void)request;
    (void)reply;
    (void)err;
    look_at_everything(data);
    return STATUS_OK;
}

static enum status run_tls_forget(void *data, const json_t *request, json_t *reply,
                                  struct error *err)
{
    struct loop *loop = data;
    const char *key = json_string_value(json_object_get(request, "key"));
    (void)reply;
    if (loop->publisher == NULL || key == NULL)
        return error_set(err, STATUS_SYNTAX, "which key? It starts with the digits of its digest");
    enum status status =
        tls_forget(loop->publisher, key, json_is_true(json_object_get(request, "force")),
                   unix_time(loop), err);
    if (status == STATUS_OK)
        step_in(loop, 0);
    return status;
}

static enum status run_order(void *data, const json_t *request, json_t *reply, struct error *err)
{
    struct loop *loop = data;
    enum status status = life_order(loop->publisher, request, reply, unix_time(loop), err);
    if (status == STATUS_OK)
        step_in(loop, 0);
    return status;
}

static enum status run_set_aside(void *data, const json_t *request, json_t *reply,
                                 struct error *err)
{
    struct loop *loop = data;
    enum status status = loop->publisher != NULL
                             ? aside_order(loop->publisher, request, reply, unix_time(loop), err)
                             : error_set(err, STATUS_STATE, "there are no zones yet");
    if (status == STATUS_OK)
        step_in(loop, 0);
    return status;
}

static enum status run_status(void *data, const json_t *request, json_t *reply, struct error *err)
{
    struct loop *loop = data;
    return status_answer(loop->publisher, unix_time(loop), request, reply, err);
}

// What the control socket answers; data is the loop.
static const struct control_command commands[] = {
    {"status", run_status}, {"reload", run_reload}, {"tls-forget", run_tls_forget},
    {"import", run_order},  {"roll", run_order},    {"retire", run_order},
    {"move", run_order},    {"resume", run_order},  {"set-aside", run_set_aside},
    {NULL, NULL},
};

// What the program hears: signals, the lifeline, the control socket.
static bool start_service(struct loop *loop)
{
    struct error err = {0};
    loop->service.end = on_end;
    loop->service.data = loop;
    uv_signal_init(&loop->uv, &loop->hangup);
    loop->hangup.data = loop;
    uv_signal_start(&loop->hangup, on_hangup, SIGHUP);
    if (service_start(&loop->service, &loop->uv, loop->options->descriptors, commands, &err) ==
        STATUS_OK)
        return true;
    log_event(LOG_LEVEL_ERROR, "cannot-start", "reason", err.text, NULL);
    return false;
}

int loop_run(const struct loop_options *options, struct inputs *inputs)
{
    struct loop loop = {.options = options, .pool = {.signed_ = on_signed, .data = &loop}};
    uv_loop_init(&loop.uv);
    pool_init(&loop.pool, &loop.uv);
    uv_timer_init(&loop.uv, &loop.step);
    loop.step.data = &loop;
    bool started = start_service(&loop);
    loop.source = (struct source){
        .arrived = on_arrived,
        .ended = on_source_ended,
        .data = &loop,
        .config_path = options->config_path,
        .once = options->once,
        .fd = options->inputs_fd,
    };
    source_start(&loop.source, &loop.uv, inputs);
    loop.observe = (struct observe){.answered = on_answer, .data = &loop};
    observe_start(&loop.observe, &loop.uv, options->once ? -1 : options->observe_fd);
    if (!started) {
        inputs_free(inputs);
        end(&loop, 1);
    } else if (inputs != NULL) {
        take_inputs(&loop, inputs);
    }
    uv_run(&loop.uv, UV_RUN_DEFAULT);
    uv_loop_close(&loop.uv);
    source_done(&loop.source);
    publisher_close(loop.publisher);
    inputs_free(loop.waiting);
    free(loop.directory);
    return loop.exit_status;
}
