// SPDX-License-Identifier: ISC
#include "config/read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "config/errors.h"
#include "config/options.h"
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
    error_set(err, STATUS_SYNTAX, "%s:%u:%u: %s%s%s", reader->path, place.line, place.column,
              option, option[0] != '\0' ? ": " : "", words);
}

static void complain_of(const struct reader *reader, const struct node *node,
                        const struct option *row, const char *words)
{
    char path[OPTION_PATH_MAX];
    reader_complain(reader, node->place, option_path(row->section, row->name, path), "%s", words);
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

static void complain_of_kind(const struct reader *reader, const struct node *node,
                             const struct option *row, const char *wanted)
{
    char words[160];
    snprintf(words, sizeof(words), "%s; %s", kind_text(node), wanted);
    complain_of(reader, node, row, words);
}

// Returns the option of this section that was probably meant, or NULL.
static const struct option *complain_of_key(const struct reader *reader, const struct node *node,
                                            const char *section, struct options options)
{
    char path[OPTION_PATH_MAX], quoted[VALUE_QUOTE_MAX], near[OPTION_PATH_MAX];
    if (reader->errors->count >=
        CONFIG_ERRORS_MAX) { // looking for what was meant would be for nothing
        (void)config_errors_next(reader->errors);
        return NULL;
    }
    option_path(section, NULL, path);
    value_quote(node->key, quoted);
    if (options_suggest(options, node->key, near) != NULL) {
        reader_complain(reader, node->key_place, path, "unknown key %s; did you mean \"%s\"?",
                        quoted, near);
        return options_find(options, near);
    }
    char known[300];
    size_t len = 0;
    for (size_t i = 0; i < options.count && len < sizeof(known); i++) {
        if (options.rows[i].type == OPTION_LATER)
            continue;
        len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", len > 0 ? ", " : "",
                                options.rows[i].name);
    }
    reader_complain(reader, node->key_place, path, "unknown key %s; known here: %s", quoted, known);
    return NULL;
}

// ── Single values ────────────────────────────────────────────────────────────────────────────────

static enum status store_text(const struct reader *reader, const struct option *row,
                              const char *text, void *target, struct error *err)
{
    switch (row->type) {
    case OPTION_HOST_NAME:
        return value_host_name(text, target, err);
    case OPTION_ZONE_NAME:
        return value_zone_name(text, target, err);
    case OPTION_SELECTOR:
        return value_selector(text, target, err);
    case OPTION_PATH:
        return value_path(text, reader->config->directory, target, err);
    case OPTION_NUMBER:
        return value_number(text, row->min, row->max, target, err);
    case OPTION_SECONDS:
        return value_seconds(text, row->min, row->max, target, err);
    case OPTION_MILLISECONDS:
        return value_milliseconds(text, row->min, row->max, target, err);
    case OPTION_DNSSEC:
        return value_dnssec(text, target, err);
    case OPTION_SWITCH:
    case OPTION_YES_NO:
        if (value_is_yes_no(text, target))
            return STATUS_OK;
        return error_set(err, STATUS_SYNTAX, "neither yes nor no; write one of them%s",
                         row->type == OPTION_SWITCH ? " or a mapping" : "");
    case OPTION_USER:
        return value_user(text, target, err);
    case OPTION_GROUP:
        return value_group(text, target, err);
    case OPTION_COMMAND:
        return value_command(text, target, err);
    case OPTION_LOG_TARGET:
        return value_log_target(text, target, err);
    case OPTION_LOG_LEVEL:
        return value_log_level(text, target, err);
    default:
        abort(); // lists and sections have no text
    }
}

static void read_text(const struct reader *reader, const struct option *row,
                      const struct node *node, void *base)
{
    if (node->kind != NODE_TEXT) {
        complain_of_kind(reader, node, row, "write one value");
        return;
    }
    if (node_is_empty(node)) {
        complain_of_kind(reader, node, row,
                         row->required ? "write one" : "write one, or leave the option out");
        return;
    }
    struct error err = {0};
    if (store_text(reader, row, node->text, (char *)base + row->target, &err) != STATUS_OK)
        complain_of(reader, node, row, err.text);
}

// ── Lists ────────────────────────────────────────────────────────────────────────────────────────

static void read_section(const struct reader *reader, const char *section, const struct node *node,
                         void *base);

static void read_address(const struct reader *reader, const struct option *row,
                         const struct node *item, void *element)
{
    struct config_address *address = element;
    struct error err = {0};
    address->place = item->place;
    if (value_address(item->text, &address->address, &err) != STATUS_OK)
        complain_of(reader, item, row, err.text);
}

static void read_listen(const struct reader *reader, const struct option *row,
                        const struct node *item, void *element)
{
    struct error err = {0};
    enum status status = row->type == OPTION_LISTEN_LOCAL
                             ? value_listen_local(item->text, element, &err)
                             : value_listen(item->text, element, &err);
    if (status != STATUS_OK)
        complain_of(reader, item, row, err.text);
}

static void read_forward(const struct reader *reader, const struct option *row,
                         const struct node *item, void *element)
{
    struct error err = {0};
    if (value_forward(item->text, element, &err) != STATUS_OK)
        complain_of(reader, item, row, err.text);
}

static void read_path(const struct reader *reader, const struct option *row,
                      const struct node *item, void *element)
{
    struct config_text *path = element;
    struct error err = {0};
    path->place = item->place;
    if (value_path(item->text, reader->config->directory, &path->text, &err) != STATUS_OK)
        complain_of(reader, item, row, err.text);
}

// A mapping with the rows of "<list>[]"; a single value is its first row, the name.
static void read_mapped(const struct reader *reader, const struct option *row,
                        const struct node *item, void *element)
{
    const char *section = row->type == OPTION_DOMAINS ? "domains[]" : "box.nameservers[]";
    if (item->kind == NODE_MAPPING) {
        read_section(reader, section, item, element);
        return;
    }
    struct node name = *item;
    name.next = NULL;
    name.key = options_in(section).rows[0].name;
    name.key_place = item->place;
    struct node mapping = {.kind = NODE_MAPPING, .place = item->place, .first = &name};
    read_section(reader, section, &mapping, element);
}

static bool same_address(const void *a, const void *b)
{
    return address_equal(&((const struct config_address *)a)->address,
                         &((const struct config_address *)b)->address);
}

static bool same_listen(const void *a, const void *b)
{
    return address_equal(a, b);
}

static bool same_forward(const void *a, const void *b)
{
    return address_equal(&((const struct config_forward *)a)->address,
                         &((const struct config_forward *)b)->address);
}

static bool same_path(const void *a, const void *b)
{
    const struct config_text *left = a, *right = b;
    return left->text != NULL && right->text != NULL && strcmp(left->text, right->text) == 0;
}

static bool same_nameserver(const void *a, const void *b)
{
    const struct config_nameserver *left = a, *right = b;
    return left->name != NULL && right->name != NULL && strcmp(left->name, right->name) == 0;
}

struct list_type {
    size_t size;
    bool takes_mappings;
    bool (*same)(const void *a, const void *b); // NULL: check.c looks, for lists without end
    void (*read)(const struct reader *reader, const struct option *row, const struct node *item,
                 void *element);
};

static struct list_type list_type(enum option_type type)
{
    switch (type) {
    case OPTION_ADDRESSES:
        return (struct list_type){sizeof(struct config_address), false, same_address, read_address};
    case OPTION_LISTEN:
    case OPTION_LISTEN_LOCAL:
        return (struct list_type){sizeof(struct address), false, same_listen, read_listen};
    case OPTION_FORWARD:
        return (struct list_type){sizeof(struct config_forward), false, same_forward, read_forward};
    case OPTION_PATHS:
        return (struct list_type){sizeof(struct config_text), false, same_path, read_path};
    case OPTION_NAMESERVERS:
        return (struct list_type){sizeof(struct config_nameserver), true, same_nameserver,
                                  read_mapped};
    default:
        return (struct list_type){sizeof(struct config_domain), true, NULL, read_mapped};
    }
}

static void read_item(const struct reader *reader, const struct option *row,
                      const struct list_type *type, const struct node *item, void *element)
{
    if (node_is_empty(item))
        complain_of_kind(reader, item, row, "write one, or take the line out");
    else if (item->kind == NODE_TEXT || (item->kind == NODE_MAPPING && type->takes_mappings))
        type->read(reader, row, item, element);
    else
        complain_of_kind(reader, item, row, "write one value for each item");
}

static void complain_of_twice(const struct reader *reader, const struct option *row,
                              const struct list_type *type, const struct node *item,
                              const char *elements, size_t count)
{
    for (size_t i = 0; type->same != NULL && i + 1 < count; i++)
        if (type->same(elements + i * type->size, elements + (count - 1) * type->size)) {
            complain_of(reader, item, row, "listed twice; remove one");
            return;
        }
}

static void read_list(const struct reader *reader, const struct option *row,
                      const struct node *node, void *base)
{
    if (node->kind == NODE_MAPPING || node_is_empty(node)) {
        complain_of_kind(reader, node, row, "write a list: each item on a line behind \"- \"");
        return;
    }
    const struct list_type type = list_type(row->type);
    const struct node *item = node->kind == NODE_LIST ? node->first : node;
    char *elements = NULL;
    size_t count = 0, cap = 0;
    for (; item != NULL; item = node->kind == NODE_LIST ? item->next : NULL) {
        if (count == row->max) {
            complain_of(reader, item, row, "too many items; take this and the following out");
            break;
        }
        elements = array_grow(elements, &cap, count, type.size);
        void *element = elements + count * type.size;
        memset(element, 0, type.size);
        size_t before = reader->errors->count;
        read_item(reader, row, &type, item, element);
        count++;
        if (reader->errors->count == before)
            complain_of_twice(reader, row, &type, item, elements, count);
    }
    if (count < row->min)
        complain_of(reader, node, row, "the list is empty; write at least one item");
    memcpy((char *)base + row->target, &elements, sizeof(elements));
    memcpy((char *)base + row->count, &count, sizeof(count));
}

// ── Sections ─────────────────────────────────────────────────────────────────────────────────────

static void read_subsection(const struct reader *reader, const struct option *row,
                            const struct node *node, void *base)
{
    char section[OPTION_PATH_MAX];
    option_path(row->section, row->name, section);
    // "ttl:" alone: everything below it is commented out.
    struct node empty = {.kind = NODE_MAPPING};
    if (node != NULL && node_is_empty(node)) {
        empty.place = node->place;
        node = &empty;
    } else if (node != NULL && node->kind != NODE_MAPPING) {
        complain_of_kind(reader, node, row, "write a mapping: indented lines of `key: value`");
        node = NULL;
    }
    read_section(reader, section, node, base);
}

static void read_switch(const struct reader *reader, const struct option *row,
                        const struct node *node, void *base)
{
    if (node->kind == NODE_MAPPING) {
        *(bool *)((char *)base + row->target) = true;
        read_subsection(reader, row, node, base);
        return;
    }
    read_text(reader, row, node, base);
    read_subsection(reader, row, NULL, base);
}

static void read_option(const struct reader *reader, const struct option *row,
                        const struct node *node, void *base)
{
    if (row->place != 0)
        *(struct config_place *)((char *)base + row->place) = node->place;
    if (row->given != 0)
        *(bool *)((char *)base + row->given) = true;
    switch (row->type) {
    case OPTION_LATER: {
        char path[OPTION_PATH_MAX];
        reader_complain(reader, node->key_place, option_path(row->section, row->name, path),
                        "not available in this version; take it out");
        break;
    }
    case OPTION_SECTION:
        read_subsection(reader, row, node, base);
        break;
    case OPTION_SWITCH:
        read_switch(reader, row, node, base);
        break;
    case OPTION_ADDRESSES:
    case OPTION_LISTEN:
    case OPTION_LISTEN_LOCAL:
    case OPTION_FORWARD:
    case OPTION_PATHS:
    case OPTION_NAMESERVERS:
    case OPTION_DOMAINS:
        read_list(reader, row, node, base);
        break;
    default:
        read_text(reader, row, node, base);
    }
}

static void apply_default(const struct reader *reader, const struct option *row, void *base)
{
    if (row->standard != NULL)
        (void)!store_text(reader, row, row->standard, (char *)base + row->target, NULL);
    if (row->type == OPTION_SECTION || row->type == OPTION_SWITCH)
        read_subsection(reader, row, NULL, base);
}

// Complains of what is required and missing, and sets what is not written to its default.
static void finish_section(const struct reader *reader, const char *section,
                           const struct node *node, uint64_t seen, void *base)
{
    struct options options = options_in(section);
    char path[OPTION_PATH_MAX];
    for (size_t i = 0; i < options.count; i++) {
        const struct option *row = &options.rows[i];
        if ((seen & UINT64_C(1) << i) != 0)
            continue;
        if (row->required && node != NULL)
            reader_complain(reader, node->place, option_path(section, NULL, path),
                            "\"%s\" is missing; write it: %s", row->name, row->help);
        apply_default(reader, row, base);
    }
}

// node NULL: nothing was written, only the defaults apply.
static void read_section(const struct reader *reader, const char *section, const struct node *node,
                         void *base)
{
    struct options options = options_in(section);
    uint64_t seen = 0; // a bit per row; no section has more than 64
    for (const struct node *child = node != NULL ? node->first : NULL; child != NULL;
         child = child->next) {
        const struct option *row = options_find(options, child->key);
        if (row != NULL)
            read_option(reader, row, child, base);
        else
            row = complain_of_key(reader, child, section, options);
        if (row != NULL) // a misspelt one is not missing besides
            seen |= UINT64_C(1) << (row - options.rows);
    }
    finish_section(reader, section, node, seen, base);
}

void read_config(const struct reader *reader, const struct tree *tree)
{
    static const struct config_place top = {.line = 1, .column = 1};
    static const char *const least =
        "the least is a host name and a domain, `box: {hostname: box.example.com}` and `domains: "
        "[example.com]`";
    if (tree->root == NULL || node_is_empty(tree->root)) {
        reader_complain(reader, top, "", "nothing is written here; %s", least);
        return;
    }
    if (tree->root->kind != NODE_MAPPING) {
        reader_complain(reader, tree->root->place, "", "%s and no options; %s",
                        kind_text(tree->root), least);
        return;
    }
    read_section(reader, "", tree->root, reader->config);
}
