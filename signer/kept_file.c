// SPDX-License-Identifier: ISC
#include "signer/kept_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "signer/publish.h"

// Rest after writing, times what it took: a hundredth of the time at most.
#define REST 99

void kept_file_done(struct kept_file *kept)
{
    free(kept->trouble);
    *kept = (struct kept_file){.trouble = NULL};
}

bool kept_file_is_due(const struct kept_file *kept, enum kept_when when, int64_t now)
{
    return kept->stale && now >= kept->retry_at &&
           (when == KEPT_AT_ONCE || clock_ms() >= kept->rest_ms);
}

void kept_file_begin(struct kept_file *kept)
{
    kept->begun_ms = clock_ms();
}

static enum kept_news fail(struct kept_file *kept, const struct error *err, int64_t now)
{
    kept->retry_at = now + PUBLISH_RETRY_S;
    if (kept->trouble != NULL && strcmp(kept->trouble, err->text) == 0)
        return KEPT_AS_BEFORE;
    free(kept->trouble);
    kept->trouble = xstrdup(err->text);
    return KEPT_FAILED;
}

enum kept_news kept_file_end(struct kept_file *kept, enum status status, const struct error *err,
                             int64_t now)
{
    int64_t end = clock_ms();
    kept->rest_ms = end + REST * (end - kept->begun_ms + 1); // the clock counts whole milliseconds
    if (status != STATUS_OK)
        return fail(kept, err, now);
    enum kept_news news = kept->trouble != NULL ? KEPT_AGAIN : KEPT_AS_BEFORE;
    free(kept->trouble);
    kept->trouble = NULL;
    kept->stale = false;
    kept->retry_at = 0;
    return news;
}

int64_t kept_file_next(const struct kept_file *kept)
{
    return kept->stale ? kept->retry_at : INT64_MAX;
}
