// SPDX-License-Identifier: ISC
// The command `zonebox`: what runs, and steering it. Here are its arguments; daemon/zonebox.h has the rest.
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "daemon/zonebox.h"

static const char usage[] =
    "usage: zonebox [--config FILE] [--control DIR] COMMAND\n"
    "\n"
    "  status [--all | --json] [DOMAIN]    what is wrong, what runs, the zones, trust anchors\n"
    "  check [--all|--quiet|--json] [DOMAIN...]  does the world see what it should?\n"
    "  reload                              look at the configuration and all it names again\n"
    "  flush NAME                          forget what the resolver knows of NAME\n"
    "  init [--hostname NAME] [DOMAIN...]  prepare this box: a configuration when there is\n"
    "                                      none, users, directories, keys\n"
    "  setup opendkim|postfix|resolv.conf|rspamd|ssh\n"
    "                                      print the lines that these programs need here\n"
    "  tls-next [--algorithm ecdsa|rsa]    make the key of the next certificate and announce it\n"
    "           [--directory DIR]          (TLSA); `status` says when it is safe to deploy\n"
    "  tls-next --forget KEY [--force]     drop a key from the TLSA records at once\n"
    "\n"
    "  -a, --all          all zones, of check all verdicts; -q, --quiet: only what is wrong\n"
    "  -j, --json         all that the programs say, for programs\n"
    "  -c, --config FILE  instead of " CONFIG_DEFAULT_PATH "\n"
    "      --control DIR  where the control sockets are (default: as the configuration has it)\n"
    "  -h, --help, -V, --version\n"
    "\n"
    "Exit status: 0 all is well, 1 something is wrong, 2 wrong use.\n";

struct command {
    const char *name;
    size_t words_min, words_max;        // behind it
    bool status, check, init, tls_next; // whose options it takes
    int (*run)(const struct zonebox *zonebox);
};

static const struct command commands[] = {
    {"status", 0, 1, .status = true, .run = zonebox_status},
    {"check", 0, 1000000, .check = true, .run = zonebox_check},
    {"reload", 0, 0, .run = zonebox_reload},
    {"flush", 1, 1, .run = zonebox_flush},
    {"init", 0, 1000000, .init = true, .run = zonebox_init},
    {"setup", 1, 1, .run = zonebox_setup},
    {"tls-next", 0, 0, .tls_next = true, .run = zonebox_tls_next},
};

static int misused(const char *words, const char *which)
{
    fprintf(stderr, "zonebox: %s%s; zonebox --help says more\n", which, words);
    return ZONEBOX_USAGE;
}

static int run(struct zonebox *zonebox, int count, char **words)
{
    if (count == 0)
        return misused("which command? status, check, reload, flush, init, setup or tls-next", "");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        const struct command *command = &commands[i];
        if (strcmp(command->name, words[0]) != 0)
            continue;
        zonebox->words = words + 1;
        zonebox->word_count = (size_t)count - 1;
        if (zonebox->word_count < command->words_min)
            return misused(" wants one word more", words[0]);
        if (zonebox->word_count > command->words_max)
            return misused(" takes fewer words", words[0]);
        if (zonebox->quiet && !command->check)
            return misused(" takes no --quiet", words[0]);
        if (zonebox->quiet && zonebox->all)
            return misused(" takes either --all or --quiet", words[0]);
        if ((zonebox->json || zonebox->all) && !command->status && !command->check)
            return misused(" takes neither --json nor --all", words[0]);
        if (zonebox->hostname != NULL && !command->init)
            return misused(" takes no --hostname", words[0]);
        bool tls_next = zonebox->algorithm != NULL || zonebox->directory != NULL ||
                        zonebox->forget != NULL || zonebox->force;
        if (tls_next && !command->tls_next)
            return misused(" takes no options of tls-next", words[0]);
        return command->run(zonebox);
    }
    return misused(": no such command", words[0]);
}

// Returns whether it was one that is a matter of setting something.
static bool take_option(struct zonebox *zonebox, int option)
{
    switch (option) {
    case 'c':
        zonebox->config_path = optarg;
        return zonebox->config_given = true;
    case 's':
        zonebox->control = optarg;
        return true;
    case 'n':
        zonebox->hostname = optarg;
        return true;
    case 'A':
        zonebox->algorithm = optarg;
        return true;
    case 'D':
        zonebox->directory = optarg;
        return true;
    case 'F':
        zonebox->forget = optarg;
        return true;
    case 'f':
        return zonebox->force = true;
    case 'j':
        return zonebox->json = true;
    case 'a':
        return zonebox->all = true;
    case 'q':
        return zonebox->quiet = true;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'},
        {"control", required_argument, NULL, 's'},
        {"hostname", required_argument, NULL, 'n'},
        {"algorithm", required_argument, NULL, 'A'},
        {"directory", required_argument, NULL, 'D'},
        {"forget", required_argument, NULL, 'F'},
        {"force", no_argument, NULL, 'f'},
        {"json", no_argument, NULL, 'j'},
        {"all", no_argument, NULL, 'a'},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {0},
    };
    struct zonebox zonebox = {.config_path = CONFIG_DEFAULT_PATH};
    for (int option; (option = getopt_long(argc, argv, "c:jaqhV", known, NULL)) != -1;) {
        if (take_option(&zonebox, option))
            continue;
        if (option != 'h' && option != 'V') {
            fputs("zonebox --help says how it is used\n", stderr);
            return ZONEBOX_USAGE;
        }
        fputs(option == 'h' ? usage : "zonebox " ZONEBOX_VERSION "\n", stdout);
        return ZONEBOX_FINE;
    }
    return run(&zonebox, argc - optind, argv + optind);
}
