// SPDX-License-Identifier: ISC
#include "config/tree.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <yaml.h>

#include "base/alloc.h"
#include "config/errors.h"
#include "config/values.h"

static const char *tree_text(struct tree *tree, const unsigned char *octets, size_t len)
{
    char *copy = arena_octets(&tree->arena, len + 1);
    memcpy(copy, octets, len);
    copy[len] = '\0';
    return copy;
}

void tree_done(struct tree *tree)
{
    arena_done(&tree->arena);
    *tree = (struct tree){0};
}

bool node_is_empty(const struct node *node)
{
    if (node->kind != NODE_TEXT || node->quoted)
        return false;
    return node->text[0] == '\0' || strcmp(node->text, "~") == 0 ||
           strcasecmp(node->text, "null") == 0;
}

// ── Events → nodes ───────────────────────────────────────────────────────────────────────────────

// A list or mapping that is not closed yet.
struct frame {
    struct node *node;
    struct node **tail;
    const char *key; // read, and waiting for its value
    struct config_place key_place;
};

struct builder {
    yaml_parser_t parser;
    const char *path;
    unsigned file;
    const char *text;
    size_t len;
    struct config_errors *errors;
    struct tree *tree;
    struct frame open[TREE_DEPTH_MAX];
    size_t depth;
    size_t node_count;
    bool has_document;
    bool key_twice;
    struct node **sorted; // scratch for finding keys that stand twice
    size_t sorted_cap;
};

static struct config_place place_of(const struct builder *builder, yaml_mark_t mark)
{
    return (struct config_place){.line = (unsigned)mark.line + 1,
                                 .column = (unsigned)mark.column + 1,
                                 .file = builder->file};
}

static enum status refuse(struct builder *builder, struct config_place place, const char *words)
{
    return error_set(config_errors_next(builder->errors), STATUS_SYNTAX, "%s:%u:%u: %s",
                     builder->path, place.line, place.column, words);
}

static enum status take_key(struct builder *builder, struct frame *frame, const yaml_event_t *event)
{
    struct config_place place = place_of(builder, event->start_mark);
    if (event->type != YAML_SCALAR_EVENT)
        return refuse(builder, place, "a key is a list or mapping; write `key: value`");
    const unsigned char *key = event->data.scalar.value;
    size_t len = event->data.scalar.length;
    if (memchr(key, '\0', len) != NULL)
        return refuse(builder, place, "an octet NUL in a key; write plain text");
    if (len == 2 && memcmp(key, "<<", 2) == 0)
        return refuse(builder, place, "merge keys are not taken; write the options out");
    frame->key = tree_text(builder->tree, key, len);
    frame->key_place = place;
    return STATUS_OK;
}

static void append(struct builder *builder, struct node *node)
{
    if (builder->depth == 0) {
        builder->tree->root = node;
        return;
    }
    struct frame *frame = &builder->open[builder->depth - 1];
    node->key = frame->key;
    node->key_place = frame->key_place;
    frame->key = NULL;
    *frame->tail = node;
    frame->tail = &node->next;
}

static enum status fill_text(struct builder *builder, struct node *node, const yaml_event_t *event)
{
    const unsigned char *value = event->data.scalar.value;
    size_t len = event->data.scalar.length;
    if (len > TREE_TEXT_MAX)
        return refuse(builder, node->place, "the value is longer than 65536 octets; shorten it");
    if (memchr(value, '\0', len) != NULL)
        return refuse(builder, node->place, "an octet NUL in the value; write plain text");
    node->kind = NODE_TEXT;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->text = tree_text(builder->tree, value, len);
    return STATUS_OK;
}

static enum status open_frame(struct builder *builder, struct node *node, enum node_kind kind)
{
    if (builder->depth == TREE_DEPTH_MAX)
        return refuse(builder, node->place,
                      "nested deeper than 16; no option lies so deep, look for a stray bracket");
    node->kind = kind;
    builder->open[builder->depth++] = (struct frame){.node = node, .tail = &node->first};
    return STATUS_OK;
}

static enum status refuse_decoration(struct builder *builder, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor != NULL)
        return refuse(builder, place_of(builder, event->start_mark),
                      "anchors (&name) are not taken; write the value out, or quote a text that "
                      "begins with \"&\"");
    if (tag != NULL)
        return refuse(builder, place_of(builder, event->start_mark),
                      "tags (!name) are not taken; leave it out, or quote a text that begins with "
                      "\"!\"");
    return STATUS_OK;
}

// A value (also a list's or mapping's beginning) or a key.
static enum status take_node(struct builder *builder, const yaml_event_t *event)
{
    enum status status = refuse_decoration(builder, event);
    if (status != STATUS_OK)
        return status;
    if (builder->node_count++ == TREE_NODES_MAX)
        return refuse(builder, place_of(builder, event->start_mark),
                      "more than 1000000 values; split the configuration");
    if (builder->depth > 0) {
        struct frame *frame = &builder->open[builder->depth - 1];
        if (frame->node->kind == NODE_MAPPING && frame->key == NULL)
            return take_key(builder, frame, event);
    }
    struct node *node = arena_struct(&builder->tree->arena, sizeof(*node));
    *node = (struct node){.place = place_of(builder, event->start_mark)};
    append(builder, node);
    if (event->type == YAML_SCALAR_EVENT)
        return fill_text(builder, node, event);
    return open_frame(builder, node,
                      event->type == YAML_SEQUENCE_START_EVENT ? NODE_LIST : NODE_MAPPING);
}

// ── Keys that stand twice ────────────────────────────────────────────────────────────────────────

static int compare_keys(const void *left, const void *right)
{
    const struct node *a = *(struct node *const *)left;
    const struct node *b = *(struct node *const *)right;
    int order = strcmp(a->key, b->key);
    if (order != 0)
        return order;
    if (a->key_place.line != b->key_place.line)
        return a->key_place.line < b->key_place.line ? -1 : 1;
    return a->key_place.column < b->key_place.column ? -1 : 1;
}

static void refuse_twice(struct builder *builder, struct node *first, struct node *again)
{
    char quoted[VALUE_QUOTE_MAX];
    builder->key_twice = true;
    error_set(config_errors_next(builder->errors), STATUS_SYNTAX,
              "%s:%u:%u: the key %s stands here twice, first in line %u; remove one", builder->path,
              again->key_place.line, again->key_place.column, value_quote(again->key, quoted),
              first->key_place.line);
    again->key = NULL; // taken out below
}

// Sorted, so that a mapping of a million keys costs no more than its share.
static void close_mapping(struct builder *builder, struct node *mapping)
{
    size_t count = 0;
    for (struct node *node = mapping->first; node != NULL; node = node->next) {
        builder->sorted =
            array_grow(builder->sorted, &builder->sorted_cap, count, sizeof(struct node *));
        builder->sorted[count++] = node;
    }
    if (count < 2)
        return;
    qsort(builder->sorted, count, sizeof(struct node *), compare_keys);
    struct node *first = builder->sorted[0];
    for (size_t i = 1; i < count; i++) {
        if (strcmp(first->key, builder->sorted[i]->key) == 0)
            refuse_twice(builder, first, builder->sorted[i]);
        else
            first = builder->sorted[i];
    }
    struct node **link = &mapping->first;
    while (*link != NULL) {
        if ((*link)->key == NULL)
            *link = (*link)->next;
        else
            link = &(*link)->next;
    }
}

// ── Driving libyaml ──────────────────────────────────────────────────────────────────────────────

static enum status take(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (builder->has_document)
            return refuse(builder, place_of(builder, event->start_mark),
                          "a second document begins; a configuration is one, remove this line or "
                          "what comes before");
        builder->has_document = true;
        return STATUS_OK;
    case YAML_ALIAS_EVENT:
        return refuse(builder, place_of(builder, event->start_mark),
                      "aliases (*name) are not taken; write the value out, or quote a text that "
                      "begins with \"*\"");
    case YAML_SCALAR_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return take_node(builder, event);
    case YAML_MAPPING_END_EVENT:
        close_mapping(builder, builder->open[builder->depth - 1].node);
        builder->depth--;
        return STATUS_OK;
    case YAML_SEQUENCE_END_EVENT:
        builder->depth--;
        return STATUS_OK;
    default:
        return STATUS_OK;
    }
}

// Line and column of an octet, counted as libyaml counts: in characters, from 1.
static struct config_place place_at(const char *text, size_t offset)
{
    struct config_place place = {.line = 1, .column = 1};
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            place = (struct config_place){.line = place.line + 1, .column = 1};
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

// The octet at a place, 0 at the end.
static char octet_at(const struct builder *builder, struct config_place place)
{
    struct config_place here = {.line = 1, .column = 1};
    for (size_t i = 0; i < builder->len; i++) {
        char c = builder->text[i];
        bool continues = ((unsigned char)c & 0xc0) == 0x80;
        if (!continues && here.line == place.line && here.column == place.column)
            return c;
        if (here.line > place.line)
            return '\0';
        if (c == '\n')
            here = (struct config_place){.line = here.line + 1, .column = 1};
        else if (!continues)
            here.column++;
    }
    return '\0';
}

// What libyaml says, and what the reason mostly is.
static const char *advice_for(const char *problem)
{
    static const struct {
        const char *problem, *advice;
    } rows[] = {
        {"found character that cannot start any token", "put the value in quotes"},
        {"mapping values are not allowed in this context",
         "check the indentation here and in the line before, or put the value in quotes"},
        {"could not find expected ':'", "write `key: value`"},
        {"did not find expected key", "give this line the indentation of its neighbours"},
        {"found unexpected end of stream", "close the quote that was opened"},
        {"did not find expected ',' or ']'", "close the bracket that was opened"},
        {"did not find expected ',' or '}'", "close the brace that was opened"},
        {"did not find expected alphabetic or numeric character", "put the value in quotes"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].problem, problem) == 0)
            return rows[i].advice;
    return "check indentation, quotes and brackets up to here";
}

static enum status refuse_yaml(struct builder *builder)
{
    const yaml_parser_t *parser = &builder->parser;
    struct error *err = config_errors_next(builder->errors);
    if (parser->error == YAML_READER_ERROR) {
        size_t offset =
            parser->problem_offset < builder->len ? parser->problem_offset : builder->len;
        struct config_place place = place_at(builder->text, offset);
        return error_set(err, STATUS_SYNTAX, "%s:%u:%u: not a text: %s; save the file as UTF-8",
                         builder->path, place.line, place.column, parser->problem);
    }
    struct config_place place = place_of(builder, parser->problem_mark);
    if (octet_at(builder, place) == '\t')
        return error_set(err, STATUS_SYNTAX, "%s:%u:%u: not YAML: a tab; indent with spaces",
                         builder->path, place.line, place.column);
    const char *problem = parser->problem != NULL ? parser->problem : "it cannot be read";
    if (parser->context == NULL)
        return error_set(err, STATUS_SYNTAX, "%s:%u:%u: not YAML: %s; %s", builder->path,
                         place.line, place.column, problem, advice_for(problem));
    return error_set(err, STATUS_SYNTAX, "%s:%u:%u: not YAML: %s, %s from line %zu; %s",
                     builder->path, place.line, place.column, problem, parser->context,
                     parser->context_mark.line + 1, advice_for(problem));
}

static enum status build(struct builder *builder)
{
    for (;;) {
        yaml_event_t event;
        if (yaml_parser_parse(&builder->parser, &event) == 0)
            return refuse_yaml(builder);
        enum status status = take(builder, &event);
        bool is_last = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (status != STATUS_OK)
            return status;
        if (is_last) {
            builder->tree->is_whole = true;
            return builder->key_twice ? STATUS_SYNTAX : STATUS_OK;
        }
    }
}

enum status tree_parse(const struct config_file *source, unsigned file, struct tree *ret,
                       struct config_errors *errors)
{
    const char *text = source->text;
    size_t len = source->len;
    if (len >= 3 &&
        memcmp(text, "\xef\xbb\xbf", 3) == 0) { // a byte order mark, as some editors write it
        text += 3;
        len -= 3;
    }
    *ret = (struct tree){0};
    struct builder builder = {.path = source->path,
                              .file = file,
                              .text = text,
                              .len = len,
                              .errors = errors,
                              .tree = ret};
    if (yaml_parser_initialize(&builder.parser) == 0)
        abort(); // out of memory, as in base/alloc.c
    // Always UTF-8: libyaml would otherwise guess UTF-16 from the first octets.
    yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&builder.parser, (const unsigned char *)text, len);
    enum status status = build(&builder);
    yaml_parser_delete(&builder.parser);
    free(builder.sorted);
    return status;
}
