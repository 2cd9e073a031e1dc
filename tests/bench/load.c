// SPDX-License-Identifier: ISC
// A UDP client that is not the limit: sends prepared queries in batches, keeps a window of them under way, counts what
// comes back. It checks nothing but the message ID's round trip; whether answers are right is for the tests.
//
//   load ADDRESS PORT QUERIES SECONDS WINDOW
//
// QUERIES is a file of messages, each behind two octets of length, as on TCP. Prints: answered lost seconds.
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/address.h"
#include "base/alloc.h"
#include "base/file.h"
#include "dns/wire.h"

// As many as the servers under test take in one system call, so that neither side waits for the other's batch.
#define BATCH 32
// Nothing came back for this long: what is under way counts as lost, or the window would stay closed.
#define LOST_AFTER_MS 100

struct queries {
    const uint8_t **messages;
    uint16_t *lens;
    size_t count;
};

struct tally {
    uint64_t sent;
    uint64_t answered;
    uint64_t lost;
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct queries read_queries(const char *path, struct buf *text)
{
    struct error err = {0};
    if (file_read(path, 1U << 30, text, &err) != STATUS_OK) {
        fprintf(stderr, "load: %s\n", err.text);
        exit(2);
    }
    struct queries queries = {0};
    size_t cap = 0;
    struct wire_reader reader = wire_reader(text->data, text->len);
    while (wire_left(&reader) > 0) {
        uint16_t len = wire_u16(&reader);
        const uint8_t *message = wire_take(&reader, len);
        if (message == NULL)
            break;
        size_t old = cap;
        queries.messages =
            array_grow(queries.messages, &cap, queries.count, sizeof(*queries.messages));
        if (cap != old)
            queries.lens = xreallocarray(queries.lens, cap, sizeof(*queries.lens));
        queries.messages[queries.count] = message;
        queries.lens[queries.count++] = len;
    }
    if (queries.count == 0) {
        fprintf(stderr, "load: no queries in %s\n", path);
        exit(2);
    }
    return queries;
}

static void send_batch(int fd, const struct queries *queries, struct tally *tally)
{
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    memset(messages, 0, sizeof(messages));
    for (size_t i = 0; i < BATCH; i++) {
        size_t which = (tally->sent + i) % queries->count;
        parts[i] =
            (struct iovec){(void *)(uintptr_t)queries->messages[which], queries->lens[which]};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int sent = sendmmsg(fd, messages, BATCH, 0);
    if (sent > 0)
        tally->sent += (uint64_t)sent;
}

static void receive_all(int fd, struct tally *tally)
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
        got = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
        if (got > 0)
            tally->answered += (uint64_t)got;
    } while (got == BATCH);
}

static void run(int fd, const struct queries *queries, double duration, uint64_t window,
                struct tally *tally)
{
    double end = seconds() + duration;
    while (seconds() < end) {
        while (tally->sent - tally->answered - tally->lost + BATCH <= window)
            send_batch(fd, queries, tally);
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, LOST_AFTER_MS) == 0)
            tally->lost = tally->sent - tally->answered;
        receive_all(fd, tally);
    }
}

int main(int argc, char **argv)
{
    struct address server;
    struct error err = {0};
    if (argc != 6 || address_parse(argv[1], (uint16_t)strtoul(argv[2], NULL, 10), &server, &err)) {
        fprintf(stderr, "usage: load ADDRESS PORT QUERIES SECONDS WINDOW\n");
        return 2;
    }
    struct buf text = {0};
    struct queries queries = read_queries(argv[3], &text);
    int fd = socket(server.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int size = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (fd < 0 || connect(fd, &server.any, address_len(&server)) != 0) {
        perror("load: connect");
        return 1;
    }
    struct tally tally = {0};
    double start = seconds();
    run(fd, &queries, strtod(argv[4], NULL), strtoull(argv[5], NULL, 10), &tally);
    printf("%llu %llu %.3f\n", (unsigned long long)tally.answered, (unsigned long long)tally.lost,
           seconds() - start);
    free(queries.messages);
    free(queries.lens);
    buf_done(&text);
    return tally.answered > 0 ? 0 : 1;
}
