// SPDX-License-Identifier: ISC
// What the numbers are called: one table for `zonebox status --json` and the Prometheus text.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/statistics.h"

#define STATISTICS_NAME_MAX 32

enum statistics_kind {
    STATISTICS_COUNTER, // goes up
    STATISTICS_GAUGE,   // of the present
    STATISTICS_SIZES,   // a histogram of octets: names are the upper ends of classes
};

struct statistics_family {
    const char *key;    // in JSON
    const char *metric; // for Prometheus, behind "zonebox_"
    const char *help;
    enum statistics_kind kind;
    const char *label; // what tells its numbers apart, NULL: there is one number
    size_t count;
    uint64_t (*value)(const struct statistics *statistics, size_t index);
    // The name of a number, NULL: it has none and is not shown. May be written to text.
    const char *(*name)(size_t index, char text[STATISTICS_NAME_MAX]);
    bool sparse; // those that are 0 need not be shown
};

extern const struct statistics_family statistics_families[];
extern const size_t statistics_family_count;
