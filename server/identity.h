// SPDX-License-Identifier: ISC
// What this server says of itself to those that ask: NSID (RFC 5001), and TXT records of class CHAOS (RFC 4892) that
// tell servers behind one address apart. All of it is off unless it was given.
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "dns/query.h"

// So that a reply with all options and the longest question still fits 512 octets
#define IDENTITY_TEXT_MAX 128

// NULL: it is not told.
struct identity {
    const char *nsid;
    const char *name;    // id.server, hostname.bind
    const char *version; // version.server, version.bind
};

// What a question that is refused for its class is answered with after all, if that is CHAOS; or NULL.
const char *identity_answer(const struct identity *identity, const struct query *query);
