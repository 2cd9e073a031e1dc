// SPDX-License-Identifier: ISC
// What became of a query: what limits and statistics have to know of it, so that neither reads messages again.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// What kind of reply it is. Limits count by it (names that are made up are of one kind each).
enum outcome_kind {
    OUTCOME_DROPPED, // no reply: too short, or itself a reply
    OUTCOME_ERROR,   // nothing was looked up: FORMERR, NOTIMP, REFUSED, SERVFAIL …
    OUTCOME_ANSWER,
    OUTCOME_WILDCARD, // an answer made from a wildcard
    OUTCOME_NODATA,
    OUTCOME_NXDOMAIN,
    OUTCOME_REFERRAL,
};

// RFC 7873 §5.2: what the query's COOKIE option said.
enum outcome_cookie {
    COOKIE_NONE,
    COOKIE_CLIENT, // the client's half alone
    COOKIE_BAD,    // a server's half that is not ours, or too old
    COOKIE_GOOD,   // the client is where it says
};

struct outcome {
    uint16_t qtype; // 0 when no question was read
    uint16_t rcode; // with the upper bits of EDNS
    uint8_t kind;   // enum outcome_kind
    uint8_t cookie; // enum outcome_cookie
    bool truncated;
    bool edns;
    bool dnssec_ok;
    // What answered: a number for each node of a zone that gives answers, referrals or wildcards, and one for all that
    // the zone denies, so that names made up count together. 0: nothing was looked up.
    uint64_t source;
};
