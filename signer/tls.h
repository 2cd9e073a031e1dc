// SPDX-License-Identifier: ISC
// The signer's part in TLSA: feeds the plan (keys/tls_plan.h) with what files, served zone and observations say, keeps
// it, tells what happens, and knows what is to be asked.
//
//   tls_follow      before zones are looked at: brings the plan up to date, writes it to state/, then to
//                   public/tls.keys, and has the host's zone looked at. A plan that cannot be written is not followed.
//   tls_questions   what zone-probe is to be asked now (dns/observe.h)
//   tls_answer      takes an answer; a round of questions about a key is over when all its ports are answered, or after
//                   OBSERVE_PATIENCE_S, when what is missing counts as unknown
//
// There is a plan where the zone with the host name is generated here and `tls: []` does not decline it. One that was
// given up is forgotten: its keys were not published since.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/status.h"
#include "dns/observe.h"
#include "dns/store.h"
#include "keys/tls_plan.h"
#include "signer/kept_file.h"

struct publisher;

#define TLS_PORTS_MAX 32 // as many as `tls-ports:` takes

// The questions about one key, one per port (or one for the record: a zone is transferred as a whole).
struct tls_round {
    bool active;
    uint8_t digest[TLS_DIGEST_LEN];
    enum tls_look look;
    int64_t begun_at;
    uint32_t ids[TLS_PORTS_MAX]; // 0: answered
    size_t count, answered;
    struct tls_sight sight; // of the answers so far
    uint16_t silent_port;   // nobody could be reached there, at any address; 0: none
};

struct tls_desk {
    char *public_directory;
    char *hostname; // whose plan this is; NULL: none was read yet
    struct tls_plan plan;
    struct tls_facts facts;
    bool active;           // there is a plan
    bool given_up;         // there is none, and none is kept
    bool stale;            // files may have changed: read the facts
    bool looked;           // something was looked at: a step may follow
    bool seen_news;        // the plan changed by what was seen or ordered: write it
    struct kept_file text; // public/tls.keys
    uint32_t serial;       // of the zone whose records are in facts.published
    struct tls_round rounds[TLS_KEYS_MAX];
    bool has_eyes;        // somebody can be asked
    uint16_t silent_port; // of the last look at servers
};

void tls_desk_open(struct tls_desk *desk, const char *directory);
void tls_desk_done(struct tls_desk *desk);

// Errors are those of the stores.
enum status tls_follow(struct publisher *publisher, int64_t now, struct error *err);
// The plan's waits for caches begin anew, in state/ too.
enum status tls_wait_anew(struct publisher *publisher, int64_t now, struct error *err);
// When tls_follow or tls_questions have something to do, INT64_MAX: only when something changes.
int64_t tls_next(const struct publisher *publisher, int64_t now);
// The plan that zones are made with, NULL: none.
const struct tls_plan *tls_plan_of(const struct publisher *publisher);

size_t tls_questions(struct publisher *publisher, int64_t now, struct observe_question *ret,
                     size_t max);
// What is no answer to an open question, or makes no sense, changes nothing.
void tls_answer(struct publisher *publisher, const struct observe_answer *answer, int64_t now);

// Drops the key whose digest begins with these hexadecimal digits (8 or more). NOT_FOUND: none or several do.
enum status tls_forget(struct publisher *publisher, const char *digits, bool force, int64_t now,
                       struct error *err);

// For the status: {"host","observed","keys":[…]}, or null without a plan (docs/man/zonebox.8).
json_t *tls_status(const struct publisher *publisher);
