// SPDX-License-Identifier: ISC
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void buf_done(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}

void buf_wipe(struct buf *buf)
{
    if (buf->data != NULL)
        explicit_bzero(buf->data, buf->cap);
    buf_done(buf);
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
}

void buf_reserve(struct buf *buf, size_t more)
{
    if (buf->data != NULL && buf->cap - buf->len >= more)
        return;
    size_t cap = buf->cap < 256 ? 256 : buf->cap;
    while (cap - buf->len < more) {
        size_t step = alloc_step(cap);
        cap = cap > SIZE_MAX - step ? SIZE_MAX : cap + step;
    }
    buf->data = xreallocarray(buf->data, cap, 1);
    buf->cap = cap;
}

void buf_put(struct buf *buf, const void *octets, size_t len)
{
    buf_reserve(buf, len);
    if (len > 0)
        memcpy(buf->data + buf->len, octets, len);
    buf->len += len;
}

uint8_t *buf_extend(struct buf *buf, size_t len)
{
    buf_reserve(buf, len);
    uint8_t *where = buf->data + buf->len;
    memset(where, 0, len);
    buf->len += len;
    return where;
}

void buf_put_u8(struct buf *buf, uint8_t value)
{
    buf_put(buf, &value, 1);
}

void buf_put_u16(struct buf *buf, uint16_t value)
{
    buf_put(buf, (uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

void buf_put_u32(struct buf *buf, uint32_t value)
{
    buf_put_u16(buf, (uint16_t)(value >> 16));
    buf_put_u16(buf, (uint16_t)value);
}

void buf_put_u64(struct buf *buf, uint64_t value)
{
    buf_put_u32(buf, (uint32_t)(value >> 32));
    buf_put_u32(buf, (uint32_t)value);
}

void buf_put_text(struct buf *buf, const char *text)
{
    buf_put(buf, text, strlen(text));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    size_t room = buf->cap - buf->len;
    char *end = room > 0 ? (char *)buf->data + buf->len : NULL;
    int needed = vsnprintf(end, room, format, args);
    va_end(args);
    if (needed >= 0 && (size_t)needed >= room) {
        buf_reserve(buf, (size_t)needed + 1);
        vsnprintf((char *)buf->data + buf->len, (size_t)needed + 1, format, again);
    }
    buf->len += needed >= 0 ? (size_t)needed : 0;
    va_end(again);
}

const char *buf_text(struct buf *buf)
{
    buf_reserve(buf, 1);
    buf->data[buf->len] = '\0';
    return (const char *)buf->data;
}
