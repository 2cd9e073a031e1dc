// SPDX-License-Identifier: ISC
#include "server/siphash.h"

#include <endian.h>
#include <string.h>

// Numbers are little-endian throughout, unlike those of the DNS.
static uint64_t get_u64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof(value));
    return le64toh(value);
}

struct siphash_key siphash_key(const uint8_t octets[SIPHASH_KEY_LEN])
{
    return (struct siphash_key){{get_u64(octets), get_u64(octets + 8)}};
}

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void add_rounds(uint64_t v[4], unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

static void add_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    add_rounds(v, 2);
    v[0] ^= word;
}

uint64_t siphash24(const struct siphash_key *key, const uint8_t *octets, size_t len)
{
    uint64_t v[4] = {
        key->words[0] ^ 0x736f6d6570736575U,
        key->words[1] ^ 0x646f72616e646f6dU,
        key->words[0] ^ 0x6c7967656e657261U,
        key->words[1] ^ 0x7465646279746573U,
    };
    size_t at = 0;
    for (; len - at >= 8; at += 8)
        add_word(v, get_u64(octets + at));
    uint64_t last = (uint64_t)len << 56;
    for (unsigned i = 0; at + i < len; i++)
        last |= (uint64_t)octets[at + i] << 8 * i;
    add_word(v, last);
    v[2] ^= 0xff;
    add_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
