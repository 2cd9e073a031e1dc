// SPDX-License-Identifier: ISC
#include "server/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "server/statistics_table.h"

#define PREFIX "zonebox_"

// Upper ends of the histograms' classes: all 79 of them, for each worker, would be most of the text. 512 and 1232 are
// where replies over UDP end (RFC 1035 §2.3.4, RFC 9715).
static const size_t bounds[] = {32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1232};

struct slot {
    char name[STATISTICS_SLOT_NAME_MAX]; // of the worker
    struct statistics sum;
};

struct slots {
    struct slot *slots;
    size_t count;
};

static bool has(const struct page_head *first, const struct pages *pages,
                const struct page_head *page)
{
    for (; first != page; first = pages_next(pages, first))
        if (first->slot == page->slot)
            return true;
    return false;
}

static struct slots gather(const struct pages *pages)
{
    struct slots all = {0};
    size_t cap = 0;
    const struct page_head *first = pages_next(pages, NULL);
    for (const struct page_head *page = first; page != NULL; page = pages_next(pages, page)) {
        if (has(first, pages, page))
            continue;
        all.slots = array_grow(all.slots, &cap, all.count, sizeof(*all.slots));
        struct slot *slot = &all.slots[all.count++];
        statistics_slot_name((unsigned)(page->slot - 1), slot->name);
        statistics_of_slot(pages, (unsigned)(page->slot - 1), &slot->sum);
    }
    return all;
}

static void put_head(const char *metric, const char *type, const char *help, struct buf *ret)
{
    buf_printf(ret, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", metric, help, metric, type);
}

// "udp6" are two labels, as exporters of others have them.
static void put_label(const struct statistics_family *family, const char *name, struct buf *ret)
{
    if (strcmp(family->label, "transport") == 0)
        buf_printf(ret, ",proto=\"%.3s\",family=\"ipv%s\"", name, name + 3);
    else
        buf_printf(ret, ",%s=\"%s\"", family->label, name);
}

static void put_numbers(const struct statistics_family *family, const struct slot *slot,
                        struct buf *ret)
{
    char text[STATISTICS_NAME_MAX];
    for (size_t i = 0; i < family->count; i++) {
        uint64_t value = family->value(&slot->sum, i);
        const char *name = family->label != NULL ? family->name(i, text) : "";
        if (name == NULL || (value == 0 && family->sparse))
            continue;
        buf_printf(ret, PREFIX "%s{worker=\"%s\"", family->metric, slot->name);
        if (family->label != NULL)
            put_label(family, name, ret);
        buf_printf(ret, "} %" PRIu64 "\n", value);
    }
}

static void put_sizes(const struct statistics_family *family, const struct slot *slot,
                      struct buf *ret)
{
    uint64_t sum = 0;
    size_t class = 0;
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        size_t end = bounds[i] / STATISTICS_SIZE_STEP;
        if (end >= family->count - 1)
            break;
        while (class <= end)
            sum += family->value(&slot->sum, class ++);
        buf_printf(ret, PREFIX "%s_bucket{worker=\"%s\",le=\"%zu\"} %" PRIu64 "\n", family->metric,
                   slot->name, bounds[i], sum);
    }
    while (class < family->count)
        sum += family->value(&slot->sum, class ++);
    bool of_queries = family->count == STATISTICS_QUERY_SIZES;
    buf_printf(ret, PREFIX "%s_bucket{worker=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", family->metric,
               slot->name, sum);
    buf_printf(ret, PREFIX "%s_sum{worker=\"%s\"} %" PRIu64 "\n", family->metric, slot->name,
               of_queries ? slot->sum.query_octets : slot->sum.reply_octets);
    buf_printf(ret, PREFIX "%s_count{worker=\"%s\"} %" PRIu64 "\n", family->metric, slot->name,
               sum);
}

static void put_family(const struct statistics_family *family, const struct slots *all,
                       struct buf *ret)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    put_head(family->metric, types[family->kind], family->help, ret);
    for (size_t i = 0; i < all->count; i++)
        (family->kind == STATISTICS_SIZES ? put_sizes : put_numbers)(family, &all->slots[i], ret);
}

static void put_one(const char *metric, const char *help, uint64_t value, struct buf *ret)
{
    put_head(metric, "gauge", help, ret);
    buf_printf(ret, PREFIX "%s %" PRIu64 "\n", metric, value);
}

static void put_common(const struct metrics_common *common, struct buf *ret)
{
    put_head("build_info", "gauge", "The version that runs", ret);
    buf_put_text(ret, PREFIX "build_info{version=\"" ZONEBOX_VERSION "\"} 1\n");
    put_one("store_open", "Is there a store to answer from?", common->store_open, ret);
    put_one("zones", "Zones in the store", common->zones, ret);
    put_one("store_transaction", "The newest transaction of the store", common->snapshot, ret);
    put_one("store_used_bytes", "Octets of the store's file that were ever used",
            common->store_octets_used, ret);
    put_one("store_size_bytes", "Octets that the store's file may have", common->store_octets_max,
            ret);
    put_one("store_readers", "Reader slots of the store that are taken", common->store_readers,
            ret);
}

void metrics_write(const struct pages *pages, const struct metrics_common *common, struct buf *ret)
{
    struct slots all = gather(pages);
    put_common(common, ret);
    for (size_t i = 0; i < statistics_family_count; i++)
        put_family(&statistics_families[i], &all, ret);
    free(all.slots);
}
