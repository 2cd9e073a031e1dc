// SPDX-License-Identifier: ISC
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

char *arena_text(struct arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(arena_octets(arena, size), text, size);
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = arena_octets(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text;
}
