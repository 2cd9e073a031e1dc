// SPDX-License-Identifier: ISC
// What the judges of a change share. Internal to zonegen/diff_*.c.
#pragma once

#include "zonegen/diff.h"

struct diff_judgement {
    const struct diff_context *context;
    const struct diff *diff;
    const struct diff_change *change;
    ldns_rr_list *servers;    // NS of the apex, before and after; borrowed records
    char *name;               // owner of the change, without the last dot
    struct diff_risk **risks; // where they go
    size_t *risk_count;
};

// It is over when caches have counted down `ttl` seconds from now.
void risk_until(struct diff_judgement *judgement, uint32_t ttl, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// Time alone does not end it.
void risk_lasting(struct diff_judgement *judgement, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// A name without its last dot, other rdata as in a master file. The caller frees.
char *rdf_text(const ldns_rdf *rdf);

// TXT records by what they mean (diff_texts.c).
void judge_texts(struct diff_judgement *judgement);
