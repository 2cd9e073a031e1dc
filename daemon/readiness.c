// SPDX-License-Identifier: ISC
#include "daemon/readiness.h"

#include <inttypes.h>
#include <jansson.h>
#include <time.h>

#include "base/control.h"
#include "base/log.h"
#include "daemon/workers.h"
#include "daemon/zoned.h"

#define STEP_MS   100
#define ANSWER_MS 2000
// More than the patience, so that the service manager does not give up first.
#define EXTEND_US UINT64_C(30000000)

static size_t workers_ready(const struct zoned *zoned)
{
    size_t ready = 0;
    for (size_t i = 0; i < zoned->sockets.worker_count; i++)
        if (child_is_ready(workers_child(zoned, i)))
            ready++;
    return ready;
}

static void tell_ready(const struct readiness *readiness)
{
    const struct zoned *zoned = readiness->zoned;
    systemd_tell(readiness->systemd, "READY=1\nSTATUS=%" PRId64 " of %zu zones, %zu addresses",
                 readiness->zones, zoned->feed.inputs->config->domain_count,
                 zoned->sockets.address_count);
}

static void become_ready(struct readiness *readiness)
{
    const struct zoned *zoned = readiness->zoned;
    readiness->ready = true;
    uv_timer_stop(&readiness->timer);
    log_event(LOG_LEVEL_NOTICE, "ready", "zones", log_u64(readiness->zones), "of",
              log_u64(zoned->feed.inputs->config->domain_count), NULL);
    tell_ready(readiness);
}

static bool is_patient(const struct readiness *readiness)
{
    return uv_now(&readiness->zoned->loop) - readiness->progress_ms < READINESS_PATIENCE_MS;
}

static bool programs_answer(const struct readiness *readiness)
{
    const struct zoned *zoned = readiness->zoned;
    size_t workers = zoned->sockets.worker_count, ready = workers_ready(zoned);
    bool resolver =
        !zoned->feed.inputs->config->resolver.enabled || child_is_ready(&zoned->resolver);
    if (resolver && ready == workers && child_is_ready(&zoned->signer))
        return true;
    return !is_patient(readiness) && (ready > 0 || workers == 0);
}

static bool all_are_there(const struct readiness *readiness)
{
    const struct config *config = readiness->zoned->feed.inputs->config;
    int64_t wanted = (int64_t)config->domain_count;
    return readiness->zones >= wanted &&
           (!config->resolver.enabled || readiness->own_zones >= wanted);
}

static void take_count(struct readiness *readiness, int64_t *count, int64_t found)
{
    const struct zoned *zoned = readiness->zoned;
    if (found > *count) {
        readiness->progress_ms = uv_now(&zoned->loop);
        systemd_tell(readiness->systemd,
                     "EXTEND_TIMEOUT_USEC=%" PRIu64 "\nSTATUS=%" PRId64 " of %zu zones published",
                     EXTEND_US, readiness->zones, zoned->feed.inputs->config->domain_count);
    }
    *count = found;
    if (all_are_there(readiness) || !is_patient(readiness))
        become_ready(readiness);
}

// A program that cannot be asked (it has no control socket, or hangs) makes no progress, and may answer queries.
static void on_answer(struct readiness *readiness, enum status status, int64_t *count,
                      const json_t *found)
{
    readiness->asking = false;
    if (readiness->ready || readiness->zoned->stopping)
        return;
    take_count(readiness, count, status == STATUS_OK ? json_integer_value(found) : *count);
}

static void on_worker(void *data, enum status status, const json_t *reply, const struct error *err)
{
    struct readiness *readiness = data;
    (void)err;
    on_answer(readiness, status, &readiness->zones, json_object_get(reply, "zones"));
}

static void on_resolver(void *data, enum status status, const json_t *reply,
                        const struct error *err)
{
    struct readiness *readiness = data;
    (void)err;
    on_answer(readiness, status, &readiness->own_zones, json_object_get(reply, "own-zones"));
}

static void ask(struct readiness *readiness, const struct child *child,
                void (*done)(void *data, enum status status, const json_t *reply,
                             const struct error *err))
{
    json_t *request = json_pack("{s:s}", "command", "status");
    readiness->asking = true;
    control_tell(&readiness->zoned->loop, child->control, request, ANSWER_MS, done, readiness);
    json_decref(request);
}

// Asks a worker for its zones, then the resolver, once the worker has all.
static void ask_next(struct readiness *readiness)
{
    const struct zoned *zoned = readiness->zoned;
    const struct config *config = zoned->feed.inputs->config;
    if (readiness->zones >= (int64_t)config->domain_count && child_is_ready(&zoned->resolver)) {
        ask(readiness, &zoned->resolver, on_resolver);
        return;
    }
    for (size_t i = 0; i < zoned->sockets.worker_count; i++) {
        if (child_is_ready(workers_child(zoned, i))) {
            ask(readiness, workers_child(zoned, i), on_worker);
            return;
        }
    }
}

static void on_step(uv_timer_t *timer)
{
    struct readiness *readiness = timer->data;
    if (readiness->asking || !programs_answer(readiness))
        return;
    if (readiness->zoned->sockets.worker_count == 0)
        become_ready(readiness); // no address yet, and no fault of the programs
    else
        ask_next(readiness);
}

void readiness_start(struct readiness *readiness, struct zoned *zoned, struct systemd *systemd)
{
    *readiness =
        (struct readiness){.zoned = zoned, .systemd = systemd, .progress_ms = uv_now(&zoned->loop)};
    uv_timer_init(&zoned->loop, &readiness->timer);
    readiness->timer.data = readiness;
    uv_timer_start(&readiness->timer, on_step, 0, STEP_MS);
    systemd_watch(systemd, &zoned->loop);
}

void readiness_reloading(struct readiness *readiness)
{
    struct timespec now;
    if (!readiness->ready || clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return;
    systemd_tell(readiness->systemd, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                 (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

void readiness_reloaded(struct readiness *readiness)
{
    if (readiness->ready)
        tell_ready(readiness);
}

void readiness_stop(struct readiness *readiness)
{
    systemd_tell(readiness->systemd, "STOPPING=1\nSTATUS=ending");
    systemd_unwatch(readiness->systemd);
    uv_close((uv_handle_t *)&readiness->timer, NULL);
}
