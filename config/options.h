// SPDX-License-Identifier: ISC
// The table of options: the one place that says which there are, of what type, within which bounds,
// with which default, and where their value goes. Reading, checking, defaults and suggestions for
// misspelt keys come from it.
//
// A new option is a row here and a field in config.h. A new kind of value is an entry of
// option_type, a function in values.h and its case in read.c. Options of later versions have rows
// too (OPTION_LATER), so that they are told apart from mistakes.
//
// Sections are written as paths: "" is the file, "box.dkim" a mapping below, "domains[]" what
// stands in the list `domains`. The rows of a section are neighbours.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPTION_SECTION,   // a mapping; its options are the rows of section "<this>"
    OPTION_SWITCH,    // yes or no (target: bool), or a mapping as OPTION_SECTION, which means yes
    OPTION_YES_NO,    // bool
    OPTION_HOST_NAME, // char *
    OPTION_ZONE_NAME, // char *
    OPTION_SELECTOR,  // char *
    OPTION_PATH,      // char *, absolute
    OPTION_NUMBER,    // uint32_t
    OPTION_SECONDS,   // uint32_t
    OPTION_MILLISECONDS, // uint32_t
    OPTION_DNSSEC,       // enum config_dnssec
    OPTION_USER,         // char *, a name or a number
    OPTION_GROUP,        // char *, likewise
    OPTION_COMMAND,      // char *, for the shell
    OPTION_LOG_TARGET,   // enum config_log_target
    OPTION_LOG_LEVEL,    // enum log_level
    // Lists; min and max are numbers of elements, a single value is taken as a list of one.
    OPTION_ADDRESSES,    // struct config_address *
    OPTION_LISTEN,       // struct address *
    OPTION_LISTEN_LOCAL, // struct address *, loopback
    OPTION_FORWARD,      // struct config_forward *
    OPTION_PATHS,        // struct config_text *
    OPTION_NAMESERVERS,  // struct config_nameserver *; elements: rows of "<this>[]", or its name
                         // alone
    OPTION_DOMAINS,      // struct config_domain *; likewise
    OPTION_LATER,        // refused: not available in this version
};

struct option {
    const char *section;
    const char *name;
    enum option_type type;
    bool required;
    uint32_t min, max;
    const char *standard; // the default as one would write it; NULL: none, or help says which
    const char *help;     // one line
    // Offsets into struct config, or into the element's struct for sections that end in "[]".
    size_t target;
    size_t count; // of a list: its size_t
    size_t place; // 0: the place is not kept (no struct has it first)
    size_t given; // 0, or a bool that says "written, not the default"
};

struct options { // neighbouring rows
    const struct option *rows;
    size_t count;
};

// The rows of a section; none: count 0.
struct options options_in(const char *section);
// The row with that name, or NULL.
const struct option *options_find(struct options options, const char *name);
#define OPTION_PATH_MAX 64
// What somebody who wrote `name` among these options probably meant: the nearest of them, else an option of exactly
// that name elsewhere, then as a path ("box.hostname"). Returns ret, or NULL when nothing is near.
const char *options_suggest(struct options options, const char *name, char ret[OPTION_PATH_MAX]);

// "box.nameservers.addresses", for messages. name NULL: the section itself ("" for the file).
// Returns ret.
const char *option_path(const char *section, const char *name, char ret[OPTION_PATH_MAX]);
