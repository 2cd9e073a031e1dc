// SPDX-License-Identifier: ISC
#include "daemon/workers.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "base/log.h"
#include "daemon/answerer.h"
#include "daemon/programs.h"
#include "daemon/set_aside.h"

// What zone-server takes at most (SOCKETS_STANDBY_MAX): those of 64 workers with 128 addresses. With more of both, or
// with a low limit of open files, the workers farthest away in the circle are not on standby: most of what a worker may
// open is for its clients.
#define STANDBY_MAX   16384
#define STANDBY_SHARE 8

// A worker answers within a batch or two; one that hangs is no help.
#define DRAIN_MS 5000

// For what is still in the sockets of a worker that is not wanted any more.
#define SURPLUS_MS 200

struct zoned_worker {
    struct child child;
    struct zoned *zoned;
    size_t index;
    bool stale; // runs with sockets or settings that do not hold any more
    // What the newest process was given
    size_t given_workers;
    size_t given_sockets; // its own, and as many of each other worker
    size_t given_standby;
    // What the process of this generation was told to drain; another one: nothing
    uint64_t told_generation;
    size_t told_count;
    struct answerer answerer;
};

size_t workers_drain_count(const bool *ready, size_t workers, size_t index, size_t sockets,
                           size_t standby)
{
    size_t down = 0;
    if (!ready[index])
        return 0;
    while (down + 1 < workers && !ready[(index + 1 + down) % workers])
        down++;
    size_t count = down * sockets;
    return count < standby ? count : standby;
}

// ── Draining ─────────────────────────────────────────────────────────────────────────────────────

struct order {
    struct zoned_worker *worker;
    uint64_t generation;
};

static void on_ordered(void *data, enum status status, const json_t *reply, const struct error *err)
{
    struct order order = *(struct order *)data;
    (void)reply;
    free(data);
    if (status == STATUS_OK || child_generation(&order.worker->child) != order.generation)
        return;
    order.worker->told_generation = 0; // with the next event it is told again
    log_event(LOG_LEVEL_WARNING, "drain-failed", "child", order.worker->child.log.name, "reason",
              err->text, NULL);
}

static void order_drain(struct zoned_worker *worker, size_t count)
{
    struct order *order = xcalloc(1, sizeof(*order));
    *order = (struct order){worker, child_generation(&worker->child)};
    worker->told_generation = order->generation;
    worker->told_count = count;
    json_t *request =
        json_pack("{s:s,s:i,s:I}", "command", "drain", "from", 0, "count", (json_int_t)count);
    control_tell(&worker->zoned->loop, worker->child.control, request, DRAIN_MS, on_ordered, order);
    json_decref(request);
}

// Sees that somebody serves the sockets of each worker that is down.
static void follow_drains(struct zoned *zoned)
{
    size_t count = zoned->sockets.worker_count;
    bool *ready = xcalloc(count + 1, sizeof(*ready));
    for (size_t i = 0; i < count; i++)
        ready[i] = child_is_ready(&zoned->workers[i]->child);
    for (size_t i = 0; i < count && !zoned->stopping; i++) {
        struct zoned_worker *worker = zoned->workers[i];
        if (!ready[i])
            continue;
        // While the number of workers changes, the circle is not the one that this process knows.
        size_t wanted =
            worker->given_workers == count
                ? workers_drain_count(ready, count, i, worker->given_sockets, worker->given_standby)
                : 0;
        size_t told =
            worker->told_generation == child_generation(&worker->child) ? worker->told_count : 0;
        if (wanted != told)
            order_drain(worker, wanted);
    }
    free(ready);
}

// ── A worker ─────────────────────────────────────────────────────────────────────────────────────

static void put_pairs(const struct zoned *zoned, size_t index, struct launch *launch)
{
    const struct listen_pair *pairs = listen_pairs(&zoned->sockets, index);
    for (size_t i = 0; i < zoned->sockets.address_count; i++) {
        launch_fd(launch, pairs[i].udp);
        launch_fd(launch, pairs[i].tcp);
    }
}

static size_t standby_max(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur / STANDBY_SHARE > STANDBY_MAX)
        return STANDBY_MAX;
    return (size_t)files.rlim_cur / STANDBY_SHARE;
}

static void put_text(struct launch *launch, const char *flag, const char *text)
{
    if (text[0] == '\0')
        return;
    launch_arg(launch, "%s", flag);
    launch_arg(launch, "%s", text);
}

// Cookies and what is told to who asks.
static enum status put_told(const struct zoned_settings *settings, struct launch *launch,
                            struct error *err)
{
    int fd;
    put_text(launch, "--nsid", settings->nsid);
    put_text(launch, "--chaos-id", settings->identity);
    put_text(launch, "--chaos-version", settings->version);
    if (!settings->cookies) {
        launch_arg(launch, "--no-cookies");
        return STATUS_OK;
    }
    if (secrets_hand_over(&settings->secrets, &fd, err) != STATUS_OK)
        return STATUS_IO;
    launch_arg(launch, "--secrets");
    launch_arg(launch, "%d", launch_give_fd(launch, fd));
    return STATUS_OK;
}

enum status workers_put_settings(const struct zoned *zoned, struct launch *launch,
                                 struct error *err)
{
    launch_arg(launch, "--serve");
    launch_arg(launch, "%s/serve", zoned->state);
    launch_arg(launch, "--lifeline");
    launch_arg(launch, "%d", launch_fd(launch, zoned->lifeline[0]));
    launch_arg(launch, "--statistics");
    launch_arg(launch, "%d", launch_fd(launch, zoned->pages.fd));
    launch_arg(launch, "--tcp-idle");
    launch_arg(launch, "%u", zoned->settings.tcp_idle_ms);
    set_aside_arguments(zoned, launch);
    return put_told(&zoned->settings, launch, err);
}

static enum status worker_prepare(struct child *child, struct launch *launch, struct error *err)
{
    struct zoned_worker *worker = child->data;
    const struct zoned *zoned = worker->zoned;
    size_t workers = zoned->sockets.worker_count;
    size_t most = standby_max();
    launch->user = rights_of(&zoned->rights, &zoned->rights.server);
    put_pairs(zoned, worker->index, launch);
    worker->given_workers = workers;
    worker->given_sockets = launch->fd_count;
    for (size_t i = 1; i < workers && i * worker->given_sockets <= most; i++)
        put_pairs(zoned, (worker->index + i) % workers, launch);
    worker->given_standby = launch->fd_count - worker->given_sockets;
    launch_arg(launch, "--sockets");
    launch_arg(launch, "%zu", worker->given_sockets);
    launch_arg(launch, "--standby");
    launch_arg(launch, "%zu", worker->given_standby);
    launch_arg(launch, "--worker");
    launch_arg(launch, "%zu", worker->index);
    if (worker->index == 0 && zoned->metrics.fd >= 0) {
        launch_arg(launch, "--metrics");
        launch_arg(launch, "%d", launch_fd(launch, zoned->metrics.fd));
    }
    launch_arg(launch, "--tcp-connections");
    launch_arg(launch, "%u", zoned->settings.tcp_connections);
    launch_arg(launch, "--tcp-connections-per-address");
    launch_arg(launch, "%u", zoned->settings.tcp_per_address);
    launch_arg(launch, "--rate-limit");
    launch_arg(launch, "%u", zoned->settings.rate_limit);
    launch_arg(launch, "--rate-limit-slip");
    launch_arg(launch, "%u", zoned->settings.rate_limit_slip);
    enum status status = workers_put_settings(zoned, launch, err);
    if (status != STATUS_OK)
        return status;
    worker->stale = false;
    return STATUS_OK;
}

static bool has_surplus(const struct zoned *zoned)
{
    for (size_t i = zoned->sockets.worker_count; i < zoned->worker_count; i++)
        if (zoned->workers[i]->child.state != CHILD_IDLE)
            return true;
    return false;
}

// One that is still starting has not read yet what came to its sockets while they were wanted.
static void on_surplus(uv_timer_t *timer)
{
    struct zoned *zoned = timer->data;
    for (size_t i = zoned->sockets.worker_count; i < zoned->worker_count && !zoned->stopping; i++) {
        struct child *child = &zoned->workers[i]->child;
        if (child->state != CHILD_RUNNING || child_is_ready(child))
            child_end(child);
        else
            uv_timer_start(timer, on_surplus, SURPLUS_MS, 0);
    }
}

static void end_surplus(struct zoned *zoned)
{
    if (has_surplus(zoned) && !uv_is_active((uv_handle_t *)&zoned->surplus))
        uv_timer_start(&zoned->surplus, on_surplus, SURPLUS_MS, 0);
}

// Replaces stale workers, one at a time. Those that are not wanted any more end last: they have read by then what came
// to their sockets before others got it (listen_change), and nobody has copies of these any more.
static void roll(struct zoned *zoned)
{
    for (size_t i = 0; i < zoned->sockets.worker_count; i++) {
        struct zoned_worker *worker = zoned->workers[i];
        if (!child_is_rolling(&worker->child))
            continue;
        if (worker->stale) // and its successor, too
            child_roll(&worker->child);
        return;
    }
    for (size_t i = 0; i < zoned->sockets.worker_count; i++) {
        if (zoned->workers[i]->stale) {
            child_roll(&zoned->workers[i]->child);
            return;
        }
    }
    end_surplus(zoned);
}

// It is ready, or died: it may be down for good, and the others do not wait for it with what is new to them.
static void worker_turned(struct child *child)
{
    struct zoned_worker *worker = child->data;
    if (worker->zoned->stopping)
        return;
    roll(worker->zoned);
    follow_drains(worker->zoned);
}

static void worker_ended(struct child *child)
{
    struct zoned_worker *worker = child->data;
    if (!has_surplus(worker->zoned))
        listen_settle(&worker->zoned->sockets);
    zoned_child_ended(worker->zoned);
}

static void worker_exited(struct child *child, const struct child_exit *ending)
{
    const struct zoned_worker *worker = child->data;
    answerer_exited(&worker->answerer, ending);
}

static void worker_is_deaf(struct answerer *answerer)
{
    struct zoned_worker *worker = answerer->child->data;
    worker->stale = true;
    roll(worker->zoned);
}

static const struct child_owner worker_owner = {
    .prepare = worker_prepare,
    .ready = worker_turned,
    .died = worker_turned,
    .ended = worker_ended,
    .exited = worker_exited,
};

// ── All of them ──────────────────────────────────────────────────────────────────────────────────

static void worker_add(struct zoned *zoned)
{
    struct zoned_worker *worker = xcalloc(1, sizeof(*worker));
    char name[LOG_NAME_MAX];
    worker->zoned = zoned;
    worker->index = zoned->worker_count;
    snprintf(name, sizeof(name), "%s.%zu", ZONED_SERVER, worker->index);
    programs_init_child(zoned, &worker->child, name, ZONED_SERVER, &worker_owner, worker);
    worker->answerer = (struct answerer){.zoned = zoned,
                                         .child = &worker->child,
                                         .slot = (unsigned)worker->index,
                                         .deaf = worker_is_deaf};
    answerer_add(&worker->answerer);
    zoned->workers = array_grow(zoned->workers, &zoned->worker_cap, zoned->worker_count,
                                sizeof(struct zoned_worker *));
    zoned->workers[zoned->worker_count++] = worker;
}

void workers_follow(struct zoned *zoned)
{
    while (zoned->worker_count < zoned->sockets.worker_count)
        worker_add(zoned);
    for (size_t i = 0; i < zoned->sockets.worker_count; i++)
        child_start(&zoned->workers[i]->child);
    roll(zoned);
}

void workers_set_stale(struct zoned *zoned)
{
    for (size_t i = 0; i < zoned->worker_count; i++)
        zoned->workers[i]->stale = zoned->workers[i]->child.state != CHILD_IDLE;
}

void workers_end(struct zoned *zoned)
{
    for (size_t i = 0; i < zoned->worker_count; i++)
        child_end(&zoned->workers[i]->child);
}

bool workers_are_idle(const struct zoned *zoned)
{
    for (size_t i = 0; i < zoned->worker_count; i++)
        if (zoned->workers[i]->child.state != CHILD_IDLE)
            return false;
    return true;
}

static void forget(struct child *child)
{
    (void)child;
}

void workers_close(struct zoned *zoned)
{
    for (size_t i = 0; i < zoned->worker_count; i++)
        child_close(&zoned->workers[i]->child, forget);
}

void workers_free(struct zoned *zoned)
{
    for (size_t i = 0; i < zoned->worker_count; i++)
        free(zoned->workers[i]);
    free(zoned->workers);
}

const struct child *workers_child(const struct zoned *zoned, size_t index)
{
    return &zoned->workers[index]->child;
}
