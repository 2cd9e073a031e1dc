// SPDX-License-Identifier: ISC
#include "base/arguments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/address.h"

#define ARGV_MAX 64
#define PLACES   3

// What a program could have.
static struct {
    bool all;
    const char *config;
    unsigned number;
    int descriptor;
    struct address address;
    const char *names[PLACES];
    size_t name_count;
    bool odd; // refused by `check`
} options;

static char said[4096]; // on standard output and standard error
static char **words;
static size_t word_count;

static enum status check(void *data, struct error *err)
{
    assert_ptr_equal(data, &options);
    return options.odd ? error_set(err, STATUS_SYNTAX, "that is odd") : STATUS_OK;
}

static const struct argument rows[] = {
    {"all", NULL, argument_flag, &options.all, .letter = 'a', .help = "everything"},
    {"config", "FILE", argument_text, &options.config, .letter = 'c',
     .help = "what to read\nfirst"},
    {"number", "N", argument_number, &options.number, .least = 2, .most = 10, .help = "how many"},
    {"descriptor", "FD", argument_descriptor, &options.descriptor, .help = NULL},
    {"address", "ADDR", argument_address, &options.address, .port = 53, .help = NULL},
    {"name", "NAME", argument_text, ARGUMENT_LIST(options.names, &options.name_count),
     .help = NULL},
    {"odd", NULL, argument_flag, &options.odd, .help = NULL},
};

static const struct argument_table whole = {
    .program = "it",
    .usage = "usage: it\n\n",
    .below = "\nThe end.\n",
    .options = rows,
    .option_count = ARGUMENT_COUNT(rows),
    .check = check,
    .data = &options,
    .words = &words,
    .word_count = &word_count,
};

// Reads a line of arguments, with blanks between. Returns what arguments_read does.
static int read_of(const struct argument_table *table, const char *line)
{
    static char text[1024];
    static char *argv[ARGV_MAX];
    int argc = 1;
    static char name[] = "started as";
    argv[0] = name;
    assert_true((size_t)snprintf(text, sizeof(text), "%s", line) < sizeof(text));
    for (char *word = strtok(text, " "); word != NULL && argc < ARGV_MAX - 1;
         word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    memset(&options, 0, sizeof(options));
    fflush(stdout);
    int file = memfd_create("said", MFD_CLOEXEC);
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    int code = arguments_read(table, argc, argv);
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    ssize_t len = pread(file, said, sizeof(said) - 1, 0);
    assert_true(len >= 0);
    said[len] = '\0';
    close(file);
    close(out);
    close(err);
    return code;
}

static void assert_refused(const char *line, const char *wanted)
{
    assert_int_equal(read_of(&whole, line), 2);
    assert_string_equal(said, wanted);
}

static void values_go_where_the_row_says(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_MAX];
    assert_int_equal(read_of(&whole, "--all --config a --number=10 --descriptor 2 --address ::1"),
                     ARGUMENTS_FINE);
    assert_true(options.all);
    assert_string_equal(options.config, "a");
    assert_int_equal(options.number, 10);
    assert_int_equal(options.descriptor, 2);
    assert_string_equal(address_text(&options.address, true, text), "::1@53");
    assert_int_equal(word_count, 0);
    assert_string_equal(said, "");
    assert_int_equal(read_of(&whole, "-ac b --address 192.0.2.1@5300"), ARGUMENTS_FINE);
    assert_true(options.all);
    assert_string_equal(options.config, "b");
    assert_string_equal(address_text(&options.address, true, text), "192.0.2.1@5300");
    assert_int_equal(read_of(&whole, ""), ARGUMENTS_FINE);
}

static void a_list_has_an_end(void **state)
{
    (void)state;
    assert_int_equal(read_of(&whole, "--name a --name b --name c"), ARGUMENTS_FINE);
    assert_int_equal(options.name_count, PLACES);
    for (size_t i = 0; i < PLACES; i++)
        assert_int_equal(options.names[i][0], "abc"[i]);
    assert_refused("--name a --name b --name c --name d", "it: --name: at most 3 times\n");
    assert_int_equal(options.name_count, PLACES);
}

static void a_value_that_cannot_be_is_told_with_what_can(void **state)
{
    (void)state;
    static const char *const no_numbers[] = {
        "1", "11", "-2", "+2", "x", "2x", "0x2", "2.5", "4294967298", "99999999999999999999999"};
    char line[80], wanted[120];
    for (size_t i = 0; i < sizeof(no_numbers) / sizeof(no_numbers[0]); i++) {
        snprintf(line, sizeof(line), "--number %s", no_numbers[i]);
        snprintf(wanted, sizeof(wanted), "it: --number: not a number from 2 to 10: %s\n",
                 no_numbers[i]);
        assert_refused(line, wanted);
        assert_int_equal(options.number, 0);
    }
    assert_refused("--number=", "it: --number: not a number from 2 to 10: \n");
    assert_refused("--address localhost", "it: --address: \"localhost\": not an IP address; write "
                                          "one such as 192.0.2.1 or 2001:db8::1\n");
}

static void only_the_number_of_an_open_descriptor_is_one(void **state)
{
    (void)state;
    static const char *const wrong[] = {"-1",  "x",    "1x",         "+1",
                                        "0x1", "1000", "2147483648", "99999999999999999999999"};
    char line[80], wanted[120];
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(line, sizeof(line), "--descriptor %s", wrong[i]);
        snprintf(wanted, sizeof(wanted), "it: --descriptor: not an open descriptor: %s\n",
                 wrong[i]);
        assert_refused(line, wanted);
        assert_int_equal(options.descriptor, 0);
    }
    assert_refused("--descriptor=", "it: --descriptor: not an open descriptor: \n");
}

static void what_is_no_option_gets_a_hint(void **state)
{
    (void)state;
    assert_refused("--other", "it: there is no option --other; it --help says more\n");
    assert_refused("--other=x", "it: there is no option --other=x; it --help says more\n");
    assert_refused("--n 2", "it: there is no option --n; it --help says more\n"); // of two
    assert_refused("-xa", "it: there is no option -x; it --help says more\n");
    assert_refused("-ax", "it: there is no option -x; it --help says more\n");
    assert_refused("--all=x", "it: --all=x: the option takes no value; it --help says more\n");
    assert_refused("--version=x",
                   "it: --version=x: the option takes no value; it --help says more\n");
    assert_refused("--config", "it: --config wants a value: --config FILE; it --help says more\n");
    assert_refused("-ac", "it: --config wants a value: --config FILE; it --help says more\n");
}

static void what_does_not_go_together_gets_a_hint(void **state)
{
    (void)state;
    assert_refused("--odd", "it: that is odd; it --help says more\n");
    assert_refused("--odd --number 1", "it: --number: not a number from 2 to 10: 1\n");
}

static void words_are_taken_where_the_program_has_some(void **state)
{
    (void)state;
    assert_int_equal(read_of(&whole, "one --all two -- --odd"), ARGUMENTS_FINE);
    assert_true(options.all && !options.odd);
    assert_int_equal(word_count, 3);
    assert_string_equal(words[0], "one");
    assert_string_equal(words[1], "two");
    assert_string_equal(words[2], "--odd");
    struct argument_table wordless = whole;
    wordless.words = NULL;
    assert_int_equal(read_of(&wordless, "--all"), ARGUMENTS_FINE);
    assert_int_equal(read_of(&wordless, "one --all two"), 2);
    assert_string_equal(said, "it: what is this: one; it --help says more\n");
}

static void help_is_made_of_the_rows(void **state)
{
    (void)state;
    assert_int_equal(read_of(&whole, "--all --help --other"), 0);
    assert_string_equal(said, "usage: it\n"
                              "\n"
                              "  -a, --all          everything\n"
                              "  -c, --config FILE  what to read\n"
                              "                     first\n"
                              "      --number N     how many\n"
                              "  -h, --help, -V, --version\n"
                              "\n"
                              "The end.\n");
    static const struct argument plain[] = {
        {"descriptor", "FD", argument_descriptor, &options.descriptor, .help = "which"},
        {"odd", NULL, argument_flag, &options.odd, .help = "or even"},
    };
    struct argument_table letterless = {
        .program = "it", .usage = "usage: it\n", .options = plain, .option_count = 2};
    assert_int_equal(read_of(&letterless, "-h"), 0);
    assert_string_equal(said, "usage: it\n"
                              "  --descriptor FD  which\n"
                              "  --odd            or even\n"
                              "  --help, --version\n");
}

static void the_version_is_one_line(void **state)
{
    (void)state;
    assert_int_equal(read_of(&whole, "--version"), 0);
    assert_string_equal(said, "it " ZONEBOX_VERSION "\n");
    assert_int_equal(read_of(&whole, "-aV"), 0);
    assert_string_equal(said, "it " ZONEBOX_VERSION "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_go_where_the_row_says),
        cmocka_unit_test(a_list_has_an_end),
        cmocka_unit_test(a_value_that_cannot_be_is_told_with_what_can),
        cmocka_unit_test(only_the_number_of_an_open_descriptor_is_one),
        cmocka_unit_test(what_is_no_option_gets_a_hint),
        cmocka_unit_test(what_does_not_go_together_gets_a_hint),
        cmocka_unit_test(words_are_taken_where_the_program_has_some),
        cmocka_unit_test(help_is_made_of_the_rows),
        cmocka_unit_test(the_version_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
