// SPDX-License-Identifier: ISC
#include "server/rights.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/confine.h"
#include "dns/store.h"

enum status rights_keep(const char *directory, struct rights *ret, unsigned *ret_landlock,
                        struct error *err)
{
    struct stat info;
    if (mkdir(directory, 0750) != 0 && errno != EEXIST)
        return error_set_errno(err, errno, "%s: cannot make the directory", directory);
    if (stat(directory, &info) != 0)
        return error_set_errno(err, errno, "%s", directory);
    const struct confine_path paths[] = {{directory, CONFINE_UPDATE}};
    const struct confine_profile profile = {CONFINE_FILES_READ | CONFINE_SERVE, paths, 1};
    struct confine_result result;
    enum status status = confine(&profile, &result, err);
    if (status != STATUS_OK)
        return status;
    *ret = (struct rights){directory, info.st_dev, info.st_ino};
    *ret_landlock = result.landlock;
    return STATUS_OK;
}

bool rights_are_void(const struct rights *rights)
{
    struct stat info;
    if (rights->directory == NULL || stat(rights->directory, &info) != 0 ||
        (info.st_dev == rights->device && info.st_ino == rights->inode))
        return false;
    return store_is_there(rights->directory);
}
