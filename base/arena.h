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
void arena_done(struct arena *arena);
