// SPDX-License-Identifier: ISC
// The command `zonebox`: what runs, and steering it. Here are its arguments; daemon/zonebox.h has the rest.
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/arguments.h"
#include "config/values.h"
#include "daemon/zonebox.h"

static const char usage[] =
    "usage: zonebox [--config FILE] [--control DIR] COMMAND\n"
    "\n"
    "  status [--all | --json] [DOMAIN]          what is wrong, runs, is waited for\n"
    "  check [--all|--quiet|--json] [DOMAIN...]  does the world see what it should?\n"
    "  reload                                    look at all files again\n"
    "  flush NAME                                the resolver forgets what it knows\n"
    "  init [--hostname NAME] [DOMAIN...]        prepare this box: users, keys ...\n"
    "  setup opendkim|postfix|resolv.conf|rspamd|ssh   print the lines they need here\n"
    "  import [--dry-run] DOMAIN FILE...         take DNSSEC keys made elsewhere\n"
    "  tls-next [--algorithm ecdsa|rsa] [--directory DIR]   make the key of the next\n"
    "                                            certificate, announce it by TLSA\n"
    "  tls-next --forget KEY [--force]           drop a key from the TLSA records\n"
    "  roll DOMAIN [--ksk|--zsk] [--algorithm NAME] [--compromised]  replace its keys\n"
    "  retire DOMAIN | move DOMAIN [--undo]      back to unsigned; leave this box\n"
    "     [--dry-run | --yes]                    of these: only tell the plan; start\n"
    "\n";

static const char below[] = "\n"
                            "Exit status: 0 all is well, 1 something is wrong, 2 wrong use.\n";

// Options that not every command takes.
enum {
    TAKES_ALL = 1U << 0,
    TAKES_JSON = 1U << 1,
    TAKES_QUIET = 1U << 2,
    TAKES_HOSTNAME = 1U << 3,
    TAKES_ALGORITHM = 1U << 4,
    TAKES_TLS_NEXT = 1U << 5, // those of tls-next alone
    TAKES_ROLL = 1U << 6,     // those of roll alone
    TAKES_UNDO = 1U << 7,
    TAKES_YES = 1U << 8,
    TAKES_DRY_RUN = 1U << 9,
    TAKES_NAME = 1U << 10, // the first word is a name
    TAKES_START = TAKES_YES | TAKES_DRY_RUN,
};

struct command {
    const char *name;
    const char *wants; // its words, as usage has them
    size_t words_min, words_max;
    unsigned takes;
    int (*run)(const struct zonebox *zonebox);
};

static const struct command commands[] = {
    {"status", "[DOMAIN]", 0, 1, TAKES_ALL | TAKES_JSON | TAKES_NAME, zonebox_status},
    {"check", "[DOMAIN...]", 0, 1000000, TAKES_ALL | TAKES_JSON | TAKES_QUIET, zonebox_check},
    {"reload", "no words", 0, 0, 0, zonebox_reload},
    {"flush", "NAME", 1, 1, TAKES_NAME, zonebox_flush},
    {"init", "[DOMAIN...]", 0, 1000000, TAKES_HOSTNAME, zonebox_init},
    {"setup", "opendkim, postfix, resolv.conf, rspamd or ssh", 1, 1, 0, zonebox_setup},
    {"import", "DOMAIN FILE...", 2, 1000000, TAKES_DRY_RUN | TAKES_NAME, zonebox_import},
    {"tls-next", "no words", 0, 0, TAKES_ALGORITHM | TAKES_TLS_NEXT, zonebox_tls_next},
    {"roll", "DOMAIN", 1, 1, TAKES_ALGORITHM | TAKES_ROLL | TAKES_START | TAKES_NAME, zonebox_roll},
    {"retire", "DOMAIN", 1, 1, TAKES_UNDO | TAKES_START | TAKES_NAME, zonebox_retire},
    {"move", "DOMAIN", 1, 1, TAKES_UNDO | TAKES_START | TAKES_NAME, zonebox_move},
};

static int misused(const char *words, const char *which)
{
    fprintf(stderr, "zonebox: %s%s; zonebox --help says more\n", which, words);
    return ZONEBOX_USAGE;
}

// An option that was given and that the command does not take, or NULL.
static const char *find_misplaced(const struct zonebox *zonebox, unsigned takes)
{
    const struct {
        unsigned of;
        bool given;
        const char *name;
    } rows[] = {
        {TAKES_ALL, zonebox->all, "--all"},
        {TAKES_JSON, zonebox->json, "--json"},
        {TAKES_QUIET, zonebox->quiet, "--quiet"},
        {TAKES_HOSTNAME, zonebox->hostname != NULL, "--hostname"},
        {TAKES_ALGORITHM, zonebox->algorithm != NULL, "--algorithm"},
        {TAKES_TLS_NEXT, zonebox->directory != NULL, "--directory"},
        {TAKES_TLS_NEXT, zonebox->forget != NULL, "--forget"},
        {TAKES_TLS_NEXT, zonebox->force, "--force"},
        {TAKES_ROLL, zonebox->ksk, "--ksk"},
        {TAKES_ROLL, zonebox->zsk, "--zsk"},
        {TAKES_ROLL, zonebox->compromised, "--compromised"},
        {TAKES_UNDO, zonebox->undo, "--undo"},
        {TAKES_YES, zonebox->yes, "--yes"},
        {TAKES_DRY_RUN, zonebox->dry_run, "--dry-run"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].given && (takes & rows[i].of) == 0)
            return rows[i].name;
    return NULL;
}

static int misused_option(const char *command, const char *option)
{
    fprintf(stderr, "zonebox: %s takes no %s; zonebox --help says more\n", command, option);
    return ZONEBOX_USAGE;
}

static int misused_words(const struct command *command, size_t count)
{
    const char *verb = count < command->words_min ? "wants" : "takes";
    const char *more = count > command->words_max && command->words_max > 0 ? " and no more" : "";
    fprintf(stderr, "zonebox: %s %s %s%s; zonebox --help says more\n", command->name, verb,
            command->wants, more);
    return ZONEBOX_USAGE;
}

// The first word as the programs know names: A-labels, and without the last dot. What cannot be a name stays, and is
// none of theirs.
static void read_name(struct arena *arena, char **word)
{
    (void)value_to_ascii(arena, *word, word, NULL);
    size_t len = strlen(*word);
    if (len > 1 && (*word)[len - 1] == '.')
        (*word)[len - 1] = '\0';
}

static int run_command(const struct command *command, struct zonebox *zonebox)
{
    struct arena arena = {0};
    if ((command->takes & TAKES_NAME) != 0 && zonebox->word_count > 0)
        read_name(&arena, &zonebox->words[0]);
    int code = command->run(zonebox);
    arena_done(&arena);
    return code;
}

static int run(struct zonebox *zonebox, size_t count, char **words)
{
    if (count == 0)
        return misused("which command? status, check, reload, flush, init, setup, import, "
                       "tls-next, roll, retire or move",
                       "");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        const struct command *command = &commands[i];
        if (strcmp(command->name, words[0]) != 0)
            continue;
        zonebox->words = words + 1;
        zonebox->word_count = count - 1;
        const char *misplaced = find_misplaced(zonebox, command->takes);
        if (zonebox->word_count < command->words_min || zonebox->word_count > command->words_max)
            return misused_words(command, zonebox->word_count);
        if (misplaced != NULL)
            return misused_option(words[0], misplaced);
        if (zonebox->quiet && zonebox->all)
            return misused(" takes either --all or --quiet", words[0]);
        return run_command(command, zonebox);
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
        {"ksk", NULL, argument_flag, &zonebox.ksk, .help = NULL},
        {"zsk", NULL, argument_flag, &zonebox.zsk, .help = NULL},
        {"compromised", NULL, argument_flag, &zonebox.compromised, .help = NULL},
        {"undo", NULL, argument_flag, &zonebox.undo, .help = NULL},
        {"yes", NULL, argument_flag, &zonebox.yes, .letter = 'y', .help = NULL},
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
