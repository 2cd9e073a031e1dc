// SPDX-License-Identifier: ISC
#include "signer/observe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "base/log.h"

// Messages in one turn of the loop, so that a flood leaves time for the zones.
#define AT_ONCE 64

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct observe *observe = poll->data;
    (void)events;
    for (int i = 0; status >= 0 && i < AT_ONCE; i++) {
        struct observe_answer answer;
        ssize_t len = recv(observe->fd, &answer, sizeof(answer), MSG_DONTWAIT | MSG_TRUNC);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (len <= 0) {
            status = UV_EOF; // zoned has the other end, too, so it has not merely been restarted
            break;
        }
        if (len == (ssize_t)sizeof(answer) && observe->fd >= 0)
            observe->answered(observe, &answer);
    }
    if (status >= 0)
        return;
    log_event(LOG_LEVEL_WARNING, "observer-lost", "reason",
              "zone-probe cannot be asked any more: next keys do not become safe, keys that leave "
              "are not withdrawn, and new DKIM keys of domains that others serve stay pending",
              NULL);
    observe_stop(observe);
}

void observe_start(struct observe *observe, uv_loop_t *loop, int fd)
{
    observe->fd = -1;
    if (fd < 0 || uv_poll_init(loop, &observe->poll, fd) != 0)
        return;
    observe->fd = fd;
    observe->poll.data = observe;
    uv_poll_start(&observe->poll, UV_READABLE, on_readable);
}

void observe_send(struct observe *observe, const struct observe_question *question)
{
    if (observe->fd >= 0)
        (void)!send(observe->fd, question, sizeof(*question), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void observe_stop(struct observe *observe)
{
    if (observe->fd < 0)
        return;
    observe->fd = -1;
    uv_close((uv_handle_t *)&observe->poll, NULL);
}
