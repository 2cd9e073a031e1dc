// SPDX-License-Identifier: ISC
// A worker's sockets: those that it serves, and on standby those of other workers, which it serves while they are down
// (server/worker.h). UDP goes to server/udp.h, TCP to server/connections.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/address.h"
#include "base/status.h"
#include "server/connections.h"
#include "server/limits.h"
#include "server/statistics.h"
#include "server/udp.h"

#define SOCKETS_MAX         256   // UDP and TCP of 128 addresses, as many as zoned binds
#define SOCKETS_STANDBY_MAX 16384 // those of 64 workers with as many

// Another worker's socket.
struct sockets_standby {
    int fd;
    int type;                              // SOCK_DGRAM or SOCK_STREAM
    struct udp *udp;                       // kept, paused, once it was drained
    struct connections_listener *listener; // on a copy of fd, while it is drained
};

struct sockets {
    // What they are served with
    uv_loop_t *loop;
    struct responder *responder;
    struct limits *limits; // NULL: none
    struct statistics *statistics;
    struct connections *streams;
    bool streams_only; // TLS goes over TCP

    struct udp *udp[SOCKETS_MAX];
    unsigned udp_count;
    struct sockets_standby *standby;
    unsigned standby_count;
};

struct sockets_wanted {
    unsigned inherited;           // from descriptor 3 on
    unsigned standby;             // behind them
    const struct address *listen; // to be bound
    size_t listen_count;
};

// How many connections there can be: as many as wanted, or fewer, which is logged, where the system allows so few
// descriptors that they would end before the quota is reached. Asks it for more first.
unsigned sockets_make_room(unsigned connections, unsigned standby);
// Serves them. False: some cannot be, and the reason was logged.
bool sockets_open(struct sockets *sockets, const struct sockets_wanted *wanted);
// Serves `count` standby sockets from that one on, and no others. On failure none at all.
enum status sockets_drain(struct sockets *sockets, unsigned from, unsigned count,
                          struct error *err);
// Reads no more queries over UDP, and serves no sockets of others; what was read is answered.
void sockets_pause(struct sockets *sockets);
// Those of UDP; the loop runs on behind it. Streams are ended by themselves.
void sockets_close(struct sockets *sockets);
void sockets_done(struct sockets *sockets); // and then
