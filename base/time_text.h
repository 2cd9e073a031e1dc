// SPDX-License-Identifier: ISC
// Times as text in the files that programs of this box leave each other: 2026-11-22T12:00:00Z (RFC 3339), in UTC.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TIME_TEXT_MAX 32
// Unix seconds; "-" for 0.
const char *time_text(int64_t when, char text[TIME_TEXT_MAX]);
// And back. False when it is neither.
bool time_text_read(const char *text, int64_t *ret);
