// SPDX-License-Identifier: ISC
// One UDP socket of the server on a libuv loop. Datagrams are taken, answered and sent in batches
// with recvmmsg and sendmmsg on the socket itself: libuv 1.44 has no batched sending, and its own
// reading costs a fifth more.
#pragma once

#include <uv.h>

#include "server/zones.h"

struct udp;

// Serves a bound, non-blocking socket, which is its own from now on.
struct udp *udp_open(uv_loop_t *loop, int fd, struct zones *zones);
// Stops at once; memory and socket are released when the loop has run on. NULL is fine.
void udp_close(struct udp *udp);
