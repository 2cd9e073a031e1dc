// SPDX-License-Identifier: ISC
// A TCP client that is not the limit: connections that keep some queries under way each, or ask one and close.
//
//   load_tcp ADDRESS PORT QUERIES SECONDS CONNECTIONS PIPELINED     PIPELINED 0: one query on each connection
//
// As load.c otherwise. Connections come from many addresses of 127.0.0.0/8 in turn, so that neither ports nor a
// server's quota per address end while closed ones wait out their time.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dns/wire.h"
#include "tests/bench/queries.h"

#define SOURCES   64 // 127.0.1.1 and following
#define READ_SIZE (1U << 18)
#define EVENTS    64
#define IDLE_MS   1000 // nothing came for so long: the server has given up

struct connection {
    int fd;
    uint64_t asked;
    uint64_t answered;
    // Where the reader stands: octets of the length seen, and those of the message still to come.
    unsigned len_octets;
    size_t left;
};

struct client {
    struct queries queries;
    struct address server;
    int epoll;
    unsigned pipelined;
    bool once;
    unsigned next_source;
    uint64_t sent;
    uint64_t answered;
    uint64_t lost;
};

static void fail(const char *what)
{
    fprintf(stderr, "load_tcp: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void bind_source(struct client *client, int fd)
{
    struct sockaddr_in source = {.sin_family = AF_INET};
    int one = 1;
    source.sin_addr.s_addr = htonl(0x7f000101U + client->next_source++ % SOURCES);
    setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&source, sizeof(source)) != 0)
        fail("bind");
}

// Sends the queries that are wanted next in one piece: what a pipeline holds fits into a socket's buffer.
static void ask(struct client *client, struct connection *connection, uint64_t count)
{
    static uint8_t octets[READ_SIZE];
    size_t len = 0;
    for (uint64_t i = 0; i < count; i++) {
        size_t which = client->sent++ % client->queries.count;
        size_t framed = 2U + client->queries.lens[which];
        memcpy(octets + len, client->queries.framed[which], framed);
        len += framed;
    }
    if (send(connection->fd, octets, len, MSG_NOSIGNAL) == (ssize_t)len)
        connection->asked += count;
    else
        client->lost += count;
}

static void connect_again(struct client *client, struct connection *connection)
{
    *connection = (struct connection){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (connection->fd < 0)
        fail("socket");
    bind_source(client, connection->fd);
    if (connect(connection->fd, &client->server.any, address_len(&client->server)) != 0)
        fail("connect");
    int one = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(client->epoll, EPOLL_CTL_ADD, connection->fd, &event) != 0)
        fail("epoll_ctl");
    ask(client, connection, client->once ? 1 : client->pipelined);
}

// Counts the whole replies in what came.
static void count_replies(struct connection *connection, const uint8_t *octets, size_t len)
{
    for (size_t at = 0; at < len;) {
        if (connection->len_octets < 2) {
            connection->left = connection->left << 8 | octets[at++];
            connection->len_octets++;
            continue;
        }
        size_t step = len - at < connection->left ? len - at : connection->left;
        at += step;
        connection->left -= step;
        if (connection->left == 0) {
            connection->len_octets = 0;
            connection->answered++;
        }
    }
}

static void on_readable(struct client *client, struct connection *connection)
{
    static uint8_t octets[READ_SIZE];
    ssize_t len = read(connection->fd, octets, sizeof(octets));
    uint64_t before = connection->answered;
    if (len > 0)
        count_replies(connection, octets, (size_t)len);
    client->answered += connection->answered - before;
    bool done = client->once && connection->answered > 0;
    if (len <= 0 || done) {
        client->lost += connection->asked - connection->answered;
        close(connection->fd);
        connect_again(client, connection);
        return;
    }
    uint64_t under_way = connection->asked - connection->answered;
    if (!client->once && under_way < client->pipelined)
        ask(client, connection, client->pipelined - under_way);
}

static void run(struct client *client, double duration)
{
    double end = seconds_now() + duration;
    while (seconds_now() < end) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(client->epoll, events, EVENTS, IDLE_MS);
        if (count == 0) {
            fprintf(stderr, "load_tcp: no answer for %d ms\n", IDLE_MS);
            exit(1);
        }
        for (int i = 0; i < count; i++)
            on_readable(client, events[i].data.ptr);
    }
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: load_tcp ADDRESS PORT QUERIES SECONDS CONNECTIONS PIPELINED\n");
        return 2;
    }
    struct client client = {.queries = queries_read(argv[3]),
                            .server = queries_server(argv[1], argv[2]),
                            .epoll = epoll_create1(EPOLL_CLOEXEC),
                            .pipelined = (unsigned)strtoul(argv[6], NULL, 10)};
    client.once = client.pipelined == 0;
    unsigned count = (unsigned)strtoul(argv[5], NULL, 10);
    struct connection *connections = xcalloc(count, sizeof(*connections));
    double start = seconds_now();
    for (unsigned i = 0; i < count; i++)
        connect_again(&client, &connections[i]);
    run(&client, strtod(argv[4], NULL));
    int code = queries_report(client.answered, client.lost, seconds_now() - start);
    for (unsigned i = 0; i < count; i++)
        close(connections[i].fd);
    close(client.epoll);
    free(connections);
    queries_done(&client.queries);
    return code;
}
