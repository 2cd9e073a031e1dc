// SPDX-License-Identifier: ISC
#include "base/quarantine_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/time_text.h"

#define HEAD                                                                                       \
    "# zonebox " ZONEBOX_VERSION ": images of which zone-server died, and answers from no more\n"
#define FILE_MAX (QUARANTINE_MAX * (QUARANTINE_ZONE_MAX + 64) + sizeof(HEAD))

// "0123456789abcdef 2026-11-23T02:00:00Z example.com", where "-" is no zone.
static bool read_line(char *line, struct quarantine_image *ret)
{
    char *rest = NULL;
    const char *id = strtok_r(line, " ", &rest);
    const char *since = strtok_r(NULL, " ", &rest);
    const char *zone = strtok_r(NULL, " ", &rest);
    *ret = (struct quarantine_image){.id = 0};
    if (zone == NULL || strlen(zone) >= sizeof(ret->zone) || !quarantine_read(id, &ret->id) ||
        !time_text_read(since, &ret->since))
        return false;
    if (strcmp(zone, "-") != 0)
        strcpy(ret->zone, zone);
    return true;
}

static bool has(const struct quarantine_images *images, uint64_t id)
{
    for (size_t i = 0; i < images->count; i++)
        if (images->images[i].id == id)
            return true;
    return false;
}

enum status quarantine_file_read(const char *state, struct quarantine_images *ret,
                                 struct error *err)
{
    char *path = path_join(state, QUARANTINE_FILE);
    struct buf text = {0};
    enum status status = file_read(path, FILE_MAX, &text, err);
    ret->count = 0;
    if (status == STATUS_OK && strncmp(buf_text(&text), HEAD, strlen(HEAD)) != 0)
        status = error_set(err, STATUS_STATE, "%s: of another version of zonebox", path);
    char *rest = NULL;
    for (char *line = status == STATUS_OK ? strtok_r((char *)text.data, "\n", &rest) : NULL;
         line != NULL && ret->count < QUARANTINE_MAX; line = strtok_r(NULL, "\n", &rest)) {
        struct quarantine_image *image = &ret->images[ret->count];
        if (line[0] != '#' && read_line(line, image) && !has(ret, image->id))
            ret->count++;
    }
    buf_done(&text);
    free(path);
    return status;
}

enum status quarantine_file_write(const char *state, const struct quarantine_images *images,
                                  struct error *err)
{
    char *path = path_join(state, QUARANTINE_FILE);
    struct buf text = {0};
    buf_put_text(&text, HEAD);
    for (size_t i = 0; i < images->count; i++) {
        const struct quarantine_image *image = &images->images[i];
        char when[TIME_TEXT_MAX];
        buf_printf(&text, "%s %s %s\n", quarantine_words(image->id), time_text(image->since, when),
                   image->zone[0] != '\0' ? image->zone : "-");
    }
    enum status status = file_write(path, text.data, text.len, 0644, err);
    buf_done(&text);
    free(path);
    return status;
}
