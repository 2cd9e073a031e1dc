// SPDX-License-Identifier: ISC
// How soon a commit is served: writes a zone with a new serial into the store that a server reads and asks for its
// SOA until the serial is there. For a store that no signer has open.
//
//   visible SERVE-DIRECTORY ADDRESS PORT ROUNDS      prints milliseconds from the commit to the answer, a line each
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dns/name.h"
#include "dns/store.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "tests/bench/queries.h"
#include "tests/support/zone_text.h"

#define APEX       "\7visible\4test"
#define APEX_TEXT  "visible.test."
#define REPLY_MAX  512
#define WAIT_MS    1000
#define SERIAL_END 16 // octets from the serial's last one to the end of a SOA: four numbers

static void expect(enum status status, const struct error *err)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "visible: %s\n", err->text);
    exit(1);
}

static void commit(struct store *store, uint32_t serial)
{
    struct error err = {0};
    struct store_txn *txn;
    struct buf image = {0};
    struct name_key key;
    char *text = xasprintf(
        "@ SOA ns hostmaster %u 14400 3600 604800 300\n@ NS ns\nns A 192.0.2.1\n", serial);
    zone_text_image(APEX_TEXT, text, &image);
    name_key((const uint8_t *)APEX, &key);
    struct store_entry entry = {key.octets, key.len, image.data, image.len};
    expect(store_begin(store, &txn, &err), &err);
    expect(store_put(txn, STORE_IMAGES, &entry, &err), &err);
    expect(store_commit(txn, NULL, &err), &err);
    buf_done(&image);
    free(text);
}

// The serial that is served, 0 when the zone is not.
static uint32_t ask(int fd)
{
    uint8_t query[DNS_HEADER_LEN + sizeof(APEX) + 4] = {[5] = 1}, reply[REPLY_MAX];
    memcpy(query + DNS_HEADER_LEN, APEX, sizeof(APEX));
    wire_set_u16(query + DNS_HEADER_LEN + sizeof(APEX), RR_TYPE_SOA);
    wire_set_u16(query + DNS_HEADER_LEN + sizeof(APEX) + 2, RR_CLASS_IN);
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    ssize_t len = 0;
    if (send(fd, query, sizeof(query), 0) > 0 && poll(&ready, 1, WAIT_MS) > 0)
        len = recv(fd, reply, sizeof(reply), 0);
    bool answered = len > SERIAL_END + 4 && wire_get_u16(reply + 6) == 1;
    return answered ? wire_get_u32(reply + len - SERIAL_END - 4) : 0;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: visible SERVE-DIRECTORY ADDRESS PORT ROUNDS\n");
        return 2;
    }
    struct error err = {0};
    struct store *store;
    struct address server = queries_server(argv[2], argv[3]);
    expect(store_open_writer(argv[1], STORE_SERVE, &store, &err), &err);
    int fd = socket(server.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, &server.any, address_len(&server)) != 0) {
        perror("visible");
        return 1;
    }
    unsigned rounds = (unsigned)strtoul(argv[4], NULL, 10);
    for (uint32_t serial = 1; serial <= rounds; serial++) {
        commit(store, serial);
        double begin = seconds_now();
        while (ask(fd) != serial)
            if (seconds_now() - begin > 10) {
                fprintf(stderr, "visible: serial %u is not served\n", serial);
                return 1;
            }
        printf("%.3f\n", (seconds_now() - begin) * 1e3);
    }
    close(fd);
    store_close(store);
    return EXIT_SUCCESS;
}
