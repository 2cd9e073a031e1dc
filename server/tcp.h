// SPDX-License-Identifier: ISC
// DNS over TCP (RFC 7766, RFC 9210): listening sockets and their connections on a libuv loop.
//
// A connection may send queries without waiting for answers; they are answered in order, many with
// one write. Everything that a client can make grow has a bound:
//
//   connections   a quota in all. When it is reached, the connection that has gone longest without a query
//                 answered makes room for the new one: clients that come to ask are served, those that hold
//                 connections are not.
//   queries       at most one incomplete query (65535 octets) and one read's worth waits
//   turns         one read's worth of queries, then others are served: connections, and above all UDP
//   answers       a client that does not read gets no more queries answered until it has read what was written
//   time          a connection on which no query was answered, and the answer taken, within the idle time is
//                 closed: idle ones, those that send a query octet by octet, and those that do not read
//   the end       what clients had sent when it was told is answered; then each gets the end of the stream, and is
//                 closed when it has taken all and ends its side, too
#pragma once

#include <stdint.h>
#include <uv.h>

#include "server/counts.h"
#include "server/zones.h"

struct tcp;
struct tcp_listener;

struct tcp *tcp_new(uv_loop_t *loop, struct zones *zones, struct counts *counts,
                    unsigned connections_max, uint64_t idle_ms);
// Serves a listening socket, which is its own from now on. On failure (negative libuv code) it is
// closed.
int tcp_listen(struct tcp *tcp, int fd, struct tcp_listener **ret);
// Accepts no more there; connections stay. NULL is fine.
void tcp_unlisten(struct tcp_listener *listener);
unsigned tcp_connections(const struct tcp *tcp);
// Accepts no more, answers what was asked, and lets the connections end. When the last one has, it
// keeps no loop running; the caller limits the time, and calls tcp_close in any case.
void tcp_end(struct tcp *tcp);
// Stops at once, answers that wait are lost; memory is released when the loop has run on. NULL is
// fine.
void tcp_close(struct tcp *tcp);
