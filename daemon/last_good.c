// SPDX-License-Identifier: ISC
#include "daemon/last_good.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"

// First line of the file; the configuration's own text follows unchanged. Where it includes files, the second line has
// the octets of that text, and behind it each file follows in the same way:
//
//   # zonebox keeps this copy of /etc/zonebox/zonebox.yaml
//   # 57 octets, and 1 included
//   …
//   # /etc/zonebox/conf.d/a.yaml
//   # 22 octets
//   …
#define LAST_GOOD_HEAD "# zonebox keeps this copy of "

char *last_good_origin(const char *config_path)
{
    char *directory = path_directory(config_path);
    char *real = realpath(directory, NULL);
    const char *slash = strrchr(config_path, '/');
    char *origin =
        path_join(real != NULL ? real : directory, slash != NULL ? slash + 1 : config_path);
    free(real);
    free(directory);
    return origin;
}

static void put_head(struct buf *ret, const char *config_path)
{
    char *origin = last_good_origin(config_path);
    buf_printf(ret, "%s%s\n", LAST_GOOD_HEAD, origin);
    free(origin);
}

static bool starts_with(const struct buf *content, const struct buf *head)
{
    return content->len >= head->len && memcmp(content->data, head->data, head->len) == 0;
}

// What it says is done with all rights of zoned: commands of `on-alarm` are run. So it must be zoned's own.
static enum status check_owner(const char *path, struct error *err)
{
    struct stat info;
    if (lstat(path, &info) != 0)
        return error_set_errno(err, errno, "%s", path);
    if (S_ISREG(info.st_mode) && info.st_uid == geteuid())
        return STATUS_OK;
    return error_set(err, STATUS_DENIED, "%s: belongs to user %u and not to that of zoned", path,
                     (unsigned)info.st_uid);
}

static void put_texts(struct buf *ret, const struct config_file *files, size_t count)
{
    if (count > 1)
        buf_printf(ret, "# %zu octets, and %zu included\n", files[0].len, count - 1);
    buf_put(ret, files[0].text, files[0].len);
    for (size_t i = 1; i < count; i++) {
        buf_printf(ret, "\n# %s\n# %zu octets\n", files[i].path, files[i].len);
        buf_put(ret, files[i].text, files[i].len);
    }
}

enum status last_good_write(const char *state, const struct config_file *files, size_t count,
                            struct error *err)
{
    char *path = path_join(state, LAST_GOOD_FILE);
    struct buf wanted = {0};
    put_head(&wanted, files[0].path);
    put_texts(&wanted, files, count);
    enum status status = check_owner(path, NULL) == STATUS_OK
                             ? file_update(path, wanted.data, wanted.len, 0600, err)
                             : file_write(path, wanted.data, wanted.len, 0600, err);
    buf_done(&wanted);
    free(path);
    return status;
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────

// What is left of the content; the buffer's NUL is behind it.
struct cursor {
    const char *at;
    size_t left;
};

static bool take_text(struct cursor *cursor, size_t len, const char **ret)
{
    if (cursor->left < len)
        return false;
    *ret = cursor->at;
    cursor->at += len;
    cursor->left -= len;
    return true;
}

static bool take_word(struct cursor *cursor, const char *word)
{
    const char *text;
    size_t len = strlen(word);
    return cursor->left >= len && memcmp(cursor->at, word, len) == 0 &&
           take_text(cursor, len, &text);
}

static bool take_number(struct cursor *cursor, size_t max, size_t *ret)
{
    size_t value = 0, digits = 0;
    for (; digits < cursor->left && cursor->at[digits] >= '0' && cursor->at[digits] <= '9';
         digits++)
        if ((value = value * 10 + (size_t)(cursor->at[digits] - '0')) > max)
            return false;
    const char *text;
    *ret = value;
    return digits > 0 && take_text(cursor, digits, &text);
}

static bool take_file(struct cursor *cursor, struct last_good *ret)
{
    if (!take_word(cursor, "\n# /"))
        return false;
    const char *path = cursor->at - 1, *newline = memchr(path, '\n', cursor->left + 1);
    const char *rest;
    struct config_file *file = &ret->files[ret->count];
    if (newline == NULL || !take_text(cursor, (size_t)(newline + 1 - cursor->at), &rest) ||
        !take_word(cursor, "# ") || !take_number(cursor, CONFIG_FILE_MAX, &file->len) ||
        !take_word(cursor, " octets\n") || !take_text(cursor, file->len, &file->text))
        return false;
    file->path = arena_printf(&ret->arena, "%.*s", (int)(newline - path), path);
    ret->count++;
    return true;
}

// The configuration's own text; only where it includes files there is a line with its length.
static bool take_texts(struct cursor *cursor, const char *config_path, struct last_good *ret)
{
    struct cursor line = *cursor;
    size_t len = cursor->left, included = 0;
    if (take_word(&line, "# ") && take_number(&line, CONFIG_FILE_MAX, &len) &&
        take_word(&line, " octets, and ") && take_number(&line, CONFIG_INCLUDED_MAX, &included) &&
        take_word(&line, " included\n"))
        *cursor = line;
    else
        len = cursor->left, included = 0;
    ret->files = xcalloc(1 + included, sizeof(*ret->files));
    ret->files[0] = (struct config_file){.path = arena_text(&ret->arena, config_path), .len = len};
    ret->count = 1;
    bool whole = take_text(cursor, len, &ret->files[0].text);
    while (whole && ret->count < 1 + included)
        whole = take_file(cursor, ret);
    return whole && cursor->left == 0;
}

enum status last_good_read(const char *state, const char *config_path, struct last_good *ret,
                           struct error *err)
{
    char *path = path_join(state, LAST_GOOD_FILE);
    struct buf head = {0};
    *ret = (struct last_good){0};
    put_head(&head, config_path);
    enum status status = check_owner(path, err);
    if (status == STATUS_OK) // with a bit more for the lines between the texts
        status = file_read(path, 2 * (size_t)CONFIG_TEXTS_MAX, &ret->content, err);
    if (status == STATUS_OK && !starts_with(&ret->content, &head))
        status = error_set(err, STATUS_STATE, "%s: is of another configuration", path);
    struct cursor cursor = {(const char *)ret->content.data + head.len,
                            ret->content.len - head.len};
    if (status == STATUS_OK && !take_texts(&cursor, config_path, ret))
        status = error_set(err, STATUS_STATE, "%s: is damaged, or from another version", path);
    buf_done(&head);
    free(path);
    return status;
}

void last_good_done(struct last_good *last_good)
{
    buf_done(&last_good->content);
    arena_done(&last_good->arena);
    free(last_good->files);
    *last_good = (struct last_good){0};
}
