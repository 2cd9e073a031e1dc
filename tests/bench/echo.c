// SPDX-License-Identifier: ISC
// The floor: a server that does nothing but take messages and send as many octets back as an answer would have, with
// the system calls that a name server on libuv needs at least: recvmmsg and sendmmsg, accept4, read and write over
// uv_poll. How many octets is said by the message's ID, which `sized` has put there.
//
//   echo PORT      UDP and TCP on 127.0.0.1
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/alloc.h"
#include "dns/wire.h"

#define BATCH      32
#define ROUNDS     16
#define REPLY_MAX  2048
#define READ_SIZE  (1U << 16)
#define WRITE_SIZE (1U << 20)
#define BACKLOG    511

static struct mmsghdr messages[BATCH];
static struct iovec parts[BATCH];
static struct sockaddr_in clients[BATCH];
static uint8_t octets[BATCH][REPLY_MAX];

static size_t reply_len(const uint8_t *message)
{
    size_t len = wire_get_u16(message);
    return len < REPLY_MAX ? len : REPLY_MAX;
}

// ── UDP ──────────────────────────────────────────────────────────────────────────────────────────

static int receive_batch(int fd)
{
    for (unsigned i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){octets[i], REPLY_MAX};
        messages[i].msg_hdr = (struct msghdr){.msg_name = &clients[i],
                                              .msg_namelen = sizeof(clients[i]),
                                              .msg_iov = &parts[i],
                                              .msg_iovlen = 1};
    }
    return recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
}

static void on_datagrams(uv_poll_t *poll, int status, int events)
{
    int fd, count = BATCH;
    (void)status;
    (void)events;
    uv_fileno((uv_handle_t *)poll, &fd);
    for (unsigned round = 0; round < ROUNDS && count == BATCH; round++) {
        count = receive_batch(fd);
        for (int i = 0; i < count; i++)
            parts[i].iov_len = reply_len(octets[i]);
        for (int sent = 0; sent < count;) {
            int more = sendmmsg(fd, messages + sent, (unsigned)(count - sent), 0);
            if (more <= 0)
                break;
            sent += more;
        }
    }
}

// ── TCP ──────────────────────────────────────────────────────────────────────────────────────────

struct connection {
    uv_poll_t poll;
    int fd;
    size_t len; // of what waits, an incomplete message
    uint8_t waiting[READ_SIZE];
};

static struct connection *spare; // one closed block is used again

static void on_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    close(connection->fd);
    free(spare);
    spare = connection;
}

static void on_stream(uv_poll_t *poll, int status, int events)
{
    static uint8_t replies[WRITE_SIZE];
    struct connection *connection = poll->data;
    (void)status;
    (void)events;
    ssize_t got =
        read(connection->fd, connection->waiting + connection->len, READ_SIZE - connection->len);
    if (got <= 0) {
        uv_poll_stop(poll);
        uv_close((uv_handle_t *)poll, on_closed);
        return;
    }
    connection->len += (size_t)got;
    size_t at = 0, out = 0;
    while (connection->len - at >= 4) {
        size_t len = 2U + wire_get_u16(connection->waiting + at);
        size_t reply = reply_len(connection->waiting + at + 2);
        if (connection->len - at < len || out + reply + 2 > WRITE_SIZE)
            break;
        wire_set_u16(replies + out, (uint16_t)reply);
        out += 2 + reply;
        at += len;
    }
    memmove(connection->waiting, connection->waiting + at, connection->len - at);
    connection->len -= at;
    if (out > 0 && write(connection->fd, replies, out) != (ssize_t)out)
        fprintf(stderr, "echo: a client does not read\n");
}

static void on_connections(uv_poll_t *poll, int status, int events)
{
    int listener, fd;
    (void)status;
    (void)events;
    uv_fileno((uv_handle_t *)poll, &listener);
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = spare != NULL ? spare : xcalloc(1, sizeof(*connection));
        spare = NULL;
        connection->fd = fd;
        connection->len = 0;
        uv_poll_init(poll->loop, &connection->poll, fd);
        connection->poll.data = connection;
        uv_poll_start(&connection->poll, UV_READABLE, on_stream);
    }
}

// ── Both ─────────────────────────────────────────────────────────────────────────────────────────

static int open_socket(int type, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); // UDP has none, and says so
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        (type == SOCK_STREAM && listen(fd, BACKLOG) != 0)) {
        perror("echo");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    uv_loop_t *loop = uv_default_loop();
    uv_poll_t datagrams, connections;
    uint16_t port = argc == 2 ? (uint16_t)strtoul(argv[1], NULL, 10) : 0;
    if (port == 0) {
        fprintf(stderr, "usage: echo PORT\n");
        return 2;
    }
    uv_poll_init(loop, &datagrams, open_socket(SOCK_DGRAM, port));
    uv_poll_init(loop, &connections, open_socket(SOCK_STREAM, port));
    uv_poll_start(&datagrams, UV_READABLE, on_datagrams);
    uv_poll_start(&connections, UV_READABLE, on_connections);
    return uv_run(loop, UV_RUN_DEFAULT);
}
