// SPDX-License-Identifier: ISC
// Events of inotify → what was touched, and whether somebody is at it still.
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "config/inputs.h"
#include "config/watch_parts.h"

struct interest *interests_first(const struct interests *interests, int wd)
{
    size_t low = 0, high = interests->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (interests->list[middle].wd < wd)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_there = low < interests->count && interests->list[low].wd == wd;
    return is_there ? &interests->list[low] : NULL;
}

static int compare_key(const void *left, const void *right)
{
    const struct interest *key = left, *interest = right;
    if (key->wd != interest->wd)
        return key->wd < interest->wd ? -1 : 1;
    return interest_texts(key->name, interest->name);
}

static struct interest *find_interest(const struct interests *interests, int wd, char *name)
{
    const struct interest key = {.name = name, .wd = wd};
    struct interest *exact = interests->count > 0 ? bsearch(&key, interests->list, interests->count,
                                                            sizeof(key), compare_key)
                                                  : NULL;
    if (exact != NULL)
        return exact;
    const struct interest *end = interests->list + interests->count;
    for (struct interest *one = interests_first(interests, wd);
         one != NULL && one < end && one->wd == wd && one->name == NULL; one++)
        if (fnmatch(one->pattern, name, FNM_PERIOD) == 0)
            return one;
    return NULL;
}

static void see(struct inputs_watch *watch, const struct interest *interest)
{
    struct inputs_seen *seen = &watch->seen;
    for (size_t i = 0; interest->path != NULL && i < seen->count; i++)
        if (strcmp(seen->paths[i], interest->path) == 0)
            return;
    if (interest->path == NULL || seen->count == INPUTS_SEEN_MAX) {
        seen->everything = true;
        return;
    }
    seen->paths = array_grow(seen->paths, &seen->cap, seen->count, sizeof(*seen->paths));
    seen->paths[seen->count++] = xstrdup(interest->path);
}

static void set_open(struct inputs_watch *watch, struct interest *interest, bool open)
{
    watch->open_count = watch->open_count - interest->open + open;
    interest->open = open;
}

// Is it worth a look?
static bool note(struct inputs_watch *watch, struct inotify_event *event)
{
    const struct interests *interests = &watch->interests;
    if ((event->mask & IN_IGNORED) != 0) // a watch is gone, by us or after another event
        return false;
    bool overflow = (event->mask & IN_Q_OVERFLOW) != 0;
    if (overflow || event->len == 0) { // the latter is of the directory itself
        bool worth = overflow || interests_first(interests, event->wd) != NULL;
        watch->seen.everything = watch->seen.everything || worth;
        return worth;
    }
    struct interest *interest = find_interest(interests, event->wd, event->name);
    if (interest == NULL)
        return false;
    if ((event->mask & (IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM)) != 0)
        set_open(watch, interest, true);
    if ((event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0)
        set_open(watch, interest, false);
    if ((event->mask & IN_MODIFY) != 0) // it will be closed
        return false;
    see(watch, interest);
    return true;
}

enum inputs_news inputs_watch_drain(struct inputs_watch *watch)
{
    _Alignas(struct inotify_event) char events[16384];
    bool is_worth = false;
    for (;;) {
        ssize_t len = read(watch->fd, events, sizeof(events));
        if (len < 0 && errno == EINTR)
            continue;
        if (len <= 0)
            break;
        for (ssize_t at = 0; at < len;) {
            struct inotify_event *event = (struct inotify_event *)(void *)(events + at);
            is_worth = note(watch, event) || is_worth;
            at += (ssize_t)(sizeof(*event) + event->len);
        }
    }
    if (!is_worth)
        return INPUTS_NO_NEWS;
    return watch->open_count > 0 ? INPUTS_PARTLY : INPUTS_WHOLE;
}

struct inputs_seen *inputs_watch_seen(struct inputs_watch *watch)
{
    return &watch->seen;
}

bool inputs_watch_is_plain(const struct inputs_watch *watch)
{
    bool plain = !watch->seen.everything;
    for (size_t i = 0; plain && i < watch->seen.count; i++) {
        const char *path = watch->seen.paths[i];
        struct stat info;
        const struct interest *interest = watch->interests.list;
        const struct interest *end = interest + watch->interests.count;
        while (interest < end && (interest->path == NULL || strcmp(interest->path, path) != 0))
            interest++;
        if (interest == end)
            return false;
        char *full = path_join(interest->directory, interest->name);
        plain = lstat(full, &info) != 0 || !S_ISLNK(info.st_mode);
        free(full);
    }
    return plain;
}

uint64_t inputs_wait_ms(uint64_t *first_ms, uint64_t now_ms, enum inputs_news news)
{
    if (*first_ms == 0)
        *first_ms = now_ms;
    uint64_t waited = now_ms - *first_ms;
    uint64_t left = waited < INPUTS_LATEST_MS ? INPUTS_LATEST_MS - waited : 0;
    uint64_t wanted = news == INPUTS_WHOLE ? INPUTS_SETTLE_MS : INPUTS_QUIET_MS;
    return left < wanted ? left : wanted;
}
