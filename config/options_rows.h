// SPDX-License-Identifier: ISC
// How the rows of the table of options (config/options.h) are written, and the sections that its two halves share.
#pragma once

#include <stddef.h>

#include "config/config.h"
#include "config/options.h"

#define CONFIG(member) .target = offsetof(struct config, member)
#define CONFIG_LIST(member, count_member)                                                          \
    .target = offsetof(struct config, member), .count = offsetof(struct config, count_member)
#define PLACE(type, member) .place = offsetof(struct type, member)

#define SECTION(section_base, section_rows, ...)                                                   \
    {                                                                                              \
        .base = (section_base), .rows = (section_rows),                                            \
        .count = sizeof(section_rows) / sizeof((section_rows)[0]), __VA_ARGS__                     \
    }

// What zones say (config/options_zones.c).
extern const struct section options_box;
extern const struct section options_domain;
extern const struct section options_dnssec;
extern const struct section options_ttl;
extern const struct section options_record;
