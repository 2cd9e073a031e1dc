// SPDX-License-Identifier: ISC
// Proofs that something is not there: NSEC (RFC 4035 §3.1.3) and NSEC3 (RFC 5155 §7.2), whichever
// the zone has. Each function puts what its case needs into the authority section, signed, every
// RRset once.
//
// A zone whose chain has gaps (served as it came, `presigned`) gives the proofs that it has: the
// server never refuses an answer because a validator will.
#pragma once

#include "server/references.h"

// Where a name stands in the zone.
struct place {
    const struct query_name *name;
    const struct image_node *node;     // the name itself, or NULL
    const struct image_node *encloser; // the node, else the closest encloser (RFC 4592 §3.3.1)
    const struct image_node *before;   // the node, else its canonical predecessor
};

// More hashing than this a question must not cause: the most that RFC 5155 §10.3 ever allowed for
// keys in use. RFC 9276 §3.1 wants 0.
#define DENIAL_NSEC3_ITERATIONS_MAX 500

// The node is there but has no RRset of the type. Also for a cut without DS.
void denial_type(const struct image *image, const struct image_node *node, struct answer *answer);
// The name is not there, and no wildcard that could stand for it.
void denial_name(const struct image *image, const struct place *place, struct answer *answer);
// The answer came from a wildcard: nothing closer to the name is there.
void denial_closer(const struct image *image, const struct place *place, struct answer *answer);
// A wildcard stands for the name but has no RRset of the type.
void denial_wildcard_type(const struct image *image, const struct place *place,
                          const struct image_node *wildcard, struct answer *answer);
