// SPDX-License-Identifier: ISC
// One UDP socket of the server on a libuv loop. Datagrams are taken, answered and sent in batches
// with recvmmsg and sendmmsg on the socket itself: libuv 1.44 has no batched sending, and its own
// reading costs a fifth more.
#pragma once

#include <uv.h>

#include "server/limits.h"
#include "server/statistics.h"
#include "server/respond.h"

struct udp;

// Serves a bound socket, which is its own from now on. limits: NULL for none.
struct udp *udp_open(uv_loop_t *loop, int fd, struct responder *responder, struct limits *limits,
                     struct statistics *statistics);
// Reads no more queries. Answers to those that were read are still sent; then it is idle, and keeps
// no loop running.
void udp_pause(struct udp *udp);
void udp_resume(struct udp *udp);
// Stops at once; memory and socket are released when the loop has run on. NULL is fine.
void udp_close(struct udp *udp);
