// SPDX-License-Identifier: ISC
// libuv's pool as the signer uses it: batches are signed there, in pieces, by as many threads as there are cores, while
// the loop goes on with the next batch. It runs nothing but batch_run_piece: octets → signature.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#include "signer/publish.h"

// More cores than a signer was ever given.
#define POOL_THREADS_MAX 64

struct pool;

struct pool_turn { // one batch in the pool
    struct pool *pool;
    struct batch *batch; // NULL: free
    uv_work_t works[POOL_THREADS_MAX];
    size_t works_left;
    atomic_size_t next; // piece that nobody has taken yet
};

struct pool {
    uv_loop_t *loop;
    void (*signed_)(struct pool *pool,
                    struct batch *batch); // in the order in which they were given
    void *data;
    struct pool_turn turns[PUBLISH_BATCHES];
    size_t oldest; // of the turns
    size_t count;  // of turns in use
    size_t thread_count;
    atomic_bool cancelled; // read in the pool
};

// Before anything else uses libuv's pool: it has as many threads as there are cores then.
void pool_init(struct pool *pool, uv_loop_t *loop);
// A batch that is not long is signed at once. There is room: fewer than PUBLISH_BATCHES are in it.
void pool_sign(struct pool *pool, struct batch *batch);
// signed_ is not called any more; the threads end with the piece they are at.
void pool_cancel(struct pool *pool);
