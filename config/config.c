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

// Returns what could be read, with or without errors.
static struct config *parse(const struct surroundings *surroundings, const char *path,
                            const char *text, size_t len, struct config_errors *errors)
{
    struct config *config = xcalloc(1, sizeof(*config));
    config->path = xstrdup(path);
    config->directory =
        surroundings->directory != NULL ? xstrdup(surroundings->directory) : directory_of(path);
    struct reader reader = {.path = path, .config = config, .errors = errors};
    struct tree tree;
    // After a key that stands twice the tree is whole, and the other errors of the file are told
    // too.
    if (tree_parse(path, text, len, &tree, errors) == STATUS_OK || tree.is_whole) {
        read_config(&reader, &tree);
        defaults_apply(config, surroundings);
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
        struct config_errors errors = {0};
        struct config *config =
            parse(&surroundings_of_box, path, (const char *)text.data, text.len, &errors);
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

static void free_texts(struct config_text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i].text);
    free(texts);
}

static void free_resolver(struct config_resolver *resolver)
{
    for (size_t i = 0; i < resolver->forward_count; i++)
        free(resolver->forward[i].tls_name);
    free(resolver->forward);
    free(resolver->listen);
    free(resolver->root_hints);
    free_texts(resolver->trust_anchors, resolver->trust_anchor_count);
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    struct config_box *box = &config->box;
    for (size_t i = 0; i < box->nameserver_count; i++) {
        free(box->nameservers[i].name);
        free(box->nameservers[i].addresses);
    }
    free(box->nameservers);
    free(box->hostname);
    free(box->addresses);
    free_texts(box->tls, box->tls_count);
    free_texts(box->ssh, box->ssh_count);
    free(box->dkim_selector);
    free(box->dkim_group);
    for (size_t i = 0; i < config->domain_count; i++) {
        free(config->domains[i].name);
        free(config->domains[i].zone_file);
    }
    free(config->domains);
    free(config->server.listen);
    free_resolver(&config->resolver);
    free(config->control.directory);
    free(config->control.group);
    free(config->user.signer);
    free(config->user.server);
    free(config->user.resolver);
    free(config->user.probe);
    free_texts(box->tls_next, box->tls_next_count);
    free(box->tls_ports);
    for (size_t i = 0; i < box->mail.service_count; i++)
        free(box->mail.services[i].name);
    free(box->mail.services);
    free(config->files);
    free(config->on_alarm);
    free(config->state);
    free(config->path);
    free(config->directory);
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
    return error_set(err, STATUS_SYNTAX, "%s:%u:%u: %s", config->path, place.line, place.column,
                     words);
}
