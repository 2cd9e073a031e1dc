// SPDX-License-Identifier: ISC
// The connections of a worker's stream transport, on a libuv loop: accepted, answered (server/stream.h), limited,
// ended. How octets come and go is the way's: server/tcp.c, server/tls.c. Everything that a client can make grow has a
// bound:
//
//   connections   a quota in all and one per address; see server/clients.h for who makes room
//   queries, replies   see server/stream.h. A client that does not read gets no more queries answered until it has
//   turns         one read, and of CONNECTIONS_TURN connections; then others are served, above all UDP
//   handshakes    where connecting is dear, who comes more often than may be waits (server/handshakes.h), by itself and
//                 in the order of coming; a connection that waits counts as one
//   time          a connection on which no query was answered, and the answer taken, within the idle time is
//                 closed: idle ones, those that send a query octet by octet, and those that do not read
//   the end       what clients had sent when it was told is answered; then each gets the end of the stream, and is
//                 closed when it has taken all and ends its side, too
//
// Sockets are in an epoll set of their own, which the loop watches as one descriptor: libuv's handles cost up to six
// system calls per connection, and here accept, epoll_ctl and close are all there are besides reading and writing.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "server/clients.h"
#include "server/stream.h"

struct connection;
struct connections;
struct connections_listener;

// What read and write return besides a number of octets.
enum {
    WAY_END = 0,         // read: the client sends no more
    WAY_LOST = -1,       // the connection is of no use any more
    WAY_WAIT_READ = -2,  // until the socket is readable
    WAY_WAIT_WRITE = -3, // until it is writable
};

// How octets come and go over a socket, which is non-blocking. The functions are called with a connection's own state,
// and never for one that read or write said is lost, but for `close`.
struct connection_way {
    enum transport transport;
    size_t own_size; // of the state of its own that each connection has, zeroed
    // Makes the state of a new connection; false: it is closed without a word. NULL: nothing to do.
    bool (*open)(void *own, int fd, void *data);
    ssize_t (*read)(void *own, int fd, uint8_t *octets, size_t cap);
    // Takes some of the octets, or none (WAY_WAIT_…). What it did not take comes again first, at another address.
    ssize_t (*write)(void *own, int fd, const uint8_t *octets, size_t len);
    // Are there octets to read which the socket does not know of? They must have a bound. NULL: never.
    bool (*pending)(const void *own);
    // Has the client not been able to ask anything yet? Then the end waits until it has: who came before the end was
    // told gets an answer, or the limit of the end comes. NULL: never.
    bool (*is_opening)(const void *own);
    // Tells the client that no more comes. False: it cannot be told.
    bool (*end)(void *own, int fd);
    // Releases the state; the socket is closed behind it. NULL: nothing to do.
    void (*close)(void *own, int fd);
    void *data; // for open
};

struct connections_options {
    struct responder *responder;
    struct statistics *statistics;
    struct clients_limits limits;
    uint32_t handshakes; // that an address may begin in a second; 0: any
    uint64_t idle_ms;
};

// `way` is constant and stays.
struct connections *connections_new(uv_loop_t *loop, const struct connection_way *way,
                                    const struct connections_options *options);
// Serves a listening socket, which is its own from now on. On failure (negative libuv code) it is closed.
int connections_listen(struct connections *all, int fd, struct connections_listener **ret);
// Accepts no more there; connections stay. NULL is fine.
void connections_unlisten(struct connections_listener *listener);
unsigned connections_count(const struct connections *all);
// Accepts no more, answers what was asked, and lets the connections end. When the last one has, it keeps no loop
// running; the caller limits the time, and calls connections_close in any case.
void connections_end(struct connections *all);
// Stops at once, answers that wait are lost; memory is released when the loop has run on. NULL is fine.
void connections_close(struct connections *all);
