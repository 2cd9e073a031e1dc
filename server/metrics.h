// SPDX-License-Identifier: ISC
// The numbers as text for Prometheus (exposition format 0.0.4): all workers, each a label, and no sums beside them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/pages.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

// What is the same in all workers.
struct metrics_common {
    bool store_open;
    uint64_t zones;
    uint64_t snapshot; // transaction id
    uint64_t store_octets_used;
    uint64_t store_octets_max;
    uint64_t store_readers;
};

void metrics_write(const struct pages *pages, const struct metrics_common *common, struct buf *ret);
