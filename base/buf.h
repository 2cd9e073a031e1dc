// SPDX-License-Identifier: ISC
// A growing run of octets for the control side: texts being printed, images being built. Zero-initialise;
// buf_done releases. Growth aborts when memory ends (base/alloc.h).
#pragma once

#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
};

void buf_done(struct buf *buf);
void buf_wipe(struct buf *buf);  // the same of one that held a secret
void buf_clear(struct buf *buf); // keeps the memory
// Room for `more` octets after len
void buf_reserve(struct buf *buf, size_t more);
void buf_put(struct buf *buf, const void *octets, size_t len); // appends
uint8_t *buf_extend(struct buf *buf, size_t len);              // appends zeros, returns where
void buf_put_u8(struct buf *buf, uint8_t value);
void buf_put_u16(struct buf *buf, uint16_t value);    // network order
void buf_put_u32(struct buf *buf, uint32_t value);    // network order
void buf_put_u64(struct buf *buf, uint64_t value);    // network order
void buf_put_text(struct buf *buf, const char *text); // without its NUL
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The content as a C string: a NUL is put behind it that does not count into len.
const char *buf_text(struct buf *buf);
