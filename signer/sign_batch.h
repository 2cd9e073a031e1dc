// SPDX-License-Identifier: ISC
// Signatures of many zones, made together: the jobs of all of them in one row, so that the pool's threads take pieces
// of it and none waits for the end of a zone.
#pragma once

#include <stddef.h>

#include "signer/sign.h"

// What a thread takes at a time: 7 ms of P-256, long enough that what is done once a piece (keys/ecdsa_sign.h) does not
// count.
#define SIGN_PIECE 256

struct sign_item {
    const struct signing *signing;
    struct sign_job *job;
};

// Octets → signatures, in any thread: what is written belongs to these items alone. A key is set up once while it is
// the same from item to item. An item whose job is not done then could not be signed (sign_finish says so).
void sign_run(const struct sign_item *items, size_t count);
