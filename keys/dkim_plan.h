// SPDX-License-Identifier: ISC
// What is to be done with the DKIM keys of a domain, and when: a pure function of the keys, the wishes and the time.
//
// A key is made, its record published (pending), and only when every verifier can have the record mail is signed with
// it (active). Its successor is made so early that it is ready when the lifetime ends; then the old key is not signed
// with any more but its record stays for the mail on its way (retiring), then says that the key is void (revoked: a
// stolen private key is worth nothing any more), and at last the record goes.
//
//   pending    DKIM_PENDING_S, at least twice the TTL, from when the record was seen in the published zone. A day,
//              since a secondary that missed a NOTIFY asks every four hours (SOA refresh), and resolvers keep for an
//              hour that there is no such name
//   retiring   DKIM_RETIRING_S: Postfix and others give mail up after five days in the queue
//   revoked    DKIM_REVOKED_S
//
// A lifetime of less than these shortens them, so that the number of records is bounded: a quarter of it pending, all
// of it retiring, four times of it revoked.
//
// Where nobody signs for the domain yet a new key is active at once: a signature that cannot be checked yet counts as
// none (RFC 6376 §6.1), which is what there would be otherwise.
//
// Where others serve the zone, the record gets there by hand, at some time or never (docs/decisions/016):
//   DKIM_SEEN_BY_PROBE  is_published: all name servers were seen with it. The wait is as above; a server that is seen
//                       without it begins it anew. A first key of its kind is active as soon as it was seen
//   DKIM_UNSEEN         nobody can look. A first key of its kind is active at once, and no key is ever replaced
//
// What may go wrong, and what is done about it:
//   the clock was set back           a step is never done earlier for it. Times that lie in the future become now
//   the private file is gone         a pending key is dropped, an active one retires and another is made
//   several active keys              the newest signs. Others retire; those brought along only when the newest was made
//                                    here
//   an algorithm is not wanted       its keys retire as soon as another signs
//   no DKIM is wanted at all         all keys retire
//   wanted again                     a key that is retiring still is active again
//   no lifetime any more             a pending successor is dropped: it was never signed with
#pragma once

#include "keys/dkim.h"

#define DKIM_PENDING_S  86400
#define DKIM_RETIRING_S (7 * 86400)
#define DKIM_REVOKED_S  (30 * 86400)
// A time that lies so far in the future, or further, was written by a clock that was wrong.
#define DKIM_SLACK_S 3600
// A pending key that is not published yet is looked at again.
#define DKIM_LOOK_S 60

enum dkim_sight {
    DKIM_SEEN_HERE, // the zone is served here
    DKIM_SEEN_BY_PROBE,
    DKIM_UNSEEN,
};

struct dkim_policy {
    unsigned algorithms; // wanted: enum dkim_algorithm, or-ed. 0: no DKIM
    int64_t lifetime;    // seconds, 0: for ever
    int64_t ttl;         // of the records
    enum dkim_sight sight;
};

enum dkim_action {
    DKIM_MAKE,     // a key of step->algorithm
    DKIM_ANNOUNCE, // it is published: announced = now
    DKIM_MISS,     // it is not any more: announced = 0
    DKIM_ACTIVATE,
    DKIM_RETIRE,
    DKIM_REVOKE,
    DKIM_REMOVE,  // no record any more
    DKIM_RESTAMP, // its times lie in the future: they become now
};

struct dkim_step {
    enum dkim_action action;
    enum dkim_algorithm algorithm;
    size_t key; // index into the set; not for DKIM_MAKE
    const char *why;
};

#define DKIM_STEPS_MAX 8

struct dkim_plan {
    struct dkim_step steps[DKIM_STEPS_MAX];
    size_t count;
    int64_t next; // when to ask again though nothing changed, behind now; INT64_MAX: never
};

// To be asked again once the steps are done, until there are none.
void dkim_plan(const struct dkim_set *set, const struct dkim_policy *policy, int64_t now,
               struct dkim_plan *ret);
// What a step but DKIM_MAKE changes in the key. DKIM_REMOVE makes it removed.
void dkim_apply(const struct dkim_step *step, struct dkim_key *key, int64_t now);
