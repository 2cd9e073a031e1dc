// SPDX-License-Identifier: ISC
#include "zonegen/command.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] =
    "usage: zonegen [--config FILE] --dump [--signed | --json] [DOMAIN...]\n"
    "       zonegen [--config FILE] --ds [--json] [DOMAIN...]\n"
    "       zonegen [--config FILE] --check\n"
    "\n"
    "Prints what the zones of a configuration should say. Writes nothing.\n"
    "\n"
    "  --dump             the zones as master files, the reason above the records\n"
    "  --dump --signed    the zones as they are served now, with signatures\n"
    "  --ds               for the registrar: DS, DNSKEY, name servers, glue\n"
    "  --check            is the configuration sound, with all that it names?\n"
    "\n"
    "  -j, --json         for programs\n"
    "  -c, --config FILE  instead of " CONFIG_DEFAULT_PATH "\n"
    "  -h, --help         this text\n"
    "  -V, --version      the version\n"
    "\n"
    "Without DOMAIN: all zones.\n"
    "Exit status: 0 fine, 1 something is wrong, 2 wrong use.\n";

static int wrong_use(const char *words)
{
    fprintf(stderr, "zonegen: %s\nTry `zonegen --help`.\n", words);
    return EXIT_USAGE;
}

// What goes together. Returns as parse_arguments.
static int check_arguments(const struct arguments *arguments)
{
    if (arguments->action == ACTION_NONE)
        return wrong_use("one of --dump, --ds, --check is needed");
    if (arguments->served && (arguments->action != ACTION_DUMP || arguments->json))
        return wrong_use("--signed goes with --dump, and without --json");
    if (arguments->json && arguments->action == ACTION_CHECK)
        return wrong_use("--json goes with --dump and --ds");
    if (arguments->domain_count > 0 && arguments->action == ACTION_CHECK)
        return wrong_use("--check looks at all domains");
    return -1;
}

int parse_arguments(int argc, char **argv, struct arguments *ret)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"dump", no_argument, NULL, 'd'},
        {"signed", no_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {"ds", no_argument, NULL, 'D'},
        {"check", no_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {0},
    };
    enum action wanted;
    for (int option; (option = getopt_long(argc, argv, "c:jhV", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            ret->config_path = optarg;
            continue;
        case 's':
            ret->served = true;
            continue;
        case 'j':
            ret->json = true;
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
    return check_arguments(ret);
}
