// SPDX-License-Identifier: ISC
// Random octets from the system, for keys and seeds that strangers must not guess.
#pragma once

#include <stddef.h>

// At most 256 at a time: so many come whole (getrandom(2)), if need be after a wait for the kernel to have them.
#define RANDOM_MAX 256

// Fills all of them. A system that has none to give ends the process, as one without memory does.
void random_octets(void *ret, size_t len);
