// SPDX-License-Identifier: ISC
// Octets that several snapshots of the inputs have in common: of 10,000 files that were read once and one that is read
// again there is one copy each. Not for several threads.
#pragma once

#include <stddef.h>
#include <stdint.h>

// A copy with one user, NUL behind it. Of no octets, too.
uint8_t *shared_make(const void *octets, size_t len) __attribute__((returns_nonnull));
// One user more; NULL is fine, as below.
uint8_t *shared_use(uint8_t *octets);
// One less: the last one releases.
void shared_free(uint8_t *octets);
