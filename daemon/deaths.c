// SPDX-License-Identifier: ISC
#include "daemon/deaths.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/time_text.h"

#define HEAD                                                                                       \
    "# zonebox " ZONEBOX_VERSION ": images of which zone-server died, and answers from no more\n"
#define FILE_MAX (QUARANTINE_MAX * (DEATHS_ZONE_MAX + 64) + sizeof(HEAD))

struct deaths_image *deaths_find(struct deaths *deaths, uint64_t image)
{
    for (size_t i = 0; i < deaths->count; i++)
        if (deaths->aside[i].id == image)
            return &deaths->aside[i];
    return NULL;
}

static uint64_t add(struct deaths *deaths, const struct deaths_image *image)
{
    uint64_t forgotten = 0;
    if (deaths->count == QUARANTINE_MAX) {
        forgotten = deaths->aside[0].id;
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
    *ret_forgotten = add(deaths, &(struct deaths_image){.id = image, .since = now});
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

// "0123456789abcdef 2026-11-23T02:00:00Z example.com", where "-" is no zone.
static bool read_line(char *line, struct deaths_image *ret)
{
    char *rest = NULL;
    const char *id = strtok_r(line, " ", &rest);
    const char *since = strtok_r(NULL, " ", &rest);
    const char *zone = strtok_r(NULL, " ", &rest);
    *ret = (struct deaths_image){.told = true};
    if (zone == NULL || strlen(zone) >= sizeof(ret->zone) || !quarantine_read(id, &ret->id) ||
        !time_text_read(since, &ret->since))
        return false;
    if (strcmp(zone, "-") != 0)
        strcpy(ret->zone, zone);
    return true;
}

enum status deaths_read(struct deaths *deaths, const char *state, struct error *err)
{
    char *path = path_join(state, DEATHS_FILE);
    struct buf text = {0};
    enum status status = file_read(path, FILE_MAX, &text, err);
    *deaths = (struct deaths){.count = 0};
    if (status == STATUS_OK && strncmp(buf_text(&text), HEAD, strlen(HEAD)) != 0)
        status = error_set(err, STATUS_STATE, "%s: of another version of zonebox", path);
    char *rest = NULL;
    for (char *line = status == STATUS_OK ? strtok_r((char *)text.data, "\n", &rest) : NULL;
         line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        struct deaths_image image;
        if (line[0] != '#' && read_line(line, &image) && deaths_find(deaths, image.id) == NULL)
            (void)add(deaths, &image);
    }
    buf_done(&text);
    free(path);
    return status;
}

enum status deaths_write(const struct deaths *deaths, const char *state, struct error *err)
{
    char *path = path_join(state, DEATHS_FILE);
    struct buf text = {0};
    buf_put_text(&text, HEAD);
    for (size_t i = 0; i < deaths->count; i++) {
        const struct deaths_image *image = &deaths->aside[i];
        char when[TIME_TEXT_MAX];
        buf_printf(&text, "%s %s %s\n", quarantine_words(image->id), time_text(image->since, when),
                   image->zone[0] != '\0' ? image->zone : "-");
    }
    enum status status = file_write(path, text.data, text.len, 0644, err);
    buf_done(&text);
    free(path);
    return status;
}
