// SPDX-License-Identifier: ISC
// Inputs ↔ octets, for the way from zoned to zone-signer.
//
//   "zbin" u32 version | path | directory | text of the configuration | u32 n | n × (path, text) included
//     | u32 n | n × file | u32 n | n × address
//   file:     u8 kind | path | u8 1 | octets    or    u8 kind | path | u8 0 | words of the error
//   address:  u8 4 | 4 octets                   or    u8 6 | 16 octets | u32 interface
//
// A text or run of octets is u32 length and the octets. Numbers are in network order. What the defaults found on the
// box is told by the files, so that the reader looks at nothing but these octets.
#include "config/inputs.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "config/errors.h"
#include "config/shared.h"
#include "config/surroundings.h"

#define SNAPSHOT_MAGIC   0x7a62696eU // "zbin"
#define SNAPSHOT_VERSION 2

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────

static void put_octets(struct buf *ret, const void *octets, size_t len)
{
    buf_put_u32(ret, (uint32_t)len); // less than INPUTS_SNAPSHOT_MAX
    buf_put(ret, octets, len);
}

static void put_text(struct buf *ret, const char *text)
{
    put_octets(ret, text, strlen(text));
}

static void put_file(struct buf *ret, const struct input_file *file)
{
    buf_put_u8(ret, (uint8_t)file->kind);
    put_text(ret, file->path);
    buf_put_u8(ret, file->octets != NULL ? 1 : 0);
    if (file->octets != NULL)
        put_octets(ret, file->octets, file->len);
    else
        put_text(ret, file->error.text);
}

static void put_address(struct buf *ret, const struct address *address)
{
    if (address->any.sa_family == AF_INET) {
        buf_put_u8(ret, 4);
        buf_put(ret, &address->v4.sin_addr, 4);
    } else {
        buf_put_u8(ret, 6);
        buf_put(ret, &address->v6.sin6_addr, 16);
        buf_put_u32(ret, address->v6.sin6_scope_id);
    }
}

void inputs_encode(const struct inputs *inputs, struct buf *ret)
{
    buf_put_u32(ret, SNAPSHOT_MAGIC);
    buf_put_u32(ret, SNAPSHOT_VERSION);
    put_text(ret, inputs->config_path);
    put_text(ret, inputs->config->directory);
    const struct config *config = inputs->config;
    put_octets(ret, config->files[0].text, config->files[0].len);
    buf_put_u32(ret, (uint32_t)(config->file_count - 1));
    for (size_t i = 1; i < config->file_count; i++) {
        put_text(ret, config->files[i].path);
        put_octets(ret, config->files[i].text, config->files[i].len);
    }
    buf_put_u32(ret, (uint32_t)inputs->file_count);
    for (size_t i = 0; i < inputs->file_count; i++)
        put_file(ret, &inputs->files[i]);
    buf_put_u32(ret, (uint32_t)inputs->found_count);
    for (size_t i = 0; i < inputs->found_count; i++)
        put_address(ret, &inputs->found[i]);
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────

// What is left to read. After the first thing that is not there, everything reads as zero or NULL.
struct cursor {
    const uint8_t *at;
    size_t left;
    bool is_broken;
};

static const uint8_t *take(struct cursor *cursor, size_t len)
{
    if (cursor->is_broken || cursor->left < len) {
        cursor->is_broken = true;
        return NULL;
    }
    const uint8_t *where = cursor->at;
    cursor->at += len;
    cursor->left -= len;
    return where;
}

static uint8_t take_u8(struct cursor *cursor)
{
    const uint8_t *octets = take(cursor, 1);
    return octets != NULL ? octets[0] : 0;
}

static uint32_t take_u32(struct cursor *cursor)
{
    const uint8_t *octets = take(cursor, 4);
    if (octets == NULL)
        return 0;
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
           octets[3];
}

// A text, which has no NUL. NULL when it is none; the caller frees.
static char *take_text(struct cursor *cursor)
{
    size_t len = take_u32(cursor);
    const uint8_t *octets = take(cursor, len);
    if (octets == NULL || memchr(octets, '\0', len) != NULL) {
        cursor->is_broken = true;
        return NULL;
    }
    char *text = xmalloc(len + 1);
    memcpy(text, octets, len);
    text[len] = '\0';
    return text;
}

static uint8_t *keep_octets(const struct input_file *known, const uint8_t *octets, size_t len)
{
    if (known != NULL && known->octets != NULL && known->len == len &&
        memcmp(known->octets, octets, len) == 0)
        return shared_use(known->octets);
    return shared_make(octets, len);
}

// Fills a zeroed file; what it holds is the caller's to free also when the cursor is broken then.
static void take_file(struct cursor *cursor, const struct inputs *known, size_t place,
                      struct input_file *file)
{
    uint8_t kind = take_u8(cursor);
    if (kind > INPUT_ZONE_FILE)
        cursor->is_broken = true;
    file->kind = kind;
    file->path = take_text(cursor);
    uint8_t is_read = take_u8(cursor);
    if (is_read > 1)
        cursor->is_broken = true;
    if (is_read == 1) {
        file->len = take_u32(cursor);
        const uint8_t *octets = take(cursor, file->len);
        const struct input_file *before =
            known != NULL && file->path != NULL ? inputs_file_near(known, place, file->path) : NULL;
        if (octets != NULL)
            file->octets = keep_octets(before, octets, file->len);
        return;
    }
    char *words = take_text(cursor);
    if (words != NULL && strlen(words) >= ERROR_TEXT_MAX)
        cursor->is_broken = true;
    else if (words != NULL)
        error_set(&file->error, STATUS_IO, "%s", words);
    free(words);
}

static void take_files(struct cursor *cursor, const struct inputs *known, struct inputs *inputs)
{
    size_t cap = 0;
    for (uint32_t count = take_u32(cursor); count > 0 && !cursor->is_broken; count--) {
        inputs->files = array_grow(inputs->files, &cap, inputs->file_count, sizeof(*inputs->files));
        struct input_file *file = &inputs->files[inputs->file_count++];
        *file = (struct input_file){0};
        take_file(cursor, known, inputs->file_count - 1, file);
        if (cursor->is_broken)
            return;
        bool is_sorted = inputs->file_count == 1 || strcmp(file[-1].path, file->path) < 0;
        if (file->path[0] != '/' || !is_sorted) // inputs_file searches by halves
            cursor->is_broken = true;
    }
}

static void take_address(struct cursor *cursor, struct address *ret)
{
    *ret = (struct address){0};
    uint8_t family = take_u8(cursor);
    const uint8_t *octets = NULL;
    if (family == 4 && (octets = take(cursor, 4)) != NULL) {
        ret->v4.sin_family = AF_INET;
        memcpy(&ret->v4.sin_addr, octets, 4);
    } else if (family == 6 && (octets = take(cursor, 16)) != NULL) {
        ret->v6.sin6_family = AF_INET6;
        memcpy(&ret->v6.sin6_addr, octets, 16);
        ret->v6.sin6_scope_id = take_u32(cursor);
    } else {
        cursor->is_broken = true;
    }
}

static void take_found(struct cursor *cursor, struct inputs *inputs)
{
    size_t cap = 0;
    for (uint32_t count = take_u32(cursor); count > 0 && !cursor->is_broken; count--) {
        inputs->found =
            array_grow(inputs->found, &cap, inputs->found_count, sizeof(*inputs->found));
        take_address(cursor, &inputs->found[inputs->found_count++]);
    }
}

// The paths of all files of one kind: what the defaults found where the snapshot was made.
static void list_files(const struct inputs *inputs, enum input_kind kind, struct config_text **ret,
                       size_t *ret_count)
{
    struct arena *arena = &inputs->config->arena;
    size_t count = 0;
    for (size_t i = 0; i < inputs->file_count; i++)
        count += inputs->files[i].kind == kind ? 1 : 0;
    *ret = arena_struct(arena, count * sizeof(**ret));
    *ret_count = 0;
    for (size_t i = 0; i < inputs->file_count; i++)
        if (inputs->files[i].kind == kind)
            (*ret)[(*ret_count)++] =
                (struct config_text){.text = arena_text(arena, inputs->files[i].path)};
}

// What the configuration's text needs besides itself.
struct context {
    struct arena arena; // of the paths; texts stay in the snapshot
    char *directory;
    const char *text;
    size_t text_len;
    struct config_file *included;
    size_t included_count;
};

static void take_included(struct cursor *cursor, struct context *context)
{
    size_t cap = 0;
    for (uint32_t count = take_u32(cursor); count > 0 && !cursor->is_broken; count--) {
        char *path = take_text(cursor);
        size_t len = take_u32(cursor);
        const char *text = (const char *)take(cursor, len);
        if (cursor->is_broken || path[0] != '/' || context->included_count == CONFIG_INCLUDED_MAX) {
            cursor->is_broken = true;
        } else {
            context->included = array_grow(context->included, &cap, context->included_count,
                                           sizeof(*context->included));
            context->included[context->included_count++] = (struct config_file){
                .path = arena_text(&context->arena, path), .text = text, .len = len};
        }
        free(path);
    }
}

// Would the configuration be the same? It follows from its texts, and from the names of the files that the defaults
// found.
static bool is_known(const struct inputs *known, const struct inputs *inputs,
                     const struct context *context)
{
    const struct config_file first = {inputs->config_path, context->text, context->text_len};
    if (known == NULL || strcmp(known->config->directory, context->directory) != 0 ||
        known->config->file_count != 1 + context->included_count ||
        known->file_count != inputs->file_count ||
        !config_file_equal(&known->config->files[0], &first))
        return false;
    for (size_t i = 0; i < context->included_count; i++)
        if (!config_file_equal(&known->config->files[1 + i], &context->included[i]))
            return false;
    for (size_t i = 0; i < inputs->file_count; i++) {
        const struct input_file *a = &known->files[i], *b = &inputs->files[i];
        if (a->kind != b->kind || strcmp(a->path, b->path) != 0)
            return false;
    }
    return true;
}

static enum status parse_text(struct inputs *inputs, const struct inputs *known,
                              const struct context *context, struct config_errors *errors)
{
    const struct surroundings elsewhere = {.directory = context->directory,
                                           .included = context->included,
                                           .included_count = context->included_count,
                                           .has_included = true,
                                           .known = known != NULL ? known->config : NULL};
    enum status status = config_parse_in(&elsewhere, inputs->config_path, context->text,
                                         context->text_len, &inputs->config, errors);
    if (status != STATUS_OK)
        return status;
    struct config_box *box = &inputs->config->box;
    if (!box->tls_given)
        list_files(inputs, INPUT_CERTIFICATE, &box->tls, &box->tls_count);
    if (!box->tls_next_given)
        list_files(inputs, INPUT_TLS_NEXT, &box->tls_next, &box->tls_next_count);
    if (!box->ssh_given)
        list_files(inputs, INPUT_SSH_KEY, &box->ssh, &box->ssh_count);
    return STATUS_OK;
}

enum status inputs_decode(const uint8_t *octets, size_t len, const struct inputs *known,
                          struct inputs **ret, struct config_errors *errors)
{
    *ret = NULL;
    struct cursor cursor = {octets, len, len > INPUTS_SNAPSHOT_MAX};
    if (take_u32(&cursor) != SNAPSHOT_MAGIC || take_u32(&cursor) != SNAPSHOT_VERSION)
        cursor.is_broken = true;
    struct inputs *inputs = xcalloc(1, sizeof(*inputs));
    inputs->config_path = take_text(&cursor);
    struct context context = {.directory = take_text(&cursor)};
    context.text_len = take_u32(&cursor);
    context.text = (const char *)take(&cursor, context.text_len);
    take_included(&cursor, &context);
    take_files(&cursor, known, inputs);
    take_found(&cursor, inputs);
    enum status status = STATUS_OK;
    if (cursor.is_broken || cursor.left > 0 || context.directory[0] != '/')
        status = error_set(config_errors_next(errors), STATUS_SYNTAX,
                           "snapshot of the inputs: damaged, or from another version");
    else if (is_known(known, inputs, &context))
        inputs->config = config_share(known->config);
    else
        status = parse_text(inputs, known, &context, errors);
    free(context.directory);
    free(context.included);
    arena_done(&context.arena);
    if (status != STATUS_OK) {
        inputs_free(inputs);
        return status;
    }
    *ret = inputs;
    return STATUS_OK;
}
