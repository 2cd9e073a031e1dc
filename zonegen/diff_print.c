// SPDX-License-Identifier: ISC
#include "zonegen/diff.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define BOLD   "\033[1m"
#define PLAIN  "\033[0m"

static void put_coloured(struct buf *ret, bool colours, const char *colour, const char *text)
{
    buf_printf(ret, "%s%s%s\n", colours ? colour : "", text, colours ? PLAIN : "");
}

// The records of the one RRset that the other has not, or has with another TTL.
static void put_records(const struct diff_rrset *in, const struct diff_rrset *other, char sign,
                        bool colours, struct buf *ret)
{
    struct buf line = {0};
    for (size_t i = 0; i < in->count; i++) {
        if (in->ttl == other->ttl && diff_has(other, in->rrs[i]))
            continue;
        char *text = ldns_rr2str_fmt(ldns_output_format_nocomments, in->rrs[i]);
        for (char *c = text; *c != '\0'; c++)
            *c = *c == '\t' ? ' ' : *c;
        text[strcspn(text, "\n")] = '\0';
        buf_clear(&line);
        buf_printf(&line, "%c %s", sign, text);
        put_coloured(ret, colours, sign == '-' ? RED : GREEN, buf_text(&line));
        free(text);
    }
    buf_done(&line);
}

// How long a time is, in the largest unit that it is a multiple of.
static void put_duration(struct buf *ret, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t i = 0;
    while (seconds % units[i].seconds != 0 || seconds < units[i].seconds) {
        if (units[i].seconds == 1)
            break;
        i++;
    }
    int64_t count = seconds / units[i].seconds;
    buf_printf(ret, "%lld %s%s", (long long)count, units[i].name, count == 1 ? "" : "s");
}

static void put_risks(const struct diff *diff, const struct diff_risk *risks, size_t count,
                      bool colours, struct buf *ret)
{
    struct buf line = {0};
    for (size_t i = 0; i < count; i++) {
        buf_clear(&line);
        buf_printf(&line, "  ! %s", risks[i].text);
        if (risks[i].until != 0) {
            char text[32];
            struct tm utc;
            time_t until = (time_t)risks[i].until;
            buf_put_text(&line, "; for ");
            put_duration(&line, risks[i].until - diff->now);
            if (gmtime_r(&until, &utc) != NULL &&
                strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &utc) > 0)
                buf_printf(&line, ", if done now until %s", text);
        }
        put_coloured(ret, colours, YELLOW, buf_text(&line));
    }
    buf_done(&line);
}

static void put_head(const struct diff *diff, bool colours, struct buf *ret)
{
    struct buf line = {0};
    size_t before = ldns_rr_list_rr_count(diff->old.records);
    size_t after = ldns_rr_list_rr_count(diff->new.records);
    buf_printf(&line, "%s: ", diff->zone);
    if (diff->kind == DIFF_ADDED)
        buf_printf(&line, "new zone, %zu records%s", after,
                   diff->new.is_signed ? "" : ", unsigned");
    else if (diff->kind == DIFF_REMOVED)
        buf_printf(&line, "removed, %zu records", before);
    else if (diff->change_count > 0)
        buf_printf(&line, "%zu RRset%s changed", diff->change_count,
                   diff->change_count == 1 ? "" : "s");
    if (diff->kind == DIFF_CHANGED && diff->old.is_signed != diff->new.is_signed)
        buf_printf(&line, "%s%s", diff->change_count > 0 ? ", " : "",
                   diff->new.is_signed ? "signed from now on" : "signed no longer");
    put_coloured(ret, colours, BOLD, buf_text(&line));
    buf_done(&line);
}

void diff_print(const struct diff *diff, bool colours, struct buf *ret)
{
    if (diff->kind == DIFF_SAME)
        return;
    put_head(diff, colours, ret);
    put_risks(diff, diff->risks, diff->risk_count, colours, ret);
    for (size_t i = 0; i < diff->change_count; i++) {
        const struct diff_change *change = &diff->changes[i];
        buf_put_text(ret, "\n");
        put_records(&change->old, &change->new, '-', colours, ret);
        put_records(&change->new, &change->old, '+', colours, ret);
        put_risks(diff, change->risks, change->risk_count, colours, ret);
    }
}
