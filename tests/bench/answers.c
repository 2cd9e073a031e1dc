// SPDX-License-Identifier: ISC
// What answering costs without any socket: queries of a file, in batches, through the server's own entry, from the
// zones of a store. instructions.py counts around it; for a person it prints the time.
//
//   answers STORE QUERIES ROUNDS [REPLIES]
//
// The first round opens the zones; what is printed is of the others. REPLIES gets the first round's replies, each
// behind two octets of length, so that two versions of the server can be compared octet by octet.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <lmdb.h>

#include "dns/types.h"
#include "dns/wire.h"
#include "server/respond.h"
#include "tests/bench/queries.h"

#define BATCH 32 // as server/udp.c has it
// The store's map is huge, and valgrind has less room. The linker leads dns/store.c's call here (bench.cmake).
#define MAP_SIZE (UINT64_C(1) << 33)

int __real_mdb_env_set_mapsize(MDB_env *env, size_t size);
int __wrap_mdb_env_set_mapsize(MDB_env *env, size_t size);

int __wrap_mdb_env_set_mapsize(MDB_env *env, size_t size)
{
    return __real_mdb_env_set_mapsize(env, size < MAP_SIZE ? size : MAP_SIZE);
}

static void write_reply(const uint8_t *reply, size_t len, FILE *replies)
{
    uint8_t prefix[2];
    wire_set_u16(prefix, (uint16_t)len);
    fwrite(prefix, 1, sizeof(prefix), replies);
    fwrite(reply, 1, len, replies);
}

static void answer_batch(struct responder *responder, const struct queries *queries, size_t first,
                         unsigned count, FILE *replies)
{
    static uint8_t out[BATCH][DNS_UDP_EDNS_MAX];
    static const struct address client = {.v4 = {.sin_family = AF_INET}};
    struct exchange exchanges[BATCH];
    for (unsigned i = 0; i < count; i++)
        exchanges[i] = (struct exchange){.octets = queries_message(queries, first + i),
                                         .len = queries_len(queries, first + i),
                                         .client = &client,
                                         .out = out[i],
                                         .out_cap = sizeof(out[i])};
    respond_begin(responder);
    respond(responder, TRANSPORT_UDP, exchanges, count);
    respond_end(responder);
    for (unsigned i = 0; replies != NULL && i < count; i++)
        write_reply(out[i], exchanges[i].out_len, replies);
}

static void answer_all(struct responder *responder, const struct queries *queries, FILE *replies)
{
    for (size_t first = 0; first < queries->count; first += BATCH) {
        size_t left = queries->count - first;
        answer_batch(responder, queries, first, (unsigned)(left < BATCH ? left : BATCH), replies);
    }
}

static double cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: answers STORE QUERIES ROUNDS [REPLIES]\n");
        return 2;
    }
    struct queries queries = queries_read(argv[2]);
    unsigned long rounds = strtoul(argv[3], NULL, 10);
    struct responder responder = {.zones = zones_new(argv[1])};
    FILE *replies = argc > 4 ? fopen(argv[4], "w") : NULL;
    if (!zones_attend(responder.zones) || rounds == 0 || (argc > 4 && replies == NULL)) {
        fprintf(stderr, "answers: no store, no rounds, or the replies cannot be written\n");
        return 2;
    }
    answer_all(&responder, &queries, replies);
    double start = cpu_seconds();
    for (unsigned long round = 1; round < rounds; round++)
        answer_all(&responder, &queries, NULL);
    double answered = (double)queries.count * (double)(rounds - 1);
    printf("%.0f queries, %.0f ns each\n", answered,
           answered > 0 ? (cpu_seconds() - start) / answered * 1e9 : 0);
    if (replies != NULL)
        fclose(replies);
    zones_free(responder.zones);
    queries_done(&queries);
    return 0;
}
