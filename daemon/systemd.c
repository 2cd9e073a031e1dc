// SPDX-License-Identifier: ISC
#include "daemon/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/address.h"
#include "base/alloc.h"
#include "base/log.h"

#define FIRST_FD  3
#define FDS_MAX   (5 * LISTEN_ADDRESSES_MAX) // UDP and TCP of both programs, and TLS
#define STATE_MAX 512                        // octets of a message; ours are far shorter
// A service manager that takes no messages is not waited for.
#define TELL_PATIENCE_S 1

// ── The environment ──────────────────────────────────────────────────────────────────────────────

static bool read_number(const char *name, unsigned long max, unsigned long *ret)
{
    const char *text = getenv(name);
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return false;
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (*end != '\0' || errno != 0 || value > max)
        return false;
    *ret = value;
    return true;
}

// Is what the variable's companion says meant for this process, and not for a parent?
static bool is_meant(const char *pid_name)
{
    unsigned long pid;
    return read_number(pid_name, INT32_MAX, &pid) && pid == (unsigned long)getpid();
}

static void open_notify(struct systemd *systemd)
{
    const char *path = getenv("NOTIFY_SOCKET");
    size_t len = path != NULL ? strlen(path) : 0;
    if (len < 2 || len >= sizeof(systemd->address.sun_path) || (path[0] != '/' && path[0] != '@'))
        return;
    systemd->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (systemd->notify < 0)
        return;
    struct timeval patience = {.tv_sec = TELL_PATIENCE_S};
    (void)setsockopt(systemd->notify, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    systemd->address.sun_family = AF_UNIX;
    memcpy(systemd->address.sun_path, path, len + 1);
    systemd->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (path[0] == '@')
        systemd->address.sun_path[0] = '\0'; // an abstract name ends with its length
    else
        systemd->address_len++;
}

// ── Sockets ──────────────────────────────────────────────────────────────────────────────────────

static const struct kind {
    const char *name;
    bool is_local;  // on loopback alone
    bool is_stream; // without UDP
} kinds[SYSTEMD_KINDS] = {
    [SYSTEMD_SERVER] = {.name = "dns"},
    [SYSTEMD_TLS] = {.name = "dns-tls", .is_stream = true},
    [SYSTEMD_RESOLVER] = {.name = "resolver", .is_local = true},
};

static enum status refuse(int fd, const char *name, const char *words, struct error *err)
{
    return error_set(err, STATUS_STATE, "LISTEN_FDS: descriptor %d (\"%s\"): %s", fd, name, words);
}

static bool is_wildcard(const struct address *address)
{
    return address->any.sa_family == AF_INET ? address->v4.sin_addr.s_addr == htonl(INADDR_ANY)
                                             : IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
}

static int option(int fd, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : -1;
}

// The address and kind of a socket that can be served.
static enum status look(int fd, const char *name, struct address *ret, int *ret_type,
                        struct error *err)
{
    socklen_t len = sizeof(*ret);
    *ret = (struct address){0};
    if (getsockname(fd, &ret->any, &len) != 0)
        return error_set_errno(err, errno, "LISTEN_FDS: descriptor %d (\"%s\")", fd, name);
    if (ret->any.sa_family != AF_INET && ret->any.sa_family != AF_INET6)
        return refuse(fd, name, "not an IP socket", err);
    *ret_type = option(fd, SO_TYPE);
    if (*ret_type != SOCK_DGRAM && *ret_type != SOCK_STREAM)
        return refuse(fd, name, "neither ListenDatagram= nor ListenStream=", err);
    if (*ret_type == SOCK_STREAM && option(fd, SO_ACCEPTCONN) != 1)
        return refuse(fd, name, "does not listen; Accept=no is needed", err);
    if (is_wildcard(ret))
        return refuse(fd, name, "a wildcard; each address needs a line of its own", err);
    return STATUS_OK;
}

// As address_bind makes its own.
static enum status prepare(int fd, const char *name, const struct address *address, int type,
                           struct error *err)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return error_set_errno(err, errno, "LISTEN_FDS: descriptor %d (\"%s\")", fd, name);
    bool v6 = address->any.sa_family == AF_INET6;
    int omit = v6 ? IPV6_PMTUDISC_OMIT : IP_PMTUDISC_OMIT; // RFC 9715 §3.1
    if (type == SOCK_DGRAM &&
        setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER,
                   &omit, sizeof(omit)) != 0)
        return error_set_errno(err, errno, "LISTEN_FDS: descriptor %d (\"%s\")", fd, name);
    return STATUS_OK;
}

static struct listen_given *find_or_add(struct systemd_sockets *sockets,
                                        const struct address *address)
{
    for (size_t i = 0; i < sockets->count; i++)
        if (address_equal(&sockets->list[i].address, address))
            return &sockets->list[i];
    sockets->list = xreallocarray(sockets->list, sockets->count + 1, sizeof(*sockets->list));
    sockets->list[sockets->count] = (struct listen_given){*address, {-1, -1}};
    return &sockets->list[sockets->count++];
}

static enum status find_kind(int fd, const char *name, enum systemd_kind *ret, struct error *err)
{
    for (int i = 0; i < SYSTEMD_KINDS; i++) {
        *ret = (enum systemd_kind)i;
        if (strcmp(name, kinds[i].name) == 0)
            return STATUS_OK;
    }
    return refuse(fd, name, "FileDescriptorName= must be \"dns\", \"dns-tls\" or \"resolver\"",
                  err);
}

static enum status take(struct systemd *systemd, int fd, const char *name, struct error *err)
{
    struct address address;
    enum systemd_kind kind;
    int type;
    enum status status = find_kind(fd, name, &kind, err);
    if (status == STATUS_OK)
        status = look(fd, name, &address, &type, err);
    if (status != STATUS_OK)
        return status;
    if (kinds[kind].is_local && address_scope(&address) != ADDRESS_LOOPBACK)
        return refuse(fd, name, "the resolver is for loopback addresses only", err);
    if (kinds[kind].is_stream && type != SOCK_STREAM)
        return refuse(fd, name, "TLS goes over TCP; only ListenStream= is of use", err);
    status = prepare(fd, name, &address, type, err);
    if (status != STATUS_OK)
        return status;
    struct listen_given *given = find_or_add(&systemd->sockets[kind], &address);
    int *place = type == SOCK_DGRAM ? &given->pair.udp : &given->pair.tcp;
    if (*place >= 0)
        return refuse(fd, name, "a second socket of the same address", err);
    *place = fd;
    return STATUS_OK;
}

static enum status check_sockets(const struct systemd_sockets *sockets, const struct kind *kind,
                                 struct error *err)
{
    char text[ADDRESS_TEXT_MAX];
    if (sockets->count > LISTEN_ADDRESSES_MAX)
        return error_set(err, STATUS_RANGE, "LISTEN_FDS: \"%s\": more than %d addresses",
                         kind->name, LISTEN_ADDRESSES_MAX);
    for (size_t i = 0; i < sockets->count; i++)
        if (sockets->list[i].pair.tcp < 0 || (sockets->list[i].pair.udp < 0 && !kind->is_stream))
            return error_set(err, STATUS_STATE,
                             "LISTEN_FDS: \"%s\": %s needs both ListenDatagram= and ListenStream= "
                             "(RFC 7766 §5)",
                             kind->name, address_text(&sockets->list[i].address, true, text));
    return STATUS_OK;
}

// names is cut up at its colons.
static enum status take_all(struct systemd *systemd, int count, char *names, struct error *err)
{
    enum status status = STATUS_OK;
    if (count > FDS_MAX)
        return error_set(err, STATUS_RANGE, "LISTEN_FDS: %d sockets are more than %d", count,
                         FDS_MAX);
    for (int i = 0; i < count && status == STATUS_OK; i++) {
        const char *name = names != NULL ? strsep(&names, ":") : "unknown";
        status = take(systemd, FIRST_FD + i, name, err);
    }
    for (int i = 0; i < SYSTEMD_KINDS && status == STATUS_OK; i++)
        status = check_sockets(&systemd->sockets[i], &kinds[i], err);
    return status;
}

enum status systemd_open(struct systemd *systemd, struct error *err)
{
    static const char *const variables[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                            "LISTEN_FDS",    "LISTEN_PID",    "LISTEN_FDNAMES"};
    *systemd = (struct systemd){.notify = -1};
    open_notify(systemd);
    unsigned long number;
    bool watched = getenv("WATCHDOG_PID") == NULL || is_meant("WATCHDOG_PID");
    if (watched && read_number("WATCHDOG_USEC", UINT32_MAX * 1000UL, &number))
        systemd->watchdog_ms = number / 1000;
    enum status status = STATUS_OK;
    if (is_meant("LISTEN_PID") && read_number("LISTEN_FDS", INT32_MAX, &number)) {
        const char *given = getenv("LISTEN_FDNAMES");
        char *names = given != NULL ? xstrdup(given) : NULL;
        status = take_all(systemd, (int)number, names, err);
        free(names);
    }
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        unsetenv(variables[i]);
    return status;
}

static void close_sockets(struct systemd_sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++) {
        if (sockets->list[i].pair.udp >= 0)
            close(sockets->list[i].pair.udp);
        if (sockets->list[i].pair.tcp >= 0)
            close(sockets->list[i].pair.tcp);
    }
    free(sockets->list);
}

void systemd_close(struct systemd *systemd)
{
    for (int i = 0; i < SYSTEMD_KINDS; i++)
        close_sockets(&systemd->sockets[i]);
    if (systemd->notify >= 0)
        close(systemd->notify);
    *systemd = (struct systemd){.notify = -1};
}

// ── Telling ──────────────────────────────────────────────────────────────────────────────────────

void systemd_tell(const struct systemd *systemd, const char *format, ...)
{
    char text[STATE_MAX];
    va_list args;
    if (systemd->notify < 0)
        return;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(text))
        return;
    const struct sockaddr *to = (const struct sockaddr *)&systemd->address;
    ssize_t sent;
    do { // a child's end interrupts it
        sent = sendto(systemd->notify, text, (size_t)len, MSG_NOSIGNAL, to, systemd->address_len);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0)
        log_event(LOG_LEVEL_WARNING, "notify-failed", "reason", strerror(errno), NULL);
}

static void on_watchdog(uv_timer_t *timer)
{
    systemd_tell(timer->data, "WATCHDOG=1");
}

void systemd_watch(struct systemd *systemd, uv_loop_t *loop)
{
    uv_timer_init(loop, &systemd->watchdog);
    systemd->watchdog.data = systemd;
    if (systemd->watchdog_ms > 1)
        uv_timer_start(&systemd->watchdog, on_watchdog, 0, systemd->watchdog_ms / 2);
}

void systemd_unwatch(struct systemd *systemd)
{
    uv_close((uv_handle_t *)&systemd->watchdog, NULL);
}
