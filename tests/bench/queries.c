// SPDX-License-Identifier: ISC
#include "tests/bench/queries.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/file.h"
#include "dns/wire.h"

#define FILE_MAX (1U << 30)

static void give_up(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(2);
}

struct queries queries_read(const char *path)
{
    struct error err = {0};
    struct queries queries = {0};
    size_t cap = 0, lens_cap = 0;
    if (file_read(path, FILE_MAX, &queries.text, &err) != STATUS_OK)
        give_up(err.text);
    struct wire_reader reader = wire_reader(queries.text.data, queries.text.len);
    while (wire_left(&reader) > 0) {
        const uint8_t *framed = reader.at;
        uint16_t len = wire_u16(&reader);
        if (wire_take(&reader, len) == NULL)
            give_up("the file of queries ends within one");
        queries.framed = array_grow(queries.framed, &cap, queries.count, sizeof(*queries.framed));
        queries.lens = array_grow(queries.lens, &lens_cap, queries.count, sizeof(*queries.lens));
        queries.framed[queries.count] = framed;
        queries.lens[queries.count++] = len;
    }
    if (queries.count == 0)
        give_up("no queries in the file");
    return queries;
}

void queries_done(struct queries *queries)
{
    free(queries->framed);
    free(queries->lens);
    buf_done(&queries->text);
}

struct address queries_server(const char *host, const char *port)
{
    struct address server;
    struct error err = {0};
    if (address_parse(host, (uint16_t)strtoul(port, NULL, 10), &server, &err) != STATUS_OK)
        give_up(err.text);
    return server;
}

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int queries_report(uint64_t answered, uint64_t lost, double seconds)
{
    printf("%llu %llu %.3f\n", (unsigned long long)answered, (unsigned long long)lost, seconds);
    return answered > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
