// SPDX-License-Identifier: ISC
#include "zonegen/command.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/file.h"
#include "zonegen/elsewhere.h"
#include "zonegen/json.h"
#include "zonegen/signed.h"

// What an action works with from zone to zone.
struct work {
    struct program *program;
    struct buf text;              // what it prints of the zone
    struct store_reader *serving; // of --signed
    struct json_output json;      // of --json
};

// ── Saying things ────────────────────────────────────────────────────────────────────────────────

void complain(struct program *program, const char *text)
{
    fprintf(stderr, "zonegen: %s\n", text);
    program->code = EXIT_WRONG;
}

static void print_notes(struct program *program, const struct zone_content *content)
{
    for (size_t i = 0; i < content->note_count; i++) {
        const struct zone_note *note = &content->notes[i];
        if (!zone_note_holds(note, program->now) || zone_note_repeats(content, i))
            continue;
        fprintf(stderr, "zonegen: %s: %s%s\n", content->name,
                note->error ? "" : "note: ", note->text);
        if (note->error)
            program->code = EXIT_WRONG;
    }
}

// Nothing of this is wrong: the records come by themselves when what they are made of is there.
static void print_missing(const struct zone_content *content)
{
    for (size_t i = 0; i < content->record_count; i++) {
        const struct zone_record *record = &content->records[i];
        if (record->rr == NULL)
            fprintf(stderr, "zonegen: %s: missing: %s: %s\n", content->name, record->missing,
                    record->why);
    }
}

static void print(struct buf *text)
{
    if (text->len > 0)
        fwrite(text->data, 1, text->len, stdout);
    buf_clear(text);
}

// ── Actions, one zone each ───────────────────────────────────────────────────────────────────────

// NULL when there can be no such zone, which is said then.
static struct zone_content *make(struct program *program, const struct zone_target *target)
{
    struct zone_content *content = NULL;
    struct error err = {0};
    if (zonegen_make(program->inputs, &program->keys, target, &content, &err) != STATUS_OK)
        complain(program, err.text);
    return content;
}

static void dump(struct work *work, const struct zone_target *target)
{
    struct zone_content *content = make(work->program, target);
    if (content == NULL)
        return;
    zone_content_dump(content, &work->text);
    print_notes(work->program, content);
    zone_content_free(content);
}

static void ds(struct work *work, const struct zone_target *target)
{
    struct program *program = work->program;
    struct error err = {0};
    if (zonegen_ds(program->inputs, &program->keys, target, &work->text, &err) != STATUS_OK)
        complain(program, err.text);
}

static void check(struct work *work, const struct zone_target *target)
{
    struct zone_content *content = make(work->program, target);
    if (content == NULL)
        return;
    print_notes(work->program, content);
    print_missing(content);
    zone_content_free(content);
}

static void dump_served(struct work *work, const struct zone_target *target)
{
    struct error err = {0};
    if (signed_dump(work->serving, target->name, &work->text, &err) != STATUS_OK) {
        buf_clear(&work->text);
        complain(work->program, err.text);
    }
}

// Of --dump and --ds. That there is no key yet makes only --ds fail.
static void dump_json(struct work *work, const struct zone_target *target)
{
    struct program *program = work->program;
    bool with_records = program->arguments->action == ACTION_DUMP;
    struct zone_content *content = NULL;
    struct elsewhere elsewhere;
    struct error err = {0};
    if (zonegen_make(program->inputs, &program->keys, target, &content, &err) != STATUS_OK) {
        complain(program, err.text);
        json_failed(&work->json, target->name, err.text);
        return;
    }
    enum status status =
        elsewhere_gather(program->inputs, &program->keys, target, content, &elsewhere, &err);
    if (status != STATUS_OK && (!with_records || status != STATUS_NOT_FOUND))
        complain(program, err.text);
    json_zone(&work->json, &elsewhere, with_records, program->now);
    if (with_records)
        print_notes(program, content);
    elsewhere_done(&elsewhere);
    zone_content_free(content);
}

// ── Over the zones ───────────────────────────────────────────────────────────────────────────────

typedef void zone_action(struct work *work, const struct zone_target *target);

static bool is_wanted(const struct arguments *arguments, const struct zone_target *target)
{
    if (arguments->domain_count == 0)
        return true;
    for (size_t i = 0; i < arguments->domain_count; i++) {
        if (zonegen_target_find(target, 1, arguments->domains[i]) != NULL)
            return true;
    }
    return false;
}

// Runs the action on the zones that were asked for, in the order of the configuration; an empty line between two texts.
static void for_each_zone(struct work *work, zone_action *action)
{
    const struct program *program = work->program;
    bool first = true;
    for (size_t i = 0; i < program->target_count; i++) {
        const struct zone_target *target = &program->targets[i];
        if (!is_wanted(program->arguments, target))
            continue;
        action(work, target);
        if (work->text.len > 0 && !first && !program->arguments->json)
            fputs("\n", stdout);
        first = first && work->text.len == 0;
        print(&work->text);
    }
}

static void dump_all_served(struct work *work)
{
    struct program *program = work->program;
    struct store *store = NULL;
    struct error err = {0};
    uint64_t id = 0;
    char *directory = path_join(program->inputs->config->state, "serve");
    enum status status = store_open_reader(directory, STORE_SERVE, &store, &err);
    if (status == STATUS_NOT_FOUND)
        error_set(&err, status, "%s: nothing is served yet; start zoned", directory);
    if (status == STATUS_OK)
        status = store_reader_open(store, &work->serving, &err);
    if (status == STATUS_OK)
        status = store_reader_renew(work->serving, &id, &err);
    if (status == STATUS_OK)
        for_each_zone(work, dump_served);
    else
        complain(program, err.text);
    store_reader_close(work->serving);
    store_close(store);
    free(directory);
}

static void all_as_json(struct work *work)
{
    work->json.text = &work->text;
    json_begin(&work->json, work->program->inputs->config->box.hostname);
    for_each_zone(work, dump_json);
    json_end(&work->json);
    print(&work->text);
}

static void check_all(struct work *work)
{
    struct program *program = work->program;
    for_each_zone(work, check);
    if (program->code == EXIT_FINE)
        printf("%s: sound, %zu zone%s\n", program->arguments->config_path, program->target_count,
               program->target_count == 1 ? "" : "s");
}

void act(struct program *program)
{
    const struct arguments *arguments = program->arguments;
    struct work work = {.program = program};
    if (arguments->action == ACTION_CHECK)
        check_all(&work);
    else if (arguments->json)
        all_as_json(&work);
    else if (arguments->served)
        dump_all_served(&work);
    else
        for_each_zone(&work, arguments->action == ACTION_DS ? ds : dump);
    buf_done(&work.text);
}
