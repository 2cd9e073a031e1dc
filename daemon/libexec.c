// SPDX-License-Identifier: ISC
#include "daemon/libexec.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"

#define SIGNER "zone-signer"
#define SERVER "zone-server"

static bool has_programs(const char *directory)
{
    char *signer = path_join(directory, SIGNER);
    char *server = path_join(directory, SERVER);
    bool has = access(signer, X_OK) == 0 && access(server, X_OK) == 0;
    free(signer);
    free(server);
    return has;
}

static enum status take_given(const char *given, char **ret, struct error *err)
{
    *ret = has_programs(given) ? realpath(given, NULL) : NULL; // children start in /
    if (*ret == NULL)
        return error_set(err, STATUS_NOT_FOUND, "%s: has no %s and %s", given, SIGNER, SERVER);
    return STATUS_OK;
}

enum status libexec_find(const char *given, const char *relative, char **ret, struct error *err)
{
    if (given != NULL)
        return take_given(given, ret, err);
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[len > 0 ? len : 0] = '\0';
    char *beside = path_directory(self);
    char *installed = path_join(beside, relative);
    enum status status = STATUS_OK;
    if (has_programs(beside))
        *ret = xstrdup(beside);
    else if (has_programs(installed))
        *ret = xstrdup(installed);
    else
        status = error_set(err, STATUS_NOT_FOUND,
                           "no %s and %s in %s nor in %s; zoned --libexec DIR says where they are",
                           SIGNER, SERVER, beside, installed);
    free(beside);
    free(installed);
    return status;
}
