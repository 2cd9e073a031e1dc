// SPDX-License-Identifier: ISC
// Numbers of 32 bits that go round in a circle (RFC 1982): SOA serials, and the times of an RRSIG.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Is a behind b (RFC 1982 §3.2)? Undefined distances count as no.
static inline bool serial_is_later(uint32_t a, uint32_t b)
{
    uint32_t distance = a - b;
    return distance != 0 && distance < UINT32_C(1) << 31;
}

// An RRSIG's time as Unix time: the one nearest to now (RFC 4034 §3.1.5).
static inline int64_t serial_time(uint32_t time, int64_t now)
{
    return now + (int32_t)(time - (uint32_t)now);
}
