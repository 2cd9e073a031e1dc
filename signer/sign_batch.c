// SPDX-License-Identifier: ISC
#include "signer/sign_batch.h"

#include <stdlib.h>

#include "base/alloc.h"

// The keys of a row, each once as long as it is the same from item to item.
struct ready {
    struct signing_key **list;
    size_t count;
};

// Those that signing needs; NULL where libcrypto will not have the key, and the job is not done.
static struct signing_key *make_ready(struct ready *ready, const struct sign_item *items,
                                      size_t index)
{
    if (index == 0 || items[index].job->key != items[index - 1].job->key)
        (void)!signing_key_new(items[index].job->key, &ready->list[ready->count++], NULL);
    return ready->list[ready->count - 1];
}

void sign_run(const struct sign_item *items, size_t count)
{
    struct ready ready = {.list = xcalloc(count, sizeof(struct signing_key *))};
    struct signing_item *row = xcalloc(count, sizeof(*row));
    struct sign_job **jobs = xcalloc(count, sizeof(struct sign_job *));
    size_t row_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct signing *signing = items[i].signing;
        struct sign_job *job = items[i].job;
        struct signing_key *key = make_ready(&ready, items, i);
        job->done = false;
        if (key == NULL)
            continue;
        row[row_count] = (struct signing_item){
            .key = key,
            .octets = signing->octets.data + job->octets_at,
            .len = job->octets_len,
            .ret = signing->signatures + job->signature_at,
        };
        jobs[row_count++] = job;
    }
    signing_run(row, row_count);
    for (size_t i = 0; i < row_count; i++)
        jobs[i]->done = row[i].done;
    for (size_t i = 0; i < ready.count; i++)
        signing_key_free(ready.list[i]);
    free(ready.list);
    free(row);
    free(jobs);
}
