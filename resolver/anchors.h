// SPDX-License-Identifier: ISC
// Trust anchors: which keys are believed, and how they are followed when they roll (RFC 5011).
//
// Anchor files (Debian's dns-root-data, the admin's) say where trust begins. With a state directory each of their
// zones has two files there:
//     root.key     what libunbound keeps of the zone's keys: their states, times, when to look again (its "autotrust"
//                  format). Only the follower (resolver/follow.h) writes it
//     root.seed    the records of the anchor files that root.key was last made of or changed by
// An anchor file that changes later (a package update brings the next root key) changes root.key by just that
// difference: new records are trusted, those that were taken out are no longer, keys learnt stay. When nothing of the
// former seed is left, root.key is made anew: what was learnt was learnt from keys that are not trusted any more.
// Without a state directory the anchors are those of the files; so, too, where it cannot be written when it has to be.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "resolver/records.h"

#define ANCHOR_FILE_MAX  (1U << 20) // octets
#define ANCHOR_ZONES_MAX 64         // each is looked after with queries of its own

enum anchor_state { // RFC 5011 §4.3; the numbers are libunbound's
    ANCHOR_START = 0,
    ANCHOR_PENDING = 1,
    ANCHOR_VALID = 2,
    ANCHOR_MISSING = 3,
    ANCHOR_REVOKED = 4,
    ANCHOR_REMOVED = 5,
};

struct anchor {
    struct record record;
    enum anchor_state state;
    int64_t since;      // Unix seconds, 0: not known
    const char *source; // path of the file it was read from
};

struct anchor_zone {
    struct name name;
    struct records seed; // out of the anchor files
    const char *source;  // the first of them
    char *path;          // root.key and the like; NULL: it is not followed
    char *seed_path;
    int64_t next_probe; // when its keys are to be asked for again; 0: at once
    int64_t last_success;
    char *complaint; // why it is not followed, where it should be; or NULL
};

struct anchors {
    struct anchor_zone *zones; // canonical order
    size_t zone_count;
    size_t zone_cap;
    struct anchor *list; // in the order of zones
    size_t count;
    size_t cap;
};

// Reads the anchor files and brings the state directory up to date with them. The error names file and line. A zone
// whose anchors all have algorithms that libunbound does not know is an error too: it would take it for insecure. Paths
// must outlive ret.
enum status anchors_open(const char *const *files, size_t count, const char *state,
                         struct anchors *ret, struct error *err);
// Reads the state files again; *ret_changed: other keys are trusted than before. On failure nothing changes.
enum status anchors_refresh(struct anchors *anchors, bool *ret_changed, struct error *err);
void anchors_done(struct anchors *anchors);

// Is it trusted? RFC 5011 §4.2: a missing key still is.
bool anchor_is_trusted(const struct anchor *anchor);
const char *anchor_state_text(enum anchor_state state);

// Where a changed seed meets a state file: the text for the new one. Pure.
void anchors_merge(const struct records *state, const struct records *seed_before,
                   const struct records *seed, struct buf *ret);
