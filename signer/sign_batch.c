// SPDX-License-Identifier: ISC
#include "signer/sign_batch.h"

void sign_run(const struct sign_item *items, size_t count)
{
    struct signing_key *ready = NULL;
    const struct dnskey *key = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct signing *signing = items[i].signing;
        struct sign_job *job = items[i].job;
        if (job->key != key) {
            signing_key_free(ready);
            key = job->key;
            (void)!signing_key_new(key, &ready, NULL); // NULL then, and the job is not done
        }
        job->done = ready != NULL &&
                    signing_key_sign(ready, signing->octets.data + job->octets_at, job->octets_len,
                                     signing->signatures + job->signature_at);
    }
    signing_key_free(ready);
}
