// SPDX-License-Identifier: ISC
// zone-server: answers DNS queries over UDP and TCP from the zone images in serve/. One process is
// one worker with one loop; zoned starts as many as there are cores, each with its own sockets. It
// reads nothing but the store, and whoever asks.
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/address.h"
#include "base/log.h"
#include "dns/types.h"
#include "server/rights.h"
#include "server/tcp.h"
#include "server/udp.h"
#include "server/zones.h"

enum { EXIT_WRONG = 1, EXIT_USAGE = 2 };

#define SOCKETS_MAX  256 // UDP and TCP of 128 addresses, as many as zoned binds
#define FIRST_SOCKET 3   // inherited descriptors begin behind stdin, stdout and stderr
// For sockets, the store and the loop, when the quota of connections is set.
#define DESCRIPTORS_KEPT (SOCKETS_MAX + 64)

// A worker's share. One connection costs about a kilobyte while it is idle.
#define TCP_CONNECTIONS_DEFAULT 512
#define TCP_CONNECTIONS_MAX     100000
// RFC 7766 §6.2.3 wants "of the order of a few seconds"; Knot has as much.
#define TCP_IDLE_DEFAULT_MS 10000
#define TCP_IDLE_MAX_MS     3600000

// How often the store's files are looked at: whether they are there yet, and whether they were
// replaced.
#define ATTEND_SOON_MS 100
#define ATTEND_MS      1000

struct options {
    const char *directory;
    struct address listen[SOCKETS_MAX / 2];
    unsigned listen_count;
    unsigned sockets;
    unsigned tcp_connections;
    unsigned tcp_idle_ms;
    int lifeline; // descriptor, -1 when there is none
    bool unconfined;
};

struct worker {
    uv_loop_t loop;
    struct zones *zones;
    struct udp *udp[SOCKETS_MAX];
    unsigned udp_count;
    struct tcp *tcp;
    struct rights rights;
    bool failed;
    uv_timer_t attend;
    uv_signal_t terminate;
    uv_signal_t interrupt;
    uv_poll_t lifeline;
    bool has_lifeline;
};

static const char usage[] =
    "usage: zone-server --serve DIR (--listen ADDRESS@PORT... | --sockets N) [OPTION...]\n"
    "Answers DNS queries from the zones in DIR, which zone-signer writes. It may start\n"
    "before there are any and notices each change by itself.\n"
    "\n"
    "  --serve DIR          the store of signed zones\n"
    "  --listen ADDR[@PORT] serve UDP and TCP there; may be repeated; port 53 by default\n"
    "  --sockets N          serve the bound sockets on descriptors 3 to 3+N-1 instead\n"
    "  --tcp-connections N  TCP connections at a time (512)\n"
    "  --tcp-idle MS        close a connection without a query for so long (10000)\n"
    "  --lifeline FD        end when this pipe does\n"
    "  --unconfined         keep all rights, for debuggers and profilers\n"
    "  --help, --version\n";

// ── Options ──────────────────────────────────────────────────────────────────────────────────────

static bool read_number(const char *option, const char *text, unsigned most, unsigned *ret)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > most) {
        fprintf(stderr, "zone-server: --%s: not a number from 0 to %u: %s\n", option, most, text);
        return false;
    }
    *ret = (unsigned)value;
    return true;
}

static bool read_listen(struct options *options, const char *text)
{
    struct error err = {0};
    if (options->listen_count == SOCKETS_MAX / 2) {
        fprintf(stderr, "zone-server: --listen: at most %d addresses\n", SOCKETS_MAX / 2);
        return false;
    }
    if (address_parse(text, DNS_PORT, &options->listen[options->listen_count], &err) != STATUS_OK) {
        fprintf(stderr, "zone-server: --listen: %s\n", err.text);
        return false;
    }
    options->listen_count++;
    return true;
}

static bool read_option(struct options *options, int option, const char *name)
{
    unsigned number = 0;
    bool good = true;
    switch (option) {
    case 's':
        options->directory = optarg;
        return true;
    case 'l':
        return read_listen(options, optarg);
    case 'n':
        return read_number(name, optarg, SOCKETS_MAX, &options->sockets);
    case 'c':
        return read_number(name, optarg, TCP_CONNECTIONS_MAX, &options->tcp_connections);
    case 'i':
        return read_number(name, optarg, TCP_IDLE_MAX_MS, &options->tcp_idle_ms);
    case 'f':
        good = read_number(name, optarg, INT_MAX, &number);
        options->lifeline = (int)number;
        return good;
    case 'u':
        options->unconfined = true;
        return true;
    default:
        return false;
    }
}

// Returns whether to go on; if not, *ret_exit is the exit status.
static bool read_options(int argc, char **argv, struct options *options, int *ret_exit)
{
    static const struct option table[] = {
        {"serve", required_argument, NULL, 's'},
        {"listen", required_argument, NULL, 'l'},
        {"sockets", required_argument, NULL, 'n'},
        {"tcp-connections", required_argument, NULL, 'c'},
        {"tcp-idle", required_argument, NULL, 'i'},
        {"lifeline", required_argument, NULL, 'f'},
        {"unconfined", no_argument, NULL, 'u'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {0},
    };
    int option;
    int index = 0;
    *ret_exit = EXIT_USAGE;
    while ((option = getopt_long(argc, argv, "", table, &index)) != -1) {
        if (option == 'h' || option == 'v') {
            fputs(option == 'h' ? usage : "zone-server " ZONEBOX_VERSION "\n", stdout);
            *ret_exit = EXIT_SUCCESS;
            return false;
        }
        if (option == '?' || !read_option(options, option, table[index].name))
            return false;
    }
    if (optind < argc)
        fprintf(stderr, "zone-server: what is this: %s\n", argv[optind]);
    else if (options->directory == NULL)
        fputs("zone-server: --serve DIR is missing\n", stderr);
    else if ((options->listen_count > 0) == (options->sockets > 0))
        fputs("zone-server: either --listen or --sockets is needed\n", stderr);
    else
        return true;
    return false;
}

// ── Sockets ──────────────────────────────────────────────────────────────────────────────────────

static bool serve_socket(struct worker *worker, int fd)
{
    int type = 0;
    socklen_t len = sizeof(type);
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0) {
        log_event(LOG_LEVEL_ERROR, "socket-refused", "descriptor", log_u64(fd), "reason",
                  strerror(errno), NULL);
        return false;
    }
    if (type == SOCK_DGRAM) {
        worker->udp[worker->udp_count++] = udp_open(&worker->loop, fd, worker->zones);
        return true;
    }
    int status = tcp_listen(worker->tcp, fd);
    if (status != 0)
        log_event(LOG_LEVEL_ERROR, "socket-refused", "descriptor", log_u64(fd), "reason",
                  uv_strerror(status), NULL);
    return status == 0;
}

static bool listen_on(struct worker *worker, const struct address *address)
{
    static const int types[] = {SOCK_DGRAM, SOCK_STREAM};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
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

static bool open_sockets(struct worker *worker, const struct options *options)
{
    for (unsigned i = 0; i < options->sockets; i++)
        if (!serve_socket(worker, (int)(FIRST_SOCKET + i)))
            return false;
    for (unsigned i = 0; i < options->listen_count; i++)
        if (!listen_on(worker, &options->listen[i]))
            return false;
    return true;
}

// The quota of connections must be reached before descriptors end. Returns it, lowered where the
// system allows no more.
static unsigned make_room(unsigned connections)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return connections;
    rlim_t wanted = (rlim_t)connections + DESCRIPTORS_KEPT;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= wanted)
        return connections;
    unsigned lowered =
        limit.rlim_cur > DESCRIPTORS_KEPT ? (unsigned)(limit.rlim_cur - DESCRIPTORS_KEPT) : 1;
    log_event(LOG_LEVEL_WARNING, "fewer-connections", "wanted", log_u64(connections), "possible",
              log_u64(lowered), "reason", "limit of open files (ulimit -n)", NULL);
    return lowered;
}

// ── The loop ─────────────────────────────────────────────────────────────────────────────────────

static void end_worker(struct worker *worker)
{
    if (uv_is_closing((uv_handle_t *)&worker->attend))
        return;
    for (unsigned i = 0; i < worker->udp_count; i++)
        udp_close(worker->udp[i]);
    tcp_close(worker->tcp);
    uv_close((uv_handle_t *)&worker->attend, NULL);
    uv_close((uv_handle_t *)&worker->terminate, NULL);
    uv_close((uv_handle_t *)&worker->interrupt, NULL);
    if (worker->has_lifeline)
        uv_close((uv_handle_t *)&worker->lifeline, NULL);
}

static void on_attend(uv_timer_t *timer)
{
    struct worker *worker = timer->data;
    if (rights_are_void(&worker->rights)) {
        log_event(LOG_LEVEL_WARNING, "ending", "reason",
                  "its directory was replaced; after a new start it reads the other one", NULL);
        worker->failed = true;
        end_worker(worker);
        return;
    }
    bool ready = zones_attend(worker->zones);
    uv_timer_start(timer, on_attend, ready ? ATTEND_MS : ATTEND_SOON_MS, 0);
}

static void on_signal(uv_signal_t *handle, int number)
{
    log_event(LOG_LEVEL_INFO, "ending", "reason", number == SIGINT ? "SIGINT" : "SIGTERM", NULL);
    end_worker(handle->data);
}

static void on_lifeline(uv_poll_t *poll, int status, int events)
{
    struct worker *worker = poll->data;
    uv_os_fd_t fd;
    char octets[64];
    (void)events;
    if (status == 0 && uv_fileno((uv_handle_t *)poll, &fd) == 0 &&
        read(fd, octets, sizeof(octets)) > 0)
        return;
    log_event(LOG_LEVEL_NOTICE, "ending", "reason", "lifeline", NULL);
    end_worker(worker);
}

static bool watch_lifeline(struct worker *worker, int fd)
{
    int status = uv_poll_init(&worker->loop, &worker->lifeline, fd);
    if (status != 0) {
        log_event(LOG_LEVEL_ERROR, "lifeline-refused", "reason", uv_strerror(status), NULL);
        return false;
    }
    worker->has_lifeline = true;
    worker->lifeline.data = worker;
    uv_poll_start(&worker->lifeline, UV_READABLE | UV_DISCONNECT, on_lifeline);
    return true;
}

static bool give_up_rights(struct worker *worker, const char *directory)
{
    struct error err = {0};
    unsigned landlock;
    if (rights_keep(directory, &worker->rights, &landlock, &err) != STATUS_OK) {
        log_event(LOG_LEVEL_ERROR, "not-confined", "reason", err.text, NULL);
        return false;
    }
    log_event(LOG_LEVEL_INFO, "confined", "landlock", log_u64(landlock), NULL);
    return true;
}

static bool start(struct worker *worker, const struct options *options)
{
    uv_timer_init(&worker->loop, &worker->attend);
    uv_signal_init(&worker->loop, &worker->terminate);
    uv_signal_init(&worker->loop, &worker->interrupt);
    worker->attend.data = worker;
    worker->terminate.data = worker;
    worker->interrupt.data = worker;
    uv_signal_start(&worker->terminate, on_signal, SIGTERM);
    uv_signal_start(&worker->interrupt, on_signal, SIGINT);
    if (options->lifeline >= 0 && !watch_lifeline(worker, options->lifeline))
        return false;
    if (!open_sockets(worker, options) ||
        (!options->unconfined && !give_up_rights(worker, options->directory)))
        return false;
    on_attend(&worker->attend);
    return true;
}

int main(int argc, char **argv)
{
    struct options options = {
        .tcp_connections = TCP_CONNECTIONS_DEFAULT,
        .tcp_idle_ms = TCP_IDLE_DEFAULT_MS,
        .lifeline = -1,
    };
    int exit_status;
    if (!read_options(argc, argv, &options, &exit_status))
        return exit_status;
    log_open("zone-server", LOG_LEVEL_INFO);
    signal(SIGPIPE, SIG_IGN); // a client that went away is an error of its connection

    static struct worker worker;
    unsigned connections = make_room(options.tcp_connections);
    uv_loop_init(&worker.loop);
    worker.zones = zones_new(options.directory);
    worker.tcp = tcp_new(&worker.loop, worker.zones, connections, options.tcp_idle_ms);
    bool started = start(&worker, &options);
    if (started)
        log_event(LOG_LEVEL_INFO, "serving", "directory", options.directory, NULL);
    else
        end_worker(&worker);
    uv_run(&worker.loop, UV_RUN_DEFAULT);
    uv_loop_close(&worker.loop);
    zones_free(worker.zones);
    return started && !worker.failed ? EXIT_SUCCESS : EXIT_WRONG;
}
