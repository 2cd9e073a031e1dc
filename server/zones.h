// SPDX-License-Identifier: ISC
// The zones that a worker serves: a table apex → opened image, over the store (dns/store.h). The
// only part of the server that knows the store.
//
// Work is done in batches: zones_begin takes the newest snapshot of the store, zones_end lets go of
// it, and images and whatever points into them hold in between. Nothing is ever loaded in advance
// or rescanned: a start is an mmap. The first use of a zone under a new snapshot costs two look-ups
// in the store; an image with the same id at the same address as before is not checked again, any
// other is checked in full, once. An image that does not hold up is that zone's trouble alone: it
// is logged once and answered with SERVFAIL. One that is set aside (decision 037) is not even
// looked at: its zone is answered from the image before it, where the store has that.
//
// A zone may lie below another, so finding an ancestor in the table is not enough: each entry knows
// whether the store has a zone below it, and only then the store is asked for a deeper one. Names
// of no zone cost a look-up in the store each and leave nothing behind, so that strangers cannot
// fill the table.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dns/image.h"
#include "dns/name.h"

struct zones;
struct statistics;
struct store_info;

// `directory` of the store's serve/, which need not exist yet. It is opened by zones_attend.
struct zones *zones_new(const char *directory);
void zones_free(struct zones *zones); // NULL is fine

// Opens the store when there is none open, and again when its files were replaced (the signer makes
// serve/ anew when it is damaged or of another format). To be called now and then, outside a batch.
// Returns whether there is a store.
bool zones_attend(struct zones *zones);

void zones_begin(struct zones *zones);
void zones_end(struct zones *zones);

enum zones_found {
    ZONES_FOUND,
    ZONES_NONE,      // no zone here has the name
    ZONES_BROKEN,    // the zone's image does not hold up, or the store cannot be read there
    ZONES_NOT_READY, // there is no store to look into
};

// The zone that the name lies in, the deepest. With `parent`, and if the name is the apex of a
// zone, the zone above it if that is served here too: where the DS is (RFC 4035 §3.1.4.1). *ret
// holds until zones_end.
enum zones_found zones_find(struct zones *zones, const struct name_key *name, bool parent,
                            const struct image **ret);

// The same for many names of a batch at once, so that they wait for memory together and not one after the other: each
// name is taken through the first step, then each through the second, then the third.
struct zones_search {
    const struct name_key *name;
    uint64_t hash;
    uint8_t labels; // of the deepest apex that is still possible; 0: only the store can tell
    bool parent;
};

void zones_search_begin(const struct zones *zones, const struct name_key *name, bool parent,
                        struct zones_search *ret);
void zones_search_go_on(const struct zones *zones, struct zones_search *search);
enum zones_found zones_search_end(struct zones *zones, struct zones_search *search,
                                  const struct image **ret);

// An image is in hand while it is checked, and while somebody says so. Its id is written where zones count
// (base/pages.h), so that who outlives this process knows what it died from.
// This image, as zones_find gave it, is answered from, from now on; NULL: none is.
void zones_hand(const struct zones *zones, const struct image *image);

// From now on nothing is answered from this image (its id, the checksum of its header). To be called
// outside a batch.
void zones_set_aside(struct zones *zones, uint64_t image);

// Counts snapshots, images checked and questions for broken zones there from now on.
void zones_count_in(struct zones *zones, struct statistics *statistics);
// What the store is like (dns/store.h). False: there is none.
bool zones_describe(const struct zones *zones, struct store_info *ret);

// How many zones the store has. Inside a batch.
size_t zones_count(const struct zones *zones);
