// SPDX-License-Identifier: ISC
// Base64 as keys are written in it (RFC 4648 §4).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

// How many octets the text stands for: the alphabet, padding at the end only, and nothing else. -1: it is none, or
// there is no room; max counts padding.
long base64_read(const char *text, size_t len, uint8_t *ret, size_t max);

// Appends the text.
void base64_put(const uint8_t *octets, size_t len, struct buf *ret);
