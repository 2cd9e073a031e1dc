// SPDX-License-Identifier: ISC
#include "keys/key_state.h"

#include <stdbool.h>
#include <string.h>

#include "keys/key_files.h"

// The names of BIND's key manager: what caches may have of it.
enum cached { NOT_SAID, HIDDEN, RUMOURED, OMNIPRESENT, UNRETENTIVE };

enum part { GOAL, DNSKEYS, ZONE_SIGNATURES, KEY_SIGNATURES, DS, PARTS };

static const struct {
    const char *state, *change;
} names[PARTS] = {
    [GOAL] = {"GoalState", NULL},
    [DNSKEYS] = {"DNSKEYState", "DNSKEYChange"},
    [ZONE_SIGNATURES] = {"ZRRSIGState", "ZRRSIGChange"},
    [KEY_SIGNATURES] = {"KRRSIGState", "KRRSIGChange"},
    [DS] = {"DSState", "DSChange"},
};

struct key_state {
    enum cached cached[PARTS];
    int64_t changed_at[PARTS]; // 0: not said
};

static enum status read_cached(const char *value, enum cached *ret, struct error *err)
{
    static const char *const words[] = {
        [HIDDEN] = "hidden",
        [RUMOURED] = "rumoured",
        [OMNIPRESENT] = "omnipresent",
        [UNRETENTIVE] = "unretentive",
    };
    for (size_t i = HIDDEN; i <= UNRETENTIVE; i++) {
        if (strcmp(value, words[i]) != 0)
            continue;
        *ret = (enum cached)i;
        return STATUS_OK;
    }
    return error_set(err, STATUS_SYNTAX, "broken state \"%.20s\"", value);
}

static enum status take_line(struct key_state *state, const char *line, struct error *err)
{
    for (size_t i = 0; i < PARTS; i++) {
        const char *value = key_line_value(line, names[i].state);
        if (value != NULL)
            return read_cached(value, &state->cached[i], err);
        value = names[i].change != NULL ? key_line_value(line, names[i].change) : NULL;
        if (value != NULL)
            return key_time_read(value, &state->changed_at[i], err);
    }
    return STATUS_OK;
}

static void no_later_than(int64_t *time, int64_t limit)
{
    if (*time == 0 || *time > limit)
        *time = limit;
}

static void not_yet(int64_t *time, int64_t now)
{
    if (*time <= now)
        *time = 0;
}

// Of a pair of times, `from` and `to`: it came and holds, it came and went, or it has not come.
static void settle(const struct key_state *state, enum part part, int64_t now, int64_t *from,
                   int64_t *to)
{
    int64_t changed_at = state->changed_at[part] != 0 ? state->changed_at[part] : now;
    switch (state->cached[part]) {
    case RUMOURED:
    case OMNIPRESENT:
        no_later_than(from, changed_at);
        not_yet(to, now);
        break;
    case UNRETENTIVE:
        no_later_than(to, changed_at);
        break;
    case HIDDEN:
        if (state->cached[GOAL] == HIDDEN)
            no_later_than(to, changed_at);
        else
            not_yet(from, now);
        break;
    case NOT_SAID:
        break;
    }
}

enum status key_state_apply(char *text, int64_t now, struct dnskey_times *times, struct error *err)
{
    struct key_state state = {0};
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\r\n")) != NULL;) {
        enum status status = take_line(&state, line, err);
        if (status != STATUS_OK)
            return status;
    }
    bool zone = state.cached[ZONE_SIGNATURES] != NOT_SAID; // a CSK has both: they go together
    settle(&state, DNSKEYS, now, &times->publish, &times->remove);
    settle(&state, zone ? ZONE_SIGNATURES : KEY_SIGNATURES, now, &times->activate,
           &times->inactive);
    settle(&state, DS, now, &times->sync_publish, &times->sync_remove);
    return STATUS_OK;
}
