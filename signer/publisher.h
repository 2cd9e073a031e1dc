// SPDX-License-Identifier: ISC
// The inside of the publisher (signer/publish.h), for publish.c, which decides what is looked at, commit.c, which makes
// it public, and trouble.c.
#pragma once

#include "signer/aside.h"
#include "signer/audit.h"
#include "signer/build.h"
#include "signer/dkim.h"
#include "signer/dkim_ask.h"
#include "signer/dkim_tables.h"
#include "signer/life_ask.h"
#include "signer/dsboot.h"
#include "signer/offer_file.h"
#include "signer/public_file.h"
#include "signer/publish.h"
#include "signer/purge.h"
#include "signer/queue.h"
#include "signer/sign_batch.h"
#include "signer/stores.h"
#include "signer/tls.h"
#include "signer/zones.h"

struct batch {
    bool taken;           // from publisher_collect to publisher_commit
    int64_t now;          // of all its decisions, also when signing takes long
    struct build *builds; // ready to be signed, then finished
    size_t count, cap;
    struct build *news; // of zones that stay as they are: inputs or keysets that are to be kept
    size_t news_count, news_cap;
    struct sign_item *jobs;
    size_t job_count, job_cap;
    struct dkim_orders orders; // DKIM keys to be made
    struct key_orders key_orders;
    size_t looked_at;
};

struct publisher {
    struct stores stores;
    struct keyring keyring;
    struct lastgood lastgood;
    struct public_file public_file;
    struct offer_file offer_file;
    struct dkim_tables dkim_tables;
    struct tls_desk tls;
    struct dkim_desk dkim;
    struct life_desk life;
    struct dsboot dsboot;
    uint32_t last_question; // its id (signer/questions.h); 0: none yet
    struct zones zones;
    struct queue queue;
    struct audit audit;
    struct aside aside;
    struct purge purge;
    struct batch batches[PUBLISH_BATCHES];
    unsigned growth;     // of the next batch, in numbers of PUBLISH_BATCH_JOBS and _MS
    struct batch *batch; // the one that is being collected or committed
    bool has_channel;    // to zone-probe: in this run, or in those that follow it
    bool in_round;       // a zone waited when it was looked last
    bool distrust;       // what serve/ has is not ours
    int64_t retry_at;    // the stores failed: not before
    int64_t backoff_s;
    char *trouble;       // what was logged of them
    char *clock_trouble; // signer/publish_time.h, likewise below
    uint32_t ahead;
    int64_t kept_time;
    struct publisher_counts counts;
};

// A build that is ready; its zone is in the batch from then on.
void batch_take(struct batch *batch, const struct build *build);
// Of a zone that stays as it is, whose inputs or keyset are to be kept; the zone is in the batch, too.
void batch_take_news(struct batch *batch, struct build *build);
void batch_clear(struct batch *batch);
void batch_done(struct batch *batch);
// Keys of both kinds that are to be made.
size_t batch_key_count(const struct batch *batch);
// Is any batch under way?
bool publisher_is_busy(const struct publisher *publisher);
// All zones are signed for so much longer (signer/timekeeper.h).
void publisher_set_ahead(struct publisher *publisher);
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
