// SPDX-License-Identifier: ISC
#include "server/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/random.h"
#include "server/confined.h"
#include "server/limits.h"
#include "server/tcp.h"
#include "server/tls.h"
#include "server/udp.h"
#include "server/zones.h"

#define FIRST_SOCKET 3 // inherited descriptors begin behind stdin, stdout and stderr
// For sockets, the store, control and the loop, when the quota of connections is set.
#define DESCRIPTORS_KEPT (WORKER_SOCKETS_MAX + 64)

// How often the store's files are looked at: whether they are there yet, and whether they were
// replaced.
#define ATTEND_SOON_MS 100
#define ATTEND_MS      1000

// Clients that have not taken their answers by then lose them.
#define GRACE_MS 1000

// Handshakes are dear, and strangers may have as many as they like: over TLS no more is answered than what UDP, TCP and
// the box's mail leave of the processors (nice(2)).
#define TLS_NICE 5

// Another worker's socket.
struct standby {
    int fd;
    int type;                              // SOCK_DGRAM or SOCK_STREAM
    struct udp *udp;                       // kept, paused, once it was drained
    struct connections_listener *listener; // on a copy of fd, while it is drained
};

struct worker {
    uv_loop_t loop;
    struct service service;
    struct responder responder;
    struct limits *limits; // or NULL: none
    struct reports reports;
    struct udp *udp[WORKER_SOCKETS_MAX];
    unsigned udp_count;
    struct tls *tls;  // NULL: it serves UDP and TCP
    bool told_expiry; // that its certificate is not valid
    struct connections *streams;
    struct standby *standby;
    unsigned standby_count;
    struct confined confined;
    bool failed;
    uv_timer_t attend; // then the limit of the end
};

// ── Sockets ──────────────────────────────────────────────────────────────────────────────────────

static bool refuse_socket(int fd, const char *reason)
{
    log_event(LOG_LEVEL_ERROR, "socket-refused", "descriptor", log_u64(fd), "reason", reason, NULL);
    return false;
}

static bool socket_type(int fd, int *ret)
{
    socklen_t len = sizeof(*ret);
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, ret, &len) != 0)
        return refuse_socket(fd, strerror(errno));
    return true;
}

static bool serve_socket(struct worker *worker, int fd)
{
    int type = 0;
    if (!socket_type(fd, &type))
        return false;
    if (type == SOCK_DGRAM && worker->tls != NULL)
        return refuse_socket(fd, "TLS goes over TCP");
    if (type == SOCK_DGRAM) {
        worker->udp[worker->udp_count++] = udp_open(&worker->loop, fd, &worker->responder,
                                                    worker->limits, worker->reports.statistics);
        return true;
    }
    struct connections_listener *listener;
    int status = connections_listen(worker->streams, fd, &listener);
    return status == 0 || refuse_socket(fd, uv_strerror(status));
}

static bool listen_on(struct worker *worker, const struct address *address)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
    size_t count = worker->tls != NULL ? 1 : 2;
    for (size_t i = 0; i < count; i++) {
        struct error err = {0};
        int fd;
        if (address_bind(address, types[i], false, &fd, &err) != STATUS_OK) {
            log_event(LOG_LEVEL_ERROR, "not-listening", "reason", err.text, NULL);
            return false;
        }
        if (!serve_socket(worker, fd))
            return false;
    }
    return true;
}

static bool open_sockets(struct worker *worker, const struct worker_options *options)
{
    int fd = FIRST_SOCKET;
    for (unsigned i = 0; i < options->sockets; i++)
        if (!serve_socket(worker, fd++))
            return false;
    worker->standby = xcalloc(options->standby, sizeof(*worker->standby));
    for (unsigned i = 0; i < options->standby; i++) {
        struct standby *standby = &worker->standby[worker->standby_count++];
        standby->fd = fd++;
        if (!socket_type(standby->fd, &standby->type))
            return false;
    }
    for (size_t i = 0; i < options->listen_count; i++)
        if (!listen_on(worker, &options->listen[i]))
            return false;
    return true;
}

// The quota of connections must be reached before descriptors end. Returns it, lowered where the
// system allows no more.
static unsigned make_room(const struct worker_options *options)
{
    struct rlimit limit;
    unsigned connections = options->tcp_connections;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return connections;
    rlim_t kept = DESCRIPTORS_KEPT + 2 * (rlim_t)options->standby; // drained ones are copied
    rlim_t wanted = connections + kept;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= wanted)
        return connections;
    unsigned lowered = limit.rlim_cur > kept ? (unsigned)(limit.rlim_cur - kept) : 1;
    log_event(LOG_LEVEL_WARNING, "fewer-connections", "wanted", log_u64(connections), "possible",
              log_u64(lowered), "reason", "limit of open files (ulimit -n)", NULL);
    return lowered;
}

// ── Draining ─────────────────────────────────────────────────────────────────────────────────────

static void stop_draining(struct standby *standby)
{
    if (standby->udp != NULL)
        udp_pause(standby->udp);
    connections_unlisten(standby->listener);
    standby->listener = NULL;
}

static enum status start_draining(struct worker *worker, struct standby *standby, struct error *err)
{
    if (standby->type == SOCK_DGRAM) {
        if (standby->udp != NULL)
            udp_resume(standby->udp);
        else
            standby->udp = udp_open(&worker->loop, standby->fd, &worker->responder, worker->limits,
                                    worker->reports.statistics);
        return STATUS_OK;
    }
    if (standby->listener != NULL)
        return STATUS_OK;
    // It is closed when it is no longer listened on.
    int fd = fcntl(standby->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return error_set_errno(err, errno, "descriptor %d cannot be copied", standby->fd);
    int status = connections_listen(worker->streams, fd, &standby->listener);
    if (status != 0)
        return error_set(err, STATUS_IO, "descriptor %d: %s", standby->fd, uv_strerror(status));
    return STATUS_OK;
}

static enum status drain(struct worker *worker, unsigned from, unsigned count, struct error *err)
{
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < worker->standby_count; i++) {
        bool wanted = i >= from && i - from < count && status == STATUS_OK;
        if (wanted)
            status = start_draining(worker, &worker->standby[i], err);
        else
            stop_draining(&worker->standby[i]);
    }
    for (unsigned i = 0; status != STATUS_OK && i < worker->standby_count; i++)
        stop_draining(&worker->standby[i]); // all or nothing
    worker->reports.statistics->draining = status == STATUS_OK ? count : 0;
    return status;
}

// Reads a number up to `most`; absent: 0.
static bool read_count(const json_t *request, const char *key, unsigned most, unsigned *ret)
{
    const json_t *value = json_object_get(request, key);
    json_int_t number = json_integer_value(value);
    if ((value != NULL && !json_is_integer(value)) || number < 0 || number > most)
        return false;
    *ret = (unsigned)number;
    return true;
}

static enum status run_drain(void *data, const json_t *request, json_t *reply, struct error *err)
{
    struct worker *worker = data;
    unsigned from = 0, count = 0;
    if (json_object_get(request, "count") == NULL ||
        !read_count(request, "from", worker->standby_count, &from) ||
        !read_count(request, "count", worker->standby_count - from, &count))
        return error_set(err, STATUS_RANGE,
                         "drain: \"from\" and \"count\" name some of the %u standby sockets",
                         worker->standby_count);
    enum status status = drain(worker, from, count, err);
    if (status != STATUS_OK)
        return status;
    if (count > 0)
        log_event(LOG_LEVEL_INFO, "draining", "from", log_u64(from), "count", log_u64(count), NULL);
    else
        log_event(LOG_LEVEL_INFO, "drained", NULL);
    json_object_set_new(reply, "draining", json_integer(count));
    return STATUS_OK;
}

// ── Images that are set aside ────────────────────────────────────────────────────────────────────

static enum status run_set_aside(void *data, const json_t *request, json_t *reply,
                                 struct error *err)
{
    struct worker *worker = data;
    const char *image = json_string_value(json_object_get(request, "image"));
    uint64_t id;
    (void)reply;
    if (image == NULL || !quarantine_read(image, &id))
        return error_set(err, STATUS_SYNTAX, "set-aside: \"image\" is 16 hexadecimal digits");
    zones_set_aside(worker->responder.zones, id);
    log_event(LOG_LEVEL_NOTICE, "image-set-aside", "image", image, NULL);
    return STATUS_OK;
}

// ── Status ───────────────────────────────────────────────────────────────────────────────────────

static json_t *tls_status(const struct worker *worker)
{
    const struct tls_facts *facts = tls_facts(worker->tls);
    return json_pack("{s:I,s:I,s:I,s:I,s:I}", "certificate-expires", (json_int_t)facts->until,
                     "handshakes", (json_int_t)facts->handshakes, "resumed",
                     (json_int_t)facts->resumed, "failed", (json_int_t)facts->failed, "delayed",
                     (json_int_t)connections_delayed(worker->streams));
}

static enum status run_status(void *data, const json_t *request, json_t *reply, struct error *err)
{
    const struct worker *worker = data;
    (void)request;
    (void)err;
    reports_status(&worker->reports, reply);
    if (worker->tls != NULL)
        json_object_set_new(reply, "tls", tls_status(worker));
    return STATUS_OK;
}

static enum status run_statistics(void *data, const json_t *request, json_t *reply,
                                  struct error *err)
{
    const struct worker *worker = data;
    (void)request;
    (void)err;
    reports_statistics(&worker->reports, reply);
    return STATUS_OK;
}

static const struct control_command commands[] = {
    {"status", run_status}, {"statistics", run_statistics},
    {"drain", run_drain},   {"set-aside", run_set_aside},
    {NULL, NULL},
};

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
    for (unsigned i = 0; i < worker->udp_count; i++)
        udp_pause(worker->udp[i]);
    for (unsigned i = 0; i < worker->standby_count; i++)
        stop_draining(&worker->standby[i]);
    reports_hush(&worker->reports);
    connections_end(worker->streams);
    uv_timer_start(&worker->attend, on_grace_over, GRACE_MS, 0);
    uv_unref((uv_handle_t *)&worker->attend);
}

static void close_all(struct worker *worker)
{
    for (unsigned i = 0; i < worker->udp_count; i++)
        udp_close(worker->udp[i]);
    for (unsigned i = 0; i < worker->standby_count; i++)
        udp_close(worker->standby[i].udp);
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
    const struct tls_facts *facts = tls_facts(worker->tls);
    int64_t now = time(NULL);
    worker->told_expiry = now < facts->from || now > facts->until;
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

static bool start(struct worker *worker, const struct worker_options *options)
{
    struct error err = {0};
    worker->service.end = on_end;
    worker->service.data = worker;
    uv_timer_init(&worker->loop, &worker->attend);
    worker->attend.data = worker;
    if (service_start(&worker->service, &worker->loop, options->descriptors, commands, &err) !=
            STATUS_OK ||
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
    unsigned connections = make_room(options);
    uv_loop_init(&worker.loop);
    worker.responder.tcp_idle_ms = options->tcp_idle_ms;
    worker.responder.identity = options->identity;
    worker.responder.zones = zones_new(options->directory);
    reports_open(&worker.reports, &reports, worker.responder.zones);
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
    free(worker.standby);
    return started && !worker.failed;
}
