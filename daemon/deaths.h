// SPDX-License-Identifier: ISC
// Which zone images workers died of (decision 037). One death may be a memory chip's; the second of the same image sets
// it aside: no worker answers from it any more.
//
// What is set aside is kept (base/quarantine_file.h). Suspects are not: the count begins anew with zoned.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/quarantine_file.h"

struct deaths_image { // set aside
    struct quarantine_image kept;
    bool told; // a person has been
};

struct deaths { // zero: nobody died
    struct quarantine suspects;
    struct deaths_image aside[QUARANTINE_MAX]; // oldest first
    size_t count;
};

enum deaths_verdict {
    DEATHS_SUSPECT,   // the first death
    DEATHS_SET_ASIDE, // the second one: from now on
    DEATHS_KNOWN,     // set aside before: who died had not heard of it
};

// Counts a death. With the quota of images set aside the oldest is forgotten; *ret_forgotten is its id, else 0.
enum deaths_verdict deaths_count(struct deaths *deaths, uint64_t image, int64_t now,
                                 uint64_t *ret_forgotten);
// The image, NULL: it is not set aside. Valid until the next death.
struct deaths_image *deaths_find(struct deaths *deaths, uint64_t image);

// Does the end of a process blame what it had in hand? By a signal it does that a process sends itself, by a fault or
// when it finds that it cannot go on; or with a status, which no worker ends with in the middle of an answer, but
// sanitizers do. Not by a signal that others send.
bool deaths_is_fault(int64_t exit_status, int signal);

// Of the state directory, as quarantine_file_read.
enum status deaths_read(struct deaths *deaths, const char *state, struct error *err);
enum status deaths_write(const struct deaths *deaths, const char *state, struct error *err);
