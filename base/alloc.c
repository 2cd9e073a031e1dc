// SPDX-License-Identifier: ISC
#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *block)
{
    if (block == NULL) {
        fputs("error out-of-memory\n", stderr);
        abort();
    }
    return block;
}

// A request for nothing still returns a block, so that NULL only ever means failure.
void *xmalloc(size_t size)
{
    return checked(malloc(size > 0 ? size : 1));
}

void *xcalloc_line(size_t size)
{
    size_t whole = (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    return memset(checked(aligned_alloc(CACHE_LINE, whole)), 0, whole);
}

void *xcalloc(size_t count, size_t size)
{
    return checked(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *xreallocarray(void *block, size_t count, size_t size)
{
    return checked(reallocarray(block, count > 0 ? count : 1, size > 0 ? size : 1));
}

char *xstrdup(const char *text)
{
    return checked(strdup(text));
}

void *xmemdup(const void *octets, size_t len)
{
    void *copy = xmalloc(len);
    if (len > 0)
        memcpy(copy, octets, len);
    return copy;
}

char *xasprintf(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int written = vasprintf(&text, format, args);
    va_end(args);
    return checked(written < 0 ? NULL : text);
}

// Half of what doubles may be air: for what is large, that is too much.
#define DOUBLES_UP_TO (1U << 20)

size_t alloc_step(size_t size)
{
    return size <= DOUBLES_UP_TO ? size : size / 4;
}

void *array_grow(void *array, size_t *cap, size_t len, size_t element_size)
{
    if (array != NULL && len < *cap)
        return array;
    *cap =
        *cap < 8 ? 8 : *cap + (alloc_step(*cap * element_size) + element_size - 1) / element_size;
    return xreallocarray(array, *cap, element_size);
}
