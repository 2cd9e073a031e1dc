// SPDX-License-Identifier: ISC
// The images that are set aside, as zoned keeps them in a file of the state directory: so that it is so after a new
// start, too, and zonegen can tell what is served. A line for each image with its id, the time, and the zone where that
// is known. Another version of zonebox begins anew, since it may do better.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/quarantine.h"
#include "base/status.h"

#define QUARANTINE_FILE     "set-aside" // of the state directory
#define QUARANTINE_ZONE_MAX 256

struct quarantine_image {
    uint64_t id;
    int64_t since;                  // Unix seconds
    char zone[QUARANTINE_ZONE_MAX]; // "": not known
};

struct quarantine_images {
    struct quarantine_image images[QUARANTINE_MAX]; // oldest first
    size_t count;
};

// None (NOT_FOUND), or one of another version (STATE, with words): nothing is set aside. What does not hold up of it is
// left out.
enum status quarantine_file_read(const char *state, struct quarantine_images *ret,
                                 struct error *err);
enum status quarantine_file_write(const char *state, const struct quarantine_images *images,
                                  struct error *err);
