// SPDX-License-Identifier: ISC
// Things in the order in which they were last used: a doubly linked list through entries that lie in the things
// themselves. A quota gives up the oldest, an idle limit looks at the oldest only; nothing is allocated or searched.
#pragma once

#include <stdint.h>

struct recent_entry {
    struct recent_entry *newer;
    struct recent_entry *older;
    uint64_t at; // of the last use, on the caller's clock
};

struct recent { // all zero: empty
    struct recent_entry *newest;
    struct recent_entry *oldest;
    unsigned count;
};

// Adds as the newest. Times are taken as they come: the order is that of the calls.
void recent_add(struct recent *recent, struct recent_entry *entry, uint64_t now);
void recent_remove(struct recent *recent, struct recent_entry *entry);
// It was used: the newest from now on.
void recent_touch(struct recent *recent, struct recent_entry *entry, uint64_t now);
