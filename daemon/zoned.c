// SPDX-License-Identifier: ISC
#include "daemon/zoned.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "daemon/last_good.h"

// ── zone-signer ──────────────────────────────────────────────────────────────────────────────────

static enum status signer_prepare(struct child *child, struct child_launch *launch,
                                  struct error *err)
{
    struct zoned *zoned = child->data;
    int inputs = -1;
    enum status status = snapshot_open(&zoned->snapshots, &inputs, err);
    if (status != STATUS_OK)
        return status;
    launch->close_after = inputs;
    child_launch_arg(launch, "--inputs");
    child_launch_arg(launch, "%d", child_launch_fd(launch, inputs));
    child_launch_arg(launch, "--lifeline");
    child_launch_arg(launch, "%d", child_launch_fd(launch, zoned->lifeline[0]));
    return STATUS_OK;
}

static void signer_started(struct child *child)
{
    (void)child;
}

static void signer_died(struct child *child, uint64_t delay_ms)
{
    (void)delay_ms;
    struct zoned *zoned = child->data;
    snapshot_close(&zoned->snapshots);
}

static void finish_when_all_ended(struct zoned *zoned);

static void signer_ended(struct child *child)
{
    struct zoned *zoned = child->data;
    snapshot_close(&zoned->snapshots);
    finish_when_all_ended(zoned);
}

static const struct child_owner signer_owner = {
    .prepare = signer_prepare,
    .started = signer_started,
    .died = signer_died,
    .ended = signer_ended,
};

// ── Workers ──────────────────────────────────────────────────────────────────────────────────────

static enum status worker_prepare(struct child *child, struct child_launch *launch,
                                  struct error *err)
{
    struct zoned_worker *worker = child->data;
    struct zoned *zoned = worker->zoned;
    enum status status = listen_acquire(&zoned->sockets, worker->index, err);
    if (status != STATUS_OK)
        return status;
    const struct listen_pair *pairs = listen_pairs(&zoned->sockets, worker->index);
    for (size_t i = 0; i < zoned->sockets.address_count; i++) {
        child_launch_fd(launch, pairs[i].udp);
        child_launch_fd(launch, pairs[i].tcp);
    }
    child_launch_arg(launch, "--serve");
    child_launch_arg(launch, "%s/serve", zoned->state);
    child_launch_arg(launch, "--sockets");
    child_launch_arg(launch, "%zu", launch->fd_count);
    child_launch_arg(launch, "--lifeline");
    child_launch_arg(launch, "%d", child_launch_fd(launch, zoned->lifeline[0]));
    child_launch_arg(launch, "--tcp-connections");
    child_launch_arg(launch, "%u", zoned->settings.tcp_connections);
    child_launch_arg(launch, "--tcp-idle");
    child_launch_arg(launch, "%u", zoned->settings.tcp_idle_ms);
    worker->stale = false;
    return STATUS_OK;
}

// Starts stale workers again, one at a time: the others answer meanwhile, and what arrives for this
// one waits in its sockets.
static void roll(struct zoned *zoned)
{
    for (size_t i = 0; i < zoned->sockets.worker_count; i++)
        if (zoned->workers[i]->child.state == CHILD_ENDING)
            return;
    for (size_t i = 0; i < zoned->sockets.worker_count; i++) {
        if (zoned->workers[i]->stale) {
            child_restart(&zoned->workers[i]->child);
            return;
        }
    }
}

static void worker_started(struct child *child)
{
    struct zoned_worker *worker = child->data;
    roll(worker->zoned);
}

static bool another_runs(const struct zoned *zoned, size_t index)
{
    for (size_t i = 0; i < zoned->sockets.worker_count; i++)
        if (i != index && zoned->workers[i]->child.state == CHILD_RUNNING)
            return true;
    return false;
}

// A worker that stays down would strand its share of the queries: the kernel spreads them over all
// bound sockets.
static void worker_died(struct child *child, uint64_t delay_ms)
{
    struct zoned_worker *worker = child->data;
    struct zoned *zoned = worker->zoned;
    if (delay_ms > 0 && worker->index < zoned->sockets.worker_count &&
        another_runs(zoned, worker->index))
        listen_release(&zoned->sockets, worker->index);
}

static void worker_ended(struct child *child)
{
    struct zoned_worker *worker = child->data;
    finish_when_all_ended(worker->zoned);
}

static const struct child_owner worker_owner = {
    .prepare = worker_prepare,
    .started = worker_started,
    .died = worker_died,
    .ended = worker_ended,
};

static char *program_path(const struct zoned *zoned, const char *name)
{
    return path_join(zoned->libexec, name);
}

static void worker_add(struct zoned *zoned)
{
    struct zoned_worker *worker = xcalloc(1, sizeof(*worker));
    worker->zoned = zoned;
    worker->index = zoned->worker_count;
    char name[LOG_NAME_MAX];
    snprintf(name, sizeof(name), "%s.%zu", ZONED_SERVER, worker->index);
    char *path = program_path(zoned, ZONED_SERVER);
    child_init(&worker->child, zoned->logs, name, path, &worker_owner, worker);
    free(path);
    zoned->workers = array_grow(zoned->workers, &zoned->worker_cap, zoned->worker_count,
                                sizeof(struct zoned_worker *));
    zoned->workers[zoned->worker_count++] = worker;
}

// Makes the workers those that the sockets are for.
static void adjust_workers(struct zoned *zoned)
{
    while (zoned->worker_count < zoned->sockets.worker_count)
        worker_add(zoned);
    for (size_t i = 0; i < zoned->worker_count; i++) {
        if (i < zoned->sockets.worker_count)
            child_start(&zoned->workers[i]->child);
        else
            child_end(&zoned->workers[i]->child);
    }
    roll(zoned);
}

// ── Settings and addresses ───────────────────────────────────────────────────────────────────────

static size_t core_count(void)
{
    cpu_set_t cores;
    return sched_getaffinity(0, sizeof(cores), &cores) == 0 ? (size_t)CPU_COUNT(&cores) : 1;
}

static struct zoned_settings settings_of(const struct config *config)
{
    const struct config_server *server = &config->server;
    size_t workers = server->workers > 0 ? server->workers : core_count();
    // The quota is for the whole server; rounded up, so that a small one leaves each worker at
    // least one.
    return (struct zoned_settings){
        .workers = workers,
        .tcp_connections = (uint32_t)((server->tcp_connections + workers - 1) / workers),
        .tcp_idle_ms = server->tcp_idle_ms,
    };
}

static bool settings_equal(const struct zoned_settings *a, const struct zoned_settings *b)
{
    return a->workers == b->workers && a->tcp_connections == b->tcp_connections &&
           a->tcp_idle_ms == b->tcp_idle_ms;
}

static void log_listening(const struct zoned *zoned)
{
    char text[ADDRESS_TEXT_MAX];
    for (size_t i = 0; i < zoned->sockets.address_count; i++)
        log_event(LOG_LEVEL_NOTICE, "listening", "address",
                  address_text(&zoned->sockets.addresses[i], true, text), "workers",
                  log_u64(zoned->sockets.worker_count), NULL);
    if (zoned->sockets.address_count == 0)
        log_event(LOG_LEVEL_WARNING, "no-address", "reason",
                  "the box has no address but loopback: nothing is served until it has one, or "
                  "`server: listen:` names some",
                  NULL);
}

// Takes over addresses and settings. *ret_changed: the workers' sockets or settings are not what
// they were.
static enum status bind_inputs(struct zoned *zoned, const struct inputs *inputs, bool *ret_changed,
                               struct error *err)
{
    struct zoned_settings settings = settings_of(inputs->config);
    struct address *addresses = NULL;
    size_t count = 0;
    listen_wanted(inputs, &addresses, &count);
    size_t workers = count > 0 ? settings.workers : 0;
    enum status status = STATUS_OK;
    bool same = listen_is(&zoned->sockets, addresses, count, workers);
    if (!same)
        status = listen_change(&zoned->sockets, addresses, count, workers, err);
    free(addresses);
    if (status != STATUS_OK)
        return status;
    *ret_changed = !same || !settings_equal(&settings, &zoned->settings);
    zoned->settings = settings;
    return STATUS_OK;
}

enum status zoned_bind(struct zoned *zoned, struct error *err)
{
    bool changed = false;
    enum status status = bind_inputs(zoned, zoned->feed.inputs, &changed, err);
    if (status == STATUS_OK)
        log_listening(zoned);
    return status;
}

static void keep_last_good(struct zoned *zoned)
{
    const struct inputs *inputs = zoned->feed.inputs;
    struct error err = {0};
    if (last_good_write(zoned->state, inputs->config_path, inputs->config_text.data,
                        inputs->config_text.len, &err) != STATUS_OK)
        log_event(LOG_LEVEL_WARNING, "last-good-not-kept", "reason", err.text, NULL);
}

static void follow_addresses(struct zoned *zoned);

static void on_listen_retry(uv_timer_t *timer)
{
    follow_addresses(timer->data);
}

// An address that cannot be bound stops neither the others nor the zones: all sockets stay as they
// are, and it is tried again.
static void follow_addresses(struct zoned *zoned)
{
    struct error err = {0};
    bool changed = false;
    uv_timer_stop(&zoned->listen_retry);
    if (bind_inputs(zoned, zoned->feed.inputs, &changed, &err) != STATUS_OK) {
        log_event(LOG_LEVEL_ERROR, "listen-failed", "reason", err.text, "kept",
                  "the addresses and workers from before", NULL);
        uv_timer_start(&zoned->listen_retry, on_listen_retry, ZONED_LISTEN_RETRY_MS, 0);
        return;
    }
    if (!changed)
        return;
    log_listening(zoned);
    for (size_t i = 0; i < zoned->worker_count; i++)
        zoned->workers[i]->stale = zoned->workers[i]->child.state != CHILD_IDLE;
    adjust_workers(zoned);
}

static void follow_log(struct zoned *zoned)
{
    const struct config *config = zoned->feed.inputs->config;
    logs_follow(zoned->logs, &config->log);
    on_alarm_follow(&zoned->alarm, config->on_alarm);
}

static bool inputs_accept(struct feed *feed, const struct inputs *fresh)
{
    struct zoned *zoned = feed->data;
    if (strcmp(fresh->config->state, zoned->state) == 0)
        return true;
    log_event(LOG_LEVEL_ERROR, "config-wrong", "reason",
              "state: has changed; that takes a stop and a start of zoned", "was", zoned->state,
              "now", fresh->config->state, NULL);
    return false;
}

static void inputs_changed(struct feed *feed)
{
    struct zoned *zoned = feed->data;
    follow_log(zoned);
    log_event(LOG_LEVEL_INFO, "inputs-changed", "domains",
              log_u64(feed->inputs->config->domain_count), NULL);
    keep_last_good(zoned);
    follow_addresses(zoned);
    snapshot_send(&zoned->snapshots);
}

// ── Running and ending ───────────────────────────────────────────────────────────────────────────

static void finish_when_all_ended(struct zoned *zoned)
{
    if (!zoned->stopping || zoned->signer.state != CHILD_IDLE)
        return;
    for (size_t i = 0; i < zoned->worker_count; i++)
        if (zoned->workers[i]->child.state != CHILD_IDLE)
            return;
    uv_stop(&zoned->loop);
}

static void on_end_signal(uv_signal_t *handle, int number)
{
    struct zoned *zoned = handle->data;
    if (zoned->stopping)
        return;
    log_event(LOG_LEVEL_NOTICE, "stopping", "signal", strsignal(number), NULL);
    zoned->stopping = true;
    feed_stop(&zoned->feed); // nothing is started any more
    uv_timer_stop(&zoned->listen_retry);
    for (size_t i = 0; i < zoned->worker_count; i++)
        child_end(&zoned->workers[i]->child);
    child_end(&zoned->signer);
}

static void on_hangup(uv_signal_t *handle, int number)
{
    (void)number;
    struct zoned *zoned = handle->data;
    if (zoned->stopping)
        return;
    log_event(LOG_LEVEL_NOTICE, "looking-again", NULL);
    feed_look(&zoned->feed);
}

static void start_signals(struct zoned *zoned)
{
    uv_signal_init(&zoned->loop, &zoned->hangup);
    uv_signal_init(&zoned->loop, &zoned->terminate);
    uv_signal_init(&zoned->loop, &zoned->interrupt);
    zoned->hangup.data = zoned->terminate.data = zoned->interrupt.data = zoned;
    uv_signal_start(&zoned->hangup, on_hangup, SIGHUP);
    uv_signal_start(&zoned->terminate, on_end_signal, SIGTERM);
    uv_signal_start(&zoned->interrupt, on_end_signal, SIGINT);
}

static void forget_child(struct child *child)
{
    (void)child;
}

static void release(struct zoned *zoned)
{
    snapshot_close(&zoned->snapshots);
    child_close(&zoned->signer, forget_child);
    for (size_t i = 0; i < zoned->worker_count; i++)
        child_close(&zoned->workers[i]->child, forget_child);
    uv_close((uv_handle_t *)&zoned->hangup, NULL);
    uv_close((uv_handle_t *)&zoned->terminate, NULL);
    uv_close((uv_handle_t *)&zoned->interrupt, NULL);
    uv_close((uv_handle_t *)&zoned->listen_retry, NULL);
    on_alarm_close(&zoned->alarm);
    logs_close(zoned->logs);
    uv_run(&zoned->loop, UV_RUN_DEFAULT);
    uv_loop_close(&zoned->loop);
    log_event(LOG_LEVEL_NOTICE, "stopped", NULL);
    for (size_t i = 0; i < zoned->worker_count; i++)
        free(zoned->workers[i]);
    free(zoned->workers);
    listen_done(&zoned->sockets);
    close(zoned->lifeline[0]);
    close(zoned->lifeline[1]);
}

enum status zoned_run(struct zoned *zoned, struct error *err)
{
    if (pipe2(zoned->lifeline, O_CLOEXEC) != 0)
        return error_set_errno(err, errno, "cannot make a pipe");
    int failed = uv_loop_init(&zoned->loop);
    if (failed != 0)
        return error_set(err, STATUS_IO, "cannot make an event loop: %s", uv_strerror(failed));
    zoned->logs->loop = &zoned->loop;
    on_alarm_open(&zoned->alarm, zoned->logs);
    follow_log(zoned);
    uv_timer_init(&zoned->loop, &zoned->listen_retry);
    zoned->listen_retry.data = zoned;
    zoned->snapshots = (struct snapshot_sender){
        .loop = &zoned->loop, .newest = (const struct inputs *const *)&zoned->feed.inputs};
    zoned->feed.accept = inputs_accept;
    zoned->feed.changed = inputs_changed;
    zoned->feed.data = zoned;
    log_event(LOG_LEVEL_NOTICE, "started", "version", ZONEBOX_VERSION, "config",
              zoned->feed.config_path, "state", zoned->state, NULL);
    if (zoned->feed.complaint.count > 0) // said before anybody could be alarmed
        log_event(LOG_LEVEL_ERROR, "last-good-used", "config", zoned->feed.config_path, "reason",
                  "the configuration does not hold up; this is what it said when it last did",
                  NULL);
    keep_last_good(zoned);
    start_signals(zoned);
    feed_start(&zoned->feed, &zoned->loop);
    char *path = program_path(zoned, ZONED_SIGNER);
    child_init(&zoned->signer, zoned->logs, ZONED_SIGNER, path, &signer_owner, zoned);
    free(path);
    child_start(&zoned->signer);
    adjust_workers(zoned);
    uv_run(&zoned->loop, UV_RUN_DEFAULT);
    release(zoned);
    return STATUS_OK;
}
