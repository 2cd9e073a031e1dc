// SPDX-License-Identifier: ISC
// When a file that others read of the zones is written: when it is stale, not so often that much time is spent on it,
// and again some time after it could not be written. What happened is told once.
//
//   if (!kept_file_is_due(&kept, when, now))
//       return;
//   kept_file_begin(&kept);
//   status = …                                   writes it
//   switch (kept_file_end(&kept, status, &err, now)) …
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct kept_file {
    bool stale;       // its content may be another now
    int64_t begun_ms; // monotonic, likewise below
    int64_t rest_ms;  // written long enough ago then
    int64_t retry_at; // it could not be written: not before
    char *trouble;    // why
};

enum kept_when {
    KEPT_IN_TIME, // no more than a hundredth of the time is spent on writing
    KEPT_AT_ONCE,
};

enum kept_news {
    KEPT_AS_BEFORE, // nothing to tell
    KEPT_FAILED,    // not written, for a reason that was not told yet
    KEPT_AGAIN,     // written, after it could not be
};

void kept_file_done(struct kept_file *kept);

bool kept_file_is_due(const struct kept_file *kept, enum kept_when when, int64_t now);
void kept_file_begin(struct kept_file *kept);
// How writing it went. The error is read when it failed.
enum kept_news kept_file_end(struct kept_file *kept, enum status status, const struct error *err,
                             int64_t now);
// When it is to be written, at the latest; INT64_MAX: not before it is stale.
int64_t kept_file_next(const struct kept_file *kept);
