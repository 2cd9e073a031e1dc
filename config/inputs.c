// SPDX-License-Identifier: ISC
#include "config/inputs.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "config/errors.h"
#include "config/interfaces.h"
#include "config/public.h"
#include "config/surroundings.h"

// ── Which files ──────────────────────────────────────────────────────────────────────────────────

static int compare_files(const void *left, const void *right)
{
    const struct input_file *a = left, *b = right;
    int order = strcmp(a->path, b->path);
    return order != 0 ? order : (a->kind > b->kind) - (a->kind < b->kind);
}

// A file that is named for two purposes is taken as the first of input_kind, which lets through the least.
static void sort_once(struct inputs *inputs)
{
    if (inputs->file_count == 0)
        return;
    qsort(inputs->files, inputs->file_count, sizeof(*inputs->files), compare_files);
    size_t kept = 0;
    for (size_t i = 0; i < inputs->file_count; i++) {
        if (kept > 0 && strcmp(inputs->files[kept - 1].path, inputs->files[i].path) == 0)
            free(inputs->files[i].path);
        else
            inputs->files[kept++] = inputs->files[i];
    }
    inputs->file_count = kept;
}

static void name_file(struct inputs *inputs, enum input_kind kind, const char *path)
{
    inputs->files[inputs->file_count++] = (struct input_file){.kind = kind, .path = xstrdup(path)};
}

static void name_texts(struct inputs *inputs, enum input_kind kind, const struct config_text *texts,
                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        name_file(inputs, kind, texts[i].text);
}

static void name_files(struct inputs *inputs)
{
    const struct config *config = inputs->config;
    const struct config_box *box = &config->box;
    size_t most = box->tls_count + box->tls_next_count + box->ssh_count + 2 * config->domain_count;
    inputs->files = xcalloc(most, sizeof(*inputs->files));
    name_texts(inputs, INPUT_CERTIFICATE, box->tls, box->tls_count);
    name_texts(inputs, INPUT_TLS_NEXT, box->tls_next, box->tls_next_count);
    name_texts(inputs, INPUT_SSH_KEY, box->ssh, box->ssh_count);
    for (size_t i = 0; i < config->domain_count; i++) {
        const struct config_domain *domain = &config->domains[i];
        if (domain->zone_file != NULL)
            name_file(inputs, INPUT_ZONE_FILE, domain->zone_file);
        if (domain->records_file != NULL)
            name_file(inputs, INPUT_RECORDS_FILE, domain->records_file);
    }
    sort_once(inputs);
}

// ── What is in them ──────────────────────────────────────────────────────────────────────────────

static const size_t kind_max[] = {
    [INPUT_CERTIFICATE] = INPUT_CERTIFICATE_MAX, [INPUT_TLS_NEXT] = INPUT_TLS_NEXT_MAX,
    [INPUT_SSH_KEY] = INPUT_SSH_KEY_MAX,         [INPUT_RECORDS_FILE] = INPUT_ZONE_FILE_MAX,
    [INPUT_ZONE_FILE] = INPUT_ZONE_FILE_MAX,
};

#define READ_AHEAD (32U << 10) // more than file_read reserves beyond the end

static void refuse_private(struct input_file *file)
{
    if (file->kind == INPUT_SSH_KEY)
        error_set(&file->error, STATUS_DENIED, "%s: a private key; name the public one, %s.pub",
                  file->path, file->path);
    else
        error_set(&file->error, STATUS_DENIED,
                  "%s: a private key; name the public one, as `openssl pkey -pubout` writes it",
                  file->path);
}

// The public part of what was read, or the reason in file->error when there is none to be had.
static void keep_public(struct input_file *file, const struct buf *content)
{
    struct buf kept = {0};
    bool is_public = file->kind == INPUT_SSH_KEY || file->kind == INPUT_TLS_NEXT;
    if (file->kind == INPUT_CERTIFICATE) {
        public_certificates(content->data, content->len, &kept);
    } else if (is_public && public_has_private_key(content->data, content->len)) {
        refuse_private(file);
        return;
    } else {
        buf_put(&kept, content->data, content->len);
    }
    // Cut to size: there may be 100,000 files. One that is empty has octets too, none.
    file->octets = xreallocarray(kept.data, kept.len, 1);
    file->len = kept.len;
}

static void read_input(struct input_file *file)
{
    struct buf content = {0};
    bool is_secret = file->kind < INPUT_RECORDS_FILE; // may be
    if (is_secret) // in one piece, so that growth leaves no copy behind
        buf_reserve(&content, kind_max[file->kind] + READ_AHEAD);
    if (file_read(file->path, kind_max[file->kind], &content, &file->error) == STATUS_OK)
        keep_public(file, &content);
    if (is_secret)
        explicit_bzero(content.data, content.len);
    buf_done(&content);
}

static void read_files(struct inputs *inputs)
{
    size_t total = 0;
    for (size_t i = 0; i < inputs->config->file_count; i++)
        total += inputs->config->files[i].len;
    for (size_t i = 0; i < inputs->file_count; i++) {
        struct input_file *file = &inputs->files[i];
        read_input(file);
        if (file->len > INPUTS_FILES_MAX - total) {
            error_set(&file->error, STATUS_RANGE,
                      "%s: all files together are larger than the %u octets allowed", file->path,
                      INPUTS_FILES_MAX);
            free(file->octets);
            file->octets = NULL;
            file->len = 0;
        }
        total += file->len;
    }
}

void inputs_own_text(struct inputs *inputs)
{
    inputs->config->files[0].text = buf_text(&inputs->config_text);
    inputs->config->files[0].len = inputs->config_text.len;
}

// The configuration's text is read; this does the rest. Takes the inputs over.
static enum status complete(const struct surroundings *surroundings, struct inputs *inputs,
                            struct inputs **ret, struct config_errors *errors)
{
    enum status status =
        config_parse_in(surroundings, inputs->config_path, buf_text(&inputs->config_text),
                        inputs->config_text.len, &inputs->config, errors);
    if (status != STATUS_OK) {
        inputs_free(inputs);
        return status;
    }
    inputs_own_text(inputs);
    name_files(inputs);
    read_files(inputs);
    interfaces_addresses(&inputs->found, &inputs->found_count);
    *ret = inputs;
    return STATUS_OK;
}

enum status inputs_read_in(const struct surroundings *surroundings, const char *config_path,
                           struct inputs **ret, struct config_errors *errors)
{
    *ret = NULL;
    struct inputs *inputs = xcalloc(1, sizeof(*inputs));
    inputs->config_path = xstrdup(config_path);
    struct error err = {0};
    enum status status = file_read(config_path, CONFIG_FILE_MAX, &inputs->config_text, &err);
    if (status != STATUS_OK) {
        error_set(config_errors_next(errors), status, "%s", err.text);
        inputs_free(inputs);
        return status;
    }
    return complete(surroundings, inputs, ret, errors);
}

enum status inputs_read(const char *config_path, struct inputs **ret, struct config_errors *errors)
{
    return inputs_read_in(&surroundings_of_box, config_path, ret, errors);
}

enum status inputs_read_texts(const struct config_file *files, size_t count, struct inputs **ret,
                              struct config_errors *errors)
{
    *ret = NULL;
    struct surroundings surroundings = surroundings_of_box;
    surroundings.included = files + 1;
    surroundings.included_count = count - 1;
    surroundings.has_included = true;
    struct inputs *inputs = xcalloc(1, sizeof(*inputs));
    inputs->config_path = xstrdup(files[0].path);
    buf_put(&inputs->config_text, files[0].text, files[0].len);
    return complete(&surroundings, inputs, ret, errors);
}

void inputs_free(struct inputs *inputs)
{
    if (inputs == NULL)
        return;
    for (size_t i = 0; i < inputs->file_count; i++) {
        free(inputs->files[i].path);
        free(inputs->files[i].octets);
    }
    free(inputs->files);
    free(inputs->found);
    free(inputs->config_path);
    buf_done(&inputs->config_text);
    config_free(inputs->config);
    free(inputs);
}

// ── Looking and comparing ────────────────────────────────────────────────────────────────────────

static int compare_path(const void *path, const void *file)
{
    return strcmp(path, ((const struct input_file *)file)->path);
}

const struct input_file *inputs_file(const struct inputs *inputs, const char *path)
{
    if (inputs->file_count == 0)
        return NULL;
    return bsearch(path, inputs->files, inputs->file_count, sizeof(*inputs->files), compare_path);
}

static bool same_octets(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

bool input_file_equal(const struct input_file *a, const struct input_file *b)
{
    return a->kind == b->kind && strcmp(a->path, b->path) == 0 &&
           (a->octets == NULL) == (b->octets == NULL) &&
           same_octets(a->octets, a->len, b->octets, b->len) &&
           strcmp(a->error.text, b->error.text) == 0;
}

static bool same_texts(const struct config *a, const struct config *b)
{
    if (a->file_count != b->file_count)
        return false;
    for (size_t i = 0; i < a->file_count; i++)
        if (strcmp(a->files[i].path, b->files[i].path) != 0 || a->files[i].len != b->files[i].len ||
            (a->files[i].len > 0 &&
             memcmp(a->files[i].text, b->files[i].text, a->files[i].len) != 0))
            return false;
    return true;
}

bool inputs_equal(const struct inputs *a, const struct inputs *b)
{
    if (strcmp(a->config_path, b->config_path) != 0 || a->file_count != b->file_count ||
        a->found_count != b->found_count || !same_texts(a->config, b->config))
        return false;
    for (size_t i = 0; i < a->file_count; i++)
        if (!input_file_equal(&a->files[i], &b->files[i]))
            return false;
    for (size_t i = 0; i < a->found_count; i++)
        if (!address_equal(&a->found[i], &b->found[i]))
            return false;
    return true;
}
