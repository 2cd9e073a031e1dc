// SPDX-License-Identifier: ISC
// Between the front and its two transports, which own the sockets.
//
// A query that waits belongs to its asker: a UDP socket, whose clients are told apart by their port, or one TCP
// connection. An asker that goes away takes its queries along; the engine goes on and caches what it finds.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/address.h"
#include "resolver/front.h"
#include "resolver/reply.h"

// One query whose answer the engine looks for.
struct waiting {
    struct waiting *next; // of the asker's
    struct waiting *previous;
    struct front *front;
    struct asker *asker;
    struct engine_query *handle; // NULL while engine_ask has not returned
    struct address client;       // UDP
    struct asked asked;
};

struct asker {
    bool stream;
    // Sends the reply; client: for UDP. `reply` has STREAM_PREFIX_LEN octets of room in front of it (dns/stream.h).
    // Does not ask again: it may be called by the engine.
    void (*send)(struct asker *asker, const struct address *client, uint8_t *reply, size_t len);
    struct waiting *first;
    unsigned count;
};

// A message of a client, who is at a loopback address. The reply comes through asker->send, maybe before this returns.
// client: for UDP.
void front_query(struct front *front, struct asker *asker, const struct address *client,
                 const uint8_t *octets, size_t len);
// The asker's queries get no answer.
void front_forget(struct front *front, struct asker *asker);
// Is a source address of this host's own? Counts those that are not.
bool front_takes(struct front *front, const struct address *source);

// 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104.
bool front_is_loopback(const struct address *address);

// To be called when an asker has nothing to send any more: the front may be waiting for that to end.
void front_settle(struct front *front);
// To be called when a transport's memory is released.
void front_transport_closed(struct front *front);

struct front_udp *front_udp_open(uv_loop_t *loop, int fd, struct front *front);
void front_udp_stop(struct front_udp *udp); // reads no more
void front_udp_close(struct front_udp *udp);

struct front_tcp *front_tcp_new(uv_loop_t *loop, struct front *front,
                                const struct front_settings *settings);
enum status front_tcp_listen(struct front_tcp *tcp, int fd, struct error *err);
bool front_tcp_is_sending(const struct front_tcp *tcp); // do clients have to read answers yet?
void front_tcp_stop(struct front_tcp *tcp);             // accepts and reads no more
void front_tcp_close(struct front_tcp *tcp);
