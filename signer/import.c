// SPDX-License-Identifier: ISC
#include "signer/import.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "keys/key_import.h"

// What root makes in a directory that is another's could be led astray by that one; and the files are to be that one's.
static enum status become_owner(const char *directory, struct error *err)
{
    struct stat info;
    if (stat(directory, &info) != 0 && errno == ENOENT)
        return error_set(err, STATUS_NOT_FOUND, "%s: no such directory; `zonebox init` makes it",
                         directory);
    if (stat(directory, &info) != 0)
        return error_set_errno(err, errno, "%s: cannot write there", directory);
    if (!S_ISDIR(info.st_mode))
        return error_set(err, STATUS_IO, "%s: not a directory", directory);
    if (geteuid() != 0 || info.st_uid == 0)
        return STATUS_OK;
    if (setgroups(0, NULL) != 0 || setgid(info.st_gid) != 0 || setuid(info.st_uid) != 0)
        return error_set_errno(err, errno, "%s: cannot write as its owner", directory);
    return STATUS_OK;
}

static void print(const struct key_imports *imports)
{
    for (size_t i = 0; i < imports->count; i++) {
        const struct key_import *import = &imports->list[i];
        printf("%u %u %u %s %s %s\n", import->key.tag, import->key.algorithm, import->key.flags,
               import->is_there ? "there" : "new", import->is_over ? "over" : "used",
               import->key.path);
    }
}

enum status import_keys(const char *directory, const char *zone, const char *const *files,
                        size_t count, bool dry, struct error *err)
{
    struct key_import_place place = {directory, zone, (int64_t)time(NULL)};
    struct key_imports imports;
    enum status status = key_import_read(&place, files, count, &imports, err);
    if (status == STATUS_OK) // dry, too: what would fail is told then
        status = become_owner(directory, err);
    if (status == STATUS_OK && !dry)
        status = key_import_write(&imports, err);
    if (status == STATUS_OK)
        print(&imports);
    key_imports_done(&imports);
    return status;
}
