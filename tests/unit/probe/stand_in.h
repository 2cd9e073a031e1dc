// SPDX-License-Identifier: ISC
// A server on loopback for tests of what asks: UDP and TCP at the same port, in the test's own loop. What it sends
// is up to the test, octet by octet.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/address.h"
#include "base/buf.h"

struct stand_in {
    uv_loop_t *loop;
    struct address address;
    uv_udp_t udp;
    uv_tcp_t tcp;
    // Called for each datagram; what it puts into ret is sent back, nothing when it stays empty.
    void (*datagram)(struct stand_in *stand_in, const uint8_t *octets, size_t len, struct buf *ret);
    // Called for each connection's beginning (octets NULL) and for what comes in. What it puts into ret is sent;
    // false: the connection is closed after that.
    bool (*stream)(struct stand_in *stand_in, const uint8_t *octets, size_t len, struct buf *ret);
    unsigned datagrams;
    unsigned connections;
    unsigned open; // connections
    void *data;    // the test's own
};

// Binds and listens. Functions that are NULL: nothing is sent.
void stand_in_start(struct stand_in *stand_in, uv_loop_t *loop);
void stand_in_stop(struct stand_in *stand_in);
