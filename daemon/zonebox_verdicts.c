// SPDX-License-Identifier: ISC
#include "daemon/zonebox_verdicts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

// Columns before the words of a verdict: mark or word, check.
#define CHECK_WIDTH 14
// Zones in which all is ok: so many fit a screen.
#define FINE_LISTED_MAX 20
// Narrower terminals get long lines.
#define WIDTH_MIN 60

enum kind { KIND_WRONG, KIND_UNKNOWN, KIND_OK, KINDS };

static const struct {
    const char *name, *mark, *colour;
} kinds[KINDS] = {
    [KIND_WRONG] = {"wrong", "✗", "\033[31m"},
    [KIND_UNKNOWN] = {"unknown", "?", "\033[33m"},
    [KIND_OK] = {"ok", "✓", "\033[32m"},
};

static enum kind kind_of(const json_t *verdict)
{
    const char *name = zonebox_text(verdict, "verdict");
    for (enum kind kind = KIND_WRONG; kind < KINDS; kind++)
        if (strcmp(kinds[kind].name, name) == 0)
            return kind;
    return KIND_UNKNOWN;
}

void verdicts_view_begin(struct verdicts_view *view, FILE *out, const struct zonebox *zonebox)
{
    bool terminal = isatty(fileno(out)) == 1;
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    struct winsize size;
    *view = (struct verdicts_view){
        .out = out, .json = zonebox->json, .all = zonebox->all, .quiet = zonebox->quiet};
    view->marks = zonebox_has_marks(out);
    // https://no-color.org: set, and not empty
    view->colours = terminal && (no_colour == NULL || *no_colour == '\0') &&
                    (term == NULL || strcmp(term, "dumb") != 0);
    if (terminal && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col >= WIDTH_MIN)
        view->width = size.ws_col;
    view->pending = json_array();
}

// ── Words ────────────────────────────────────────────────────────────────────────────────────────

// Words with line breaks where the terminal ends, lines behind the first indented.
static void put_words(const struct verdicts_view *view, const char *text, size_t indent)
{
    size_t at = indent;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        size_t wide = zonebox_columns(text, len);
        if (view->width > 0 && at > indent && at + 1 + wide > view->width) {
            fprintf(view->out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', view->out);
            at++;
        }
        fwrite(text, 1, len, view->out);
        at += wide;
        text += len;
        text += strspn(text, " ");
    }
}

static void put_kind(const struct verdicts_view *view, enum kind kind)
{
    const char *text = view->marks ? kinds[kind].mark : kinds[kind].name;
    int fill = view->marks ? 1 : 8 - (int)strlen(text);
    fprintf(view->out, "  %s%s%s%*s", view->colours ? kinds[kind].colour : "", text,
            view->colours ? "\033[0m" : "", fill, "");
}

static void put_verdict(const struct verdicts_view *view, const json_t *verdict, enum kind kind)
{
    const char *subject = zonebox_text(verdict, "subject"), *text = zonebox_text(verdict, "text");
    const char *todo = zonebox_text(verdict, "todo");
    size_t indent = (view->marks ? 4 : 10) + CHECK_WIDTH + 1;
    char *words = NULL;
    put_kind(view, kind);
    fprintf(view->out, "%-*s ", CHECK_WIDTH, zonebox_text(verdict, "check"));
    if (asprintf(&words, "%s: %s", subject, text) >= 0)
        put_words(view, words, indent);
    free(words);
    fputc('\n', view->out);
    if (*todo == '\0')
        return;
    fprintf(view->out, "%*s%s", (int)indent, "", view->marks ? "→ " : "-> ");
    put_words(view, todo, indent + (view->marks ? 2 : 3));
    fputc('\n', view->out);
}

// ── A zone ───────────────────────────────────────────────────────────────────────────────────────

static void put_counts(const struct verdicts_view *view, const char *zone, const size_t *counts)
{
    const char *before = ": ";
    fputs(zone, view->out);
    for (enum kind kind = KIND_WRONG; kind < KINDS; kind++) {
        if (counts[kind] == 0)
            continue;
        fprintf(view->out, "%s%zu %s", before, counts[kind], kinds[kind].name);
        before = ", ";
    }
    fputc('\n', view->out);
}

static bool is_zone_shown(const struct verdicts_view *view, const size_t *counts)
{
    bool fine = counts[KIND_WRONG] == 0 && counts[KIND_UNKNOWN] == 0;
    if (view->json || (view->quiet && counts[KIND_WRONG] == 0))
        return false;
    return view->all || !fine || view->fine <= FINE_LISTED_MAX;
}

static bool is_shown(const struct verdicts_view *view, enum kind kind)
{
    return kind == KIND_WRONG || (kind == KIND_UNKNOWN && !view->quiet) ||
           (kind == KIND_OK && view->all);
}

// Of the zone that is read to its end now.
static void put_zone(struct verdicts_view *view)
{
    size_t counts[KINDS] = {0}, i;
    json_t *verdict;
    if (json_array_size(view->pending) == 0)
        return;
    json_array_foreach(view->pending, i, verdict) counts[kind_of(verdict)]++;
    view->zones++;
    view->zones_wrong += counts[KIND_WRONG] > 0;
    view->zones_unknown += counts[KIND_WRONG] == 0 && counts[KIND_UNKNOWN] > 0;
    view->wrong += counts[KIND_WRONG];
    view->unknown += counts[KIND_UNKNOWN];
    view->fine += counts[KIND_WRONG] == 0 && counts[KIND_UNKNOWN] == 0;
    if (is_zone_shown(view, counts)) {
        put_counts(view, zonebox_text(json_array_get(view->pending, 0), "zone"), counts);
        for (enum kind kind = KIND_WRONG; kind < KINDS; kind++)
            json_array_foreach(view->pending, i,
                               verdict) if (kind_of(verdict) == kind && is_shown(view, kind))
                put_verdict(view, verdict, kind);
    }
    fflush(view->out);
    json_array_clear(view->pending);
}

void verdicts_view_add(struct verdicts_view *view, json_t *verdict)
{
    zonebox_tame(verdict);
    const json_t *first = json_array_get(view->pending, 0);
    if (first != NULL && strcmp(zonebox_text(first, "zone"), zonebox_text(verdict, "zone")) != 0)
        put_zone(view);
    json_array_append(view->pending, verdict);
    if (view->json && (!view->quiet || kind_of(verdict) == KIND_WRONG)) {
        json_dumpf(verdict, view->out, JSON_COMPACT);
        fputc('\n', view->out);
    }
}

bool verdicts_view_is_wrong(const struct verdicts_view *view)
{
    size_t i;
    json_t *verdict;
    json_array_foreach(view->pending, i, verdict) if (kind_of(verdict) == KIND_WRONG) return true;
    return view->wrong > 0;
}

bool verdicts_view_end(struct verdicts_view *view, bool whole)
{
    put_zone(view);
    json_decref(view->pending);
    view->pending = NULL;
    if (view->json || view->quiet)
        return view->wrong == 0;
    if (view->fine > FINE_LISTED_MAX && !view->all)
        fprintf(view->out, "In %zu more zones all is ok.\n", view->fine - FINE_LISTED_MAX);
    if (view->wrong > 0)
        fprintf(view->out, "\nSomething is wrong in %zu of %zu zones.\n", view->zones_wrong,
                view->zones);
    else if (whole && view->unknown > 0)
        fprintf(view->out,
                "\nNothing is known to be wrong; something is not known of %zu of %zu zones.\n",
                view->zones_unknown, view->zones);
    else if (whole)
        fprintf(view->out, "\nAll is well: %zu %s.\n", view->zones,
                view->zones == 1 ? "zone" : "zones");
    return view->wrong == 0;
}
