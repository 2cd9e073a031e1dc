// SPDX-License-Identifier: ISC
#include "server/limits.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "server/outcome.h"

// Times in a bucket have 32 bits. In units of 1/256 ms they come round after 4.6 hours: a client that comes back just
// then may find the debt of its last visit once more, for a window.
#define UNITS_PER_MS 256u

struct bucket {
    uint32_t tag;
    uint32_t paid; // when
};

#define LINE_TOTALS 2
#define LINE_KINDS  6

struct line {
    struct bucket totals[LINE_TOTALS]; // of whole networks
    struct bucket kinds[LINE_KINDS];   // of one kind of reply to a network
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct line) == 64, "a line of buckets is one of the cache");

struct watched {
    uint64_t network;
    uint64_t last_ms; // when a reply was limited last
    uint64_t limited; // 0: the place is free
    uint64_t slipped;
    bool told;
};

struct limits {
    uint64_t key[4];
    uint32_t debt; // of one reply, in units of time
    uint32_t debt_total;
    uint32_t window;
    uint32_t slip;
    uint64_t random;
    struct line *lines;
    struct watched watched[LIMITS_WATCHED];
    unsigned watched_last; // one that is likely to be limited again
};

#define LINES_SIZE (LIMITS_LINES * sizeof(struct line))
#define LINES_BITS 13
_Static_assert(1 << LINES_BITS == LIMITS_LINES, "a line is chosen by bits of a hash");

struct limits *limits_new(const struct limits_settings *settings)
{
    struct limits *limits = xcalloc(1, sizeof(*limits));
    memcpy(limits->key, settings->key, sizeof(limits->key));
    limits->key[1] |= 1; // a factor
    limits->random = settings->key[0] ^ settings->key[3];
    limits->slip = settings->slip;
    limits->debt = 1000 * UNITS_PER_MS / settings->rate;
    limits->debt_total = limits->debt / LIMITS_TOTAL;
    limits->window = LIMITS_WINDOW_MS * UNITS_PER_MS;
    if (limits->window < LIMITS_BURST_MIN * limits->debt)
        limits->window = LIMITS_BURST_MIN * limits->debt;
    limits->lines =
        mmap(NULL, LINES_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (limits->lines == MAP_FAILED)
        abort(); // as base/alloc.h
    return limits;
}

void limits_free(struct limits *limits)
{
    if (limits == NULL)
        return;
    munmap(limits->lines, LINES_SIZE);
    free(limits);
}

// Of a network's number, the octet that is no part of its prefix: all ones with IPv4, none with IPv6.
#define NETWORK_FAMILY UINT64_C(0xff)
_Static_assert(LIMITS_PREFIX_V4 == 32 - 8 && LIMITS_PREFIX_V6 == 64 - 8, "one octet is left");

// ── Where a reply is counted ─────────────────────────────────────────────────────────────────────

// The client's prefix, in the upper bits; the octet behind it tells the families apart.
static uint64_t network_of(const struct address *client)
{
    uint64_t high;
    if (client->any.sa_family == AF_INET)
        return be32toh(client->v4.sin_addr.s_addr) | NETWORK_FAMILY;
    memcpy(&high, &client->v6.sin6_addr, sizeof(high));
    return be64toh(high) & ~NETWORK_FAMILY;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t network_hash(const struct limits *limits, const struct address *client)
{
    return mix(network_of(client) ^ limits->key[0], limits->key[1]);
}

static struct line *line_of(const struct limits *limits, uint64_t network_hash)
{
    return &limits->lines[network_hash >> (64 - LINES_BITS)];
}

void limits_prefetch(const struct limits *limits, const struct address *client)
{
    __builtin_prefetch(line_of(limits, network_hash(limits, client)), 1);
}

// A bucket, found: the debt that it has, and where it is or will be.
struct found {
    struct bucket *bucket;
    uint32_t left; // until it is paid
};

// If it was paid, the difference has wrapped and is longer than the window.
static inline uint32_t bucket_left(const struct bucket *bucket, uint32_t now, uint32_t window)
{
    uint32_t left = bucket->paid - now;
    return left <= window ? left : 0;
}

// A place for a new bucket: one without debt, else that of the smallest.
static inline struct bucket *bucket_place(struct bucket *buckets, unsigned count, uint32_t now,
                                          uint32_t window)
{
    struct bucket *best = buckets;
    uint32_t best_left = bucket_left(best, now, window);
    for (unsigned i = 1; i < count && best_left > 0; i++) {
        uint32_t left = bucket_left(&buckets[i], now, window);
        if (left < best_left) {
            best = &buckets[i];
            best_left = left;
        }
    }
    return best;
}

static inline struct found bucket_find(struct bucket *buckets, unsigned count, uint32_t tag,
                                       uint32_t now, uint32_t window)
{
#pragma GCC unroll 8
    for (unsigned i = 0; i < count; i++)
        if (buckets[i].tag == tag)
            return (struct found){&buckets[i], bucket_left(&buckets[i], now, window)};
    return (struct found){bucket_place(buckets, count, now, window), 0};
}

// ── Networks that are limited ────────────────────────────────────────────────────────────────────

static struct watched *watched_find(struct limits *limits, uint64_t network)
{
    struct watched *free_place = NULL;
    struct watched *last = &limits->watched[limits->watched_last];
    if (last->limited > 0 && last->network == network)
        return last;
    for (unsigned i = 0; i < LIMITS_WATCHED; i++) {
        struct watched *watched = &limits->watched[i];
        if (watched->limited == 0)
            free_place = watched;
        else if (watched->network == network) {
            limits->watched_last = i;
            return watched;
        }
    }
    if (free_place != NULL)
        *free_place = (struct watched){.network = network};
    return free_place;
}

static __attribute__((noinline)) enum limits_verdict
limited(struct limits *limits, const struct address *client, uint64_t now_ms)
{
    // By lot and not in turn: whose turn it is would be the flood's to arrange.
    limits->key[1] |= 1; // a factor
    limits->random = limits->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    bool slips = limits->slip > 0 && (limits->random >> 32) * limits->slip >> 32 == 0;
    struct watched *watched = watched_find(limits, network_of(client));
    if (watched != NULL) {
        watched->last_ms = now_ms;
        watched->limited++;
        watched->slipped += slips;
    }
    return slips ? LIMITS_SLIP : LIMITS_DROP;
}

static void network_address(uint64_t network, struct limits_event *ret)
{
    if ((network & NETWORK_FAMILY) != 0) {
        ret->network.v4 =
            (struct sockaddr_in){.sin_family = AF_INET,
                                 .sin_addr.s_addr = htobe32((uint32_t)(network & ~NETWORK_FAMILY))};
        ret->prefix_len = LIMITS_PREFIX_V4;
        return;
    }
    uint64_t high = htobe64(network);
    ret->network.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6};
    memcpy(&ret->network.v6.sin6_addr, &high, sizeof(high));
    ret->prefix_len = LIMITS_PREFIX_V6;
}

bool limits_next_event(struct limits *limits, uint64_t now_ms, struct limits_event *ret)
{
    for (unsigned i = 0; i < LIMITS_WATCHED; i++) {
        struct watched *watched = &limits->watched[i];
        bool quiet = now_ms - watched->last_ms >= LIMITS_QUIET_MS;
        if (watched->limited == 0 || (watched->told && !quiet))
            continue;
        *ret = (struct limits_event){.kind = watched->told ? LIMITS_ENDED : LIMITS_BEGUN,
                                     .limited = watched->limited,
                                     .slipped = watched->slipped};
        network_address(watched->network, ret);
        if (watched->told)
            *watched = (struct watched){0};
        else
            watched->told = true;
        return true;
    }
    return false;
}

// ── The verdict ──────────────────────────────────────────────────────────────────────────────────

// Under what a reply is counted within its network.
static uint64_t kind_of(const struct outcome *outcome)
{
    uint64_t source = outcome->kind == OUTCOME_ERROR ? 0 : outcome->source;
    return source + outcome->kind;
}

enum limits_verdict limits_judge(struct limits *limits, const struct address *client,
                                 const struct outcome *outcome, uint64_t now_ms)
{
    if (outcome->cookie == COOKIE_GOOD)
        return LIMITS_SEND;
    uint64_t network = network_hash(limits, client);
    uint64_t kind = mix(kind_of(outcome) ^ limits->key[2], network ^ limits->key[3]);
    uint32_t now = (uint32_t)now_ms * UNITS_PER_MS, window = limits->window;
    struct line *line = line_of(limits, network);
    struct found one = bucket_find(line->kinds, LINE_KINDS, (uint32_t)kind, now, window);
    struct found all = bucket_find(line->totals, LINE_TOTALS, (uint32_t)network, now, window);
    one.left += limits->debt;
    all.left += limits->debt_total;
    if (one.left > window || all.left > window)
        return limited(limits, client, now_ms);
    *one.bucket = (struct bucket){(uint32_t)kind, now + one.left};
    *all.bucket = (struct bucket){(uint32_t)network, now + all.left};
    return LIMITS_SEND;
}
