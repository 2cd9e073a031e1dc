// SPDX-License-Identifier: ISC
// The arguments of a program, as a table over getopt_long. What --help lists, where each value goes and what is said of
// a wrong one come from the same row, so that all programs speak alike.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct argument;

// Reads the text behind an option (NULL when it takes none) into `to`. The words of an error need not name the option.
typedef enum status argument_reader(const struct argument *argument, const char *text, void *to,
                                    struct error *err);

struct argument {
    const char *name;  // without the dashes
    const char *value; // how --help calls what stands behind it; NULL: nothing does
    argument_reader *read;
    void *to;
    char letter;          // of the alphabet, for "-c"; 0: none
    unsigned least, most; // of numbers
    uint16_t port;        // of addresses that say none
    // An option that may be repeated (ARGUMENT_LIST): `to` is an array, `count` says how much of it is taken.
    size_t *count;
    size_t room;
    size_t size;      // of one
    const char *help; // a line, or more with '\n' between; NULL: not listed, `usage` tells of it
};

#define ARGUMENT_LIST(array, counter)                                                              \
    .to = (array), .count = (counter), .room = sizeof(array) / sizeof((array)[0]),                 \
    .size = sizeof((array)[0])
#define ARGUMENT_COUNT(options) (sizeof(options) / sizeof((options)[0]))

argument_reader argument_flag;       // to: bool, becomes true
argument_reader argument_text;       // const char *, which points into argv
argument_reader argument_number;     // unsigned, from least to most
argument_reader argument_descriptor; // int, the number of an open descriptor
argument_reader argument_address;    // struct address

struct argument_table {
    const char *program; // its name
    const char *usage;   // what --help says above the options
    const char *below;   // and below; NULL: nothing
    const struct argument *options;
    size_t option_count;
    // Do they go together? NULL: always. It may also fill in what follows from them.
    enum status (*check)(void *data, struct error *err);
    void *data;
    // Words that are no options, taken from argv; NULL: there can be none.
    char ***words;
    size_t *word_count;
};

#define ARGUMENTS_FINE (-1)

// Reads all of them. Returns ARGUMENTS_FINE, or the exit status to end with: 0 after --help or --version, 2 after wrong
// use. It is for main, so what is to be said has been said then: help on standard output, what is wrong in one line on
// standard error.
int arguments_read(const struct argument_table *table, int argc, char **argv);
