// SPDX-License-Identifier: ISC
// What read.c, read_text.c and read_lists.c share: where in the configuration the reading is, and where values go.
#pragma once

#include "config/options.h"
#include "config/read.h"

// Where the rows' offsets start (enum option_base).
struct targets {
    struct config_domain *domain;        // NULL: it is the box's, or the file's
    struct config_mail *mail;            // NULL: a domain has said nothing of its own yet
    struct config_ttl *ttl;              // likewise
    struct config_dnssec_policy *dnssec; // likewise
    struct config_caa *caa;
    void *element;
};

// A mapping that is being read, and those around it.
struct scope {
    const struct scope *up;
    const char *name; // of the option that is this mapping
    const struct section *section;
    struct targets *targets;
};

// An option: the row and, for what is inside a list, the item.
struct slot {
    const struct option *row;
    const struct section *home; // whose row it is
    const struct scope *scope;
};

// What the offsets of the slot's row start at.
void *slot_base(const struct reader *reader, const struct slot *slot);
#define SLOT_AT(base, offset, type) ((type *)(void *)((char *)(base) + (offset)))

void complain_of(const struct reader *reader, const struct slot *slot, struct config_place place,
                 const char *words);
void complain_of_kind(const struct reader *reader, const struct slot *slot, const struct node *node,
                      const char *wanted);
// read_text.c: base is what the row's offsets start at.
enum status store_text(const struct reader *reader, const struct option *row, const char *text,
                       void *base, struct error *err);

// node NULL: nothing was written, only the defaults apply.
void read_section(const struct reader *reader, const struct scope *scope, const struct node *node);
// A mapping below the slot, as read_section.
void read_below(const struct reader *reader, const struct slot *slot, const struct node *node);

// read_lists.c
void read_list(const struct reader *reader, const struct slot *slot, const struct node *node);
void read_caa(const struct reader *reader, const struct slot *slot, const struct node *node);
// Fills a zeroed domain.
void read_domain(const struct reader *reader, const struct node *node, struct config_domain *ret);
