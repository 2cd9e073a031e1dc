// SPDX-License-Identifier: ISC
// What a worker tells of itself and of the others: `status` and `statistics` on the control socket, and the endpoint
// for Prometheus. Whichever is asked, it reads the pages of all workers (server/statistics.h).
//
//     → {"command":"statistics"}
//     ← {"store":{"zones":2,…},"sum":{"queries":{"udp4":12,…},"types":{"A":7,…},…},"workers":{"0":{…},…,"tls":{…}}}
#pragma once

#include <jansson.h>
#include <uv.h>

#include "base/address.h"
#include "base/arguments.h"
#include "server/statistics.h"

struct metrics_http;

// Where the endpoint listens.
struct reports_metrics {
    bool wanted;
    bool inherited;
    int fd;                 // inherited: a bound socket
    struct address address; // else
};

struct reports_options {
    int statistics; // the pages that all workers share, -1: none
    unsigned index; // of this worker
    struct reports_metrics metrics;
};

struct reports {
    struct reports_options options;
    struct pages pages;
    struct statistics *statistics;
    struct zones *zones;
    struct metrics_http *http;
    int64_t since;
};

// Claims the worker's page. Where that is not to be had, numbers are kept that nobody else sees, with a word in the
// log: better than no server.
void reports_open(struct reports *reports, const struct reports_options *options,
                  struct zones *zones);
// Listens where the options want the endpoint. Where it cannot, the reason is logged; false: and whoever named an
// address for a server that runs alone should know at once. A worker of zoned serves the zones all the same.
bool reports_serve(struct reports *reports, uv_loop_t *loop);
// The endpoint ends.
void reports_hush(struct reports *reports);
// When the loop has run on.
void reports_close(struct reports *reports);

void reports_status(const struct reports *reports, json_t *reply);
void reports_statistics(const struct reports *reports, json_t *reply);

// Of --metrics, to: struct reports_metrics. An address of loopback with its port, or a descriptor.
argument_reader reports_argument;
