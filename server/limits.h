// SPDX-License-Identifier: ISC
// Response rate limiting: how many replies of one kind a network gets over UDP, where anybody can ask in its name.
//
// Counted are replies, by the network of the client (IPv4 /24, IPv6 /56) and what they are: a positive one by its
// name; NXDOMAIN, NODATA, referrals and answers from a wildcard by what random names have in common, so that inventing
// names gains nothing; errors by the network alone (outcome.source). Each of these may be sent `rate` times a second.
// All that goes to one network may be four times as much, so that asking for many existing names gains four times.
//
//     LIMIT_SEND  within the rate
//     LIMIT_SLIP  beyond it, and one of `slip` on average, by lot: to be sent truncated, or as BADCOOKIE (slip.h). A
//                 client that is there comes back over TCP, or with the cookie that it finds in the reply.
//     LIMIT_DROP  beyond it
//
// A client that shows its cookie is there (RFC 7873 §5.2.5) and is neither counted nor limited. TCP and TLS are not
// asked about: there the client is known to be there, too. Nor is this host itself (udp.c).
//
// A bucket is one number: when its debt is paid. A reply is a debt of 1/rate s; one that would bring it further ahead
// of now than the window is not sent, and is no debt. So a network gets rate × window at once (and no fewer than
// LIMITS_BURST_MIN: the rate is one worker's share, and few come unevenly), then `rate` a second while a flood lasts,
// and has all of it back a window after the flood's end. A bucket without debt says nothing, and its place is free:
// that is all the ageing there is.
//
//     line 0     │ 2 networks, whole │ 6 kinds of replies to a network │     64 octets: a line of the cache
//     line 1     │ …                 │ …                               │     LIMITS_LINES of them, never more
//
// A keyed hash of the network chooses its line, another of network and kind the bucket's tag in it. So a query costs
// one line, known as soon as the client is (limits_prefetch), some 75 to 95 instructions besides, and no allocation.
//
// What strangers can do to the table. Each reply sent keeps one bucket alive for 1/rate s, and one of the network's
// whole for a quarter of that; limited ones keep nothing alive. Whoever makes the worker send Q replies a second, in
// whatever names, so keeps 1.25 × Q/rate buckets alive: 3125 of the 65536 with 250,000 replies a second and a rate of
// 100. Should a line be full, then the bucket that is paid first makes room: what is forgotten is the smallest debt, a
// flooded network's is the last to go, and whoever comes new begins without any. Two share a bucket only if 32 bits of
// a keyed hash are equal within a line.
//
// What it answers: reflection, where a flood of small questions in a victim's name would become one of large replies
// to it. What it does not: floods at many networks, each below the rate (the victim is then not one network: what
// helps is that replies are small); floods that are meant for this server (dropping a reply saves the sending of it,
// not the rest); and somebody who asks in the name of a resolver so that this one is limited. To that one the slips,
// TCP and cookies are left.
//
// Several workers: SO_REUSEPORT deals out clients by address and port. With random ports, as forgers and resolvers
// have them, each worker sees its share of a network and the shares add up to the whole rate. A client that asks from
// one port has one worker, and that worker's share of the rate.
//
// Time is an argument, in milliseconds of any clock that does not go back; read once per batch.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

struct limits;
struct outcome;

#define LIMITS_PREFIX_V4 24
#define LIMITS_PREFIX_V6 56
#define LIMITS_RATE_MAX  10000 // more is no limit: a server with a core answers some 100,000
#define LIMITS_SLIP_MAX  10    // BIND has the same; NSD and Knot have 255 and 100
#define LIMITS_WINDOW_MS 1000
#define LIMITS_BURST_MIN 8
#define LIMITS_TOTAL     4 // networks may have so many times the rate in all; BIND advises no less
#define LIMITS_LINES     8192 // 512 KiB
#define LIMITS_WATCHED   16   // networks that are told about at a time
#define LIMITS_QUIET_MS  60000

struct limits_settings {
    uint32_t rate;   // replies a second, 1 to LIMITS_RATE_MAX
    uint32_t slip;   // up to LIMITS_SLIP_MAX; 0: all that is limited is dropped, 1: nothing is
    uint64_t key[4]; // random, known to nobody
};

struct limits *limits_new(const struct limits_settings *settings);
void limits_free(struct limits *limits); // NULL is fine

enum limits_verdict { LIMITS_SEND, LIMITS_SLIP, LIMITS_DROP };

// Fetches what limits_judge will look at.
void limits_prefetch(const struct limits *limits, const struct address *client);
// Is the reply to this client to be sent? To be asked once per reply.
enum limits_verdict limits_judge(struct limits *limits, const struct address *client,
                                 const struct outcome *outcome, uint64_t now_ms);

// For the log: which networks are limited. Each that begins to be is told about once, and again when none of its
// replies was limited for LIMITS_QUIET_MS; at most LIMITS_WATCHED at a time, so that a flood of networks is none of
// lines.
struct limits_event {
    enum { LIMITS_BEGUN, LIMITS_ENDED } kind;
    struct address network; // without a port
    unsigned prefix_len;
    uint64_t limited; // replies since it began; ENDED
    uint64_t slipped; // of these, sent truncated
};
// Takes one event that has not been taken yet.
bool limits_next_event(struct limits *limits, uint64_t now_ms, struct limits_event *ret);
