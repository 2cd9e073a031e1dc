// SPDX-License-Identifier: ISC
// A batch: zones that are signed and committed together.
#include <stdlib.h>

#include "base/alloc.h"
#include "signer/publisher.h"

// So few signatures are made at once; sending them through the pool takes longer.
#define JOBS_AT_ONCE 8

void batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        build_done(&batch->builds[i]);
    batch->count = 0;
    for (size_t i = 0; i < batch->news_count; i++)
        build_done(&batch->news[i]);
    dkim_orders_clear(&batch->orders);
    key_orders_clear(&batch->key_orders);
    batch->news_count = 0;
    batch->job_count = 0;
    batch->looked_at = 0;
    batch->taken = false;
}

void batch_done(struct batch *batch)
{
    batch_clear(batch);
    free(batch->builds);
    free(batch->news);
    free(batch->jobs);
    free(batch->orders.list);
    free(batch->key_orders.list);
}

void batch_take(struct batch *batch, const struct build *build)
{
    batch->builds = array_grow(batch->builds, &batch->cap, batch->count, sizeof(*batch->builds));
    batch->builds[batch->count++] = *build;
    build->zone->in_batch = true;
    for (size_t i = 0; build->signing != NULL && i < build->signing->job_count; i++) {
        batch->jobs =
            array_grow(batch->jobs, &batch->job_cap, batch->job_count, sizeof(*batch->jobs));
        batch->jobs[batch->job_count++] =
            (struct sign_item){build->signing, &build->signing->jobs[i]};
    }
}

void batch_take_news(struct batch *batch, struct build *build)
{
    build_slim(build);
    batch->news =
        array_grow(batch->news, &batch->news_cap, batch->news_count, sizeof(*batch->news));
    batch->news[batch->news_count++] = *build;
    build->zone->in_batch = true;
}

size_t batch_key_count(const struct batch *batch)
{
    return batch->orders.count + batch->key_orders.count;
}

// Keys come first: they take longest, and are a piece each.
size_t batch_piece_count(const struct batch *batch)
{
    return batch_key_count(batch) + (batch->job_count + SIGN_PIECE - 1) / SIGN_PIECE;
}

bool batch_is_long(const struct batch *batch)
{
    return batch_key_count(batch) > 0 || batch->job_count > JOBS_AT_ONCE;
}

void batch_run_piece(struct batch *batch, size_t index)
{
    if (index < batch->orders.count) {
        dkim_order_run(&batch->orders.list[index]);
        return;
    }
    if (index < batch_key_count(batch)) {
        key_order_run(&batch->key_orders.list[index - batch->orders.count]);
        return;
    }
    size_t first = (index - batch_key_count(batch)) * SIGN_PIECE;
    size_t left = batch->job_count - first;
    sign_run(batch->jobs + first, left < SIGN_PIECE ? left : SIGN_PIECE);
}
