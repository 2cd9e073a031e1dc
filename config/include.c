// SPDX-License-Identifier: ISC
#include "config/include.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "config/errors.h"

const char *include_keep_text(struct config *config, const char *text, size_t len)
{
    char *copy = arena_octets(&config->arena, len + 1);
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void include_take(struct config *config, const struct config_file *files, size_t count)
{
    size_t before = config->file_count;
    struct config_file *all =
        arena_struct(&config->arena, (before + count) * sizeof(*config->files));
    memcpy(all, config->files, before * sizeof(*all));
    for (size_t i = 0; i < count; i++) {
        all[before + i] = (struct config_file){
            .path = arena_text(&config->arena, files[i].path),
            .text = include_keep_text(config, files[i].text, files[i].len),
            .len = files[i].len,
        };
    }
    config->files = all;
    config->file_count = before + count;
}

// ── Looking for files ────────────────────────────────────────────────────────────────────────────

struct found {
    char *path;
    const struct config_text *pattern;
    size_t order;
};

struct finding {
    const struct reader *reader;
    struct found *list;
    size_t count, cap;
};

static void complain(const struct reader *reader, const struct config_text *pattern,
                     const char *words)
{
    reader_complain(reader, pattern->place, "include", "%s", words);
}

// A directory that is not there holds nothing; what is in one that cannot be read is unknown.
static int stops(const char *path, int error)
{
    (void)path;
    return error != ENOENT && error != ENOTDIR;
}

static void find(struct finding *finding, const struct config_text *pattern)
{
    glob_t matches = {0};
    errno = 0;
    int result = glob(pattern->text, 0, stops, &matches);
    struct error err = {0};
    if (result == GLOB_NOSPACE)
        abort(); // out of memory, as in base/alloc.c
    if (result == GLOB_ABORTED) {
        error_set_errno(&err, errno, "%s", pattern->text);
        complain(finding->reader, pattern, err.text);
    } else if (result == GLOB_NOMATCH && strpbrk(pattern->text, "*?[") == NULL) {
        error_set_errno(&err, ENOENT, "%s", pattern->text);
        complain(finding->reader, pattern, err.text);
    }
    for (size_t i = 0; result == 0 && i < matches.gl_pathc; i++) { // sorted
        finding->list =
            array_grow(finding->list, &finding->cap, finding->count, sizeof(*finding->list));
        finding->list[finding->count] =
            (struct found){xstrdup(matches.gl_pathv[i]), pattern, finding->count};
        finding->count++;
    }
    globfree(&matches);
}

static int compare_paths(const void *left, const void *right)
{
    const struct found *a = left, *b = right;
    int order = strcmp(a->path, b->path);
    return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

static int compare_orders(const void *left, const void *right)
{
    const struct found *a = left, *b = right;
    return (a->order > b->order) - (a->order < b->order);
}

// What two patterns match is read once, and the configuration itself is none of its files.
static void keep_once(struct finding *finding)
{
    const struct config *config = finding->reader->config;
    const char *slash = strrchr(config->path, '/');
    char *itself = path_join(config->directory, slash != NULL ? slash + 1 : config->path);
    size_t kept = 0;
    if (finding->count > 0)
        qsort(finding->list, finding->count, sizeof(*finding->list), compare_paths);
    for (size_t i = 0; i < finding->count; i++) {
        struct found *found = &finding->list[i];
        bool again = kept > 0 && strcmp(finding->list[kept - 1].path, found->path) == 0;
        if (again || strcmp(found->path, itself) == 0)
            free(found->path);
        else
            finding->list[kept++] = *found;
    }
    finding->count = kept;
    if (kept > 0)
        qsort(finding->list, kept, sizeof(*finding->list), compare_orders);
    free(itself);
}

// ── Reading them ─────────────────────────────────────────────────────────────────────────────────

// The text lives in the arena; the buffer is the same for all files.
static bool read_file(const struct reader *reader, const struct found *found, struct buf *content,
                      struct config_file *ret)
{
    struct config *config = reader->config;
    struct error err = {0};
    buf_clear(content);
    enum status status = file_read(found->path, CONFIG_FILE_MAX, content, &err);
    // Gone since it was found, as a file that an editor replaces.
    if (status == STATUS_NOT_FOUND && strpbrk(found->pattern->text, "*?[") != NULL)
        return false;
    if (status != STATUS_OK) {
        complain(reader, found->pattern, err.text);
        return false;
    }
    *ret = (struct config_file){
        .path = arena_text(&config->arena, found->path),
        .text = include_keep_text(config, (const char *)content->data, content->len),
        .len = content->len,
    };
    return true;
}

static void read_all(const struct finding *finding)
{
    struct config *config = finding->reader->config;
    struct config_file *all =
        arena_struct(&config->arena, (1 + finding->count) * sizeof(*config->files));
    struct buf content = {0};
    size_t total = 0, count = 1;
    all[0] = config->files[0];
    for (size_t i = 0; i < finding->count; i++) {
        if (!read_file(finding->reader, &finding->list[i], &content, &all[count]))
            continue;
        total += all[count++].len;
        if (total > CONFIG_TEXTS_MAX) {
            complain(finding->reader, finding->list[i].pattern,
                     "all files together have more than the 67108864 octets allowed; options that "
                     "domains share belong into `box:`");
            break;
        }
    }
    buf_done(&content);
    config->files = all;
    config->file_count = count;
}

void include_find(const struct reader *reader)
{
    const struct config *config = reader->config;
    struct finding finding = {.reader = reader};
    for (size_t i = 0; i < config->include_count; i++)
        if (config->includes[i].text != NULL)
            find(&finding, &config->includes[i]);
    keep_once(&finding);
    if (finding.count > CONFIG_INCLUDED_MAX)
        complain(reader, &config->includes[0],
                 "more than 100000 files; put several domains into one");
    else
        read_all(&finding);
    for (size_t i = 0; i < finding.count; i++)
        free(finding.list[i].path);
    free(finding.list);
}
