// SPDX-License-Identifier: ISC
#include "base/arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/alloc.h"

enum { EXIT_FINE = 0, EXIT_USAGE = 2 };

#define HELP    'h'
#define VERSION 'V'
// getopt_long tells an option by a number: the letter, or from here on its place in the table.
#define PLACES 256

// ── Values ───────────────────────────────────────────────────────────────────────────────────────

enum status argument_flag(const struct argument *argument, const char *text, void *to,
                          struct error *err)
{
    (void)argument, (void)text, (void)err;
    *(bool *)to = true;
    return STATUS_OK;
}

enum status argument_text(const struct argument *argument, const char *text, void *to,
                          struct error *err)
{
    (void)argument, (void)err;
    *(const char **)to = text;
    return STATUS_OK;
}

static bool is_number(const char *text, unsigned least, unsigned most, unsigned *ret)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value < least ||
        value > most)
        return false;
    *ret = (unsigned)value;
    return true;
}

enum status argument_number(const struct argument *argument, const char *text, void *to,
                            struct error *err)
{
    if (is_number(text, argument->least, argument->most, to))
        return STATUS_OK;
    return error_set(err, STATUS_SYNTAX, "not a number from %u to %u: %s", argument->least,
                     argument->most, text);
}

enum status argument_descriptor(const struct argument *argument, const char *text, void *to,
                                struct error *err)
{
    unsigned value;
    (void)argument;
    if (!is_number(text, 0, INT_MAX, &value) || fcntl((int)value, F_GETFD) < 0)
        return error_set(err, STATUS_SYNTAX, "not an open descriptor: %s", text);
    *(int *)to = (int)value;
    return STATUS_OK;
}

enum status argument_address(const struct argument *argument, const char *text, void *to,
                             struct error *err)
{
    enum status status = address_parse(text, argument->port, to, err);
    return status == STATUS_OK ? status : error_prefix(err, status, "\"%s\"", text);
}

// ── Help ─────────────────────────────────────────────────────────────────────────────────────────

static bool has_letters(const struct argument_table *table)
{
    for (size_t i = 0; i < table->option_count; i++) {
        if (table->options[i].letter != 0)
            return true;
    }
    return false;
}

#define HEAD_MAX 80

// "  -c, --config FILE", the dashes of all below each other. Returns its width.
static int option_head(const struct argument *option, bool letters, char ret[HEAD_MAX])
{
    char letter[] = "    ";
    if (option->letter != 0)
        memcpy(letter, (char[]){'-', option->letter, ','}, 3);
    const char *value = option->value != NULL ? option->value : "";
    return snprintf(ret, HEAD_MAX, "  %s--%s%s%s", letters ? letter : "", option->name,
                    value[0] != '\0' ? " " : "", value);
}

static void print_help(const struct argument_table *table)
{
    bool letters = has_letters(table);
    char head[HEAD_MAX];
    int widest = 0;
    for (size_t i = 0; i < table->option_count; i++) {
        int width = option_head(&table->options[i], letters, head);
        if (table->options[i].help != NULL && width > widest)
            widest = width;
    }
    fputs(table->usage, stdout);
    for (size_t i = 0; i < table->option_count; i++) {
        const char *line = table->options[i].help;
        if (line == NULL)
            continue;
        option_head(&table->options[i], letters, head);
        for (size_t len; (len = strcspn(line, "\n")) > 0; head[0] = '\0') {
            printf("%-*s%.*s\n", widest + 2, head, (int)len, line);
            line += len + (line[len] != '\0');
        }
    }
    puts(letters ? "  -h, --help, -V, --version" : "  --help, --version");
    if (table->below != NULL)
        fputs(table->below, stdout);
}

// ── Options ──────────────────────────────────────────────────────────────────────────────────────

// What getopt_long wants.
struct known {
    struct option *options;
    char letters[2 * ('z' - 'A' + 1) + 4];
};

static void know(const struct argument_table *table, struct known *ret)
{
    size_t count = table->option_count;
    char *letter = ret->letters;
    *ret = (struct known){.options = xcalloc(count + 3, sizeof(*ret->options))};
    *letter++ = ':'; // the words are ours, and a value that is missing is told apart
    for (size_t i = 0; i < count; i++) {
        const struct argument *option = &table->options[i];
        int has_value = option->value != NULL ? required_argument : no_argument;
        ret->options[i] = (struct option){option->name, has_value, NULL, PLACES + (int)i};
        if (option->letter != 0)
            *letter++ = option->letter;
        if (option->letter != 0 && has_value == required_argument)
            *letter++ = ':';
    }
    ret->options[count] = (struct option){"help", no_argument, NULL, HELP};
    ret->options[count + 1] = (struct option){"version", no_argument, NULL, VERSION};
    memcpy(letter, (char[]){HELP, VERSION}, 2);
}

static const struct argument *find(const struct argument_table *table, int number)
{
    if (number >= PLACES)
        return &table->options[number - PLACES];
    for (size_t i = 0; i < table->option_count; i++) {
        if (number != 0 && table->options[i].letter == number)
            return &table->options[i];
    }
    return NULL;
}

static enum status take(const struct argument *option, struct error *err)
{
    void *to = option->to;
    enum status status;
    if (option->count != NULL)
        to = (char *)to + *option->count * option->size;
    if (option->count != NULL && *option->count == option->room)
        status = error_set(err, STATUS_RANGE, "at most %zu times", option->room);
    else
        status = option->read(option, optarg, to, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "--%s", option->name);
    if (option->count != NULL)
        ++*option->count;
    return STATUS_OK;
}

static int refuse(const struct argument_table *table, const char *words, const char *which)
{
    fprintf(stderr, "%s: %s%s; %s --help says more\n", table->program, words, which,
            table->program);
    return EXIT_USAGE;
}

// What getopt_long did not take; result is what it returned.
static int refuse_option(const struct argument_table *table, int result, char **argv)
{
    const struct argument *option = find(table, optopt);
    char words[80];
    if (option != NULL && result == ':') {
        snprintf(words, sizeof(words), "--%s wants a value: --%s %s", option->name, option->name,
                 option->value);
        return refuse(table, words, "");
    }
    if (option != NULL || optopt == HELP || optopt == VERSION)
        return refuse(table, argv[optind - 1], ": the option takes no value");
    snprintf(words, sizeof(words), "-%c", optopt);
    return refuse(table, "there is no option ", optopt != 0 ? words : argv[optind - 1]);
}

// What getopt_long returned, of an option. As arguments_read.
static int act(const struct argument_table *table, int result, char **argv)
{
    struct error err = {0};
    if (result == HELP) {
        print_help(table);
        return EXIT_FINE;
    }
    if (result == VERSION) {
        printf("%s " ZONEBOX_VERSION "\n", table->program);
        return EXIT_FINE;
    }
    if (result == '?' || result == ':')
        return refuse_option(table, result, argv);
    if (take(find(table, result), &err) == STATUS_OK)
        return ARGUMENTS_FINE;
    fprintf(stderr, "%s: %s\n", table->program, err.text);
    return EXIT_USAGE;
}

static int read_options(const struct argument_table *table, int argc, char **argv)
{
    struct known known;
    know(table, &known);
    int code = ARGUMENTS_FINE;
    optind = 0; // glibc: begin anew
    for (int result; code == ARGUMENTS_FINE &&
                     (result = getopt_long(argc, argv, known.letters, known.options, NULL)) != -1;)
        code = act(table, result, argv);
    free(known.options);
    return code;
}

int arguments_read(const struct argument_table *table, int argc, char **argv)
{
    struct error err = {0};
    int code = read_options(table, argc, argv);
    if (code != ARGUMENTS_FINE)
        return code;
    if (table->words == NULL && optind < argc)
        return refuse(table, "what is this: ", argv[optind]);
    if (table->words != NULL) {
        *table->words = argv + optind;
        *table->word_count = (size_t)(argc - optind);
    }
    if (table->check != NULL && table->check(table->data, &err) != STATUS_OK)
        return refuse(table, err.text, "");
    return ARGUMENTS_FINE;
}
