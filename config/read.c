// SPDX-License-Identifier: ISC
#include "config/read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "config/defaults.h"
#include "config/digest.h"
#include "config/errors.h"
#include "config/options.h"
#include "config/read_parts.h"
#include "config/values.h"

// ── Complaints ───────────────────────────────────────────────────────────────────────────────────

void reader_complain(const struct reader *reader, struct config_place place, const char *option,
                     const char *format, ...)
{
    struct error *err = config_errors_next(reader->errors);
    if (err == NULL)
        return;
    char words[ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    error_set(err, STATUS_SYNTAX, "%s:%u:%u: %s%s%s", reader->config->files[place.file].path,
              place.line, place.column, option, option[0] != '\0' ? ": " : "", words);
}

static size_t put_scope(const struct scope *scope, char ret[OPTION_PATH_MAX])
{
    if (scope == NULL || scope->name == NULL)
        return 0;
    size_t len = put_scope(scope->up, ret);
    int more = snprintf(ret + len, OPTION_PATH_MAX - len, "%s%s", len > 0 ? "." : "", scope->name);
    return len + (size_t)more < OPTION_PATH_MAX ? len + (size_t)more : OPTION_PATH_MAX - 1;
}

// "box.nameservers.addresses". name NULL: the scope itself, "" for the file. Returns ret.
static const char *scope_path(const struct scope *scope, const char *name,
                              char ret[OPTION_PATH_MAX])
{
    const struct scope last = {.up = scope, .name = name};
    ret[0] = '\0';
    put_scope(name != NULL ? &last : scope, ret);
    return ret;
}

void complain_of(const struct reader *reader, const struct slot *slot, struct config_place place,
                 const char *words)
{
    char path[OPTION_PATH_MAX];
    reader_complain(reader, place, scope_path(slot->scope, slot->row->name, path), "%s", words);
}

static const char *kind_text(const struct node *node)
{
    if (node_is_empty(node))
        return "no value";
    switch (node->kind) {
    case NODE_LIST:
        return "a list";
    case NODE_MAPPING:
        return "a mapping";
    default:
        return "a single value";
    }
}

void complain_of_kind(const struct reader *reader, const struct slot *slot, const struct node *node,
                      const char *wanted)
{
    char words[160];
    snprintf(words, sizeof(words), "%s; %s", kind_text(node), wanted);
    complain_of(reader, slot, node->place, words);
}

// Returns the option of this section that was probably meant, or -1.
static int complain_of_key(const struct reader *reader, const struct scope *scope,
                           const struct node *node)
{
    char path[OPTION_PATH_MAX], quoted[VALUE_QUOTE_MAX], near[OPTION_PATH_MAX];
    // Looking for what was meant would be for nothing.
    if (reader->errors->count >= CONFIG_ERRORS_MAX) {
        (void)config_errors_next(reader->errors);
        return -1;
    }
    scope_path(scope, NULL, path);
    value_quote(node->key, quoted);
    if (options_suggest(scope->section, node->key, near) != NULL) {
        int found = options_find(scope->section, near);
        if (found < 0 && strcmp(near, node->key) == 0)
            reader_complain(reader, node->key_place, path,
                            "unknown key %s; it belongs to the top level: do not indent it",
                            quoted);
        else
            reader_complain(reader, node->key_place, path, "unknown key %s; did you mean \"%s\"?",
                            quoted, near);
        return found;
    }
    char known[400];
    size_t len = 0;
    const struct option *row;
    for (size_t i = 0; (row = options_at(scope->section, i)) != NULL && len < sizeof(known); i++)
        if (row->type != OPTION_LATER)
            len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", len > 0 ? ", " : "",
                                    row->name);
    reader_complain(reader, node->key_place, path, "unknown key %s; known here: %s", quoted, known);
    return -1;
}

// ── Where values go ──────────────────────────────────────────────────────────────────────────────

void *slot_base(const struct reader *reader, const struct slot *slot)
{
    struct targets *targets = slot->scope->targets;
    switch (slot->home->base) {
    case BASE_CONFIG:
        return reader->config;
    case BASE_DOMAIN:
        return targets->domain;
    case BASE_CAA:
        return targets->caa;
    case BASE_ELEMENT:
        return targets->element;
    case BASE_MAIL: // a domain's own begins as the box's
        if (targets->mail == NULL) {
            targets->mail = arena_struct(&reader->config->arena, sizeof(*targets->mail));
            *targets->mail = reader->config->box.mail;
        }
        return targets->mail;
    case BASE_DNSSEC:
        if (targets->dnssec == NULL) {
            targets->dnssec = arena_struct(&reader->config->arena, sizeof(*targets->dnssec));
            *targets->dnssec = reader->dnssec;
        }
        return targets->dnssec;
    default:
        if (targets->ttl == NULL) {
            targets->ttl = arena_struct(&reader->config->arena, sizeof(*targets->ttl));
            *targets->ttl = reader->ttl;
        }
        return targets->ttl;
    }
}

// ── Single values ────────────────────────────────────────────────────────────────────────────────

static void read_text(const struct reader *reader, const struct slot *slot, const struct node *node)
{
    if (node->kind != NODE_TEXT) {
        complain_of_kind(reader, slot, node, "write one value");
        return;
    }
    if (node_is_empty(node)) {
        complain_of_kind(reader, slot, node,
                         slot->row->required ? "write one" : "write one, or leave the option out");
        return;
    }
    struct error err = {0};
    if (store_text(reader, slot->row, node->text, slot_base(reader, slot), &err) != STATUS_OK)
        complain_of(reader, slot, node->place, err.text);
}

// ── Sections ─────────────────────────────────────────────────────────────────────────────────────

void read_below(const struct reader *reader, const struct slot *slot, const struct node *node)
{
    const struct scope scope = {.up = slot->scope,
                                .name = slot->row->name,
                                .section = slot->row->section,
                                .targets = slot->scope->targets};
    // "ttl:" alone: everything below it is commented out.
    struct node empty = {.kind = NODE_MAPPING};
    if (node != NULL && node_is_empty(node)) {
        empty.place = node->place;
        node = &empty;
    } else if (node != NULL && node->kind != NODE_MAPPING) {
        complain_of_kind(reader, slot, node, "write a mapping: indented lines of `key: value`");
        node = NULL;
    }
    read_section(reader, &scope, node);
}

// A mapping means yes, which is the first of words.
static void read_switch(const struct reader *reader, const struct slot *slot,
                        const struct node *node)
{
    if (node->kind == NODE_MAPPING) {
        void *base = slot_base(reader, slot);
        if (slot->row->type == OPTION_SWITCH)
            *SLOT_AT(base, slot->row->target, bool) = true;
        else
            *SLOT_AT(base, slot->row->target, unsigned) = 0;
        read_below(reader, slot, node);
        return;
    }
    read_text(reader, slot, node);
    read_below(reader, slot, NULL);
}

static void read_option(const struct reader *reader, const struct slot *slot,
                        const struct node *node)
{
    const struct option *row = slot->row;
    if (row->place != 0)
        *SLOT_AT(slot_base(reader, slot), row->place, struct config_place) = node->place;
    if (row->given != 0)
        *SLOT_AT(slot_base(reader, slot), row->given, bool) = true;
    switch (row->type) {
    case OPTION_LATER:
        complain_of(reader, slot, node->key_place, "not available in this version; take it out");
        break;
    case OPTION_SECTION:
        read_below(reader, slot, node);
        break;
    case OPTION_SWITCH:
    case OPTION_DNSSEC:
        read_switch(reader, slot, node);
        break;
    case OPTION_CAA:
        read_caa(reader, slot, node);
        break;
    case OPTION_DOMAINS: // read_domains, when the box is known
        break;
    default:
        if (row->type == OPTION_FLAGS || option_is_list(row))
            read_list(reader, slot, node);
        else
            read_text(reader, slot, node);
    }
}

// What a domain does not write of these is as in the box.
static bool is_inherited(const struct section *section)
{
    return section->base == BASE_MAIL || section->base == BASE_TTL || section->base == BASE_DNSSEC;
}

// So is all of the section: most domains write nothing, and there are many.
static bool is_all_inherited(const struct section *section)
{
    while (section != NULL && is_inherited(section))
        section = section->also;
    return section == NULL;
}

static void apply_default(const struct reader *reader, const struct slot *slot)
{
    const struct option *row = slot->row;
    bool of_domain = slot->scope->targets->domain != NULL;
    if (of_domain && is_inherited(slot->home))
        return;
    bool is_plain = !option_is_list(row) && row->type != OPTION_FLAGS && row->type != OPTION_CAA;
    if (row->standard != NULL && is_plain)
        (void)!store_text(reader, row, row->standard, slot_base(reader, slot), NULL);
    bool has_below =
        row->type == OPTION_SECTION || row->type == OPTION_SWITCH || row->type == OPTION_DNSSEC;
    if (has_below && !(of_domain && is_all_inherited(row->section)))
        read_below(reader, slot, NULL);
}

// Complains of what is required and missing, and sets what is not written to its default.
static void finish_section(const struct reader *reader, const struct scope *scope,
                           const struct node *node, uint64_t seen)
{
    char path[OPTION_PATH_MAX];
    const struct option *row;
    for (size_t i = 0; (row = options_at(scope->section, i)) != NULL; i++) {
        if ((seen & UINT64_C(1) << i) != 0)
            continue;
        bool is_included = row->type == OPTION_DOMAINS && reader->config->include_count > 0;
        if (row->required && node != NULL && !is_included)
            reader_complain(reader, node->place, scope_path(scope, NULL, path),
                            "\"%s\" is missing; write it: %s", row->name, row->help);
        const struct slot slot = {row, options_home(scope->section, i), scope};
        apply_default(reader, &slot);
    }
}

void read_section(const struct reader *reader, const struct scope *scope, const struct node *node)
{
    uint64_t seen = 0; // a bit per row; no section has more than 64
    for (const struct node *child = node != NULL ? node->first : NULL; child != NULL;
         child = child->next) {
        int found = options_find(scope->section, child->key);
        if (found >= 0) {
            const struct slot slot = {options_at(scope->section, (size_t)found),
                                      options_home(scope->section, (size_t)found), scope};
            read_option(reader, &slot, child);
        } else {
            found = complain_of_key(reader, scope, child);
        }
        if (found >= 0) // a misspelt one is not missing besides
            seen |= UINT64_C(1) << found;
    }
    finish_section(reader, scope, node, seen);
}

// ── Files ────────────────────────────────────────────────────────────────────────────────────────

static const char *const least =
    "the least is a host name and a domain, `box: {hostname: box.example.com}` and `domains: "
    "[example.com]`";

bool read_box(struct reader *reader, const struct tree *tree)
{
    static const struct config_place top = {.line = 1, .column = 1};
    struct config *config = reader->config;
    if (tree->root == NULL || node_is_empty(tree->root)) {
        reader_complain(reader, top, "", "nothing is written here; %s", least);
        return false;
    }
    if (tree->root->kind != NODE_MAPPING) {
        reader_complain(reader, tree->root->place, "", "%s and no options; %s",
                        kind_text(tree->root), least);
        return false;
    }
    defaults_begin(config);
    struct targets targets = {.mail = &config->box.mail,
                              .ttl = &config->ttl,
                              .dnssec = &config->dnssec,
                              .caa = &config->box.caa};
    const struct scope scope = {.section = &options_top, .targets = &targets};
    read_section(reader, &scope, tree->root);
    config->digest = digest_without(tree->root, "domains", "include");
    reader->ttl = config->ttl;
    reader->dnssec = config->dnssec;
    return true;
}

static void read_domain_list(struct reader *reader, const struct node *node)
{
    const struct option *row =
        options_at(&options_top, (size_t)options_find(&options_top, "domains"));
    const struct scope top = {.section = &options_top};
    const struct slot slot = {row, &options_top, &top};
    if (node->kind == NODE_MAPPING || node_is_empty(node)) {
        complain_of_kind(reader, &slot, node, "write a list: each item on a line behind \"- \"");
        return;
    }
    bool is_list = node->kind == NODE_LIST;
    if (is_list && node->first == NULL && reader->config->include_count == 0)
        complain_of(reader, &slot, node->place, "the list is empty; write at least one item");
    for (const struct node *item = is_list ? node->first : node; item != NULL;
         item = is_list ? item->next : NULL) {
        if (reader->domain_count == row->max) {
            complain_of(reader, &slot, item->place,
                        "too many items; take this and the following out");
            return;
        }
        reader->domains = array_grow(reader->domains, &reader->domain_cap, reader->domain_count,
                                     sizeof(*reader->domains));
        struct config_domain *domain = &reader->domains[reader->domain_count++];
        *domain = (struct config_domain){.place = item->place};
        if (node_is_empty(item))
            complain_of_kind(reader, &slot, item, "write one, or take the line out");
        else if (item->kind == NODE_LIST)
            complain_of_kind(reader, &slot, item, "write one value for each item");
        else
            read_domain(reader, item, domain);
    }
}

void read_domains(struct reader *reader, const struct tree *tree)
{
    for (const struct node *child = tree->root->first; child != NULL; child = child->next)
        if (strcmp(child->key, "domains") == 0)
            read_domain_list(reader, child);
}

void read_included(struct reader *reader, const struct tree *tree)
{
    if (tree->root == NULL || node_is_empty(tree->root))
        return; // all of it is commented out
    if (tree->root->kind != NODE_MAPPING) {
        reader_complain(reader, tree->root->place, "",
                        "%s; an included file holds `domains:` and a list below it",
                        kind_text(tree->root));
        return;
    }
    char quoted[VALUE_QUOTE_MAX];
    for (const struct node *child = tree->root->first; child != NULL; child = child->next) {
        if (strcmp(child->key, "domains") == 0)
            read_domain_list(reader, child);
        else
            reader_complain(reader, child->key_place, "",
                            "%s has no place in an included file; there is `domains:` only, write "
                            "it into the configuration itself",
                            value_quote(child->key, quoted));
    }
}

void read_finish(struct reader *reader)
{
    reader->config->domains = reader->domains;
    reader->config->domain_count = reader->domain_count;
}
