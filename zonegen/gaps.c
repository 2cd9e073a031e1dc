// SPDX-License-Identifier: ISC
#include "zonegen/gaps.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/alloc.h"
#include "zonegen/zonegen.h"

#define SIZE_MIN 16

void gaps_done(struct gaps *gaps)
{
    free(gaps->slots);
    *gaps = (struct gaps){0};
}

static uint64_t hash(const struct zone_record *gap)
{
    return XXH3_64bits_withSeed(gap->why, strlen(gap->why),
                                XXH3_64bits(gap->missing, strlen(gap->missing)));
}

// Where the gap is, or the free slot where it would be.
static size_t *find(const struct gaps *gaps, const struct zone_record *records, size_t index)
{
    const struct zone_record *gap = &records[index];
    size_t at = hash(gap) & (gaps->size - 1);
    for (; gaps->slots[at] != 0; at = (at + 1) & (gaps->size - 1)) {
        const struct zone_record *other = &records[gaps->slots[at] - 1];
        if (strcmp(other->missing, gap->missing) == 0 && strcmp(other->why, gap->why) == 0)
            break;
    }
    return &gaps->slots[at];
}

static void grow(struct gaps *gaps, const struct zone_record *records)
{
    size_t *old = gaps->slots;
    size_t size = gaps->size;
    gaps->size = size > 0 ? 2 * size : SIZE_MIN;
    gaps->slots = xcalloc(gaps->size, sizeof(*gaps->slots));
    for (size_t i = 0; i < size; i++) {
        if (old[i] != 0)
            *find(gaps, records, old[i] - 1) = old[i];
    }
    free(old);
}

bool gaps_add(struct gaps *gaps, const struct zone_record *records, size_t index)
{
    if ((gaps->count + 1) * 2 > gaps->size)
        grow(gaps, records);
    size_t *slot = find(gaps, records, index);
    if (*slot != 0)
        return false;
    *slot = index + 1;
    gaps->count++;
    return true;
}
