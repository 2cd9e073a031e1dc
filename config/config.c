// SPDX-License-Identifier: ISC
#include "config/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "config/check.h"
#include "config/defaults.h"
#include "config/errors.h"
#include "config/include.h"
#include "config/kept_tree.h"
#include "config/read.h"
#include "config/surroundings.h"
#include "config/tree.h"

const char *config_errors_line(const struct config_errors *errors, size_t index, struct error *text)
{
    size_t listed = errors->count < CONFIG_ERRORS_MAX ? errors->count : CONFIG_ERRORS_MAX;
    if (index < listed)
        return errors->list[index].text;
    if (index > listed || errors->count == listed)
        return NULL;
    (void)error_set(text, STATUS_RANGE, "and %zu more errors", errors->count - listed);
    return text->text;
}

bool config_errors_equal(const struct config_errors *a, const struct config_errors *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count && i < CONFIG_ERRORS_MAX; i++)
        if (strcmp(a->list[i].text, b->list[i].text) != 0)
            return false;
    return true;
}

struct error *config_errors_next(struct config_errors *errors)
{
    size_t index = errors->count++;
    return index < CONFIG_ERRORS_MAX ? &errors->list[index] : NULL;
}

// The directory of the configuration. Symbolic links are not followed: relative paths start where
// the admin sees the file.
static char *directory_of(const char *path)
{
    char *directory = path_directory(path);
    if (directory[0] == '/')
        return directory;
    char *here = getcwd(NULL, 0);
    char *absolute;
    if (here == NULL) // the working directory is gone; relative paths have no meaning then
        absolute = xstrdup("/");
    else if (strcmp(directory, ".") == 0)
        absolute = xstrdup(here);
    else
        absolute = path_join(here, directory);
    free(here);
    free(directory);
    return absolute;
}

static struct config *begin(const struct surroundings *surroundings, const char *path,
                            const char *text, size_t len)
{
    struct config *config = xcalloc(1, sizeof(*config));
    config->users = 1;
    char *directory = surroundings->directory == NULL ? directory_of(path) : NULL;
    config->path = arena_text(&config->arena, path);
    config->directory =
        arena_text(&config->arena, directory != NULL ? directory : surroundings->directory);
    free(directory);
    config->files = arena_struct(&config->arena, sizeof(*config->files));
    config->files[0] = (struct config_file){
        .path = config->path, .text = include_keep_text(config, text, len), .len = len};
    config->file_count = 1;
    return config;
}

bool config_file_equal(const struct config_file *a, const struct config_file *b)
{
    return strcmp(a->path, b->path) == 0 && a->len == b->len &&
           (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
}

// The tree of the file of that number, where it is the same there. Its places say the number.
static struct kept_tree *find_known(const struct config *known, const struct config *config,
                                    size_t number)
{
    if (known == NULL || known->trees == NULL || number >= known->file_count)
        return NULL;
    bool same = config_file_equal(&known->files[number], &config->files[number]);
    return same ? known->trees[number] : NULL;
}

// Returns the tree when it is to be kept: one that has an error has to be complained of again.
static struct kept_tree *read_included_file(struct reader *reader, size_t number, size_t *kept_size)
{
    const struct config_file *file = &reader->config->files[number];
    struct kept_tree *kept = NULL;
    struct tree tree;
    enum status status = tree_parse(file, (unsigned)number, &tree, reader->errors);
    if (status == STATUS_OK || tree.is_whole)
        read_included(reader, &tree);
    if (status == STATUS_OK)
        kept = kept_tree_make(&tree, kept_size);
    tree_done(&tree);
    return kept;
}

static void read_included_files(struct reader *reader, const struct surroundings *surroundings)
{
    struct config *config = reader->config;
    if (surroundings->has_included)
        include_take(config, surroundings->included, surroundings->included_count);
    else
        include_find(reader);
    size_t kept_size = 0;
    config->trees = xcalloc(config->file_count, sizeof(struct kept_tree *));
    for (size_t i = 1; i < config->file_count; i++) {
        struct kept_tree *known = find_known(surroundings->known, config, i);
        if (known != NULL) {
            config->trees[i] = kept_tree_use(known, &kept_size);
            read_included(reader, kept_tree_tree(known));
        } else {
            config->trees[i] = read_included_file(reader, i, &kept_size);
        }
    }
}

// Returns what could be read, with or without errors.
static struct config *parse(const struct surroundings *surroundings, const char *path,
                            const char *text, size_t len, struct config_errors *errors)
{
    struct config *config = begin(surroundings, path, text, len);
    struct reader reader = {.config = config, .errors = errors};
    struct tree tree;
    // After a key that stands twice the tree is whole, and the other errors of the file are told
    // too.
    if ((tree_parse(&config->files[0], 0, &tree, errors) == STATUS_OK || tree.is_whole) &&
        read_box(&reader, &tree)) {
        defaults_apply(config, surroundings);
        read_domains(&reader, &tree);
        read_included_files(&reader, surroundings);
        read_finish(&reader);
        check_config(&reader);
    }
    tree_done(&tree);
    return config;
}

enum status config_parse_in(const struct surroundings *surroundings, const char *path,
                            const char *text, size_t len, struct config **ret,
                            struct config_errors *errors)
{
    *ret = NULL;
    if (len > CONFIG_FILE_MAX)
        return error_set(config_errors_next(errors), STATUS_RANGE,
                         "%s: larger than the %u octets allowed; split the configuration", path,
                         CONFIG_FILE_MAX);
    size_t before = errors->count;
    struct config *config = parse(surroundings, path, text, len, errors);
    if (errors->count > before) {
        config_free(config);
        return STATUS_SYNTAX;
    }
    *ret = config;
    return STATUS_OK;
}

enum status config_parse(const char *path, const char *text, size_t len, struct config **ret,
                         struct config_errors *errors)
{
    return config_parse_in(&surroundings_of_box, path, text, len, ret, errors);
}

enum status config_load(const char *path, struct config **ret, struct config_errors *errors)
{
    *ret = NULL;
    struct buf text = {0};
    struct error err = {0};
    enum status status = file_read(path, CONFIG_FILE_MAX, &text, &err);
    if (status == STATUS_OK)
        status = config_parse(path, (const char *)text.data, text.len, ret, errors);
    else
        error_set(config_errors_next(errors), status, "%s", err.text);
    buf_done(&text);
    return status;
}

enum status config_glance(const char *path, char **ret_state, char **ret_control, struct error *err)
{
    struct buf text = {0};
    enum status status = file_read(path, CONFIG_FILE_MAX, &text, err);
    if (status == STATUS_OK) {
        static const struct surroundings alone = {.has_included = true};
        struct config_errors errors = {0};
        struct config *config = parse(&alone, path, (const char *)text.data, text.len, &errors);
        if (config->state == NULL) {
            status = error_set(err, STATUS_SYNTAX, "%s", errors.list[0].text);
        } else {
            *ret_state = xstrdup(config->state);
            *ret_control =
                config->control.directory != NULL ? xstrdup(config->control.directory) : NULL;
        }
        config_free(config);
    }
    buf_done(&text);
    return status;
}

struct config *config_share(struct config *config)
{
    config->users++;
    return config;
}

void config_free(struct config *config)
{
    if (config == NULL || --config->users > 0)
        return;
    for (size_t i = 0; config->trees != NULL && i < config->file_count; i++)
        kept_tree_free(config->trees[i]);
    free(config->trees);
    free(config->domains);
    arena_done(&config->arena);
    free(config);
}

enum status config_complain(const struct config *config, struct config_place place,
                            struct error *err, const char *format, ...)
{
    char words[ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    if (place.line == 0) // it is about a default
        return error_set(err, STATUS_SYNTAX, "%s: %s", config->path, words);
    const char *path =
        place.file < config->file_count ? config->files[place.file].path : config->path;
    return error_set(err, STATUS_SYNTAX, "%s:%u:%u: %s", path, place.line, place.column, words);
}
