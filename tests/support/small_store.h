// SPDX-License-Identifier: ISC
// A store with one zone, for tests and fuzzers that need a responder and no more. Whatever goes wrong here ends the
// program.
#pragma once

#include "server/zones.h"

struct small_store {
    char directory[32];
    struct zones *zones;
};

// Makes an unsigned zone "example." of the master-file text, in a new directory, and opens the table of zones on it.
void small_store_open(const char *text, struct small_store *ret);
// Removes the directory, too.
void small_store_close(struct small_store *store);
