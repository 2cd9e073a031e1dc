// SPDX-License-Identifier: ISC
// The life of a key as a line:
//
//     published, signs Nov 20 ─ DS in Nov 23 ─● now ┄ replaced Feb 21
//
// What was is left of the mark, with days, or with the time where all of it lies within one; what comes next is right
// of it, with its time where that is known. A line that is too long loses its beginning.
#include <string.h>
#include <time.h>

#include "daemon/zonebox.h"

#define EVENTS_MAX 6
#define LINE_MAX   72 // columns
#define DATE_MAX   16
#define AT_ONCE    60 // seconds
#define DAY        INT64_C(86400)

struct event {
    const char *member, *word;
    int64_t at;
};

struct marks {
    const char *line, *now, *then, *before;
};
static const struct marks plain = {" - ", " -* now", " .. ", "... - "};
static const struct marks drawn = {" ─ ", " ─● now", " ┄ ", "… ─ "};

// Said by a later one: a key that is published at once was made, and a DS that is seen was offered.
static bool is_implied(const json_t *key, const char *member, int64_t at)
{
    if (strcmp(member, "created-at") == 0)
        return zonebox_number(key, "published-at") > 0 &&
               zonebox_number(key, "published-at") - at <= AT_ONCE;
    return strcmp(member, "offered-at") == 0 && zonebox_number(key, "ds-seen-at") > 0;
}

static size_t read_events(const json_t *key, struct event ret[EVENTS_MAX])
{
    static const struct event kinds[EVENTS_MAX] = {
        {"created-at", "created", 0}, {"published-at", "published", 0},
        {"active-at", "signs", 0},    {"offered-at", "DS offered", 0},
        {"ds-seen-at", "DS in", 0},   {"retired-at", "retired", 0},
    };
    size_t count = 0;
    for (size_t i = 0; i < EVENTS_MAX; i++) {
        int64_t at = zonebox_number(key, kinds[i].member);
        if (at <= 0 || is_implied(key, kinds[i].member, at))
            continue;
        size_t place = count++;
        for (; place > 0 && ret[place - 1].at > at; place--)
            ret[place] = ret[place - 1];
        ret[place] = kinds[i];
        ret[place].at = at;
    }
    return count;
}

// What comes next, of a key that waits for something; "": nothing that would be seen in its line.
static const char *next_of(const json_t *key)
{
    static const struct {
        const char *state, *stays, *leaves;
    } words[] = {
        {"generated", "published", "gone"}, {"published", "ready", "gone"},
        {"ready", "active", "gone"},        {"active", "", "retired"},
        {"retired", "active", "gone"},      {"dead", "forgotten", "forgotten"},
    };
    bool leaves = json_is_true(json_object_get(key, "leaving"));
    if (strcmp(zonebox_text(key, "wait"), "age") == 0)
        return "replaced";
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(zonebox_text(key, "state"), words[i].state) == 0)
            return leaves ? words[i].leaves : words[i].stays;
    return "";
}

// How exactly the times of a line are told: by how long it is.
enum grain { GRAIN_SECOND, GRAIN_MINUTE, GRAIN_DAY, GRAIN_YEAR };

static enum grain grain_for(int64_t span)
{
    return span < 7200        ? GRAIN_SECOND
           : span < 72000     ? GRAIN_MINUTE
           : span < 300 * DAY ? GRAIN_DAY
                              : GRAIN_YEAR;
}

static const char *date_of(int64_t at, enum grain grain, char ret[DATE_MAX])
{
    time_t time = (time_t)at;
    struct tm parts;
    size_t len = 0;
    if (localtime_r(&time, &parts) != NULL)
        len = grain == GRAIN_SECOND   ? strftime(ret, DATE_MAX, "%H:%M:%S", &parts)
              : grain == GRAIN_MINUTE ? strftime(ret, DATE_MAX, "%H:%M", &parts)
              : grain == GRAIN_DAY    ? strftime(ret, DATE_MAX, "%b %d", &parts)
                                      : strftime(ret, DATE_MAX, "%Y-%m-%d", &parts);
    if (len == 0)
        strcpy(ret, "?");
    return ret;
}

// From that event on. What happened on the same day stands together.
static void put_events(const struct event *events, size_t count, enum grain grain,
                       const struct marks *marks, struct buf *ret)
{
    for (size_t i = 0; i < count; i++) {
        char date[DATE_MAX], next[DATE_MAX] = "";
        date_of(events[i].at, grain, date);
        if (i + 1 < count)
            date_of(events[i + 1].at, grain, next);
        buf_put_text(ret, events[i].word);
        if (strcmp(date, next) == 0)
            buf_put_text(ret, ", ");
        else
            buf_printf(ret, " %s%s", date, i + 1 < count ? marks->line : "");
    }
}

static void put_next(const json_t *key, enum grain grain, const struct marks *marks,
                     struct buf *ret)
{
    char date[DATE_MAX] = "?";
    int64_t until = zonebox_number(key, "until");
    const char *next = zonebox_text(key, "wait")[0] != '\0' ? next_of(key) : "";
    if (next[0] == '\0')
        return;
    buf_printf(ret, "%s%s %s", marks->then, next, until > 0 ? date_of(until, grain, date) : date);
}

void zonebox_timeline(const json_t *key, int64_t now, bool has_marks, struct buf *ret)
{
    const struct marks *marks = has_marks ? &drawn : &plain;
    struct event events[EVENTS_MAX];
    struct buf line = {0};
    size_t count = read_events(key, events), first = 0;
    int64_t until = zonebox_number(key, "until");
    int64_t end = until > now ? until : now;
    enum grain grain = grain_for(count > 0 ? end - events[0].at : 0);
    do {
        buf_clear(&line);
        buf_put_text(&line, first > 0 ? marks->before : "");
        put_events(events + first, count - first, grain, marks, &line);
        buf_put_text(&line, marks->now);
        put_next(key, grain, marks, &line);
    } while (zonebox_columns(buf_text(&line), line.len) > LINE_MAX && ++first < count);
    buf_put(ret, line.data, line.len);
    buf_done(&line);
}
