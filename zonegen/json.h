// SPDX-License-Identifier: ISC
// Zones as JSON, for programs: `zonegen --dump --json`, `--ds --json`, `--diff --json`. The format is a promise,
// told in zonegen(1); fields may be added, and ZONEGEN_JSON_FORMAT grows when one changes its meaning or goes.
//
// Printed zone by zone, so that ten thousand zones need no more memory than one: json_begin, then json_zone,
// json_diff or json_failed for each, then json_end. Each element of a list has a line of its own.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "zonegen/diff.h"
#include "zonegen/elsewhere.h"

#define ZONEGEN_JSON_FORMAT 1

struct json_output {
    struct buf *text; // borrowed
    size_t zone_count;
};

void json_begin(struct json_output *json, const char *hostname);
// with_records: the records and what is missing; without, what must be entered elsewhere only. Notes are those that
// hold now.
void json_zone(struct json_output *json, const struct elsewhere *elsewhere, bool with_records,
               int64_t now);
// A zone that cannot be made, and why.
void json_failed(struct json_output *json, const char *zone, const char *why);
// What changes in a zone (zonegen/diff.h).
void json_diff(struct json_output *json, const struct diff *diff);
void json_end(struct json_output *json);
