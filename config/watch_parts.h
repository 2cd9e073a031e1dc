// SPDX-License-Identifier: ISC
// The inside of struct inputs_watch, for watch.c, which sets what is watched, and watch_events.c, which hears of it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "config/inputs.h"

struct interest {
    char *directory; // no link in it
    char *name;      // NULL: those that match the pattern
    char *pattern;   // of fnmatch(3)
    char *
        path; // of the input that this stands for, "" the configuration; NULL: for more than one file
    bool open; // somebody is at it: made, emptied or removed, and not whole again
    int wd;    // of the directory; -1: it cannot be watched
};

struct interests {
    struct interest *list;
    size_t count, cap;
    // The directory of the path followed last: neighbours share it, and there may be 100,000 zone files in one.
    char *last;
    char *last_resolved; // NULL: it does not exist
    const char *path;    // that is being followed
};

struct inputs_watch {
    int fd;
    struct interests interests; // sorted by wd, name and pattern
    struct inputs_seen seen;
    size_t open_count;
};

// The first of the directory, NULL when there is none. Patterns stand before names.
struct interest *interests_first(const struct interests *interests, int wd);

// Their order; NULL comes first.
static inline int interest_texts(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}
