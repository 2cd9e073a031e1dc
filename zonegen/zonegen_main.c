// SPDX-License-Identifier: ISC
// The command `zonegen`: prints what zones should say, or say. It writes nothing.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/file.h"
#include "config/values.h"
#include "zonegen/command.h"

static bool load(struct program *program, const char *path)
{
    struct config_errors *errors = xcalloc(1, sizeof(*errors));
    enum status status = inputs_read(path, &program->inputs, errors);
    struct error more = {0};
    const char *line;
    const bool colours = wants_colours(STDERR_FILENO);
    for (size_t i = 0; (line = config_errors_line(errors, i, &more)) != NULL; i++)
        fprintf(stderr, "%s%s%s\n", colours ? "\033[31m" : "", line, colours ? "\033[0m" : "");
    free(errors);
    return status == STATUS_OK;
}

// Names may be asked for in any script, as the configuration may have them. What cannot be a name stays: it is no zone.
static void to_ascii(struct arena *arena, const struct arguments *arguments)
{
    for (size_t i = 0; i < arguments->domain_count; i++)
        (void)value_to_ascii(arena, arguments->domains[i], &arguments->domains[i], NULL);
}

// All names that were asked for must be zones of ours, before anything is printed.
static bool names_are_known(const struct program *program)
{
    const struct arguments *arguments = program->arguments;
    bool known = true;
    if (arguments->action == ACTION_DIFF) // one that is gone from it may be served still
        return true;
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

static void run(struct program *program)
{
    struct error err = {0};
    const char *state = program->inputs->config->state;
    char *dnssec_directory = path_join(state, "keys");
    char *dkim_directory = path_join(state, "dkim");
    char *public_directory = path_join(state, "public");
    program->keys = (struct zonegen_keys){
        .dnssec_directory = dnssec_directory,
        .dkim_directory = dkim_directory,
        .public_directory = public_directory,
    };
    if (offers_load(public_directory, &program->offers, &err) == STATUS_OK)
        program->keys.offers = &program->offers;
    else
        complain(program, err.text);
    enum status listed = dnskey_listing_read(dnssec_directory, &program->listing, &err);
    if (listed == STATUS_OK)
        program->keys.listing = &program->listing;
    else if (listed != STATUS_DENIED || !program->offers.known) // which say as much of the keys
        complain(program, err.text);
    act(program);
    if (fflush(stdout) != 0 || ferror(stdout))
        complain(program, "cannot write the output");
    dnskey_listing_done(&program->listing);
    offers_done(&program->offers);
    free(public_directory);
    free(dkim_directory);
    free(dnssec_directory);
}

static enum exit_code verdict(const struct program *program)
{
    if (program->arguments->action != ACTION_DIFF)
        return program->wrong ? EXIT_WRONG : EXIT_FINE;
    if (program->wrong)
        return EXIT_TROUBLE;
    return program->differs ? EXIT_DIFFERENT : EXIT_FINE;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.config_path = CONFIG_DEFAULT_PATH};
    int code = parse_arguments(argc, argv, &arguments);
    if (code < 0)
        code = act_without_config(&arguments);
    if (code >= 0)
        return code;
    struct arena names = {0};
    struct program program = {.arguments = &arguments, .now = time(NULL)};
    if (!load(&program, arguments.config_path))
        return arguments.action == ACTION_DIFF ? EXIT_TROUBLE : EXIT_WRONG;
    program.target_count = zonegen_targets(program.inputs->config, &program.targets);
    code = EXIT_USAGE;
    to_ascii(&names, &arguments);
    if (names_are_known(&program)) {
        run(&program);
        code = (int)verdict(&program);
    }
    free(program.targets);
    inputs_free(program.inputs);
    arena_done(&names);
    return code;
}
