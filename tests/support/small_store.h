// SPDX-License-Identifier: ISC
// A store with one zone, and who answers from it over streams, for tests and fuzzers. Whatever goes wrong here ends the
// program.
#pragma once

#include "server/stream.h"
#include "server/zones.h"

struct small_store {
    char directory[32];
    struct zones *zones;
    struct responder responder;
    struct statistics statistics;
    struct stream_desk desk; // of TCP; `write` is the caller's to give
};

// Makes an unsigned zone "example." in a new directory and opens it: SOA, NS, "ns1 A 192.0.2.1", and these records as a
// master file has them. The struct stays where it is.
void small_store_open(const char *records, struct small_store *ret);
// Removes the directory, too.
void small_store_close(struct small_store *store);
