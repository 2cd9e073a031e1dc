// SPDX-License-Identifier: ISC
// The paths of control sockets: who makes one, and who asks there.
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/control.h"

// Connections that wait until the program is there; it sets its own number then.
#define BIND_BACKLOG 64
// When the queue of the socket is full, it is tried again after so long.
#define RETRY_MS 20
#define READ_MAX 65536

static enum status address_of(const char *path, struct sockaddr_un *ret, struct error *err)
{
    size_t len = strlen(path);
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (len >= sizeof(ret->sun_path))
        return error_set(err, STATUS_RANGE,
                         "%s: too long for a socket; a path of at most %zu octets is possible",
                         path, sizeof(ret->sun_path) - 1);
    memcpy(ret->sun_path, path, len + 1);
    return STATUS_OK;
}

// TIMEOUT: the queue is full.
static enum status connect_to(const char *path, int *ret_fd, struct error *err)
{
    struct sockaddr_un address;
    enum status status = address_of(path, &address, err);
    if (status != STATUS_OK)
        return status;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return error_set_errno(err, errno, "%s: no socket", path);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
        *ret_fd = fd;
        return STATUS_OK;
    }
    int reason = errno;
    close(fd);
    if (reason == EAGAIN)
        return error_set(err, STATUS_TIMEOUT, "%s: too many ask already", path);
    if (reason == ECONNREFUSED)
        return error_set(err, STATUS_NOT_FOUND, "%s: nobody listens there", path);
    return error_set_errno(err, reason, "%s: cannot connect", path);
}

// ── Making a socket ──────────────────────────────────────────────────────────────────────────────

// Removes a socket that nobody listens on.
static enum status remove_stale(const char *path, struct error *err)
{
    struct stat info;
    if (lstat(path, &info) != 0)
        return errno == ENOENT ? STATUS_OK : error_set_errno(err, errno, "%s: cannot look", path);
    if (!S_ISSOCK(info.st_mode))
        return error_set(err, STATUS_EXISTS, "%s: exists and is not a socket", path);
    int fd = -1;
    struct error none = {0};
    enum status status = connect_to(path, &fd, &none);
    if (status == STATUS_OK)
        close(fd);
    if (status == STATUS_OK || status == STATUS_TIMEOUT)
        return error_set(err, STATUS_STATE, "%s: another program listens there", path);
    if (unlink(path) != 0)
        return error_set_errno(err, errno, "%s: cannot remove what a dead program left", path);
    return STATUS_OK;
}

enum status control_bind(const char *path, mode_t mode, gid_t group, int *ret_fd, struct error *err)
{
    struct sockaddr_un address;
    enum status status = address_of(path, &address, err);
    if (status == STATUS_OK)
        status = remove_stale(path, err);
    if (status != STATUS_OK)
        return status;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return error_set_errno(err, errno, "%s: no socket", path);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        status = error_set_errno(err, errno, "%s: cannot make the socket", path);
        close(fd);
        return status;
    }
    // Before listen(2) nobody gets through, whatever the mode.
    if (lchown(path, (uid_t)-1, group) != 0 || chmod(path, mode) != 0 ||
        listen(fd, BIND_BACKLOG) != 0) {
        status = error_set_errno(err, errno, "%s: cannot make the socket", path);
        unlink(path);
        close(fd);
        return status;
    }
    *ret_fd = fd;
    return STATUS_OK;
}

// ── Asking ───────────────────────────────────────────────────────────────────────────────────────

static enum status make_line(const json_t *request, char **ret, struct error *err)
{
    char *text = json_dumps(request, JSON_COMPACT);
    if (text == NULL || strlen(text) + 1 > CONTROL_LINE_MAX) {
        free(text);
        return error_set(err, STATUS_RANGE, "a request is a JSON object of at most %d octets",
                         CONTROL_LINE_MAX - 1);
    }
    *ret = xasprintf("%s\n", text);
    free(text);
    return STATUS_OK;
}

// A fresh socket takes a request in one piece.
static enum status connect_and_send(const char *path, const char *line, int *ret_fd,
                                    struct error *err)
{
    int fd = -1;
    enum status status = connect_to(path, &fd, err);
    if (status != STATUS_OK)
        return status;
    ssize_t len = (ssize_t)strlen(line);
    if (send(fd, line, (size_t)len, MSG_NOSIGNAL) != len) {
        status = error_set_errno(err, errno, "%s: cannot send", path);
        close(fd);
        return status;
    }
    *ret_fd = fd;
    return STATUS_OK;
}

// Takes what has arrived, up to max octets. *ret_whole: the line is complete.
static enum status receive(int fd, const char *path, size_t max, struct buf *buf, bool *ret_whole,
                           struct error *err)
{
    for (;;) {
        buf_reserve(buf, READ_MAX);
        ssize_t got = recv(fd, buf->data + buf->len, READ_MAX, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return STATUS_OK;
        if (got < 0)
            return error_set_errno(err, errno, "%s: cannot read the reply", path);
        if (got == 0)
            return error_set(err, STATUS_IO, "%s: the program ended before it had replied", path);
        const uint8_t *end = memchr(buf->data + buf->len, '\n', (size_t)got);
        if (end != NULL) {
            buf->len = (size_t)(end - buf->data);
            *ret_whole = true;
            return STATUS_OK;
        }
        buf->len += (size_t)got;
        if (buf->len > max)
            return error_set(err, STATUS_RANGE, "%s: the reply is too large", path);
    }
}

static enum status understand(const char *path, const struct buf *buf, json_t **ret,
                              struct error *err)
{
    json_error_t wrong;
    json_t *reply = json_loadb((const char *)buf->data, buf->len, 0, &wrong);
    const json_t *ok = json_object_get(reply, "ok");
    const char *words = json_string_value(json_object_get(reply, "error"));
    enum status status = STATUS_OK;
    if (json_is_true(ok))
        *ret = reply;
    else if (json_is_false(ok) && words != NULL)
        status = error_set(err, STATUS_STATE, "%s", words);
    else
        status = error_set(err, STATUS_SYNTAX, "%s: the reply makes no sense", path);
    if (status != STATUS_OK)
        json_decref(reply);
    return status;
}

static enum status too_late(const char *path, struct error *err)
{
    return error_set(err, STATUS_TIMEOUT, "%s: no reply in time", path);
}

// Waits for the reply on the connection.
static enum status wait_reply(int fd, const char *path, int64_t deadline, json_t **ret,
                              struct error *err)
{
    struct buf buf = {0};
    enum status status = STATUS_OK;
    for (bool whole = false; !whole && status == STATUS_OK;) {
        int64_t left = deadline - clock_ms();
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        if (left <= 0)
            status = too_late(path, err);
        else if (poll(&readable, 1, (int)left) > 0)
            status = receive(fd, path, CONTROL_REPLY_MAX, &buf, &whole, err);
    }
    if (status == STATUS_OK)
        status = understand(path, &buf, ret, err);
    buf_done(&buf);
    return status;
}

enum status control_ask(const char *path, const json_t *request, unsigned timeout_ms, json_t **ret,
                        struct error *err)
{
    int64_t deadline = clock_ms() + timeout_ms;
    char *line = NULL;
    int fd = -1;
    enum status status = make_line(request, &line, err);
    if (status != STATUS_OK)
        return status;
    while ((status = connect_and_send(path, line, &fd, err)) == STATUS_TIMEOUT &&
           clock_ms() < deadline)
        poll(NULL, 0, RETRY_MS);
    free(line);
    if (status != STATUS_OK)
        return status;
    status = wait_reply(fd, path, deadline, ret, err);
    close(fd);
    return status;
}

// ── Telling ──────────────────────────────────────────────────────────────────────────────────────

struct telling {
    uv_timer_t timer; // the next try, then the deadline
    uv_poll_t poll;   // while fd is open
    int fd;
    char *path;
    char *line;
    struct error err; // a request that cannot be sent: why
    uint64_t deadline;
    struct buf received;
    void (*done)(void *data, enum status status, const json_t *reply, const struct error *err);
    void *data;
};

static void on_timer_closed(uv_handle_t *handle)
{
    struct telling *telling = handle->data;
    if (telling->fd >= 0)
        close(telling->fd);
    buf_done(&telling->received);
    free(telling->path);
    free(telling->line);
    free(telling);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct telling *telling = handle->data;
    uv_close((uv_handle_t *)&telling->timer, on_timer_closed);
}

static void finish(struct telling *telling, enum status status, const json_t *reply,
                   const struct error *err)
{
    uv_timer_stop(&telling->timer);
    if (telling->fd >= 0)
        uv_close((uv_handle_t *)&telling->poll, on_poll_closed);
    else
        uv_close((uv_handle_t *)&telling->timer, on_timer_closed);
    telling->done(telling->data, status, reply, err);
}

static void on_reply(uv_poll_t *poll, int status, int events)
{
    struct telling *telling = poll->data;
    struct error err = {0};
    json_t *reply = NULL;
    bool whole = false;
    (void)status; // recv says what it is
    (void)events;
    enum status result =
        receive(telling->fd, telling->path, CONTROL_TOLD_MAX, &telling->received, &whole, &err);
    if (result == STATUS_OK && !whole)
        return;
    if (result == STATUS_OK)
        result = understand(telling->path, &telling->received, &reply, &err);
    finish(telling, result, reply, &err);
    json_decref(reply);
}

static void on_timer(uv_timer_t *timer)
{
    struct telling *telling = timer->data;
    struct error err = {0};
    uint64_t now = uv_now(timer->loop);
    enum status status;
    if (telling->fd >= 0) {
        status = too_late(telling->path, &err);
    } else {
        status = connect_and_send(telling->path, telling->line, &telling->fd, &err);
        if (status == STATUS_TIMEOUT && now < telling->deadline) {
            uv_timer_start(timer, on_timer, RETRY_MS, 0);
            return;
        }
    }
    if (status != STATUS_OK) {
        finish(telling, status, NULL, &err);
        return;
    }
    uv_poll_init(timer->loop, &telling->poll, telling->fd);
    telling->poll.data = telling;
    uv_poll_start(&telling->poll, UV_READABLE | UV_DISCONNECT, on_reply);
    uv_timer_start(timer, on_timer, telling->deadline > now ? telling->deadline - now : 0, 0);
}

static void on_refused(uv_timer_t *timer)
{
    struct telling *telling = timer->data;
    finish(telling, STATUS_RANGE, NULL, &telling->err);
}

void control_tell(uv_loop_t *loop, const char *path, const json_t *request, unsigned timeout_ms,
                  void (*done)(void *data, enum status status, const json_t *reply,
                               const struct error *err),
                  void *data)
{
    struct telling *telling = xcalloc(1, sizeof(*telling));
    telling->fd = -1;
    telling->path = xstrdup(path);
    telling->done = done;
    telling->data = data;
    telling->deadline = uv_now(loop) + timeout_ms;
    enum status status = make_line(request, &telling->line, &telling->err);
    uv_timer_init(loop, &telling->timer);
    telling->timer.data = telling;
    uv_timer_start(&telling->timer, status == STATUS_OK ? on_timer : on_refused, 0, 0);
}
