// SPDX-License-Identifier: ISC
#include "zonegen/command.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

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
    "\n"
    "  -j, --json           --dump, --ds, --diff: for programs\n"
    "  -c, --config FILE    instead of " CONFIG_DEFAULT_PATH "\n"
    "  -h, --help           this text\n"
    "  -V, --version        the version\n"
    "\n"
    "Exit status: 0 fine, 1 something is wrong, 2 wrong use; --diff: 0 no difference,\n"
    "1 some, 2 trouble. Without DOMAIN: all zones.\n";

static int wrong_use(const char *words)
{
    fprintf(stderr, "zonegen: %s\nTry `zonegen --help`.\n", words);
    return EXIT_USAGE;
}

static const struct {
    enum action action;
    bool json;    // --json goes with it
    bool domains; // so do names
} actions[] = {
    {ACTION_DUMP, true, true},    {ACTION_DS, true, true},       {ACTION_DIFF, true, true},
    {ACTION_CHECK, false, false}, {ACTION_SCHEMA, false, false}, {ACTION_HELP_CONFIG, false, true},
};

// What goes together. Returns as parse_arguments.
static int check_arguments(const struct arguments *arguments)
{
    size_t i = 0;
    if (arguments->action == ACTION_NONE)
        return wrong_use("one of --dump, --ds, --diff, --check is needed");
    while (actions[i].action != arguments->action)
        i++;
    if (arguments->served && arguments->action != ACTION_DUMP)
        return wrong_use("--signed goes with --dump");
    if (arguments->style_given && arguments->action != ACTION_DUMP)
        return wrong_use("--style goes with --dump");
    if (arguments->json + arguments->served + arguments->style_given > 1)
        return wrong_use("--json, --signed and --style exclude each other");
    if (arguments->json && !actions[i].json)
        return wrong_use("--json goes with --dump, --ds and --diff");
    if (arguments->domain_count > 0 && !actions[i].domains)
        return wrong_use(arguments->action == ACTION_CHECK ? "--check looks at all domains"
                                                           : "--schema takes no names");
    if (arguments->domain_count > 1 && arguments->action == ACTION_HELP_CONFIG)
        return wrong_use("--help-config takes one option");
    return -1;
}

// Returns as parse_arguments.
static int parse_style(const char *word, struct arguments *ret)
{
    static const char *const styles[] = {[STYLE_ZONE] = "zone", [STYLE_PASTE] = "paste"};
    ret->style_given = true;
    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
        if (strcmp(word, styles[i]) == 0) {
            ret->style = (enum style)i;
            return -1;
        }
    }
    fprintf(stderr, "zonegen: there is no style \"%s\"; the styles are:\n", word);
    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++)
        fprintf(stderr, "  %s\n", styles[i]);
    return EXIT_USAGE;
}

// Returns as parse_arguments.
static int parse_action(int option, struct arguments *ret)
{
    size_t i = (size_t)option;
    if (i >= sizeof(actions) / sizeof(actions[0]))
        return wrong_use("wrong option");
    if (ret->action != ACTION_NONE && ret->action != actions[i].action)
        return wrong_use("one action at a time");
    ret->action = actions[i].action;
    return -1;
}

int parse_arguments(int argc, char **argv, struct arguments *ret)
{
    static const struct option options[] = {
        // An action is its place in the table.
        {"dump", no_argument, NULL, 0},
        {"ds", no_argument, NULL, 1},
        {"diff", no_argument, NULL, 2},
        {"check", no_argument, NULL, 3},
        {"schema", no_argument, NULL, 4},
        {"help-config", no_argument, NULL, 5},
        {"config", required_argument, NULL, 'c'},
        {"signed", no_argument, NULL, 's'},
        {"style", required_argument, NULL, 'y'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {0},
    };
    int code = -1;
    for (int option;
         code < 0 && (option = getopt_long(argc, argv, "c:jhV", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            ret->config_path = optarg;
            break;
        case 's':
            ret->served = true;
            break;
        case 'y':
            code = parse_style(optarg, ret);
            break;
        case 'j':
            ret->json = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return EXIT_FINE;
        case 'V':
            puts("zonegen " ZONEBOX_VERSION);
            return EXIT_FINE;
        default:
            code = parse_action(option, ret);
        }
    }
    if (code >= 0)
        return code;
    ret->domains = argv + optind;
    ret->domain_count = (size_t)(argc - optind);
    return check_arguments(ret);
}
