// SPDX-License-Identifier: ISC
// The command `zonebox`: what runs, and steering it. Here are its arguments; daemon/zonebox.h has the rest.
#include <stdio.h>
#include <string.h>

#include "base/arguments.h"
#include "daemon/zonebox.h"

static const char usage[] =
    "usage: zonebox [--config FILE] [--control DIR] COMMAND\n"
    "\n"
    "  status [--all | --json] [DOMAIN]    what is wrong, what runs, zones, anchors\n"
    "  check [--all|--quiet|--json] [DOMAIN...]  does the world see what it should?\n"
    "  reload                              look at the configuration and all it names\n"
    "  flush NAME                          forget what the resolver knows of NAME\n"
    "  init [--hostname NAME] [DOMAIN...]  prepare this box: a configuration when\n"
    "                                      there is none, users, directories, keys\n"
    "  setup opendkim|postfix|resolv.conf|rspamd|ssh\n"
    "                                      print the lines that these need here\n"
    "  import [--dry-run] DOMAIN FILE...   take DNSSEC keys that were made elsewhere\n"
    "  tls-next [--algorithm ecdsa|rsa]    make the key of the next certificate and\n"
    "           [--directory DIR]          announce it (TLSA); `status` says when it\n"
    "                                      is safe to deploy\n"
    "  tls-next --forget KEY [--force]     drop a key from the TLSA records at once\n"
    "\n";

static const char below[] = "\n"
                            "Exit status: 0 all is well, 1 something is wrong, 2 wrong use.\n";

struct command {
    const char *name;
    size_t words_min, words_max;                // behind it
    bool status, check, init, tls_next, import; // whose options it takes
    int (*run)(const struct zonebox *zonebox);
};

static const struct command commands[] = {
    {"status", 0, 1, .status = true, .run = zonebox_status},
    {"check", 0, 1000000, .check = true, .run = zonebox_check},
    {"reload", 0, 0, .run = zonebox_reload},
    {"flush", 1, 1, .run = zonebox_flush},
    {"init", 0, 1000000, .init = true, .run = zonebox_init},
    {"setup", 1, 1, .run = zonebox_setup},
    {"import", 2, 1000000, .import = true, .run = zonebox_import},
    {"tls-next", 0, 0, .tls_next = true, .run = zonebox_tls_next},
};

static int misused(const char *words, const char *which)
{
    fprintf(stderr, "zonebox: %s%s; zonebox --help says more\n", which, words);
    return ZONEBOX_USAGE;
}

static int run(struct zonebox *zonebox, size_t count, char **words)
{
    if (count == 0)
        return misused(
            "which command? status, check, reload, flush, init, setup, import or tls-next", "");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        const struct command *command = &commands[i];
        if (strcmp(command->name, words[0]) != 0)
            continue;
        zonebox->words = words + 1;
        zonebox->word_count = count - 1;
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
        if (zonebox->dry_run && !command->import)
            return misused(" takes no --dry-run", words[0]);
        return command->run(zonebox);
    }
    return misused(": no such command", words[0]);
}

int main(int argc, char **argv)
{
    struct zonebox zonebox = {0};
    const struct argument options[] = {
        {"all", NULL, argument_flag, &zonebox.all, .letter = 'a',
         .help = "all zones, all verdicts of `check`"},
        {"quiet", NULL, argument_flag, &zonebox.quiet, .letter = 'q',
         .help = "of `check` only what is wrong"},
        {"json", NULL, argument_flag, &zonebox.json, .letter = 'j',
         .help = "all that the programs say, for programs"},
        {"config", "FILE", argument_text, &zonebox.config_path, .letter = 'c',
         .help = "instead of " CONFIG_DEFAULT_PATH},
        {"control", "DIR", argument_text, &zonebox.control,
         .help = "where the control sockets are, if not where FILE says"},
        {"hostname", "NAME", argument_text, &zonebox.hostname, .help = NULL},
        {"algorithm", "NAME", argument_text, &zonebox.algorithm, .help = NULL},
        {"directory", "DIR", argument_text, &zonebox.directory, .help = NULL},
        {"forget", "KEY", argument_text, &zonebox.forget, .help = NULL},
        {"force", NULL, argument_flag, &zonebox.force, .help = NULL},
        {"dry-run", NULL, argument_flag, &zonebox.dry_run, .letter = 'n', .help = NULL},
    };
    char **words;
    size_t count;
    int code = arguments_read(&(struct argument_table){.program = "zonebox",
                                                       .usage = usage,
                                                       .below = below,
                                                       .options = options,
                                                       .option_count = ARGUMENT_COUNT(options),
                                                       .words = &words,
                                                       .word_count = &count},
                              argc, argv);
    if (code != ARGUMENTS_FINE)
        return code;
    zonebox.config_given = zonebox.config_path != NULL;
    if (!zonebox.config_given)
        zonebox.config_path = CONFIG_DEFAULT_PATH;
    return run(&zonebox, count, words);
}
