// SPDX-License-Identifier: ISC
#include "server/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/log.h"

#define FIRST_SOCKET 3 // inherited descriptors begin behind stdin, stdout and stderr
// For sockets, the store, control and the loop, when the quota of connections is set.
#define DESCRIPTORS_KEPT (SOCKETS_MAX + 64)

// ── Serving ──────────────────────────────────────────────────────────────────────────────────────

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

static bool serve_socket(struct sockets *sockets, int fd)
{
    int type = 0;
    if (!socket_type(fd, &type))
        return false;
    if (type == SOCK_DGRAM && sockets->streams_only)
        return refuse_socket(fd, "TLS goes over TCP");
    if (type == SOCK_DGRAM) {
        sockets->udp[sockets->udp_count++] =
            udp_open(sockets->loop, fd, sockets->responder, sockets->limits, sockets->statistics);
        return true;
    }
    struct connections_listener *listener;
    int status = connections_listen(sockets->streams, fd, &listener);
    return status == 0 || refuse_socket(fd, uv_strerror(status));
}

static bool listen_on(struct sockets *sockets, const struct address *address)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
    size_t count = sockets->streams_only ? 1 : 2;
    for (size_t i = 0; i < count; i++) {
        struct error err = {0};
        int fd;
        if (address_bind(address, types[i], false, &fd, &err) != STATUS_OK) {
            log_event(LOG_LEVEL_ERROR, "not-listening", "reason", err.text, NULL);
            return false;
        }
        if (!serve_socket(sockets, fd))
            return false;
    }
    return true;
}

bool sockets_open(struct sockets *sockets, const struct sockets_wanted *wanted)
{
    int fd = FIRST_SOCKET;
    for (unsigned i = 0; i < wanted->inherited; i++)
        if (!serve_socket(sockets, fd++))
            return false;
    sockets->standby = xcalloc(wanted->standby, sizeof(*sockets->standby));
    for (unsigned i = 0; i < wanted->standby; i++) {
        struct sockets_standby *standby = &sockets->standby[sockets->standby_count++];
        standby->fd = fd++;
        if (!socket_type(standby->fd, &standby->type))
            return false;
    }
    for (size_t i = 0; i < wanted->listen_count; i++)
        if (!listen_on(sockets, &wanted->listen[i]))
            return false;
    return true;
}

unsigned sockets_make_room(unsigned connections, unsigned standby)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return connections;
    rlim_t kept = DESCRIPTORS_KEPT + 2 * (rlim_t)standby; // drained ones are copied
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

static void stop_draining(struct sockets_standby *standby)
{
    if (standby->udp != NULL)
        udp_pause(standby->udp);
    connections_unlisten(standby->listener);
    standby->listener = NULL;
}

static enum status start_draining(struct sockets *sockets, struct sockets_standby *standby,
                                  struct error *err)
{
    if (standby->type == SOCK_DGRAM) {
        if (standby->udp != NULL)
            udp_resume(standby->udp);
        else
            standby->udp = udp_open(sockets->loop, standby->fd, sockets->responder, sockets->limits,
                                    sockets->statistics);
        return STATUS_OK;
    }
    if (standby->listener != NULL)
        return STATUS_OK;
    // It is closed when it is no longer listened on.
    int fd = fcntl(standby->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return error_set_errno(err, errno, "descriptor %d cannot be copied", standby->fd);
    int status = connections_listen(sockets->streams, fd, &standby->listener);
    if (status != 0)
        return error_set(err, STATUS_IO, "descriptor %d: %s", standby->fd, uv_strerror(status));
    return STATUS_OK;
}

enum status sockets_drain(struct sockets *sockets, unsigned from, unsigned count, struct error *err)
{
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < sockets->standby_count; i++) {
        bool wanted = i >= from && i - from < count && status == STATUS_OK;
        if (wanted)
            status = start_draining(sockets, &sockets->standby[i], err);
        else
            stop_draining(&sockets->standby[i]);
    }
    for (unsigned i = 0; status != STATUS_OK && i < sockets->standby_count; i++)
        stop_draining(&sockets->standby[i]); // all or nothing
    sockets->statistics->draining = status == STATUS_OK ? count : 0;
    return status;
}

// ── The end ──────────────────────────────────────────────────────────────────────────────────────

void sockets_pause(struct sockets *sockets)
{
    for (unsigned i = 0; i < sockets->udp_count; i++)
        udp_pause(sockets->udp[i]);
    for (unsigned i = 0; i < sockets->standby_count; i++)
        stop_draining(&sockets->standby[i]);
}

void sockets_close(struct sockets *sockets)
{
    for (unsigned i = 0; i < sockets->udp_count; i++)
        udp_close(sockets->udp[i]);
    for (unsigned i = 0; i < sockets->standby_count; i++)
        udp_close(sockets->standby[i].udp);
}

void sockets_done(struct sockets *sockets)
{
    free(sockets->standby);
}
