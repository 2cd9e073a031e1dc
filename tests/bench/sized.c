// SPDX-License-Identifier: ISC
// Asks a server each query of a file over UDP and writes the same queries again, with the length of the reply in
// place of the message ID: so that `echo` sends as many octets as that server does.
//
//   sized ADDRESS PORT QUERIES OUT
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dns/wire.h"
#include "tests/bench/queries.h"

#define PACKET_MAX 2048
#define AT_A_TIME  32 // under way; fewer than a socket's buffer holds
#define WAIT_MS    1000
#define TRIES      5

// Asks queries `from` to `to` - 1, each under its place as ID, and notes the lengths of their replies; 0: none came.
static void ask(int fd, const struct queries *queries, size_t from, size_t to, uint16_t *lens)
{
    uint8_t packet[PACKET_MAX];
    size_t left = 0;
    for (size_t i = from; i < to; i++) {
        if (lens[i] != 0)
            continue;
        memcpy(packet, queries_message(queries, i), queries_len(queries, i));
        wire_set_u16(packet, (uint16_t)(i - from));
        left += send(fd, packet, queries_len(queries, i), 0) > 0;
    }
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while (left > 0 && poll(&ready, 1, WAIT_MS) > 0) {
        ssize_t len = recv(fd, packet, sizeof(packet), 0);
        if (len < 2 || from + wire_get_u16(packet) >= to)
            continue;
        lens[from + wire_get_u16(packet)] = (uint16_t)len;
        left--;
    }
}

static bool write_all(const char *path, const struct queries *queries, const uint16_t *lens)
{
    FILE *file = fopen(path, "wb");
    for (size_t i = 0; file != NULL && i < queries->count; i++) {
        uint8_t head[4];
        wire_set_u16(head, queries->lens[i]);
        wire_set_u16(head + 2, lens[i]);
        fwrite(head, 1, sizeof(head), file);
        fwrite(queries_message(queries, i) + 2, 1, queries_len(queries, i) - 2, file);
    }
    return file != NULL && fclose(file) == 0;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: sized ADDRESS PORT QUERIES OUT\n");
        return 2;
    }
    struct address server = queries_server(argv[1], argv[2]);
    struct queries queries = queries_read(argv[3]);
    uint16_t *lens = xcalloc(queries.count, sizeof(*lens));
    int fd = socket(server.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, &server.any, address_len(&server)) != 0) {
        perror("sized");
        return 1;
    }
    double total = 0;
    for (size_t i = 0; i < queries.count; i++) {
        if (i % AT_A_TIME == 0) {
            size_t to = i + AT_A_TIME < queries.count ? i + AT_A_TIME : queries.count;
            for (unsigned try = 0; try < TRIES; try++)
                ask(fd, &queries, i, to, lens);
        }
        if (lens[i] == 0) {
            fprintf(stderr, "sized: query %zu gets no reply\n", i);
            return 1;
        }
        total += lens[i];
    }
    printf("%.0f\n", total / (double)queries.count);
    bool written = write_all(argv[4], &queries, lens);
    free(lens);
    queries_done(&queries);
    close(fd);
    return written ? EXIT_SUCCESS : EXIT_FAILURE;
}
