// SPDX-License-Identifier: ISC
// check_host() of SPF (RFC 7208 §4) over facts: may this address send mail for that domain?
#pragma once

#include "base/address.h"
#include "probe/judge.h"

enum spf_result {
    SPF_RESULT_OPEN, // facts are missing
    SPF_NONE,
    SPF_NEUTRAL,
    SPF_PASS,
    SPF_FAIL,
    SPF_SOFTFAIL,
    SPF_TEMPERROR,
    SPF_PERMERROR,
};

struct spf_check {
    struct judge *judge;
    const struct address *address; // of the client
    const char *sender;            // domain behind "postmaster@"
    const char *helo;
    // What came out besides the result:
    unsigned lookups; // terms that cost one (§4.6.4)
    unsigned voids;   // and those that led to nothing
    const char *why;  // of NONE, TEMPERROR and PERMERROR; the term that matched otherwise
};

enum spf_result spf_check_host(struct spf_check *check, const char *domain);
const char *spf_result_text(enum spf_result result); // "pass", "permerror" …
