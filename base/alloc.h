// SPDX-License-Identifier: ISC
// Memory of the control side. Running out of it aborts here, in one place, so that no caller has a branch that
// no test reaches; in exchange every size that a stranger can drive has a quota where it is read. The query
// path of the server allocates nothing. free() releases what these return.
#pragma once

#include <stddef.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1)));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1, 2)));
// Zeroed, and beginning where a line of the cache does, for what is waited for when it is read.
#define CACHE_LINE 64
void *xcalloc_line(size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1)));
// Resizes to count × size octets; overflow of the product aborts too.
void *xreallocarray(void *block, size_t count, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));
void *xmemdup(const void *octets, size_t len) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *format, ...)
    __attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

// Makes room for one more element at the end of a growing array: *cap grows by alloc_step when len has reached it.
//     items = array_grow(items, &cap, len, sizeof(*items));
void *array_grow(void *array, size_t *cap, size_t len, size_t element_size)
    __attribute__((returns_nonnull));
// By how much a growing block of this size grows: it doubles, and above 1 MiB takes a quarter more.
size_t alloc_step(size_t size);
