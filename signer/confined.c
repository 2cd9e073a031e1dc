// SPDX-License-Identifier: ISC
#include "signer/confined.h"

#include <stdlib.h>

#include "base/confine.h"
#include "base/file.h"
#include "keys/dnskey.h"

// The modes are those of a program run alone; zoned has made them already, with groups.
static const struct {
    const char *name;
    mode_t mode;
} directories[] = {
    {"keys", 0700}, {"dkim", 0750}, {"public", 0755}, {"state", 0700}, {"serve", 0750},
};

#define DIRECTORIES (sizeof(directories) / sizeof(directories[0]))

static enum status make_directories(const char *directory, char *paths[DIRECTORIES],
                                    struct error *err)
{
    enum status status = directory_make(directory, 0755, err);
    for (size_t i = 0; i < DIRECTORIES && status == STATUS_OK; i++) {
        paths[i] = path_join(directory, directories[i].name);
        status = directory_make(paths[i], directories[i].mode, err);
    }
    return status;
}

enum status confined_start(const char *directory, bool alone, unsigned *ret_landlock,
                           struct error *err)
{
    char *made[DIRECTORIES] = {0};
    struct confine_path paths[DIRECTORIES + 1];
    enum status status = make_directories(directory, made, err);
    for (size_t i = 0; i < DIRECTORIES; i++)
        paths[i] = (struct confine_path){made[i], CONFINE_WRITE};
    paths[DIRECTORIES] = (struct confine_path){alone ? "/" : NULL, CONFINE_READ};
    // CONFINE_SERVE is the control socket: there is no other.
    struct confine_profile profile = {
        .groups = CONFINE_FILES_READ | CONFINE_FILES_WRITE | CONFINE_SERVE | CONFINE_THREADS |
                  CONFINE_CLOCK | (alone ? CONFINE_WATCH : 0U),
        .paths = paths,
        .path_count = DIRECTORIES + 1,
    };
    struct confine_result result = {0};
    dnskey_prepare();
    if (status == STATUS_OK)
        status = confine(&profile, &result, err);
    for (size_t i = 0; i < DIRECTORIES; i++)
        free(made[i]);
    *ret_landlock = result.landlock;
    return status;
}
