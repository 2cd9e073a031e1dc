// SPDX-License-Identifier: ISC
// SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012): what interoperable cookies are made with
// (RFC 9018 §4.4). libcrypto has it, too, at twenty times the price and an allocation per call (decision 032).
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_LEN 16

struct siphash_key {
    uint64_t words[2];
};

struct siphash_key siphash_key(const uint8_t octets[SIPHASH_KEY_LEN]);
uint64_t siphash24(const struct siphash_key *key, const uint8_t *octets, size_t len);
