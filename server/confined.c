// SPDX-License-Identifier: ISC
#include "server/confined.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/confine.h"
#include "dns/store.h"

enum status confined_start(const char *directory, struct confined *ret, unsigned *ret_landlock,
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
    *ret = (struct confined){directory, info.st_dev, info.st_ino};
    *ret_landlock = result.landlock;
    return STATUS_OK;
}

bool confined_is_void(const struct confined *confined)
{
    struct stat info;
    if (confined->directory == NULL || stat(confined->directory, &info) != 0 ||
        (info.st_dev == confined->device && info.st_ino == confined->inode))
        return false;
    return store_is_there(confined->directory);
}
