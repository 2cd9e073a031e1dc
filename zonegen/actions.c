// SPDX-License-Identifier: ISC
#include "zonegen/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "config/schema.h"
#include "zonegen/elsewhere.h"
#include "zonegen/paste.h"

// ── Saying things ────────────────────────────────────────────────────────────────────────────────

bool wants_colours(int fd)
{
    const char *never = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return (never == NULL || never[0] == '\0') && terminal != NULL &&
           strcmp(terminal, "dumb") != 0 && isatty(fd);
}

#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN  "\033[0m"

static void put_colour(const char *colour)
{
    if (wants_colours(STDERR_FILENO))
        fputs(colour, stderr);
}

void complain(struct program *program, const char *text)
{
    put_colour(RED);
    fprintf(stderr, "zonegen: %s", text);
    put_colour(PLAIN);
    fputs("\n", stderr);
    program->wrong = true;
}

static void print_note(struct program *program, const char *zone, bool error, const char *text)
{
    put_colour(error ? RED : YELLOW);
    fprintf(stderr, "zonegen: %s: %s%s", zone, error ? "" : "note: ", text);
    put_colour(PLAIN);
    fputs("\n", stderr);
    program->wrong = program->wrong || error;
}

void print_notes(struct program *program, const struct zone_content *content)
{
    for (size_t i = 0; i < content->note_count; i++) {
        const struct zone_note *note = &content->notes[i];
        if (zone_note_holds(note, program->now) && !zone_note_repeats(content, i))
            print_note(program, content->name, note->error, note->text);
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

void print_zone(struct work *work)
{
    struct buf *text = &work->text;
    if (text->len == 0)
        return;
    if (work->printed && !work->program->arguments->json)
        fputs("\n", stdout);
    fwrite(text->data, 1, text->len, stdout);
    work->printed = true;
    buf_clear(text);
}

// ── Actions, one zone each ───────────────────────────────────────────────────────────────────────

struct zone_content *make_zone(struct work *work, const struct zone_target *target)
{
    struct program *program = work->program;
    struct zone_content *content = NULL;
    struct error err = {0};
    if (zonegen_examine(program->inputs, &program->keys, target, &content, &err) == STATUS_OK)
        return content;
    for (size_t i = 0; i < content->note_count; i++) {
        if (content->notes[i].error)
            complain(program, content->notes[i].text);
    }
    zone_content_free(content);
    if (program->arguments->json)
        json_failed(&work->json, target->name, err.text);
    return NULL;
}

static void dump(struct work *work, const struct zone_target *target)
{
    struct zone_content *content = make_zone(work, target);
    if (content == NULL)
        return;
    if (work->program->arguments->style == STYLE_PASTE)
        zone_content_paste(content, &work->text);
    else
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
    struct zone_content *content = make_zone(work, target);
    if (content == NULL)
        return;
    print_notes(work->program, content);
    print_missing(content);
    across_gather(&work->across, work->program->inputs, target, content);
    zone_content_free(content);
}

void note_aside(struct work *work, const char *zone)
{
    struct error words = {0};
    if (served_has_aside(&work->served, zone, &words))
        print_note(work->program, zone, false, words.text);
}

static void dump_served(struct work *work, const struct zone_target *target)
{
    struct error err = {0};
    note_aside(work, target->name);
    if (signed_dump(&work->served, target->name, &work->text, &err) != STATUS_OK) {
        buf_clear(&work->text);
        complain(work->program, err.text);
    }
}

// Of --dump and --ds. That there is no key yet makes only --ds fail.
static void dump_json(struct work *work, const struct zone_target *target)
{
    struct program *program = work->program;
    bool with_records = program->arguments->action == ACTION_DUMP;
    struct elsewhere elsewhere;
    struct error err = {0};
    struct zone_content *content = make_zone(work, target);
    if (content == NULL)
        return;
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

void for_each_zone(struct work *work, zone_action *action)
{
    const struct program *program = work->program;
    for (size_t i = 0; i < program->target_count; i++) {
        if (!is_wanted(program->arguments, &program->targets[i]))
            continue;
        action(work, &program->targets[i]);
        print_zone(work);
    }
}

static void dump_all_served(struct work *work)
{
    struct error err = {0};
    if (served_open(work->program->inputs->config->state, &work->served, &err) == STATUS_OK)
        for_each_zone(work, dump_served);
    else
        complain(work->program, err.text);
}

static void tell_across(void *context, const struct across_host *host, bool wrong,
                        const char *words)
{
    print_note(context, host->from->name, wrong, words);
}

static void check_all(struct work *work)
{
    struct program *program = work->program;
    for_each_zone(work, check);
    across_judge(&work->across, program->inputs, &program->keys, tell_across, program);
    across_done(&work->across);
    if (!program->wrong)
        printf("%s: sound, %zu zone%s\n", program->arguments->config_path, program->target_count,
               program->target_count == 1 ? "" : "s");
}

static void act_on_zones(struct work *work)
{
    const struct arguments *arguments = work->program->arguments;
    switch (arguments->action) {
    case ACTION_CHECK:
        check_all(work);
        break;
    case ACTION_DIFF:
        compare_all(work);
        break;
    case ACTION_DS:
        for_each_zone(work, arguments->json ? dump_json : ds);
        break;
    default:
        if (arguments->served)
            dump_all_served(work);
        else
            for_each_zone(work, arguments->json ? dump_json : dump);
    }
}

void act(struct program *program)
{
    struct work work = {.program = program};
    work.json.text = &work.text;
    if (program->arguments->json)
        json_begin(&work.json, program->inputs->config->box.hostname);
    act_on_zones(&work);
    if (program->arguments->json) {
        json_end(&work.json);
        print_zone(&work);
    }
    served_close(&work.served);
    buf_done(&work.text);
}

int act_without_config(const struct arguments *arguments)
{
    struct buf text = {0};
    struct error err = {0};
    int code = EXIT_FINE;
    if (arguments->action == ACTION_SCHEMA) {
        config_schema(&text);
    } else if (arguments->action != ACTION_HELP_CONFIG) {
        return -1;
    } else if (config_reference_text(arguments->domain_count > 0 ? arguments->domains[0] : NULL,
                                     &text, &err) != STATUS_OK) {
        fprintf(stderr, "zonegen: %s\n", err.text);
        code = EXIT_USAGE;
    }
    if (text.len > 0)
        fwrite(text.data, 1, text.len, stdout);
    buf_done(&text);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fputs("zonegen: cannot write the output\n", stderr);
    return EXIT_WRONG;
}
