// SPDX-License-Identifier: ISC
#include "base/recent.h"

#include <stddef.h>

void recent_add(struct recent *recent, struct recent_entry *entry, uint64_t now)
{
    *entry = (struct recent_entry){.older = recent->newest, .at = now};
    if (recent->newest != NULL)
        recent->newest->newer = entry;
    else
        recent->oldest = entry;
    recent->newest = entry;
    recent->count++;
}

void recent_remove(struct recent *recent, struct recent_entry *entry)
{
    if (entry->newer != NULL)
        entry->newer->older = entry->older;
    else
        recent->newest = entry->older;
    if (entry->older != NULL)
        entry->older->newer = entry->newer;
    else
        recent->oldest = entry->newer;
    recent->count--;
}

void recent_touch(struct recent *recent, struct recent_entry *entry, uint64_t now)
{
    recent_remove(recent, entry);
    recent_add(recent, entry, now);
}
