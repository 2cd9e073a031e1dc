// SPDX-License-Identifier: ISC
// Many small pieces of memory that are released together. Zero-initialise; arena_done releases. Running out of memory
// aborts (base/alloc.h).
#pragma once

#include <stddef.h>

struct arena {
    struct arena_block *blocks;
};

// size octets, uninitialised, at any address: for texts and octets.
void *arena_octets(struct arena *arena, size_t size) __attribute__((returns_nonnull));
// The same, aligned for any type.
void *arena_struct(struct arena *arena, size_t size) __attribute__((returns_nonnull));
// Copies of texts.
char *arena_text(struct arena *arena, const char *text) __attribute__((returns_nonnull));
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((returns_nonnull, format(printf, 2, 3)));
void arena_done(struct arena *arena);
