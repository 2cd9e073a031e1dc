// SPDX-License-Identifier: ISC
// --diff: what the configuration would change in what is served.
#include "zonegen/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "zonegen/diff.h"
#include "zonegen/elsewhere.h"
#include "zonegen/maker.h"

static bool has_error(const struct zone_content *content, int64_t now)
{
    for (size_t i = 0; i < content->note_count; i++) {
        if (content->notes[i].error && zone_note_holds(&content->notes[i], now))
            return true;
    }
    return false;
}

// What an input that cannot be used stood for is not taken away: the signer goes on with its last good state. So what
// is served in the place of a gap stays.
static void keep_gaps(const struct zone_content *content, const ldns_rr_list *served,
                      ldns_rr_list *ret)
{
    size_t gap_count = 0;
    const char **gaps = xcalloc(content->record_count + 1, sizeof(*gaps));
    for (size_t i = 0; i < content->record_count; i++) {
        if (content->records[i].rr == NULL)
            gaps[gap_count++] = content->records[i].missing;
    }
    for (size_t i = 0; gap_count > 0 && i < ldns_rr_list_rr_count(served); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(served, i);
        char *owner = ldns_rdf2str(ldns_rr_owner(rr));
        char *type = ldns_rr_type2str(ldns_rr_get_type(rr));
        char *key = xasprintf("%s %s", owner, type); // as zone_record.missing has it
        bool is_gap = false;
        for (size_t k = 0; k < gap_count && !is_gap; k++)
            is_gap = strcasecmp(gaps[k], key) == 0;
        if (is_gap)
            ldns_rr_list_push_rr(ret, ldns_rr_clone(rr));
        free(key);
        free(type);
        free(owner);
    }
    free(gaps);
}

static struct diff_side side_of(const struct zone_content *content, const struct diff_side *old,
                                int64_t now)
{
    struct diff_side side = {.records = ldns_rr_list_new(),
                             .exists = true,
                             .is_signed = content->dnssec != CONFIG_DNSSEC_OFF};
    for (size_t i = 0; i < content->record_count; i++) {
        if (content->records[i].rr != NULL)
            ldns_rr_list_push_rr(side.records, ldns_rr_clone(content->records[i].rr));
    }
    if (old->exists && has_error(content, now))
        keep_gaps(content, old->records, side.records);
    return side;
}

// Takes both sides over.
static void compare(struct work *work, const struct diff_context *context, struct diff_side *old,
                    struct diff_side *new)
{
    struct program *program = work->program;
    struct diff diff;
    diff_zone(context, old, new, &diff);
    if (diff.kind != DIFF_SAME)
        program->differs = true;
    if (program->arguments->json)
        json_diff(&work->json, &diff);
    else
        diff_print(&diff, wants_colours(STDOUT_FILENO), &work->text);
    diff_done(&diff);
}

static void compare_target(struct work *work, const struct zone_target *target)
{
    struct program *program = work->program;
    const struct diff_context context = {
        .zone = target->name,
        .hostname = program->inputs->config->box.hostname,
        .delegated_here = target->parent != NULL,
        .now = program->now,
    };
    struct diff_side old = {0};
    struct diff_side new = {0};
    struct error err = {0};
    // Those of external zones are served by nobody here.
    if (target_mode(target) == CONFIG_EXTERNAL)
        return;
    struct zone_content *content = make_zone(work, target);
    if (content == NULL)
        return;
    if (work->served.reader != NULL)
        note_aside(work, target->name);
    if (work->served.reader == NULL ||
        signed_read(&work->served, target->name, &old, &err) == STATUS_OK) {
        new = side_of(content, &old, program->now);
        compare(work, &context, &old, &new);
    } else {
        complain(program, err.text);
    }
    print_notes(program, content);
    zone_content_free(content);
}

// ── Zones that the configuration has no more ─────────────────────────────────────────────────────

// The zone that will be served with this name in it, its own or one above, or NULL.
static const struct zone_target *served_around(const struct program *program, const char *name)
{
    const struct zone_target *target = target_of(&program->targets[0], name);
    return target != NULL && target_mode(target) != CONFIG_EXTERNAL ? target : NULL;
}

static bool is_asked_for(const struct arguments *arguments, const char *zone)
{
    const struct zone_target target = {.name = zone};
    for (size_t i = 0; i < arguments->domain_count; i++) {
        if (zonegen_target_find(&target, 1, arguments->domains[i]) != NULL)
            return true;
    }
    return arguments->domain_count == 0;
}

static void compare_removed(struct work *work)
{
    struct program *program = work->program;
    size_t count = 0;
    char **zones = signed_zones(&work->served, &count);
    for (size_t i = 0; i < count; i++) {
        struct diff_side old = {0};
        struct diff_side new = {0};
        struct error err = {0};
        const struct zone_target *around = served_around(program, zones[i]);
        if (!is_asked_for(program->arguments, zones[i]) ||
            (around != NULL && strcmp(around->name, zones[i]) == 0)) {
            free(zones[i]);
            continue;
        }
        const struct diff_context context = {
            .zone = zones[i],
            .hostname = program->inputs->config->box.hostname,
            .delegated_here = around != NULL,
            .now = program->now,
        };
        note_aside(work, zones[i]);
        if (signed_read(&work->served, zones[i], &old, &err) == STATUS_OK)
            compare(work, &context, &old, &new);
        else
            complain(program, err.text);
        print_zone(work);
        free(zones[i]);
    }
    free(zones);
}

// A name that was asked for is a zone of the configuration, or one that is served.
static bool names_are_known(struct work *work)
{
    struct program *program = work->program;
    const struct arguments *arguments = program->arguments;
    bool known = true;
    for (size_t i = 0; i < arguments->domain_count; i++) {
        const char *name = arguments->domains[i];
        struct diff_side side = {0};
        struct error err = {0};
        if (zonegen_target_find(program->targets, program->target_count, name) != NULL)
            continue;
        if (work->served.reader != NULL)
            (void)signed_read(&work->served, name, &side, &err);
        if (!side.exists) {
            snprintf(err.text, sizeof(err.text),
                     "%s is no zone of this configuration, and none that is served", name);
            complain(program, err.text);
            known = false;
        }
        ldns_rr_list_deep_free(side.records);
    }
    return known;
}

void compare_all(struct work *work)
{
    struct error err = {0};
    enum status status = served_open(work->program->inputs->config->state, &work->served, &err);
    if (status == STATUS_NOT_FOUND)
        fprintf(stderr, "zonegen: note: %s\n", err.text);
    else if (status != STATUS_OK) {
        complain(work->program, err.text);
        return;
    }
    if (!names_are_known(work))
        return;
    for_each_zone(work, compare_target);
    if (work->served.reader != NULL)
        compare_removed(work);
}
