// SPDX-License-Identifier: ISC
#include "base/due.h"

#include <stdlib.h>

#include "base/alloc.h"

void due_reset(struct due *due, size_t item_count)
{
    due_done(due);
    due->items = xcalloc(item_count + 1, sizeof(*due->items));
    due->heap = xcalloc(item_count + 1, sizeof(*due->heap));
    due->item_count = item_count;
    for (size_t i = 0; i < item_count; i++)
        due->items[i].at = DUE_NEVER;
}

void due_done(struct due *due)
{
    free(due->items);
    free(due->heap);
    *due = (struct due){0};
}

static void put(struct due *due, size_t place, size_t item)
{
    due->heap[place] = item;
    due->items[item].place = place;
}

static int64_t time_at(const struct due *due, size_t place)
{
    return due->items[due->heap[place]].at;
}

// Moves up what is earlier than those above it, down what is later than those below.
static void settle(struct due *due, size_t item)
{
    int64_t at = due->items[item].at;
    size_t i = due->items[item].place;
    for (; i > 0 && time_at(due, (i - 1) / 2) > at; i = (i - 1) / 2)
        put(due, i, due->heap[(i - 1) / 2]);
    for (size_t below = 2 * i + 1; below < due->count; below = 2 * i + 1) {
        if (below + 1 < due->count && time_at(due, below + 1) < time_at(due, below))
            below++;
        if (time_at(due, below) >= at)
            break;
        put(due, i, due->heap[below]);
        i = below;
    }
    put(due, i, item);
}

void due_set(struct due *due, size_t item, int64_t at)
{
    struct due_item *entry = &due->items[item];
    if (entry->at == at)
        return;
    if (entry->at == DUE_NEVER)
        put(due, due->count++, item);
    entry->at = at;
    if (at != DUE_NEVER) {
        settle(due, item);
        return;
    }
    size_t last = due->heap[--due->count];
    if (last == item)
        return;
    put(due, entry->place, last);
    settle(due, last);
}

int64_t due_at(const struct due *due, size_t item)
{
    return due->items[item].at;
}

int64_t due_first(const struct due *due, size_t *ret_item)
{
    if (due->count == 0)
        return DUE_NEVER;
    if (ret_item != NULL)
        *ret_item = due->heap[0];
    return time_at(due, 0);
}
