// SPDX-License-Identifier: ISC
// What a zone answers to a question: the algorithm of RFC 1034 §4.3.2 with wildcards (RFC 4592),
// DNAME (RFC 6672) and DNSSEC (RFC 4035 §3.1, RFC 5155 §7.2). Pure: image + query → references.
// Nothing is allocated, nothing logged, no clock read.
//
// One step for the question name, one more for each name that a CNAME or DNAME leads to inside the
// zone:
//
//   find the node, or its closest encloser
//     at or below a cut          → referral (but the DS of the cut is the parent's to answer)
//     below a DNAME              → DNAME and the CNAME it stands for; on with the target
//     the node is there          → the RRset; else CNAME, on with its target; else NODATA
//     its encloser has a "*"     → the same from the wildcard, under the name asked for
//     nothing                    → NXDOMAIN
//
// Answers are minimal: no NS set in the authority section, no additional addresses but those of a
// referral.
#pragma once

#include "server/references.h"

// `query` must have come from question_read as QUERY_LOOKUP, its name at or below the image's apex.
void answer_make(const struct image *image, const struct query *query, struct answer *ret);
// The same for who has done all steps but the last of the search for the query's name.
void answer_make_found(const struct image *image, const struct query *query,
                       struct image_search *search, struct answer *ret);
// Begins the search for the name in the image of its zone.
void answer_search(const struct image *image, const struct query_name *name,
                   struct image_search *ret);
