// SPDX-License-Identifier: ISC
// The running worker: one libuv loop that answers on its sockets and the control socket, and ends when it is told to.
// zoned starts as many as there are cores.
//
// Each worker has sockets of its own, and copies of the other workers' behind them (standby). SO_REUSEPORT gives each
// socket its share of the clients, also while the worker that should read it is dead or hangs; zoned then tells another
// to serve it meanwhile:
//
//     → {"command":"drain","from":F,"count":C}    serve the standby sockets F to F+C-1, and no others
//     → {"command":"drain","count":0}             serve none any more
//
// An image of which workers died is set aside, in those that run, too:
//
//     → {"command":"set-aside","image":"0123456789abcdef"}
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "base/quarantine.h"
#include "base/service.h"
#include "server/identity.h"
#include "server/reports.h"
#include "server/sockets.h"

struct worker_options {
    const char *directory; // of the store
    struct address listen[SOCKETS_MAX / 2];
    size_t listen_count;
    unsigned sockets; // inherited, from descriptor 3 on
    unsigned standby; // behind them
    bool tls;         // over TLS alone (server/tls.h)
    int certificate;  // descriptor of certificate and key, closed once they are read; -1: none
    bool check;       // for main: nothing is to be run
    unsigned tcp_connections;
    unsigned tcp_connections_per_address;
    unsigned tls_handshakes; // of an address per second; 0: any
    unsigned tcp_idle_ms;
    unsigned rate_limit; // server/limits.h; 0: none
    unsigned rate_limit_slip;
    struct quarantine aside; // images that are not answered from
    struct reports_options reports;
    int secrets; // of cookies, the same for all workers (base/secrets.h); -1: this one makes its own
    bool no_cookies;
    struct identity identity;
    struct service_descriptors descriptors;
    bool unconfined;
};

// Runs until it is told to end. Returns whether all was well; if not, the reason was logged.
bool worker_run(const struct worker_options *options);
