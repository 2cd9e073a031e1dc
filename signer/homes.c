// SPDX-License-Identifier: ISC
#include "signer/homes.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static enum status check_owner(const char *directory, struct error *err)
{
    char *state = path_join(directory, "state");
    struct stat info;
    enum status status = STATUS_OK;
    if (geteuid() == 0 && stat(state, &info) == 0 && info.st_uid != 0)
        status =
            error_set(err, STATUS_DENIED,
                      "%s: belongs to user %u, who could not use what root makes; start zoned, "
                      "or zone-signer as that user",
                      state, (unsigned)info.st_uid);
    free(state);
    return status;
}

static enum status find_group(const char *text, gid_t *ret, struct error *err)
{
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    const struct group *entry = getgrnam(text);
    if (entry != NULL)
        *ret = entry->gr_gid;
    else if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && number < (gid_t)-1)
        *ret = (gid_t)number;
    else
        return error_set(err, STATUS_NOT_FOUND, "box.dkim.group: there is no group \"%s\"", text);
    return STATUS_OK;
}

static enum status set_group(const char *path, const char *group, struct error *err)
{
    struct stat info;
    gid_t gid = (gid_t)-1;
    if (stat(path, &info) != 0)
        return error_set_errno(err, errno, "%s", path);
    enum status status = group != NULL ? find_group(group, &gid, err) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    bool same = gid == (gid_t)-1 || gid == info.st_gid;
    if (!same && chown(path, (uid_t)-1, gid) != 0)
        return error_set_errno(err, errno, "%s: cannot give it to the group of box.dkim.group",
                               path);
    if ((!same || (info.st_mode & 07777) != 02750) && chmod(path, 02750) != 0)
        return error_set_errno(err, errno, "%s: cannot set its mode", path);
    return STATUS_OK;
}

enum status homes_make(const char *directory, const char *dkim_group, struct error *err)
{
    enum status status = directory_make(directory, 0755, err);
    if (status == STATUS_OK)
        status = check_owner(directory, err);
    if (status != STATUS_OK)
        return status;
    char *dkim = path_join(directory, "dkim");
    status = directory_make(dkim, 0750, err);
    if (status == STATUS_OK)
        status = set_group(dkim, dkim_group, err);
    free(dkim);
    return status;
}
