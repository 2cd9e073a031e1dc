// SPDX-License-Identifier: ISC
#include "daemon/zoned.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "daemon/answerer.h"
#include "daemon/cookie_secrets.h"
#include "daemon/last_good.h"
#include "daemon/programs.h"
#include "daemon/set_aside.h"
#include "daemon/workers.h"
#include "daemon/zoned_control.h"

// ── Settings and addresses ───────────────────────────────────────────────────────────────────────

static size_t core_count(void)
{
    cpu_set_t cores;
    return sched_getaffinity(0, sizeof(cores), &cores) == 0 ? (size_t)CPU_COUNT(&cores) : 1;
}

// The kernel spreads a client's connections over the workers as chance has it, so all of them may meet at one. A share
// leaves room for what one client needs: a connection for queries, one for a transfer (RFC 7766 §6.2.2), and those that
// end while others begin.
#define PER_ADDRESS_LEAST 8

static uint32_t share_of(uint32_t quota, size_t workers)
{
    return (uint32_t)((quota + workers - 1) / workers);
}

static uint32_t share_per_address(uint32_t quota, size_t workers)
{
    uint32_t share = share_of(quota, workers);
    uint32_t least = quota < PER_ADDRESS_LEAST ? quota : PER_ADDRESS_LEAST;
    return share < least ? least : share;
}

static void copy_told(char ret[CONFIG_TOLD_MAX + 1], const char *text)
{
    snprintf(ret, CONFIG_TOLD_MAX + 1, "%s", text != NULL ? text : "");
}

static struct zoned_settings settings_of(struct zoned *zoned, const struct config *config)
{
    const struct config_server *server = &config->server;
    size_t workers = server->workers > 0 ? server->workers : core_count();
    // The quota is for the whole server; rounded up, so that a small one leaves each worker at
    // least one.
    struct zoned_settings settings = {
        .workers = workers,
        .tcp_connections = share_of(server->tcp_connections, workers),
        .tcp_per_address = share_per_address(server->tcp_per_address, workers),
        .tcp_idle_ms = server->tcp_idle_ms,
        .rate_limit = share_of(server->rate_limit, workers),
        .rate_limit_slip = server->rate_limit_slip,
        .cookies = server->cookies,
        .secrets = cookie_secrets_wanted(zoned, server),
    };
    copy_told(settings.nsid, server->nsid);
    copy_told(settings.identity, server->identity);
    copy_told(settings.version, server->version);
    return settings;
}

static bool settings_equal(const struct zoned_settings *a, const struct zoned_settings *b)
{
    return a->workers == b->workers && a->tcp_connections == b->tcp_connections &&
           a->tcp_per_address == b->tcp_per_address && a->tcp_idle_ms == b->tcp_idle_ms &&
           a->rate_limit == b->rate_limit && a->rate_limit_slip == b->rate_limit_slip &&
           a->cookies == b->cookies && secrets_equal(&a->secrets, &b->secrets) &&
           strcmp(a->nsid, b->nsid) == 0 && strcmp(a->identity, b->identity) == 0 &&
           strcmp(a->version, b->version) == 0;
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
    struct zoned_settings settings = settings_of(zoned, inputs->config);
    struct address *addresses = NULL;
    size_t count = 0;
    listen_wanted(&zoned->sockets, inputs, &addresses, &count);
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
    secrets_make(&zoned->cookies.master);
    enum status status = bind_inputs(zoned, zoned->feed.inputs, &changed, err);
    if (status == STATUS_OK)
        log_listening(zoned);
    zoned->metrics.fd = -1;
    (void)metrics_follow(&zoned->metrics, &zoned->feed.inputs->config->server, &changed);
    return status;
}

static void keep_last_good(struct zoned *zoned)
{
    const struct config *config = zoned->feed.inputs->config;
    struct error err = {0};
    if (last_good_write(zoned->state, config->files, config->file_count, &err) != STATUS_OK)
        log_event(LOG_LEVEL_WARNING, "last-good-not-kept", "reason", err.text, NULL);
}

static void follow_addresses(struct zoned *zoned);

static void on_listen_retry(uv_timer_t *timer)
{
    follow_addresses(timer->data);
}

// An address that cannot be bound stops neither the others nor the zones: all sockets stay as they are, and it is tried
// again.
static bool follow_server(struct zoned *zoned)
{
    struct error err = {0};
    bool changed = false;
    if (bind_inputs(zoned, zoned->feed.inputs, &changed, &err) != STATUS_OK) {
        if (strcmp(err.text, zoned->listen_error.text) != 0)
            log_event(LOG_LEVEL_ERROR, "listen-failed", "reason", err.text, "kept",
                      "the addresses and workers from before", NULL);
        zoned->listen_error = err;
        return false;
    }
    zoned->listen_error.text[0] = '\0';
    if (!changed)
        return true;
    log_listening(zoned);
    workers_set_stale(zoned);
    workers_follow(zoned);
    tls_set_stale(zoned);
    return true;
}

// The workers get another socket with a start: worker 0 alone, but there are few of such changes.
static bool follow_metrics(struct zoned *zoned)
{
    bool changed = false;
    bool good = metrics_follow(&zoned->metrics, &zoned->feed.inputs->config->server, &changed);
    if (changed) {
        workers_set_stale(zoned);
        workers_follow(zoned);
    }
    return good;
}

static void follow_addresses(struct zoned *zoned)
{
    bool metrics = follow_metrics(zoned);
    bool server = follow_server(zoned);
    bool tls = tls_follow(zoned);
    bool resolver = resolver_follow(zoned); // its flags name the server's addresses
    probe_follow(zoned);
    if (server && tls && resolver && metrics)
        uv_timer_stop(&zoned->listen_retry);
    else
        uv_timer_start(&zoned->listen_retry, on_listen_retry, ZONED_LISTEN_RETRY_MS, 0);
}

static void follow_log(struct zoned *zoned)
{
    const struct config *config = zoned->feed.inputs->config;
    logs_follow(zoned->logs, &config->log);
    on_alarm_follow(&zoned->alarm, config->on_alarm);
}

// What zoned has done as root with the directories at its start holds until the next.
static bool rights_stay(const struct zoned *zoned, const struct config *config, struct error *err)
{
    struct rights rights;
    if (rights_read(config, &rights, err) != STATUS_OK)
        return false;
    if (rights_equal(&rights, &zoned->rights))
        return true;
    error_set(
        err, STATUS_STATE,
        "user:, control.group or box.dkim.group has changed; that takes a stop and a start of "
        "zoned");
    return false;
}

static bool inputs_accept(struct feed *feed, const struct inputs *fresh, struct error *err)
{
    const struct zoned *zoned = feed->data;
    if (strcmp(fresh->config->state, zoned->state) != 0) {
        error_set(err, STATUS_STATE,
                  "state: has changed from %s to %s; that takes a stop and a start of zoned",
                  zoned->state, fresh->config->state);
        return false;
    }
    char *control = rights_control_directory(fresh->config);
    bool same = strcmp(control, zoned->control_directory) == 0;
    if (!same)
        error_set(err, STATUS_STATE,
                  "control: directory has changed from %s to %s; that takes a stop and a start of "
                  "zoned",
                  zoned->control_directory, control);
    free(control);
    return same && rights_stay(zoned, fresh->config, err);
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

// The server's certificate and key are no inputs, which others get, but they are watched with them.
static void files_looked_at(struct feed *feed)
{
    tls_look(feed->data);
}

// ── Running and ending ───────────────────────────────────────────────────────────────────────────

void zoned_child_ended(struct zoned *zoned)
{
    if (zoned->stopping && zoned->signer.state == CHILD_IDLE &&
        zoned->resolver.state == CHILD_IDLE && zoned->probe.state == CHILD_IDLE &&
        zoned->tls.child.state == CHILD_IDLE && workers_are_idle(zoned))
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
    zoned_control_close(zoned);
    workers_end(zoned);
    tls_end(zoned);
    child_end(&zoned->probe);
    child_end(&zoned->resolver);
    child_end(&zoned->signer);
    readiness_stop(
        &zoned->readiness); // which may wait for the service manager, while the children end
}

void zoned_look_again(struct zoned *zoned)
{
    log_event(LOG_LEVEL_NOTICE, "looking-again", NULL);
    readiness_reloading(&zoned->readiness);
    feed_look(&zoned->feed);
    readiness_reloaded(&zoned->readiness);
}

static void on_hangup(uv_signal_t *handle, int number)
{
    (void)number;
    struct zoned *zoned = handle->data;
    if (zoned->stopping)
        return;
    zoned_look_again(zoned);
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
    child_close(&zoned->resolver, forget_child);
    child_close(&zoned->probe, forget_child);
    tls_close(zoned);
    workers_close(zoned);
    uv_close((uv_handle_t *)&zoned->hangup, NULL);
    uv_close((uv_handle_t *)&zoned->terminate, NULL);
    uv_close((uv_handle_t *)&zoned->interrupt, NULL);
    uv_close((uv_handle_t *)&zoned->listen_retry, NULL);
    uv_close((uv_handle_t *)&zoned->surplus, NULL);
    uv_close((uv_handle_t *)&zoned->watch, NULL);
    cookie_secrets_close(zoned);
    on_alarm_close(&zoned->alarm);
    logs_close(zoned->logs);
    uv_run(&zoned->loop, UV_RUN_DEFAULT);
    uv_loop_close(&zoned->loop);
    log_event(LOG_LEVEL_NOTICE, "stopped", NULL);
    workers_free(zoned);
    listen_done(&zoned->sockets);
    listen_done(&zoned->resolver_sockets);
    tls_done(zoned);
    buf_done(&zoned->resolver_flags);
    buf_done(&zoned->probe_flags);
    pages_close(&zoned->pages);
    metrics_done(&zoned->metrics);
    close(zoned->observe[0]);
    close(zoned->observe[1]);
    close(zoned->lifeline[0]);
    close(zoned->lifeline[1]);
}

static void start_feed(struct zoned *zoned)
{
    zoned->snapshots = (struct snapshot_sender){
        .loop = &zoned->loop, .newest = (const struct inputs *const *)&zoned->feed.inputs};
    zoned->feed.accept = inputs_accept;
    zoned->feed.changed = inputs_changed;
    zoned->feed.looked = files_looked_at;
    zoned->feed.data = zoned;
    if (zoned->feed.complaint.count > 0) // said before anybody could be alarmed
        log_event(LOG_LEVEL_ERROR, "last-good-used", "config", zoned->feed.config_path, "reason",
                  "the configuration does not hold up; this is what it said when it last did",
                  NULL);
    keep_last_good(zoned);
    feed_start(&zoned->feed, &zoned->loop);
}

static enum status open_pages(struct zoned *zoned, struct error *err)
{
    int fd;
    enum status status = pages_make(&fd, err);
    return status == STATUS_OK ? pages_open(fd, &zoned->pages, err) : status;
}

enum status zoned_run(struct zoned *zoned, struct error *err)
{
    if (pipe2(zoned->lifeline, O_CLOEXEC) != 0)
        return error_set_errno(err, errno, "cannot make a pipe");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, zoned->observe) != 0)
        return error_set_errno(err, errno, "cannot make a pair of sockets");
    if (open_pages(zoned, err) != STATUS_OK)
        return STATUS_IO;
    int failed = uv_loop_init(&zoned->loop);
    if (failed != 0)
        return error_set(err, STATUS_IO, "cannot make an event loop: %s", uv_strerror(failed));
    zoned->since = time(NULL);
    zoned->logs->loop = &zoned->loop;
    on_alarm_open(&zoned->alarm, zoned->logs);
    follow_log(zoned);
    log_event(LOG_LEVEL_NOTICE, "started", "version", ZONEBOX_VERSION, "config",
              zoned->feed.config_path, "state", zoned->state, NULL);
    uv_timer_init(&zoned->loop, &zoned->listen_retry);
    uv_timer_init(&zoned->loop, &zoned->surplus);
    uv_timer_init(&zoned->loop, &zoned->watch);
    zoned->listen_retry.data = zoned->surplus.data = zoned;
    set_aside_open(zoned);
    cookie_secrets_start(zoned, follow_addresses);
    start_signals(zoned);
    start_feed(zoned);
    zoned_control_open(zoned);
    signer_init(zoned);
    resolver_init(zoned);
    probe_init(zoned);
    tls_init(zoned);
    child_start(&zoned->signer);
    workers_follow(zoned);
    answerers_watch(zoned);
    follow_addresses(zoned);
    readiness_start(&zoned->readiness, zoned, &zoned->systemd);
    uv_run(&zoned->loop, UV_RUN_DEFAULT);
    release(zoned);
    return STATUS_OK;
}
