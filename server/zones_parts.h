// SPDX-License-Identifier: ISC
// What zones.c (finding) and zones_store.c (the store) share: the table of zones.
#pragma once

#include "base/quarantine.h"
#include "dns/store.h"
#include "server/statistics.h"
#include "server/zones.h"

enum entry_state {
    ENTRY_OPEN,
    ENTRY_BROKEN, // its image does not hold up, or is set aside and there is no other
    ENTRY_GONE,   // not in the store any more
};

// What a query reads of a zone before its image: two lines of the cache, as long as the key is short.
struct entry {
    uint64_t snapshot; // under which all below was last found to hold
    uint64_t id;       // of the image
    const uint8_t *address;
    uint8_t state;  // enum entry_state
    bool has_below; // the store has a zone below this one
    uint16_t key_len;
    struct image image;
    uint8_t key[]; // of the apex: the one in the store moves
};

struct cell {
    uint64_t hash;       // of the entry's key: others than the wanted one need not be looked at
    struct entry *entry; // NULL: free
};

struct zones {
    char *directory;
    struct store *store;
    struct store_reader *reader;
    uint64_t snapshot;
    bool in_batch;   // there is a snapshot
    bool complained; // about the store, since it last opened
    struct quarantine aside;
    struct statistics *statistics; // zones_count_in, or what nobody reads
    struct statistics unread;
    bool depths[NAME_LABELS_MAX + 1]; // is there an apex of so many labels in the table?
    size_t count;
    size_t cap;
    struct cell *table; // by hash, linear probing; entries leave it only when it grows
};

// Logs what is wrong with the store: one line until it works again, however often it is tried.
void zones_complain(struct zones *zones, const char *event, const struct error *err);
