// SPDX-License-Identifier: ISC
// Why an answer does not validate: the words of libunbound's validator as an extended DNS error (RFC 8914).
#pragma once

#include <stdint.h>

// The code that says the most of what the words do; EDE_DNSSEC_BOGUS when none fits better. words may be NULL.
uint16_t why_code(const char *words);
// The words without "validation failure <www.example. A IN>: ", which repeats the question, and without what refers to
// an earlier failure: its reason is what counts, and the first to be cut where room is short. NULL for NULL.
const char *why_text(const char *words);
