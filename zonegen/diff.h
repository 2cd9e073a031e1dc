// SPDX-License-Identifier: ISC
// What a change of a zone changes for the world: RRset by RRset, and what each change could break, and until when.
//
// Pure: two lists of records and the time. The old side is what is served, so caches have it with its TTLs; the new
// side is what the configuration says, taken as if it were served from `now` on. The SOA's serial and what belongs to
// signatures are nobody's change.
//
//   diff.c        which RRsets are new, gone, or other than before
//   diff_risks.c  the table: type of record → what could break, from the TTLs that caches count down
//   diff_print.c  in words; json_diff.c in JSON
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ldns/ldns.h>

#include "base/buf.h"

struct diff_side {
    ldns_rr_list *records; // owned; without serials and signatures once diff_zone has seen them
    bool exists;           // is there such a zone at all?
    bool is_signed;
};

enum diff_kind { DIFF_SAME, DIFF_ADDED, DIFF_REMOVED, DIFF_CHANGED };

struct diff_rrset { // borrowed from a side; count 0: there is none
    ldns_rr *const *rrs;
    size_t count;
    uint32_t ttl;
};

struct diff_risk {
    char *text; // a sentence without its full stop
    int64_t
        until; // Unix seconds: over then; 0: nothing but a deed ends it, or it is no matter of time
};

struct diff_change {
    enum diff_kind kind;
    const ldns_rdf *owner;
    ldns_rr_type type;
    struct diff_rrset old;
    struct diff_rrset new;
    struct diff_risk *risks;
    size_t risk_count;
};

struct diff {
    char *zone; // without the last dot
    enum diff_kind kind;
    int64_t now;
    struct diff_side old;
    struct diff_side new;
    struct diff_change *changes; // in canonical order of owners, then by type
    size_t change_count;
    struct diff_risk *risks; // of the zone as a whole
    size_t risk_count;
};

struct diff_context {
    const char *zone;
    const char *hostname; // of the box
    bool delegated_here;  // the zone above is one of ours, too, and changes with it
    int64_t now;
};

// Takes both sides over.
void diff_zone(const struct diff_context *context, struct diff_side *old, struct diff_side *new,
               struct diff *ret);
void diff_done(struct diff *diff);

// Does the RRset have this record, whatever its TTL? NULL as rrset: no.
bool diff_has(const struct diff_rrset *rrset, const ldns_rr *rr);

// Fills the risks in.
void diff_judge(const struct diff_context *context, struct diff *diff);

// "-" and "+" lines, each change followed by what it could break. Nothing for a zone that is the same.
void diff_print(const struct diff *diff, bool colours, struct buf *ret);
