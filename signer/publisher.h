// SPDX-License-Identifier: ISC
// The inside of the publisher (signer/publish.h), for publish.c, which decides what is looked at, commit.c, which makes
// it public, and trouble.c.
#pragma once

#include "signer/build.h"
#include "signer/dkim.h"
#include "signer/dkim_ask.h"
#include "signer/dkim_tables.h"
#include "signer/public_file.h"
#include "signer/publish.h"
#include "signer/stores.h"
#include "signer/tls.h"
#include "signer/zones.h"

struct batch_job {
    const struct signing *signing;
    struct sign_job *job;
};

struct batch {
    int64_t now;          // of all its decisions, also when signing takes long
    struct build *builds; // ready to be signed, then finished
    size_t count, cap;
    struct build *news; // of zones that stay as they are: inputs or keysets that are to be kept
    size_t news_count, news_cap;
    struct batch_job *jobs;
    size_t job_count, job_cap;
    struct dkim_orders orders; // DKIM keys to be made
    size_t looked_at;
};

struct publisher {
    struct stores stores;
    struct keyring keyring;
    struct lastgood lastgood;
    struct public_file public_file;
    struct dkim_tables dkim_tables;
    struct tls_desk tls;
    struct dkim_desk dkim;
    uint32_t last_question; // its id (signer/questions.h); 0: none yet
    struct zones zones;
    struct batch batch;
    size_t cursor;    // zones behind it were looked at in this round
    bool any_urgent;  // there may be urgent zones
    bool in_round;    // something was dirty when it was looked last
    bool distrust;    // what serve/ has is not ours
    int64_t retry_at; // the stores failed: not before
    int64_t backoff_s;
    char *trouble; // what was logged of them
    struct publisher_counts counts;
};

void batch_clear(struct batch *batch);
// What a build needs, while the readers of the stores are renewed.
struct build_context publisher_context(struct publisher *publisher, int64_t now);

// The stores cannot be read or written: one line, and again later, less and less often. And when they can again.
void publisher_stores_fail(struct publisher *publisher, const struct error *err, int64_t now);
void publisher_stores_work(struct publisher *publisher);
// A zone cannot be made: one line, another look later, and what is published is signed again when its time has come.
void publisher_zone_fails(const struct publisher *publisher, struct zone *zone,
                          const struct error *err, int64_t now);
// Do signatures run out that should have been renewed?
bool publisher_runs_out(const struct zone *zone, int64_t now);
// A zone is as it should be.
void publisher_zone_is_well(struct zone *zone);
