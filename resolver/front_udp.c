// SPDX-License-Identifier: ISC
// UDP: datagrams are read until there are no more, each is asked, and replies are sent as they come. What is
// cached is answered within front_query; most of the cost is the library's, so there are no batches here.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "resolver/front_ask.h"

// Datagrams before the loop gets its turn: upstream answers, TCP and timers wait for a millisecond at most.
#define UDP_ROUND 64
// A query is a header, a name of 255 octets and an OPT with a few options. What is longer is cut and fails to parse.
#define UDP_QUERY_MAX 1500

struct front_udp {
    struct asker asker;
    uv_poll_t poll;
    int fd;
    struct front *front;
};

static void send_reply(struct asker *asker, const struct address *client, uint8_t *reply,
                       size_t len)
{
    struct front_udp *udp = (struct front_udp *)asker;
    // What the kernel does not take is lost as datagrams are: the client asks again.
    ssize_t sent;
    do
        sent = sendto(udp->fd, reply, len, MSG_DONTWAIT, &client->any, address_len(client));
    while (sent < 0 && errno == EINTR);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct front_udp *udp = poll->data;
    uint8_t octets[UDP_QUERY_MAX];
    (void)status;
    (void)events;
    for (unsigned i = 0; i < UDP_ROUND; i++) {
        struct address client = {0};
        socklen_t client_len = sizeof(client);
        ssize_t len =
            recvfrom(udp->fd, octets, sizeof(octets), MSG_DONTWAIT, &client.any, &client_len);
        if (len < 0)
            return; // empty, or an error of one client that ICMP brought and this call took away
        if (front_takes(udp->front, &client))
            front_query(udp->front, &udp->asker, &client, octets, (size_t)len);
    }
}

struct front_udp *front_udp_open(uv_loop_t *loop, int fd, struct front *front)
{
    struct front_udp *udp = xcalloc(1, sizeof(*udp));
    udp->asker.send = send_reply;
    udp->fd = fd;
    udp->front = front;
    uv_poll_init(loop, &udp->poll, fd);
    udp->poll.data = udp;
    uv_poll_start(&udp->poll, UV_READABLE, on_readable);
    return udp;
}

void front_udp_stop(struct front_udp *udp)
{
    uv_poll_stop(&udp->poll);
}

static void on_closed(uv_handle_t *handle)
{
    struct front_udp *udp = handle->data;
    struct front *front = udp->front;
    close(udp->fd);
    free(udp);
    front_transport_closed(front);
}

void front_udp_close(struct front_udp *udp)
{
    front_forget(udp->front, &udp->asker);
    uv_close((uv_handle_t *)&udp->poll, on_closed);
}
