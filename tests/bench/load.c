// SPDX-License-Identifier: ISC
// A UDP client that is not the limit: sends prepared queries in batches, keeps a window of them under way, counts
// what comes back. It checks nothing; whether answers are right is for the tests.
//
//   load ADDRESS PORT QUERIES SECONDS WINDOW SOCKETS
//
// QUERIES is a file of messages, each behind two octets of length, as on TCP. The window is shared by the sockets,
// each of which is one client to the server: SO_REUSEPORT gives each to one worker. Prints: answered lost seconds.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "tests/bench/queries.h"

// As many as the servers under test take in one system call, so that neither side waits for the other's batch.
#define BATCH 32
// Nothing came back for this long: what is under way counts as lost, or the window would stay closed.
#define LOST_AFTER_MS  500
#define RECEIVE_BUFFER (4 << 20)

struct client {
    struct queries queries;
    uint64_t window; // of each socket
    unsigned socket_count;
    struct pollfd *sockets;
    uint64_t *under_way; // of each socket
    uint64_t sent;
    uint64_t answered;
    uint64_t lost;
};

static void send_batch(struct client *client, unsigned which)
{
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    memset(messages, 0, sizeof(messages));
    for (size_t i = 0; i < BATCH; i++) {
        uint64_t query = client->sent + i;
        parts[i] = (struct iovec){(void *)(uintptr_t)queries_message(&client->queries, query),
                                  queries_len(&client->queries, query)};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int sent = sendmmsg(client->sockets[which].fd, messages, BATCH, 0);
    if (sent <= 0)
        return;
    client->sent += (uint64_t)sent;
    client->under_way[which] += (uint64_t)sent;
}

static void receive_all(struct client *client, unsigned which)
{
    static uint8_t packets[BATCH][2048];
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    int got;
    do {
        memset(messages, 0, sizeof(messages));
        for (size_t i = 0; i < BATCH; i++) {
            parts[i] = (struct iovec){packets[i], sizeof(packets[i])};
            messages[i].msg_hdr.msg_iov = &parts[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
        got = recvmmsg(client->sockets[which].fd, messages, BATCH, MSG_DONTWAIT, NULL);
        if (got > 0) {
            uint64_t known = client->under_way[which]; // what counted as lost may come after all
            client->under_way[which] -= known < (uint64_t)got ? known : (uint64_t)got;
            client->answered += (uint64_t)got;
        }
    } while (got == BATCH);
}

static void give_up_waiting(struct client *client)
{
    for (unsigned i = 0; i < client->socket_count; i++) {
        client->lost += client->under_way[i];
        client->under_way[i] = 0;
    }
}

static void run(struct client *client, double duration)
{
    double end = seconds_now() + duration;
    while (seconds_now() < end) {
        for (unsigned i = 0; i < client->socket_count; i++)
            while (client->under_way[i] + BATCH <= client->window)
                send_batch(client, i);
        if (poll(client->sockets, client->socket_count, LOST_AFTER_MS) == 0)
            give_up_waiting(client);
        for (unsigned i = 0; i < client->socket_count; i++)
            if (client->sockets[i].revents != 0)
                receive_all(client, i);
    }
}

static bool open_sockets(struct client *client, const struct address *server)
{
    client->sockets = xcalloc(client->socket_count, sizeof(*client->sockets));
    client->under_way = xcalloc(client->socket_count, sizeof(*client->under_way));
    for (unsigned i = 0; i < client->socket_count; i++) {
        int size = RECEIVE_BUFFER;
        int fd = socket(server->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        client->sockets[i] = (struct pollfd){.fd = fd, .events = POLLIN};
        if (fd < 0 || connect(fd, &server->any, address_len(server)) != 0)
            return false;
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    }
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: load ADDRESS PORT QUERIES SECONDS WINDOW SOCKETS\n");
        return 2;
    }
    struct address server = queries_server(argv[1], argv[2]);
    struct client client = {.queries = queries_read(argv[3]),
                            .socket_count = (unsigned)strtoul(argv[6], NULL, 10)};
    client.window = strtoull(argv[5], NULL, 10) / client.socket_count;
    if (client.window < BATCH || !open_sockets(&client, &server)) {
        fprintf(stderr, "load: the window has no room for a batch of %d, or no socket\n", BATCH);
        return 2;
    }
    double start = seconds_now();
    run(&client, strtod(argv[4], NULL));
    int code = queries_report(client.answered, client.lost, seconds_now() - start);
    queries_done(&client.queries);
    free(client.sockets);
    free(client.under_way);
    return code;
}
