// SPDX-License-Identifier: ISC
#include "signer/pool.h"

#include <stdio.h>
#include <stdlib.h>

void pool_init(struct pool *pool, uv_loop_t *loop)
{
    unsigned cores = uv_available_parallelism();
    char text[16];
    pool->loop = loop;
    pool->thread_count = cores < 1 ? 1 : cores > POOL_THREADS_MAX ? POOL_THREADS_MAX : cores;
    snprintf(text, sizeof(text), "%zu", pool->thread_count);
    setenv("UV_THREADPOOL_SIZE", text, 1); // libuv's own number is four, whatever the machine
}

static void run_work(uv_work_t *work)
{
    struct pool_turn *turn = work->data;
    size_t count = batch_piece_count(turn->batch);
    while (!atomic_load(&turn->pool->cancelled)) {
        size_t index = atomic_fetch_add(&turn->next, 1);
        if (index >= count)
            return;
        batch_run_piece(turn->batch, index);
    }
}

// A batch may be done before an older one: it waits for it.
static void hand_over(struct pool *pool)
{
    while (pool->count > 0) {
        struct pool_turn *turn = &pool->turns[pool->oldest];
        if (turn->works_left > 0)
            return;
        pool->oldest = (pool->oldest + 1) % PUBLISH_BATCHES;
        pool->count--;
        pool->signed_(pool, turn->batch);
    }
}

static void on_work_done(uv_work_t *work, int status)
{
    (void)status;
    struct pool_turn *turn = work->data;
    turn->works_left--;
    if (!atomic_load(&turn->pool->cancelled))
        hand_over(turn->pool);
}

void pool_sign(struct pool *pool, struct batch *batch)
{
    struct pool_turn *turn = &pool->turns[(pool->oldest + pool->count++) % PUBLISH_BATCHES];
    turn->pool = pool;
    turn->batch = batch;
    turn->works_left = 0;
    atomic_store(&turn->next, 0);
    if (!batch_is_long(batch)) {
        for (size_t i = 0; i < batch_piece_count(batch); i++)
            batch_run_piece(batch, i);
        hand_over(pool);
        return;
    }
    turn->works_left = pool->thread_count;
    for (size_t i = 0; i < pool->thread_count; i++) {
        turn->works[i].data = turn;
        uv_queue_work(pool->loop, &turn->works[i], run_work, on_work_done);
    }
}

void pool_cancel(struct pool *pool)
{
    atomic_store(&pool->cancelled, true);
}
