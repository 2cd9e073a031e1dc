// SPDX-License-Identifier: ISC
// When each of many things is due: numbered from 0, each with one time or none, kept as a heap, so that the first is
// found at once and a change costs the logarithm of their number. Times are the caller's, of any clock.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DUE_NEVER INT64_MAX

struct due { // all zero: of nothing
    struct due_item {
        int64_t at;   // DUE_NEVER: not in the heap
        size_t place; // in the heap
    } * items;
    size_t *heap; // their numbers; none before the one at (i - 1) / 2
    size_t count; // in the heap
    size_t item_count;
};

// So many things, none of them due. What was before is forgotten.
void due_reset(struct due *due, size_t item_count);
void due_done(struct due *due);
// Sets the time of one, DUE_NEVER: none.
void due_set(struct due *due, size_t item, int64_t at);
int64_t due_at(const struct due *due, size_t item);
// The earliest time, DUE_NEVER: nothing is due. *ret_item, which may be NULL, is the thing.
int64_t due_first(const struct due *due, size_t *ret_item);
