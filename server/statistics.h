// SPDX-License-Identifier: ISC
// What a worker counts: one page (base/pages.h) that only it writes and that all read. The numbers begin with zoned and
// go on when a worker is replaced; a program that runs alone has memory of its own.
//
// Every message that came is in `queries`, and of these
//
//     queries = replies (rcodes) + dropped + limited
//
// Counting is done for whole batches (statistics_count), after limits had their say: per query some forty instructions
// on a few cache lines, which stand at the front of the page in the order in which they are written.
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pages.h"
#include "base/status.h"
#include "server/respond.h"

// To be raised with every change of the struct: of two versions, neither reads the other's numbers.
#define STATISTICS_LAYOUT 2

enum statistics_path {
    PATH_UDP4,
    PATH_UDP6,
    PATH_TCP4,
    PATH_TCP6,
    PATH_TLS4,
    PATH_TLS6,
    STATISTICS_PATHS,
};

#define STATISTICS_KINDS    8   // enum outcome_kind
#define STATISTICS_RCODES   32  // past BADCOOKIE (23)
#define STATISTICS_TYPES    259 // by number up to CAA (257), and all others; 0: no question was read
#define STATISTICS_OPCODES  16
#define STATISTICS_FEATURES 16 // STATISTICS_EDNS …
// Sizes by classes of 16 octets: class n has n × 16 and the 15 below, the last one all above.
#define STATISTICS_SIZE_STEP   16
#define STATISTICS_QUERY_SIZES 34 // to 512
#define STATISTICS_REPLY_SIZES 79 // to 1232

// Which numbers of `features` a query counts in: one, by the sum of these.
#define STATISTICS_EDNS      1
#define STATISTICS_DNSSEC_OK 2
#define STATISTICS_COOKIE    4 // × enum outcome_cookie

// Why a connection was closed.
enum statistics_close {
    CLOSE_CLIENT,  // its client ended it
    CLOSE_IDLE,    // no query was answered on it for too long
    CLOSE_ROOM,    // it made room for another: the quota in all
    CLOSE_ADDRESS, // the same: the quota of an address
    CLOSE_ERROR,   // reading or writing failed
    CLOSE_END,     // the worker ended
    STATISTICS_CLOSES,
};

// What became of a handshake of TLS.
enum statistics_handshake {
    HANDSHAKE_FULL,
    HANDSHAKE_RESUMED, // with a ticket
    HANDSHAKE_FAILED,  // the connection ended before
    STATISTICS_HANDSHAKES,
};

struct statistics {
    struct page_head head;
    uint64_t query_octets, reply_octets, truncated; // written with each batch
    uint64_t kinds[STATISTICS_KINDS];       // replies and messages dropped, not those limited
    uint64_t rcodes[STATISTICS_RCODES];     // replies
    uint64_t features[STATISTICS_FEATURES]; // queries
    uint64_t queries[STATISTICS_PATHS];
    uint64_t batches; // of queries that were answered together
    uint64_t limited; // queries whose reply the rate limit kept back
    uint64_t types[STATISTICS_TYPES];
    uint64_t query_sizes[STATISTICS_QUERY_SIZES];
    uint64_t reply_sizes[STATISTICS_REPLY_SIZES];
    // Seldom written
    uint64_t opcodes[STATISTICS_OPCODES]; // other than QUERY
    uint64_t slipped;                     // replies that it had cut to TC
    uint64_t unsent;                      // replies that could not be sent
    uint64_t broken;                      // SERVFAIL since an image does not hold up
    uint64_t snapshots;                   // of the store that were taken
    uint64_t images;                      // that were checked
    uint64_t closed[STATISTICS_CLOSES];
    uint64_t handshakes[STATISTICS_HANDSHAKES];
    uint64_t delayed; // connections that waited for theirs
    // Of the present: true while the process runs
    uint64_t connections; // open
    uint64_t draining;    // sockets of others
};

static_assert(sizeof(struct page_head) + 3 * sizeof(uint64_t) == 64, "the first cache line");
static_assert(offsetof(struct statistics, types) % 64 == 0, "whole cache lines");
static_assert(sizeof(struct statistics) <= PAGE_OCTETS, "one page");

// Counts queries that came over the transport and one socket, so that their clients have addresses of one family, and
// what became of them. out_len 0 of one that has a reply: the limits kept it back.
void statistics_count(struct statistics *statistics, enum transport transport,
                      const struct exchange *exchanges, unsigned count);

// Adds up what a slot has counted, in all its pages, or what all of them have. The head is not filled.
void statistics_of_all(const struct pages *pages, struct statistics *ret);
void statistics_of_slot(const struct pages *pages, unsigned slot, struct statistics *ret);

#define STATISTICS_SLOT_NAME_MAX 8
// "0", "tls"
const char *statistics_slot_name(unsigned slot, char ret[STATISTICS_SLOT_NAME_MAX]);

// Claims the page of the slot in the pages of `fd`, which is theirs from now on; -1: private memory. *ret holds as long
// as the pages do.
enum status statistics_open(int fd, unsigned slot, uint64_t now, struct pages *ret_pages,
                            struct statistics **ret, struct error *err);
