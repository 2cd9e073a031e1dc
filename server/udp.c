// SPDX-License-Identifier: ISC
#include "server/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dns/types.h"
#include "server/slip.h"

// Datagrams that one system call takes. The cost of a call is shared by its datagrams and is mostly
// gone with 32 of them; more would make the first one wait for the last, and the buffers leave the
// second-level cache.
#define UDP_BATCH 32
// Batches before the loop gets its turn: TCP and timers wait for a millisecond at most under a
// flood, and a renewed snapshot is never older than a batch in any case.
#define UDP_ROUNDS 16
// A query is a header, a name of 255 octets and an OPT with a few options. What is longer than an
// Ethernet frame is cut by the kernel and then fails to parse.
#define UDP_QUERY_MAX 1500

struct udp {
    uv_poll_t poll;
    int fd;
    struct address own; // that the socket is bound to
    struct responder *responder;
    struct limits *limits; // or NULL: none
    struct statistics *statistics;
    bool paused;
    int awaited;          // events that poll is started for; 0: none
    unsigned reply_count; // to be sent,
    unsigned reply_sent;  // and how many of them are
    struct mmsghdr queries[UDP_BATCH];
    struct mmsghdr replies[UDP_BATCH];
    struct iovec query_parts[UDP_BATCH];
    struct iovec reply_parts[UDP_BATCH];
    struct address clients[UDP_BATCH];
    struct exchange exchanges[UDP_BATCH];
    uint8_t query_octets[UDP_BATCH][UDP_QUERY_MAX];
    uint8_t reply_octets[UDP_BATCH][DNS_UDP_EDNS_MAX];
};

static void on_event(uv_poll_t *poll, int status, int events);

static void slip(struct udp *udp, struct exchange *exchange)
{
    struct outcome *outcome = &exchange->outcome;
    bool cookie = outcome->cookie != COOKIE_NONE;
    exchange->out_len = slip_make(exchange->out, exchange->out_len, cookie);
    outcome->rcode = cookie ? RCODE_BADCOOKIE : RCODE_NOERROR;
    outcome->truncated = outcome->truncated && !cookie;
    udp->statistics->slipped++;
}

// Does this host ask itself? A reply to the address that the socket is bound to does not leave the host, so that a
// flood of them reaches nobody, whoever asked (decision 034).
static inline bool is_from_here(const struct udp *udp, const struct address *client)
{
    if (udp->own.any.sa_family == AF_INET)
        return client->v4.sin_addr.s_addr == udp->own.v4.sin_addr.s_addr;
    return memcmp(&client->v6.sin6_addr, &udp->own.v6.sin6_addr, sizeof(struct in6_addr)) == 0;
}

// Takes back a reply, or cuts it, when the client's network has had enough of such. An error is as short as what is
// left of others, and goes as it is.
static void limit_reply(struct udp *udp, struct exchange *exchange, uint64_t now_ms)
{
    if (exchange->out_len == 0 || is_from_here(udp, exchange->client))
        return;
    switch (limits_judge(udp->limits, exchange->client, &exchange->outcome, now_ms)) {
    case LIMITS_SEND:
        break;
    case LIMITS_SLIP:
        if (exchange->outcome.kind == OUTCOME_ERROR)
            break;
        slip(udp, exchange);
        break;
    case LIMITS_DROP:
        exchange->out_len = 0;
        break;
    }
}

static void limit_replies(struct udp *udp, unsigned count)
{
    uint64_t now_ms = uv_now(udp->poll.loop);
    for (unsigned i = 0; udp->limits != NULL && i < count; i++)
        limit_reply(udp, &udp->exchanges[i], now_ms);
}

// Answers the first `count` datagrams of the batch under one snapshot.
static void answer_batch(struct udp *udp, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        udp->exchanges[i].len = udp->queries[i].msg_len;
        if (udp->limits != NULL)
            limits_prefetch(udp->limits, udp->exchanges[i].client);
    }
    respond_begin(udp->responder);
    respond(udp->responder, TRANSPORT_UDP, udp->exchanges, count);
    respond_end(udp->responder);
    limit_replies(udp, count);
    statistics_count(udp->statistics, TRANSPORT_UDP, udp->exchanges, count);
    udp->reply_count = 0;
    udp->reply_sent = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct exchange *exchange = &udp->exchanges[i];
        if (exchange->out_len == 0)
            continue;
        unsigned n = udp->reply_count++;
        udp->reply_parts[n] = (struct iovec){exchange->out, exchange->out_len};
        udp->replies[n].msg_hdr.msg_name = udp->queries[i].msg_hdr.msg_name;
        udp->replies[n].msg_hdr.msg_namelen = udp->queries[i].msg_hdr.msg_namelen;
    }
}

// This client cannot be reached (a spoofed port 0, a firewall): on with the next.
static void skip_reply(struct udp *udp)
{
    udp->reply_sent++;
    udp->statistics->unsent++;
}

// Sends what is left of the batch. False when the socket takes no more now.
static bool send_replies(struct udp *udp)
{
    while (udp->reply_sent < udp->reply_count) {
        int sent = sendmmsg(udp->fd, udp->replies + udp->reply_sent,
                            udp->reply_count - udp->reply_sent, MSG_DONTWAIT);
        if (sent > 0)
            udp->reply_sent += (unsigned)sent;
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            return false;
        else if (errno != EINTR)
            skip_reply(udp);
    }
    return true;
}

static int receive_batch(struct udp *udp)
{
    for (unsigned i = 0; i < UDP_BATCH; i++)
        udp->queries[i].msg_hdr.msg_namelen = sizeof(udp->clients[i]); // the kernel shortened it
    return recvmmsg(udp->fd, udp->queries, UDP_BATCH, MSG_DONTWAIT, NULL);
}

// libuv takes a socket out of epoll and in again, two system calls, whenever it is told what to wait for: it is told
// changes only.
static void await(struct udp *udp, int events)
{
    if (udp->awaited == events)
        return;
    udp->awaited = events;
    if (events == 0)
        uv_poll_stop(&udp->poll);
    else
        uv_poll_start(&udp->poll, events, on_event);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct udp *udp = poll->data;
    (void)events;
    if (status < 0)
        udp->awaited = 0; // libuv has stopped it
    if (!send_replies(udp)) {
        await(udp, UV_WRITABLE);
        return;
    }
    if (udp->paused) {
        await(udp, 0);
        return;
    }
    for (unsigned round = 0; round < UDP_ROUNDS; round++) {
        int count = receive_batch(udp);
        if (count <= 0)
            break; // empty, or an error of one client that ICMP brought and this call took away
        answer_batch(udp, (unsigned)count);
        if (!send_replies(udp)) { // take no more queries than answers get away
            await(udp, UV_WRITABLE);
            return;
        }
        if (count < UDP_BATCH)
            break;
    }
    await(udp, UV_READABLE);
}

struct udp *udp_open(uv_loop_t *loop, int fd, struct responder *responder, struct limits *limits,
                     struct statistics *statistics)
{
    struct udp *udp = xcalloc(1, sizeof(*udp));
    udp->fd = fd;
    socklen_t own_len = sizeof(udp->own);
    memset(&udp->own, 0xff, sizeof(udp->own)); // no client's address, should there be no other
    (void)getsockname(fd, &udp->own.any, &own_len);
    udp->responder = responder;
    udp->limits = limits;
    udp->statistics = statistics;
    for (unsigned i = 0; i < UDP_BATCH; i++) {
        udp->query_parts[i] = (struct iovec){udp->query_octets[i], UDP_QUERY_MAX};
        udp->exchanges[i] = (struct exchange){.octets = udp->query_octets[i],
                                              .client = &udp->clients[i],
                                              .out = udp->reply_octets[i],
                                              .out_cap = DNS_UDP_EDNS_MAX};
        udp->queries[i].msg_hdr = (struct msghdr){
            .msg_name = &udp->clients[i], .msg_iov = &udp->query_parts[i], .msg_iovlen = 1};
        udp->replies[i].msg_hdr = (struct msghdr){.msg_iov = &udp->reply_parts[i], .msg_iovlen = 1};
    }
    uv_poll_init(loop, &udp->poll, fd);
    udp->poll.data = udp;
    await(udp, UV_READABLE);
    return udp;
}

void udp_pause(struct udp *udp)
{
    udp->paused = true;
    if (udp->reply_sent == udp->reply_count)
        await(udp, 0);
}

void udp_resume(struct udp *udp)
{
    udp->paused = false;
    if (udp->reply_sent == udp->reply_count) // else it is being waited for room
        await(udp, UV_READABLE);
}

static void on_closed(uv_handle_t *handle)
{
    struct udp *udp = handle->data;
    close(udp->fd);
    free(udp);
}

void udp_close(struct udp *udp)
{
    if (udp == NULL)
        return;
    uv_poll_stop(&udp->poll);
    uv_close((uv_handle_t *)&udp->poll, on_closed);
}
