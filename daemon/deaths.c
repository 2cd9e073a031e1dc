// SPDX-License-Identifier: ISC
#include "daemon/deaths.h"

#include <signal.h>
#include <string.h>

struct deaths_image *deaths_find(struct deaths *deaths, uint64_t image)
{
    for (size_t i = 0; i < deaths->count; i++)
        if (deaths->aside[i].kept.id == image)
            return &deaths->aside[i];
    return NULL;
}

static uint64_t add(struct deaths *deaths, const struct deaths_image *image)
{
    uint64_t forgotten = 0;
    if (deaths->count == QUARANTINE_MAX) {
        forgotten = deaths->aside[0].kept.id;
        deaths->count--;
        memmove(deaths->aside, deaths->aside + 1, deaths->count * sizeof(deaths->aside[0]));
    }
    deaths->aside[deaths->count++] = *image;
    return forgotten;
}

enum deaths_verdict deaths_count(struct deaths *deaths, uint64_t image, int64_t now,
                                 uint64_t *ret_forgotten)
{
    *ret_forgotten = 0;
    if (deaths_find(deaths, image) != NULL)
        return DEATHS_KNOWN;
    if (!quarantine_has(&deaths->suspects, image)) {
        quarantine_add(&deaths->suspects, image);
        return DEATHS_SUSPECT;
    }
    *ret_forgotten = add(deaths, &(struct deaths_image){.kept = {.id = image, .since = now}});
    return DEATHS_SET_ASIDE;
}

bool deaths_is_fault(int64_t exit_status, int signal)
{
    switch (signal) {
    case 0:
        return exit_status != 0;
    case SIGABRT:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGSEGV:
    case SIGSYS:
    case SIGTRAP:
        return true;
    default:
        return false;
    }
}

// ── The file ─────────────────────────────────────────────────────────────────────────────────────

enum status deaths_read(struct deaths *deaths, const char *state, struct error *err)
{
    struct quarantine_images kept;
    enum status status = quarantine_file_read(state, &kept, err);
    *deaths = (struct deaths){.count = 0};
    for (; deaths->count < kept.count; deaths->count++)
        deaths->aside[deaths->count] =
            (struct deaths_image){.kept = kept.images[deaths->count], .told = true};
    return status;
}

enum status deaths_write(const struct deaths *deaths, const char *state, struct error *err)
{
    struct quarantine_images kept = {.count = deaths->count};
    for (size_t i = 0; i < deaths->count; i++)
        kept.images[i] = deaths->aside[i].kept;
    return quarantine_file_write(state, &kept, err);
}
