// SPDX-License-Identifier: ISC
// What the parent of each zone should have as DS: DIR/public/ds, written by zone-signer, which alone knows when
// (keys/rollover.h), and read by zonegen, which tells people.
//
//   zone example.com enter 2026-11-22T12:00:00Z
//   key example.com 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0d…
//
// A `zone` line has its state and a time, `-` for none; `key` lines behind it are the DNSKEYs that the DS are made of.
//
//   none     not signed, and no DS of ours can be at the parent
//   wait     signed; the DS of these keys may be entered from the time on (-: not known yet), and not before: caches
//            may have answers without signatures
//   enter    to be entered, in the place of all others
//   in       seen at all the parent's servers, since that time; nothing to do
//   remove   every DS is to be taken out
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ldns/ldns.h>

#include "base/buf.h"
#include "base/status.h"

enum offer_state { OFFER_NONE, OFFER_WAIT, OFFER_ENTER, OFFER_IN, OFFER_REMOVE };
const char *offer_state_name(enum offer_state state); // the word above

struct offer {
    char *zone; // lower case, without the last dot
    enum offer_state state;
    int64_t time; // Unix seconds, 0: none
    ldns_rr **keys;
    size_t key_count;
};

struct offers {
    struct offer *list; // sorted by zone
    size_t count;
    bool known; // false: there is no such file
};

#define OFFER_FILE "ds"

// DIRECTORY/ds. One that is not there is fine; SYNTAX with "path: line N: …" when it is anything else.
enum status offers_load(const char *directory, struct offers *ret, struct error *err);
void offers_done(struct offers *offers);
// NULL when there is none. zone: with or without last dot, any case.
const struct offer *offers_find(const struct offers *offers, const char *zone);

// Appends lines of the file: its head; a zone; a key of that zone, by the rdata of the DNSKEY.
void offer_put_head(struct buf *ret);
void offer_put_zone(const char *zone, enum offer_state state, int64_t time, struct buf *ret);
void offer_put_key(const char *zone, const uint8_t *rdata, size_t len, struct buf *ret);
