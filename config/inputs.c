// SPDX-License-Identifier: ISC
#include "config/inputs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file.h"
#include "config/errors.h"
#include "config/interfaces.h"
#include "config/public.h"
#include "config/shared.h"
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
    file->octets = shared_make(kept.data, kept.len);
    file->len = kept.len;
    buf_done(&kept);
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
        buf_wipe(&content);
    else
        buf_done(&content);
}

static bool is_seen(const struct inputs_seen *seen, const char *path)
{
    for (size_t i = 0; i < seen->count; i++)
        if (strcmp(seen->paths[i], path) == 0)
            return true;
    return false;
}

// What a reading may take from the one before. old NULL: nothing.
struct before {
    const struct inputs *old;
    const struct inputs_seen *seen;
};

// One that could not be read is read again: that may have had another reason than the file.
static bool take_from(const struct before *before, struct input_file *file)
{
    const struct input_file *known =
        before->old != NULL ? inputs_file(before->old, file->path) : NULL;
    if (known == NULL || known->kind != file->kind || known->octets == NULL ||
        is_seen(before->seen, file->path))
        return false;
    file->octets = shared_use(known->octets);
    file->len = known->len;
    return true;
}

static void read_files(struct inputs *inputs, const struct before *before)
{
    size_t total = 0;
    for (size_t i = 0; i < inputs->config->file_count; i++)
        total += inputs->config->files[i].len;
    for (size_t i = 0; i < inputs->file_count; i++) {
        struct input_file *file = &inputs->files[i];
        if (!take_from(before, file))
            read_input(file);
        if (file->len > INPUTS_FILES_MAX - total) {
            error_set(&file->error, STATUS_RANGE,
                      "%s: all files together are larger than the %u octets allowed", file->path,
                      INPUTS_FILES_MAX);
            shared_free(file->octets);
            file->octets = NULL;
            file->len = 0;
        }
        total += file->len;
    }
}

// A text of the configuration that is parsed anew.
static enum status parse(const struct surroundings *surroundings, const char *path,
                         const struct buf *text, struct config **ret, struct config_errors *errors)
{
    return config_parse_in(surroundings, path, (const char *)text->data, text->len, ret, errors);
}

// Takes the configuration over; this does the rest.
static struct inputs *complete(const char *config_path, struct config *config,
                               const struct before *before)
{
    struct inputs *inputs = xcalloc(1, sizeof(*inputs));
    inputs->config_path = xstrdup(config_path);
    inputs->config = config;
    name_files(inputs);
    read_files(inputs, before);
    interfaces_addresses(&inputs->found, &inputs->found_count);
    return inputs;
}

static enum status read_text(const char *path, struct buf *ret, struct config_errors *errors)
{
    struct error err = {0};
    enum status status = file_read(path, CONFIG_FILE_MAX, ret, &err);
    if (status != STATUS_OK)
        error_set(config_errors_next(errors), status, "%s", err.text);
    return status;
}

enum status inputs_read_in(const struct surroundings *surroundings, const char *config_path,
                           struct inputs **ret, struct config_errors *errors)
{
    static const struct before nothing = {.old = NULL};
    struct config *config = NULL;
    struct buf text = {0};
    enum status status = read_text(config_path, &text, errors);
    if (status == STATUS_OK)
        status = parse(surroundings, config_path, &text, &config, errors);
    buf_done(&text);
    *ret = status == STATUS_OK ? complete(config_path, config, &nothing) : NULL;
    return status;
}

enum status inputs_read(const char *config_path, struct inputs **ret, struct config_errors *errors)
{
    return inputs_read_in(&surroundings_of_box, config_path, ret, errors);
}

static struct surroundings with_included(const struct surroundings *surroundings,
                                         const struct config_file *files, size_t count)
{
    struct surroundings with = *surroundings;
    with.included = files + 1;
    with.included_count = count - 1;
    with.has_included = true;
    return with;
}

enum status inputs_read_texts(const struct config_file *files, size_t count, struct inputs **ret,
                              struct config_errors *errors)
{
    static const struct before nothing = {.old = NULL};
    const struct surroundings surroundings = with_included(&surroundings_of_box, files, count);
    struct config *config = NULL;
    enum status status =
        config_parse_in(&surroundings, files[0].path, files[0].text, files[0].len, &config, errors);
    *ret = status == STATUS_OK ? complete(files[0].path, config, &nothing) : NULL;
    return status;
}

// ── Reading what was touched ─────────────────────────────────────────────────────────────────────

static size_t find_text(const struct config *config, const char *path)
{
    size_t i = 1;
    while (i < config->file_count && strcmp(config->files[i].path, path) != 0)
        i++;
    return i;
}

// It has other names, too, and none of them was seen.
static bool has_names(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && info.st_nlink > 1;
}

// What was seen is known by its path: a text of the configuration, or a file that it names.
static bool are_known(const struct inputs *old, const struct inputs_seen *seen, bool *ret_texts)
{
    *ret_texts = false;
    for (size_t i = 0; i < seen->count; i++) {
        const char *path = seen->paths[i][0] != '\0' ? seen->paths[i] : old->config_path;
        bool is_text = seen->paths[i][0] == '\0' ||
                       find_text(old->config, seen->paths[i]) < old->config->file_count;
        *ret_texts = *ret_texts || is_text;
        if (has_names(path) || (!is_text && inputs_file(old, path) == NULL))
            return false; // the latter is one of the defaults that was not there
    }
    return true;
}

static bool same_patterns(const struct config *a, const struct config *b)
{
    if (a->include_count != b->include_count)
        return false;
    for (size_t i = 0; i < a->include_count; i++)
        if (strcmp(a->includes[i].text, b->includes[i].text) != 0)
            return false;
    return true;
}

// The texts of the old configuration with those that were seen read anew, each into a buffer of its own. False when
// that is not all there is to do: one is gone, or together they are too large.
static bool renew_texts(const struct before *before, struct config_file *files, struct buf *texts)
{
    const struct config *config = before->old->config;
    size_t total = 0;
    memcpy(files, config->files, config->file_count * sizeof(*files));
    for (size_t i = 0; i < before->seen->count; i++) {
        const char *seen = before->seen->paths[i];
        size_t at = seen[0] == '\0' ? 0 : find_text(config, seen);
        if (at == config->file_count)
            continue;
        if (file_read(files[at].path, CONFIG_FILE_MAX, &texts[i], NULL) != STATUS_OK)
            return false;
        files[at].text = buf_text(&texts[i]);
        files[at].len = texts[i].len;
    }
    for (size_t i = 1; i < config->file_count; i++)
        total += files[i].len;
    return total <= CONFIG_TEXTS_MAX;
}

// *ret stays NULL where all has to be read.
static enum status parse_seen(const struct surroundings *surroundings, const struct before *before,
                              struct config **ret, struct config_errors *errors)
{
    const struct config *old = before->old->config;
    struct config_file *files = xcalloc(old->file_count, sizeof(*files));
    struct buf texts[INPUTS_SEEN_MAX] = {{0}};
    enum status status = STATUS_OK;
    if (renew_texts(before, files, texts)) {
        struct surroundings with = with_included(surroundings, files, old->file_count);
        with.known = old;
        status = config_parse_in(&with, files[0].path, files[0].text, files[0].len, ret, errors);
    }
    if (*ret != NULL && !same_patterns(*ret, old)) {
        config_free(*ret);
        *ret = NULL;
    }
    for (size_t i = 0; i < before->seen->count; i++)
        buf_done(&texts[i]);
    free(files);
    return status;
}

enum status inputs_read_seen_in(const struct surroundings *surroundings, const char *config_path,
                                const struct inputs *old, const struct inputs_seen *seen,
                                struct inputs **ret, struct config_errors *errors)
{
    const struct before before = {old, seen};
    struct config *config = NULL;
    enum status status = STATUS_OK;
    bool texts = false;
    *ret = NULL;
    if (old == NULL || seen->everything || strcmp(old->config_path, config_path) != 0 ||
        !are_known(old, seen, &texts))
        return inputs_read_in(surroundings, config_path, ret, errors);
    if (texts)
        status = parse_seen(surroundings, &before, &config, errors);
    else
        config = config_share(old->config);
    if (status == STATUS_OK && config == NULL)
        return inputs_read_in(surroundings, config_path, ret, errors);
    if (status == STATUS_OK)
        *ret = complete(config_path, config, &before);
    return status;
}

enum status inputs_read_seen(const char *config_path, const struct inputs *old,
                             const struct inputs_seen *seen, struct inputs **ret,
                             struct config_errors *errors)
{
    return inputs_read_seen_in(&surroundings_of_box, config_path, old, seen, ret, errors);
}

struct inputs *inputs_share(const struct inputs *inputs)
{
    struct inputs *other = xcalloc(1, sizeof(*other));
    other->config_path = xstrdup(inputs->config_path);
    other->config = config_share(inputs->config);
    other->files = xcalloc(inputs->file_count, sizeof(*other->files));
    other->file_count = inputs->file_count;
    for (size_t i = 0; i < inputs->file_count; i++) {
        other->files[i] = inputs->files[i];
        other->files[i].path = xstrdup(inputs->files[i].path);
        (void)shared_use(other->files[i].octets);
    }
    other->found = xmemdup(inputs->found, inputs->found_count * sizeof(*inputs->found));
    other->found_count = inputs->found_count;
    return other;
}

void inputs_free(struct inputs *inputs)
{
    if (inputs == NULL)
        return;
    for (size_t i = 0; i < inputs->file_count; i++) {
        free(inputs->files[i].path);
        shared_free(inputs->files[i].octets);
    }
    free(inputs->files);
    free(inputs->found);
    free(inputs->config_path);
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

const struct input_file *inputs_file_near(const struct inputs *inputs, size_t place,
                                          const char *path)
{
    if (place < inputs->file_count && strcmp(inputs->files[place].path, path) == 0)
        return &inputs->files[place];
    return inputs_file(inputs, path);
}

static bool same_octets(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || a == b || memcmp(a, b, a_len) == 0);
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
    if (a == b)
        return true;
    if (a->file_count != b->file_count)
        return false;
    for (size_t i = 0; i < a->file_count; i++)
        if (!config_file_equal(&a->files[i], &b->files[i]))
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
