// SPDX-License-Identifier: ISC
#include "base/acceptor.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_readable(uv_poll_t *poll, int status, int events);

static void watch(struct acceptor *acceptor)
{
    if (!acceptor->held)
        uv_poll_start(&acceptor->poll, UV_READABLE, on_readable);
}

static void on_pause_over(uv_timer_t *timer)
{
    watch(timer->data);
}

static bool somebody_waits(int fd)
{
    struct pollfd listening = {.fd = fd, .events = POLLIN};
    return poll(&listening, 1, 0) > 0;
}

// Whether to go on at once.
static bool after_failure(struct acceptor *acceptor, int reason)
{
    if (reason == EINTR || reason == ECONNABORTED)
        return true;
    // accept(2) wants a descriptor first, and looks then whether anybody is there.
    if (reason == EAGAIN || !somebody_waits(acceptor->fd))
        return false;
    if (acceptor->make_room != NULL && acceptor->make_room(acceptor))
        return true;
    uv_poll_stop(&acceptor->poll);
    uv_timer_start(&acceptor->pause, on_pause_over, ACCEPTOR_PAUSE_MS, 0);
    return false;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct acceptor *acceptor = poll->data;
    (void)status; // accept says what it is
    (void)events;
    for (int i = 0; i < ACCEPTOR_TURN && uv_is_active((uv_handle_t *)poll); i++) {
        socklen_t len = sizeof(acceptor->peer);
        int fd = accept4(acceptor->fd, &acceptor->peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            acceptor->connected(acceptor, fd);
        else if (!after_failure(acceptor, errno))
            return;
    }
}

int acceptor_open(struct acceptor *acceptor, uv_loop_t *loop, int fd, int backlog)
{
    acceptor->fd = fd;
    acceptor->held = false;
    acceptor->has_poll = false;
    acceptor->open = 2;
    uv_timer_init(loop, &acceptor->pause);
    // With the first stream of a loop libuv opens a descriptor that it keeps: better now than with the first
    // connection, when the program may be confined and each one would try in vain.
    uv_pipe_init(loop, &acceptor->stream, 0);
    acceptor->pause.data = acceptor->stream.data = acceptor->poll.data = acceptor;
    if (listen(fd, backlog) != 0)
        return uv_translate_sys_error(errno);
    int status = uv_poll_init(loop, &acceptor->poll, fd);
    if (status != 0)
        return status;
    acceptor->has_poll = true;
    acceptor->open++;
    watch(acceptor);
    return 0;
}

void acceptor_hold(struct acceptor *acceptor)
{
    acceptor->held = true;
    uv_poll_stop(&acceptor->poll);
}

void acceptor_go_on(struct acceptor *acceptor)
{
    acceptor->held = false;
    watch(acceptor);
}

static void on_closed(uv_handle_t *handle)
{
    struct acceptor *acceptor = handle->data;
    if (--acceptor->open == 0)
        acceptor->closed(acceptor);
}

void acceptor_close(struct acceptor *acceptor, void (*closed)(struct acceptor *acceptor))
{
    acceptor->closed = closed;
    if (acceptor->has_poll)
        uv_close((uv_handle_t *)&acceptor->poll, on_closed); // lets go of the descriptor at once
    uv_close((uv_handle_t *)&acceptor->pause, on_closed);
    uv_close((uv_handle_t *)&acceptor->stream, on_closed);
    close(acceptor->fd);
}
