// SPDX-License-Identifier: ISC
// Whom does a parent want to be told of changes of CDS and CDNSKEY? RFC 9859 §4.1: at which names to look for DSYNC,
// one after the other, and what the records say. Pure.
//
//     a.b.example, delegated by example:
//       a._dsync.b.example     nothing; the answer's SOA says: the zone above is example
//       a.b._dsync.example     nothing
//       _dsync.example         nothing: there is nobody to tell
#pragma once

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

// Looks for one zone. Three are enough where SOA records say what they should; each further one is because a zone
// between was said to be there, and is not.
#define DSYNC_LOOKS_MAX 5
// There is to be one record for CDS (RFC 9859 §3); of more, so many count.
#define DSYNC_TARGETS_MAX 4

struct dsync_search {
    struct name zone;
    size_t above;  // where in the zone's wire form the labels behind _dsync begin
    bool stripped; // no labels before _dsync any more
    unsigned looks;
};

struct dsync_target {
    struct name host;
    uint16_t port;
};

// Begins with the first name. The root has none.
void dsync_begin(struct dsync_search *search, const uint8_t *zone);
// The name to look at now; false: there is none any more.
bool dsync_name(struct dsync_search *search, struct name *ret);
// Nothing is there. apex: of the zone that said so; NULL: not known.
void dsync_go_on(struct dsync_search *search, const uint8_t *apex);

// Targets for CDS by NOTIFY among the DSYNC records of owner. Returns how many.
size_t dsync_targets(const ldns_rr_list *records, const uint8_t *owner,
                     struct dsync_target ret[DSYNC_TARGETS_MAX]);
