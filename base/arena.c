// SPDX-License-Identifier: ISC
#include "base/arena.h"

#include <stdlib.h>

#include "base/alloc.h"

// Large enough that the blocks cost nothing beside what is in them; what is larger gets one of its own.
#define BLOCK_SIZE ((size_t)64 << 10)

struct arena_block {
    struct arena_block *next;
    size_t used, cap;
    _Alignas(max_align_t) unsigned char octets[];
};

static void *take(struct arena *arena, size_t size, size_t align)
{
    struct arena_block *block = arena->blocks;
    size_t start = block != NULL ? (block->used + align - 1) / align * align : 0;
    if (block == NULL || start > block->cap || block->cap - start < size) {
        size_t cap = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        block = xmalloc(sizeof(*block) + cap);
        *block = (struct arena_block){.next = arena->blocks, .cap = cap};
        arena->blocks = block;
        start = 0;
    }
    block->used = start + size;
    return block->octets + start;
}

void *arena_octets(struct arena *arena, size_t size)
{
    return take(arena, size, 1);
}

void *arena_struct(struct arena *arena, size_t size)
{
    return take(arena, size, _Alignof(max_align_t));
}

void arena_done(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
}
