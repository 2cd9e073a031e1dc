// SPDX-License-Identifier: ISC
#include "zonegen/command.h"

#include <string.h>

#include "base/arguments.h"

static const char usage[] =
    "usage: zonegen [--config FILE] ACTION [DOMAIN...]\n"
    "\n"
    "Prints what the zones of a configuration should say. Writes nothing.\n"
    "\n"
    "  --dump               the zones as master files, the reason above the records\n"
    "  --dump --style paste a record a block, for the web form of a DNS provider\n"
    "  --dump --signed      the zones as they are served now, with signatures\n"
    "  --ds                 what to enter elsewhere: DS, name servers, glue, PTR ...\n"
    "  --diff               what the configuration would change in what is served\n"
    "  --check              is the configuration sound, with all that it names?\n"
    "  --help-config [KEY]  the options of the configuration\n"
    "  --schema             a JSON Schema of the configuration, for editors\n"
    "\n";

static const char below[] =
    "\n"
    "Exit status: 0 fine, 1 something is wrong, 2 wrong use; --diff: 0 no difference,\n"
    "1 some, 2 trouble. Without DOMAIN: all zones.\n";

static const struct {
    const char *option;
    enum action action;
    bool json;    // --json goes with it
    bool domains; // so do names
} actions[] = {
    {"dump", ACTION_DUMP, true, true},       {"ds", ACTION_DS, true, true},
    {"diff", ACTION_DIFF, true, true},       {"check", ACTION_CHECK, false, false},
    {"schema", ACTION_SCHEMA, false, false}, {"help-config", ACTION_HELP_CONFIG, false, true},
};

static const char *what_excludes_itself(const struct arguments *arguments)
{
    size_t i = 0;
    if (arguments->action == ACTION_NONE)
        return "one of --dump, --ds, --diff, --check is needed";
    while (actions[i].action != arguments->action)
        i++;
    if (arguments->served && arguments->action != ACTION_DUMP)
        return "--signed goes with --dump";
    if (arguments->style_given && arguments->action != ACTION_DUMP)
        return "--style goes with --dump";
    if (arguments->json + arguments->served + arguments->style_given > 1)
        return "--json, --signed and --style exclude each other";
    if (arguments->json && !actions[i].json)
        return "--json goes with --dump, --ds and --diff";
    if (arguments->domain_count > 0 && !actions[i].domains)
        return arguments->action == ACTION_CHECK ? "--check looks at all domains"
                                                 : "--schema takes no names";
    if (arguments->domain_count > 1 && arguments->action == ACTION_HELP_CONFIG)
        return "--help-config takes one option";
    return NULL;
}

static enum status check(void *data, struct error *err)
{
    const char *words = what_excludes_itself(data);
    return words == NULL ? STATUS_OK : error_set(err, STATUS_SYNTAX, "%s", words);
}

static enum status read_style(const struct argument *argument, const char *text, void *to,
                              struct error *err)
{
    struct arguments *arguments = to;
    (void)argument;
    arguments->style_given = true;
    arguments->style = strcmp(text, "paste") == 0 ? STYLE_PASTE : STYLE_ZONE;
    if (arguments->style == STYLE_PASTE || strcmp(text, "zone") == 0)
        return STATUS_OK;
    return error_set(err, STATUS_SYNTAX, "there is no style \"%s\"; write zone or paste", text);
}

static enum status read_action(const struct argument *argument, const char *text, void *to,
                               struct error *err)
{
    enum action *action = to;
    size_t i = 0;
    (void)text;
    while (strcmp(actions[i].option, argument->name) != 0)
        i++;
    if (*action != ACTION_NONE && *action != actions[i].action)
        return error_set(err, STATUS_SYNTAX, "one action at a time");
    *action = actions[i].action;
    return STATUS_OK;
}

int parse_arguments(int argc, char **argv, struct arguments *ret)
{
    const struct argument options[] = {
        {"dump", NULL, read_action, &ret->action, .help = NULL},
        {"ds", NULL, read_action, &ret->action, .help = NULL},
        {"diff", NULL, read_action, &ret->action, .help = NULL},
        {"check", NULL, read_action, &ret->action, .help = NULL},
        {"schema", NULL, read_action, &ret->action, .help = NULL},
        {"help-config", NULL, read_action, &ret->action, .help = NULL},
        {"signed", NULL, argument_flag, &ret->served, .help = NULL},
        {"style", "zone|paste", read_style, ret, .help = NULL},
        {"json", NULL, argument_flag, &ret->json, .letter = 'j',
         .help = "--dump, --ds, --diff: for programs"},
        {"config", "FILE", argument_text, &ret->config_path, .letter = 'c',
         .help = "instead of " CONFIG_DEFAULT_PATH},
    };
    return arguments_read(&(struct argument_table){.program = "zonegen",
                                                   .usage = usage,
                                                   .below = below,
                                                   .options = options,
                                                   .option_count = ARGUMENT_COUNT(options),
                                                   .check = check,
                                                   .data = ret,
                                                   .words = &ret->domains,
                                                   .word_count = &ret->domain_count},
                          argc, argv);
}
