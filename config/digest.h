// SPDX-License-Identifier: ISC
// What was written, as a number: equal for two texts that say the same in other places (lines, indentation, comments,
// quotes), different otherwise but for one chance in 2^64.
#pragma once

#include <stdint.h>

#include "config/tree.h"

uint64_t digest_node(const struct node *node);
// Of a mapping, without the values of two keys.
uint64_t digest_without(const struct node *mapping, const char *one, const char *other);
