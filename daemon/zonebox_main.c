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
    "  reload                              look at the configuration and all it names again\n"
    "  flush NAME                          forget what the resolver knows of NAME\n"
    "  init [--hostname NAME] [DOMAIN...]  prepare this box: a configuration when there is\n"
    "                                      none, users, directories, keys\n"
    "  setup postfix|resolv.conf|ssh       print the lines that these programs need here\n"
    "  tls-next [--algorithm ecdsa|rsa]    make the key of the next certificate and announce it\n"
    "           [--directory DIR]          (TLSA); `status` says when it is safe to deploy\n"
    "  tls-next --forget KEY [--force]     drop a key from the TLSA records at once\n"
    "\n"
    "  -a, --all          list all zones, also when there are more than fit a screen\n"
    "  -j, --json         all that the programs say, for programs\n"
    "  -c, --config FILE  instead of " CONFIG_DEFAULT_PATH "\n"
    "      --control DIR  where the control sockets are (default: as the configuration has it)\n"
    "  -h, --help, -V, --version\n"
    "\n"
    "Exit status: 0 all is well, 1 something is wrong, 2 wrong use.\n";

struct command {
    const char *name;
    size_t words_min, words_max; // behind it
    bool status, init, tls_next; // whose options it takes
    int (*run)(const struct zonebox *zonebox);
};

static const struct command commands[] = {
    {"status", 0, 1, true, false, false, zonebox_status},
    {"reload", 0, 0, false, false, false, zonebox_reload},
    {"flush", 1, 1, false, false, false, zonebox_flush},
    {"init", 0, 1000000, false, true, false, zonebox_init},
    {"setup", 1, 1, false, false, false, zonebox_setup},
    {"tls-next", 0, 0, false, false, true, zonebox_tls_next},
};

static int misused(const char *words, const char *which)
{
    fprintf(stderr, "zonebox: %s%s; zonebox --help says more\n", which, words);
    return ZONEBOX_USAGE;
}

static int run(struct zonebox *zonebox, int count, char **words)
{
    if (count == 0)
        return misused("which command? status, reload, flush, init, setup or tls-next", "");
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
        if ((zonebox->json || zonebox->all) && !command->status)
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
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {0},
    };
    struct zonebox zonebox = {.config_path = CONFIG_DEFAULT_PATH};
    for (int option; (option = getopt_long(argc, argv, "c:jahV", known, NULL)) != -1;) {
        switch (option) {
        case 'c':
            zonebox.config_path = optarg;
            zonebox.config_given = true;
            break;
        case 's':
            zonebox.control = optarg;
            break;
        case 'n':
            zonebox.hostname = optarg;
            break;
        case 'A':
            zonebox.algorithm = optarg;
            break;
        case 'D':
            zonebox.directory = optarg;
            break;
        case 'F':
            zonebox.forget = optarg;
            break;
        case 'f':
            zonebox.force = true;
            break;
        case 'j':
            zonebox.json = true;
            break;
        case 'a':
            zonebox.all = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return ZONEBOX_FINE;
        case 'V':
            puts("zonebox " ZONEBOX_VERSION);
            return ZONEBOX_FINE;
        default:
            fputs("zonebox --help says how it is used\n", stderr);
            return ZONEBOX_USAGE;
        }
    }
    return run(&zonebox, argc - optind, argv + optind);
}
