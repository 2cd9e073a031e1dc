// SPDX-License-Identifier: ISC
// Reading and writing octets in network order. The reader's error sticks: after the first read beyond the end
// everything yields zero and wire_ok says no, so that a parser checks once at its end.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint16_t wire_get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t wire_get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

static inline uint64_t wire_get_u64(const uint8_t *at)
{
    return (uint64_t)wire_get_u32(at) << 32 | wire_get_u32(at + 4);
}

static inline void wire_set_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void wire_set_u32(uint8_t *at, uint32_t value)
{
    wire_set_u16(at, (uint16_t)(value >> 16));
    wire_set_u16(at + 2, (uint16_t)value);
}

static inline void wire_set_u64(uint8_t *at, uint64_t value)
{
    wire_set_u32(at, (uint32_t)(value >> 32));
    wire_set_u32(at + 4, (uint32_t)value);
}

// The bits of a label that is a pointer; with one of them alone it is of a type that is history (RFC 6891 §5).
#define WIRE_POINTER 0xc0

struct wire_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

static inline struct wire_reader wire_reader(const void *octets, size_t len)
{
    return (struct wire_reader){octets, (const uint8_t *)octets + len, false};
}

static inline bool wire_ok(const struct wire_reader *reader)
{
    return !reader->failed;
}

static inline size_t wire_left(const struct wire_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

// The next len octets, or NULL (and failed) when there are fewer.
static inline const uint8_t *wire_take(struct wire_reader *reader, size_t len)
{
    if (reader->failed || wire_left(reader) < len) {
        reader->failed = true;
        return NULL;
    }
    const uint8_t *at = reader->at;
    reader->at += len;
    return at;
}

static inline uint8_t wire_u8(struct wire_reader *reader)
{
    const uint8_t *at = wire_take(reader, 1);
    return at != NULL ? at[0] : 0;
}

static inline uint16_t wire_u16(struct wire_reader *reader)
{
    const uint8_t *at = wire_take(reader, 2);
    return at != NULL ? wire_get_u16(at) : 0;
}

static inline uint32_t wire_u32(struct wire_reader *reader)
{
    const uint8_t *at = wire_take(reader, 4);
    return at != NULL ? wire_get_u32(at) : 0;
}

static inline uint64_t wire_u64(struct wire_reader *reader)
{
    const uint8_t *at = wire_take(reader, 8);
    return at != NULL ? wire_get_u64(at) : 0;
}

// Steps over a name, compressed or not (RFC 1035 §4.1.4); other label types fail. Returns how many octets of it stand
// here, 1 for the root.
static inline size_t wire_skip_name(struct wire_reader *reader)
{
    const uint8_t *start = reader->at;
    uint8_t label;
    while ((label = wire_u8(reader)) != 0) {
        if ((label & WIRE_POINTER) == WIRE_POINTER) {
            wire_u8(reader);
            break;
        }
        if ((label & WIRE_POINTER) != 0)
            reader->failed = true;
        wire_take(reader, label);
    }
    return (size_t)(reader->at - start);
}
