// SPDX-License-Identifier: ISC
#include "server/statistics.h"

#include <stdio.h>

#include "dns/types.h"

static_assert(PATH_TCP4 == 2 * TRANSPORT_TCP && PATH_TLS6 == 2 * TRANSPORT_TLS + 1, "path_of");
static_assert(OUTCOME_REFERRAL < STATISTICS_KINDS, "kinds");
static_assert(STATISTICS_COOKIE * (COOKIE_GOOD + 1) == STATISTICS_FEATURES, "features");
static_assert(STATISTICS_REPLY_SIZES == DNS_UDP_EDNS_MAX / STATISTICS_SIZE_STEP + 2, "sizes");

static unsigned path_of(enum transport transport, const struct exchange *exchange)
{
    return 2 * transport + (exchange->client->any.sa_family == AF_INET6);
}

// The last class has all that is above.
static size_t at_most(size_t number, size_t last)
{
    return number < last ? number : last;
}

static size_t size_class(size_t len, size_t classes)
{
    return at_most((len + STATISTICS_SIZE_STEP - 1) / STATISTICS_SIZE_STEP, classes - 1);
}

// What is counted of few: without a reply, with nothing looked up.
static void count_unusual(struct statistics *statistics, const struct exchange *exchange)
{
    const struct outcome *outcome = &exchange->outcome;
    if (outcome->kind == OUTCOME_ERROR) {
        unsigned opcode = exchange->octets[2] >> 3 & 0x0f; // RFC 1035 §4.1.1
        statistics->opcodes[opcode] += opcode != 0;
    }
    if (exchange->out_len == 0 && outcome->kind == OUTCOME_DROPPED)
        statistics->kinds[OUTCOME_DROPPED]++;
    else if (exchange->out_len == 0)
        statistics->limited++;
}

static void count_reply(struct statistics *statistics, const struct outcome *outcome, size_t len)
{
    statistics->kinds[outcome->kind % STATISTICS_KINDS]++;
    statistics->rcodes[outcome->rcode % STATISTICS_RCODES]++;
    if (outcome->truncated)
        statistics->truncated++;
    statistics->reply_sizes[size_class(len, STATISTICS_REPLY_SIZES)]++;
}

static void count_query(struct statistics *statistics, const struct outcome *outcome, size_t len)
{
    size_t features = STATISTICS_EDNS * (size_t)outcome->edns +
                      STATISTICS_DNSSEC_OK * (size_t)outcome->dnssec_ok +
                      STATISTICS_COOKIE * (size_t)outcome->cookie;
    statistics->types[at_most(outcome->qtype, STATISTICS_TYPES - 1)]++;
    statistics->features[features]++;
    statistics->query_sizes[size_class(len, STATISTICS_QUERY_SIZES)]++;
}

void statistics_count(struct statistics *statistics, enum transport transport,
                      const struct exchange *exchanges, unsigned count)
{
    uint64_t query_octets = 0, reply_octets = 0;
    if (count == 0)
        return;
    for (const struct exchange *exchange = exchanges; exchange < exchanges + count; exchange++) {
        size_t len = exchange->len, out_len = exchange->out_len;
        query_octets += len;
        reply_octets += out_len;
        count_query(statistics, &exchange->outcome, len);
        if (out_len == 0 || exchange->outcome.kind == OUTCOME_ERROR)
            count_unusual(statistics, exchange);
        if (out_len > 0)
            count_reply(statistics, &exchange->outcome, out_len);
    }
    statistics->batches++;
    statistics->queries[path_of(transport, exchanges)] += count;
    statistics->query_octets += query_octets;
    statistics->reply_octets += reply_octets;
}

#define NUMBERS_OFF   sizeof(struct page_head)
#define NUMBERS_COUNT ((sizeof(struct statistics) - NUMBERS_OFF) / sizeof(uint64_t))
#define PRESENT_OFF   offsetof(struct statistics, connections) // gauges, to the end

// What follows the head is numbers, and nothing else.
static const uint64_t *numbers_of(const void *statistics)
{
    return (const uint64_t *)(const void *)((const char *)statistics + NUMBERS_OFF);
}

static void add_page(const struct pages *pages, const struct page_head *page,
                     struct statistics *sum)
{
    size_t count = pages_is_taken(pages, page) ? NUMBERS_COUNT
                                               : (PRESENT_OFF - NUMBERS_OFF) / sizeof(uint64_t);
    uint64_t *to = (uint64_t *)(void *)((char *)sum + NUMBERS_OFF);
    const uint64_t *from = numbers_of(page);
    for (size_t i = 0; i < count; i++)
        to[i] += pages_read(&from[i]);
}

// slot NULL: any.
static void add_pages(const struct pages *pages, const unsigned *slot, struct statistics *ret)
{
    *ret = (struct statistics){.batches = 0};
    for (const struct page_head *page = pages_next(pages, NULL); page != NULL;
         page = pages_next(pages, page))
        if ((slot == NULL || page->slot == (uint64_t)*slot + 1) &&
            page->layout == STATISTICS_LAYOUT)
            add_page(pages, page, ret);
}

void statistics_of_all(const struct pages *pages, struct statistics *ret)
{
    add_pages(pages, NULL, ret);
}

void statistics_of_slot(const struct pages *pages, unsigned slot, struct statistics *ret)
{
    add_pages(pages, &slot, ret);
}

const char *statistics_slot_name(unsigned slot, char ret[STATISTICS_SLOT_NAME_MAX])
{
    if (slot == PAGES_SLOT_TLS)
        snprintf(ret, STATISTICS_SLOT_NAME_MAX, "tls");
    else
        snprintf(ret, STATISTICS_SLOT_NAME_MAX, "%u", slot & UINT16_MAX);
    return ret;
}

enum status statistics_open(int fd, unsigned slot, uint64_t now, struct pages *ret_pages,
                            struct statistics **ret, struct error *err)
{
    struct page_head *page;
    enum status status = STATUS_OK;
    if (fd >= 0)
        status = pages_open(fd, ret_pages, err);
    else
        pages_open_private(ret_pages);
    if (status == STATUS_OK)
        status = pages_claim(ret_pages, slot, STATISTICS_LAYOUT, now, &page, err);
    if (status == STATUS_OK) {
        *ret = (struct statistics *)(void *)page;
        (*ret)->connections = (*ret)->draining = 0; // of the process before
    }
    return status;
}
