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
#include "config/config.h"

// First line of the file; the configuration's own text follows unchanged, so that places in it keep
// their meaning.
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

enum status last_good_write(const char *state, const char *config_path, const void *text,
                            size_t len, struct error *err)
{
    char *path = path_join(state, LAST_GOOD_FILE);
    struct buf wanted = {0};
    struct buf there = {0};
    put_head(&wanted, config_path);
    buf_put(&wanted, text, len);
    enum status status = check_owner(path, NULL);
    if (status == STATUS_OK)
        status = file_read(path, wanted.len, &there, NULL);
    if (status != STATUS_OK || there.len != wanted.len || !starts_with(&there, &wanted))
        status = file_write(path, wanted.data, wanted.len, 0600, err);
    buf_done(&there);
    buf_done(&wanted);
    free(path);
    return status;
}

enum status last_good_read(const char *state, const char *config_path, struct buf *ret,
                           struct error *err)
{
    char *path = path_join(state, LAST_GOOD_FILE);
    struct buf head = {0};
    struct buf content = {0};
    put_head(&head, config_path);
    enum status status = check_owner(path, err);
    if (status == STATUS_OK)
        status = file_read(path, CONFIG_FILE_MAX + head.len, &content, err);
    if (status == STATUS_OK && !starts_with(&content, &head))
        status = error_set(err, STATUS_STATE, "%s: is of another configuration", path);
    if (status == STATUS_OK)
        buf_put(ret, content.data + head.len, content.len - head.len);
    buf_done(&content);
    buf_done(&head);
    free(path);
    return status;
}
