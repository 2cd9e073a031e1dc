// SPDX-License-Identifier: ISC
// What was found out about a zone: a list of verdicts, each ok, wrong or unknown, and the line of JSON for each.
//
// "wrong" is only what was seen to be so. Silence is "unknown", whoever is silent: an alarm for each lost packet would
// be read by nobody. Of a thing that is not known, nothing else is said.
#pragma once

#include <stddef.h>

#include "base/buf.h"

enum verdict_kind { VERDICT_OK, VERDICT_WRONG, VERDICT_UNKNOWN };

// The order is that of the output. The names are the contract of `zonebox check --json`.
#define CHECK_MAP(X)                                                                               \
    X(PARENT, "parent")         /* the parent's servers answer for the delegation */               \
    X(DELEGATION, "delegation") /* the NS set there is ours */                                     \
    X(GLUE, "glue")             /* and so are the addresses there */                               \
    X(DS, "ds")                 /* the DS set there fits the keys */                               \
    X(SERVER, "server")         /* each server answers by UDP, with authority */                   \
    X(TCP, "tcp")               /* and by TCP */                                                   \
    X(EDNS, "edns")             /* and knows EDNS */                                               \
    X(RECURSION, "recursion")   /* and asks nobody else on behalf of strangers */                  \
    X(NS, "ns")                 /* the zone's own NS set is ours */                                \
    X(SERIAL, "serial")         /* all have the same */                                            \
    X(SIGNATURES, "signatures") /* valid, for some time to come */                                 \
    X(DENIAL, "denial")         /* a name that does not exist is proven not to */                  \
    X(RECORDS, "records")       /* each server has what is not named below as it should be */      \
    X(ADDRESS, "address")       /* A, AAAA */                                                      \
    X(PTR, "ptr")               /* forward-confirmed */                                            \
    X(MX, "mx")                                                                                    \
    X(SPF, "spf")                                                                                  \
    X(DKIM, "dkim")                                                                                \
    X(DMARC, "dmarc")                                                                              \
    X(REPORTS, "reports") /* foreign receivers of DMARC reports agree */                           \
    X(MTA_STS, "mta-sts")                                                                          \
    X(TLS_RPT, "tls-rpt")                                                                          \
    X(CAA, "caa")                                                                                  \
    X(TLSA, "tlsa")                   /* the records, and what the ports present */                \
    X(CONFIGURATION, "configuration") /* what could not be made, so not be checked either */

enum check_kind {
#define X(name, text) CHECK_##name,
    CHECK_MAP(X)
#undef X
        CHECK_COUNT
};

struct verdict {
    enum check_kind check;
    enum verdict_kind kind;
    char *subject; // what it is about: a server, a record
    char *text;    // what was found
    char *todo;    // what to do about it, "" when nothing is to be done
};

struct verdicts { // zero-initialise
    struct verdict *list;
    size_t count, cap;
};

// One more. The words may be given in parts: verdict_todo speaks of the one added last.
void verdict_add(struct verdicts *verdicts, enum check_kind check, enum verdict_kind kind,
                 const char *subject, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void verdict_todo(struct verdicts *verdicts, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void verdicts_clear(struct verdicts *verdicts);
// In the order of the checks; within a check as they were added.
void verdicts_sort(struct verdicts *verdicts);

const char *check_name(enum check_kind check);
const char *verdict_name(enum verdict_kind kind); // "ok", "wrong", "unknown"
// {"zone","check","subject","verdict","text","todo"} and a newline, appended. No text in it has control characters.
void verdict_print(const struct verdict *verdict, const char *zone, struct buf *ret);
