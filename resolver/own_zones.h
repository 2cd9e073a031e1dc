// SPDX-License-Identifier: ISC
// Which zones the box itself serves, and their public keys: zones.key, which zone-signer replaces before each commit
// that changes either.
//
//     ; comments
//     example.com. IN DNSKEY 257 3 13 …     all keys in the zone; one line or more for each signed zone
//     ; unsigned: example.org.              one line for each unsigned zone
//
// The file is followed: whatever it is replaced with is taken within OWN_ZONES_MS, with very many zones a bit later.
// What cannot be read, makes no sense or is gone changes nothing.
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/status.h"
#include "dns/name.h"
#include "resolver/records.h"

#define OWN_ZONES_MS       150          // how often the file's status is asked for
#define OWN_ZONES_FILE_MAX (256U << 20) // octets: 100,000 zones, each with keys of 2 kB

struct own_zones {
    struct name *unsigned_zones; // canonical order, each once, none of them with a key
    size_t unsigned_count;
    size_t unsigned_cap;
    struct records keys; // canonical order, DNSKEY only
};

// Reads the text; pure. SYNTAX with "name:line: words". On failure *ret is not changed, otherwise it is
// replaced (not released before). A zone with keys that is also said to be unsigned is refused: one of both is a
// mistake, and the wrong choice would be either bogus or not validated.
enum status own_zones_parse(const char *name, const struct buf *text, struct own_zones *ret,
                            struct error *err);
bool own_zones_equal(const struct own_zones *a, const struct own_zones *b);
void own_zones_copy(const struct own_zones *zones, struct own_zones *ret);
void own_zones_done(struct own_zones *zones);
// How many different zones.
size_t own_zones_count(const struct own_zones *zones);

// Called with the first content and each that differs from the one before; zones is only borrowed.
typedef void own_zones_changed(void *data, const struct own_zones *zones);
// Called with words when the file cannot be read or understood, once for each of its states.
typedef void own_zones_failed(void *data, enum status status, const struct error *err);

struct own_zones_watch;
// Reads the file at once (changed or failed may be called before this returns), then follows it. path must outlive it.
struct own_zones_watch *own_zones_follow(uv_loop_t *loop, const char *path,
                                         own_zones_changed *changed, own_zones_failed *failed,
                                         void *data);
// Memory is released when the loop has run on. NULL is fine.
void own_zones_unfollow(struct own_zones_watch *watch);
