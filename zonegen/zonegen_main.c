// SPDX-License-Identifier: ISC
// The command `zonegen`: prints what zones should say, or say. It writes nothing.
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/file.h"
#include "zonegen/signed.h"
#include "zonegen/zonegen.h"

enum exit_code { EXIT_FINE, EXIT_WRONG, EXIT_USAGE };

enum action { ACTION_NONE, ACTION_DUMP, ACTION_DS, ACTION_CHECK };

struct arguments {
    const char *config_path;
    enum action action;
    bool served; // --signed
    char **domains;
    size_t domain_count;
};

struct program {
    const struct arguments *arguments;
    struct inputs *inputs;
    struct zone_target *targets;
    size_t target_count;
    struct dnskey_listing listing;
    char *dkim_directory;
    char *dnssec_directory;
    struct zonegen_keys keys;
    struct store_reader *serving; // with --signed
    int64_t now;
    enum exit_code code;
};

static const char usage[] =
    "usage: zonegen [--config FILE] --dump [--signed] [DOMAIN...]\n"
    "       zonegen [--config FILE] --ds [DOMAIN...]\n"
    "       zonegen [--config FILE] --check\n"
    "\n"
    "Prints what the zones of a configuration should say. Writes nothing.\n"
    "\n"
    "  --dump             the zones as master files, the reason above the records\n"
    "  --dump --signed    the zones as they are served now, with signatures\n"
    "  --ds               for the registrar: DS, DNSKEY, name servers, glue\n"
    "  --check            is the configuration sound, with all that it names?\n"
    "\n"
    "  -c, --config FILE  instead of " CONFIG_DEFAULT_PATH "\n"
    "  -h, --help         this text\n"
    "  -V, --version      the version\n"
    "\n"
    "Without DOMAIN: all zones.\n"
    "Exit status: 0 fine, 1 something is wrong, 2 wrong use.\n";

// ── Saying things ────────────────────────────────────────────────────────────────────────────────

static void complain(struct program *program, const char *text)
{
    fprintf(stderr, "zonegen: %s\n", text);
    program->code = EXIT_WRONG;
}

static bool said_before(const struct zone_content *content, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(content->notes[i].text, content->notes[index].text) == 0)
            return true;
    }
    return false;
}

static void print_notes(struct program *program, const struct zone_content *content)
{
    for (size_t i = 0; i < content->note_count; i++) {
        const struct zone_note *note = &content->notes[i];
        if (!zone_note_holds(note, program->now) || said_before(content, i))
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

static void dump(struct program *program, const struct zone_target *target, struct buf *text)
{
    struct zone_content *content = NULL;
    struct error err = {0};
    if (zonegen_make(program->inputs, &program->keys, target, &content, &err) != STATUS_OK) {
        complain(program, err.text);
        return;
    }
    zone_content_dump(content, text);
    print_notes(program, content);
    zone_content_free(content);
}

static void ds(struct program *program, const struct zone_target *target, struct buf *text)
{
    struct error err = {0};
    if (zonegen_ds(program->inputs, &program->keys, target, text, &err) != STATUS_OK)
        complain(program, err.text);
}

static void check(struct program *program, const struct zone_target *target, struct buf *text)
{
    (void)text;
    struct zone_content *content = NULL;
    struct error err = {0};
    if (zonegen_make(program->inputs, &program->keys, target, &content, &err) != STATUS_OK) {
        complain(program, err.text);
        return;
    }
    print_notes(program, content);
    print_missing(content);
    zone_content_free(content);
}

typedef void zone_action(struct program *program, const struct zone_target *target,
                         struct buf *text);

// Runs the action on the zones that were asked for, in the order of the configuration; an empty line between two.
static void for_each_zone(struct program *program, zone_action *action)
{
    const struct arguments *arguments = program->arguments;
    struct buf text = {0};
    bool first = true;
    for (size_t i = 0; i < program->target_count; i++) {
        const struct zone_target *target = &program->targets[i];
        bool wanted = arguments->domain_count == 0;
        for (size_t k = 0; !wanted && k < arguments->domain_count; k++)
            wanted = zonegen_target_find(target, 1, arguments->domains[k]) != NULL;
        if (!wanted)
            continue;
        action(program, target, &text);
        if (text.len > 0 && !first)
            fputs("\n", stdout);
        first = first && text.len == 0;
        print(&text);
    }
    buf_done(&text);
}

static void dump_served(struct program *program, const struct zone_target *target, struct buf *text)
{
    struct error err = {0};
    if (signed_dump(program->serving, target->name, text, &err) != STATUS_OK) {
        buf_clear(text);
        complain(program, err.text);
    }
}

static void dump_all_served(struct program *program)
{
    struct store *store = NULL;
    struct error err = {0};
    uint64_t id = 0;
    char *directory = path_join(program->inputs->config->state, "serve");
    enum status status = store_open_reader(directory, STORE_SERVE, &store, &err);
    if (status == STATUS_NOT_FOUND)
        error_set(&err, status, "%s: nothing is served yet; start zoned", directory);
    if (status == STATUS_OK)
        status = store_reader_open(store, &program->serving, &err);
    if (status == STATUS_OK)
        status = store_reader_renew(program->serving, &id, &err);
    if (status == STATUS_OK)
        for_each_zone(program, dump_served);
    else
        complain(program, err.text);
    store_reader_close(program->serving);
    store_close(store);
    free(directory);
}

// ── The program ──────────────────────────────────────────────────────────────────────────────────

static int wrong_use(const char *words)
{
    fprintf(stderr, "zonegen: %s\nTry `zonegen --help`.\n", words);
    return EXIT_USAGE;
}

// Returns a negative number to go on, else the exit status.
static int parse_arguments(int argc, char **argv, struct arguments *ret)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"dump", no_argument, NULL, 'd'},
        {"signed", no_argument, NULL, 's'},       {"ds", no_argument, NULL, 'D'},
        {"check", no_argument, NULL, 'k'},        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},      {0},
    };
    enum action wanted;
    for (int option; (option = getopt_long(argc, argv, "c:hV", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            ret->config_path = optarg;
            continue;
        case 's':
            ret->served = true;
            continue;
        case 'h':
            fputs(usage, stdout);
            return EXIT_FINE;
        case 'V':
            puts("zonegen " ZONEBOX_VERSION);
            return EXIT_FINE;
        case 'd':
            wanted = ACTION_DUMP;
            break;
        case 'D':
            wanted = ACTION_DS;
            break;
        case 'k':
            wanted = ACTION_CHECK;
            break;
        default:
            return wrong_use("wrong option");
        }
        if (ret->action != ACTION_NONE && ret->action != wanted)
            return wrong_use("--dump, --ds and --check exclude each other");
        ret->action = wanted;
    }
    ret->domains = argv + optind;
    ret->domain_count = (size_t)(argc - optind);
    if (ret->action == ACTION_NONE)
        return wrong_use("one of --dump, --ds, --check is needed");
    if (ret->served && ret->action != ACTION_DUMP)
        return wrong_use("--signed goes with --dump");
    if (ret->domain_count > 0 && ret->action == ACTION_CHECK)
        return wrong_use("--check looks at all domains");
    return -1;
}

static bool load(struct program *program, const char *path)
{
    struct config_errors *errors = xcalloc(1, sizeof(*errors));
    enum status status = inputs_read(path, &program->inputs, errors);
    struct error more = {0};
    const char *line;
    for (size_t i = 0; (line = config_errors_line(errors, i, &more)) != NULL; i++)
        fprintf(stderr, "%s\n", line);
    free(errors);
    return status == STATUS_OK;
}

// All names that were asked for must be zones of ours, before anything is printed.
static bool names_are_known(const struct program *program)
{
    const struct arguments *arguments = program->arguments;
    bool known = true;
    for (size_t i = 0; i < arguments->domain_count; i++) {
        if (zonegen_target_find(program->targets, program->target_count, arguments->domains[i]) !=
            NULL)
            continue;
        fprintf(stderr, "zonegen: %s is no zone of this configuration\n", arguments->domains[i]);
        known = false;
    }
    if (known)
        return true;
    fputs("The zones are:\n", stderr);
    for (size_t i = 0; i < program->target_count; i++)
        fprintf(stderr, "  %s\n", program->targets[i].name);
    return false;
}

static void act(struct program *program)
{
    switch (program->arguments->action) {
    case ACTION_DUMP:
        if (program->arguments->served)
            dump_all_served(program);
        else
            for_each_zone(program, dump);
        break;
    case ACTION_DS:
        for_each_zone(program, ds);
        break;
    default:
        for_each_zone(program, check);
        if (program->code == EXIT_FINE)
            printf("%s: sound, %zu zone%s\n", program->arguments->config_path,
                   program->target_count, program->target_count == 1 ? "" : "s");
    }
}

static void run(struct program *program)
{
    struct error err = {0};
    const char *state = program->inputs->config->state;
    program->dnssec_directory = path_join(state, "keys");
    program->dkim_directory = path_join(state, "dkim");
    program->keys = (struct zonegen_keys){
        .dnssec_directory = program->dnssec_directory,
        .dkim_directory = program->dkim_directory,
    };
    if (dnskey_listing_read(program->dnssec_directory, &program->listing, &err) == STATUS_OK)
        program->keys.listing = &program->listing;
    else
        complain(program, err.text);
    act(program);
    if (fflush(stdout) != 0 || ferror(stdout))
        complain(program, "cannot write the output");
    dnskey_listing_done(&program->listing);
    free(program->dkim_directory);
    free(program->dnssec_directory);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.config_path = CONFIG_DEFAULT_PATH};
    int code = parse_arguments(argc, argv, &arguments);
    if (code >= 0)
        return code;
    struct program program = {.arguments = &arguments, .now = time(NULL)};
    if (!load(&program, arguments.config_path))
        return EXIT_WRONG;
    program.target_count = zonegen_targets(program.inputs->config, &program.targets);
    if (names_are_known(&program))
        run(&program);
    else
        program.code = EXIT_USAGE;
    free(program.targets);
    inputs_free(program.inputs);
    return (int)program.code;
}
