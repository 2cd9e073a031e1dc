// SPDX-License-Identifier: ISC
#include "server/worker.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"
#include "server/tcp.h"
#include "server/worker_parts.h"
#include "server/zones.h"

// How often the store's files are looked at: whether they are there yet, and whether they were
// replaced.
#define ATTEND_SOON_MS 100
#define ATTEND_MS      1000

// Clients that have not taken their answers by then lose them.
#define GRACE_MS 1000

// Handshakes are dear, and strangers may have as many as they like: over TLS no more is answered than what UDP, TCP and
// the box's mail leave of the processors (nice(2)).
#define TLS_NICE 5

// ── Limits ───────────────────────────────────────────────────────────────────────────────────────

static struct limits *make_limits(const struct worker_options *options)
{
    struct limits_settings settings = {.rate = options->rate_limit,
                                       .slip = options->rate_limit_slip};
    if (settings.rate == 0)
        return NULL;
    random_octets(settings.key, sizeof(settings.key));
    return limits_new(&settings);
}

static void log_limits(struct worker *worker)
{
    struct limits_event event;
    char network[ADDRESS_TEXT_MAX], text[ADDRESS_TEXT_MAX + 4];
    while (worker->limits != NULL &&
           limits_next_event(worker->limits, uv_now(&worker->loop), &event)) {
        snprintf(text, sizeof(text), "%s/%u", address_text(&event.network, false, network),
                 event.prefix_len);
        if (event.kind == LIMITS_BEGUN)
            log_event(LOG_LEVEL_NOTICE, "rate-limiting", "network", text, NULL);
        else
            log_event(LOG_LEVEL_NOTICE, "rate-limited", "network", text, "replies",
                      log_u64(event.limited), "truncated", log_u64(event.slipped), NULL);
    }
}

// ── The loop ─────────────────────────────────────────────────────────────────────────────────────

static void on_grace_over(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

// Takes no more; what is left keeps the loop running, for a while.
static void on_end(struct service *service)
{
    struct worker *worker = service->data;
    if (service->orphaned) {
        uv_stop(&worker->loop);
        return;
    }
    service_hush(service);
    sockets_pause(&worker->sockets);
    reports_hush(&worker->reports);
    connections_end(worker->streams);
    uv_timer_start(&worker->attend, on_grace_over, GRACE_MS, 0);
    uv_unref((uv_handle_t *)&worker->attend);
}

static void close_all(struct worker *worker)
{
    sockets_close(&worker->sockets);
    reports_hush(&worker->reports);
    connections_close(worker->streams);
    uv_close((uv_handle_t *)&worker->attend, NULL);
    service_stop(&worker->service);
}

// Once: it is served all the same, since a client that does not check it has more of it than of none.
static void tell_expiry(struct worker *worker)
{
    if (worker->tls == NULL || worker->told_expiry)
        return;
    const struct tls_times times = tls_times(worker->tls);
    int64_t now = time(NULL);
    worker->told_expiry = now < times.from || now > times.until;
    if (worker->told_expiry)
        log_event(LOG_LEVEL_ERROR, "certificate-expired", "reason",
                  "it is not valid now; clients that check it go away", NULL);
}

static void on_attend(uv_timer_t *timer)
{
    struct worker *worker = timer->data;
    log_limits(worker);
    tell_expiry(worker);
    if (confined_is_void(&worker->confined)) {
        worker->failed = true;
        service_end(&worker->service, LOG_LEVEL_WARNING,
                    "its directory was replaced; after a new start it reads the other one");
        return;
    }
    bool ready = zones_attend(worker->responder.zones);
    uv_timer_start(timer, on_attend, ready ? ATTEND_MS : ATTEND_SOON_MS, 0);
}

static bool give_up_rights(struct worker *worker, const char *directory)
{
    struct error err = {0};
    unsigned landlock;
    if (confined_start(directory, &worker->confined, &landlock, &err) != STATUS_OK) {
        log_event(LOG_LEVEL_ERROR, "not-confined", "reason", err.text, NULL);
        return false;
    }
    log_event(LOG_LEVEL_INFO, "confined", "landlock", log_u64(landlock), NULL);
    return true;
}

static bool load_certificate(struct worker *worker, int fd)
{
    struct error err = {0};
    if (tls_new(fd, &worker->tls, &err) != STATUS_OK) {
        log_event(LOG_LEVEL_ERROR, "certificate-refused", "reason", err.text, NULL);
        return false;
    }
    close(fd);
    (void)!nice(TLS_NICE);
    return true;
}

static enum status open_cookies(struct worker *worker, const struct worker_options *options,
                                struct error *err)
{
    struct secrets secrets;
    enum status status = STATUS_OK;
    if (options->no_cookies)
        return STATUS_OK;
    if (options->secrets >= 0)
        status = secrets_take(options->secrets, &secrets, err);
    else
        secrets_make(&secrets);
    if (status != STATUS_OK)
        return status;
    status = cookies_new(&secrets, &worker->responder.cookies, err);
    explicit_bzero(&secrets, sizeof(secrets));
    return status;
}

static bool open_sockets(struct worker *worker, const struct worker_options *options)
{
    worker->sockets = (struct sockets){.loop = &worker->loop,
                                       .responder = &worker->responder,
                                       .limits = worker->limits,
                                       .statistics = worker->reports.statistics,
                                       .streams = worker->streams,
                                       .streams_only = options->tls};
    return sockets_open(&worker->sockets,
                        &(struct sockets_wanted){.inherited = options->sockets,
                                                 .standby = options->standby,
                                                 .listen = options->listen,
                                                 .listen_count = options->listen_count});
}

static bool start(struct worker *worker, const struct worker_options *options)
{
    struct error err = {0};
    worker->service.end = on_end;
    worker->service.data = worker;
    uv_timer_init(&worker->loop, &worker->attend);
    worker->attend.data = worker;
    if (service_start(&worker->service, &worker->loop, options->descriptors, worker_commands,
                      &err) != STATUS_OK ||
        open_cookies(worker, options, &err) != STATUS_OK) {
        log_event(LOG_LEVEL_ERROR, "cannot-start", "reason", err.text, NULL);
        return false;
    }
    if (!open_sockets(worker, options) || !reports_serve(&worker->reports, &worker->loop) ||
        (!options->unconfined && !give_up_rights(worker, options->directory)))
        return false;
    on_attend(&worker->attend);
    return true;
}

bool worker_run(const struct worker_options *options)
{
    static struct worker worker;
    struct reports_options reports = options->reports;
    if (options->tls)
        reports.index = PAGES_SLOT_TLS;
    if (options->tls && !load_certificate(&worker, options->certificate))
        return false;
    unsigned connections = sockets_make_room(options->tcp_connections, options->standby);
    uv_loop_init(&worker.loop);
    worker.responder.tcp_idle_ms = options->tcp_idle_ms;
    worker.responder.identity = options->identity;
    worker.responder.zones = zones_new(options->directory);
    reports_open(&worker.reports, &reports, worker.responder.zones);
    if (options->tls)
        tls_count_in(worker.tls, worker.reports.statistics);
    for (size_t i = 0; i < options->aside.count; i++)
        zones_set_aside(worker.responder.zones, options->aside.ids[i]);
    worker.limits = make_limits(options);
    worker.streams = connections_new(
        &worker.loop, worker.tls != NULL ? tls_way(worker.tls) : &tcp_way,
        &(struct connections_options){
            .responder = &worker.responder,
            .statistics = worker.reports.statistics,
            .limits = {.in_all = connections, .per_address = options->tcp_connections_per_address},
            .handshakes = options->tls ? options->tls_handshakes : 0,
            .idle_ms = options->tcp_idle_ms});
    bool started = start(&worker, options);
    if (started) {
        log_event(LOG_LEVEL_INFO, "serving", "directory", options->directory, NULL);
        uv_run(&worker.loop, UV_RUN_DEFAULT);
    }
    close_all(&worker);
    uv_run(&worker.loop, UV_RUN_DEFAULT);
    uv_loop_close(&worker.loop);
    zones_free(worker.responder.zones);
    cookies_free(worker.responder.cookies);
    limits_free(worker.limits);
    tls_free(worker.tls);
    reports_close(&worker.reports);
    sockets_done(&worker.sockets);
    return started && !worker.failed;
}
