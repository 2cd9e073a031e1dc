// SPDX-License-Identifier: ISC
// The table of options: the one place that says which there are, of what type, within which bounds,
// with which default, where their value goes, and what a person should know. Reading, checking,
// defaults, suggestions for misspelt keys, the JSON Schema and the reference come from it.
//
// A new option is a row here and a field in config.h. A new kind of value is an entry of
// option_type, a function in values.h, its case in read.c or read_lists.c and its form in schema.c.
// Options of later versions have rows too (OPTION_LATER), so that they are told apart from mistakes.
//
// A section is the rows of one mapping. What stands in two places, in `box:` and in a domain, is a
// section of its own that both refer to. options_zones.c has what zones say, options.c the programs
// and the top.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPTION_SECTION,   // a mapping; its options are those of row->section
    OPTION_SWITCH,    // yes or no (target: bool), or a mapping as OPTION_SECTION, which means yes
    OPTION_DNSSEC,    // as OPTION_WORD, or a mapping as OPTION_SECTION, which means the first word
    OPTION_CAA,       // no, automatic, who may issue, or a mapping as OPTION_SECTION
    OPTION_YES_NO,    // bool
    OPTION_WORD,      // enum: the place of the word in row->words
    OPTION_EITHER,    // bool: the second of the two words is true
    OPTION_ALGORITHM, // uint8_t: its number, in row->numbers by the place of the word
    OPTION_HOST_NAME, // char *
    OPTION_DOMAIN_NAME,  // char *name of struct config_domain, and its `unicode`
    OPTION_OWNER_NAME,   // char *, as in a master file
    OPTION_SELECTOR,     // char *
    OPTION_SERVICE,      // char *
    OPTION_RECORD_TYPE,  // char *
    OPTION_TEXT,         // char *, any
    OPTION_RECORD_LINE,  // char *, a line of a master file
    OPTION_PATH,         // char *, absolute
    OPTION_NUMBER,       // uint32_t
    OPTION_LIMIT,        // uint32_t, or `no`, which is 0
    OPTION_SECONDS,      // uint32_t
    OPTION_LIFETIME,     // uint32_t, seconds or `never`, which is 0
    OPTION_MILLISECONDS, // uint32_t
    OPTION_USER,         // char *, a name or a number
    OPTION_GROUP,        // char *, likewise
    OPTION_COMMAND,      // char *, for the shell
    OPTION_TOLD,         // char *, printable; `no` is NULL
    OPTION_FLAGS,        // uint32_t: a list of words, each a bit by its place in row->words
    // Lists; min and max are numbers of elements, a single value is taken as a list of one.
    OPTION_ADDRESSES,      // struct config_address *
    OPTION_LISTEN,         // struct address *
    OPTION_LISTEN_LOCAL,   // struct address *, loopback
    OPTION_LISTEN_TLS,     // struct address *, port 853 unless written
    OPTION_LISTEN_METRICS, // struct address *, loopback, with the port written
    OPTION_FORWARD,        // struct config_forward *
    OPTION_PORTS,          // uint32_t *
    OPTION_PATHS,          // struct config_text *, as those that follow
    OPTION_PATTERNS,       // paths with *, ? and []
    OPTION_RELAYS,         // mechanisms of SPF
    OPTION_REPORTS,        // mail addresses and URIs
    OPTION_ISSUERS,        // domain names of CAs
    OPTION_ACCOUNTS,       // https: URIs of accounts at CAs
    OPTION_METHODS,        // how CAs see whom they deal with
    OPTION_DATA,           // of records, as in a master file
    // Lists whose elements are mappings of row->section, or the value of its first row alone.
    OPTION_NAMESERVERS, // struct config_nameserver *
    OPTION_SERVICES,    // struct config_service *
    OPTION_RECORDS,     // struct config_record *
    OPTION_DOMAINS,     // struct config_domain *
    OPTION_LATER,       // refused: not available in this version
};

// What the offsets of a section's rows start at.
enum option_base {
    BASE_CONFIG,  // struct config
    BASE_DOMAIN,  // struct config_domain
    BASE_MAIL,    // struct config_mail: the box's, or a domain's own
    BASE_TTL,     // struct config_ttl: likewise
    BASE_DNSSEC,  // struct config_dnssec_policy: likewise
    BASE_CAA,     // struct config_caa: likewise
    BASE_ELEMENT, // the element of a list
};

struct section;

struct option {
    const char *name;
    enum option_type type;
    bool required;
    uint32_t min, max;
    // The default as one would write it; NULL: none, or `help` says which. Of a list it is set in defaults.c.
    const char *standard;
    const char *help; // one line
    const char *more; // what else there is to know, sentences; `literal`; NULL: nothing
    const struct section *section; // see option_type
    const char *const *words;      // ends with NULL
    const uint8_t *numbers;        // of the words
    // Offsets into what the section's base is.
    size_t target;
    size_t count;  // of a list: its size_t
    size_t place;  // 0: the place is not kept (no struct has it first)
    size_t given;  // 0, or a bool that says "written, not the default"
    bool takes_no; // of a list: `no` is an empty one
    size_t no;  // 0, or of a list a bool that becomes true when it is written so, false otherwise
    size_t yes; // 0, or the opposite, and `yes` may be written for the default
};

struct section {
    enum option_base base;
    const struct option *rows;
    size_t count;
    const struct section *also; // rows that follow these; NULL: none
};

extern const struct section options_top;

// The section's rows with those of `also`; no section has more than 64. NULL behind the last.
const struct option *options_at(const struct section *section, size_t index);
// The section that the row at index is of: itself or `also`.
const struct section *options_home(const struct section *section, size_t index);
// The index of the row with that name, or -1.
int options_find(const struct section *section, const char *name);
bool option_is_list(const struct option *row);

#define OPTION_PATH_MAX 80 // octets of a path like box.nameservers.addresses, NUL included
// What somebody who wrote `name` in this section probably meant: the nearest of its options, else an option of exactly
// that name elsewhere, then as a path ("box.hostname"). Returns ret, or NULL when nothing is near.
const char *options_suggest(const struct section *section, const char *name,
                            char ret[OPTION_PATH_MAX]);
