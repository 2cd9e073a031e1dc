// SPDX-License-Identifier: ISC
#include "daemon/set_aside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time_text.h"
#include "daemon/answerer.h"

// zone-signer may be busy with a status of all zones.
#define SIGNER_MS 10000

void set_aside_open(struct zoned *zoned)
{
    struct error err = {0};
    if (deaths_read(&zoned->deaths, zoned->state, &err) == STATUS_STATE)
        log_event(LOG_LEVEL_NOTICE, "nothing-set-aside", "reason", err.text, NULL);
    for (size_t i = 0; i < zoned->deaths.count; i++) {
        const struct deaths_image *image = &zoned->deaths.aside[i];
        log_event(LOG_LEVEL_INFO, "still-set-aside", "image", quarantine_words(image->kept.id),
                  "zone", image->kept.zone[0] != '\0' ? image->kept.zone : NULL, NULL);
    }
}

void set_aside_arguments(const struct zoned *zoned, struct launch *launch)
{
    for (size_t i = 0; i < zoned->deaths.count; i++) {
        launch_arg(launch, "--set-aside");
        launch_arg(launch, "%s", quarantine_words(zoned->deaths.aside[i].kept.id));
    }
}

static void keep(const struct zoned *zoned)
{
    struct error err = {0};
    if (deaths_write(&zoned->deaths, zoned->state, &err) != STATUS_OK)
        log_event(LOG_LEVEL_WARNING, "set-aside-not-kept", "reason", err.text, NULL);
}

// ── zone-signer, and the alarm ───────────────────────────────────────────────────────────────────

struct order {
    struct zoned *zoned;
    uint64_t image;
};

// What is served in its place. The caller frees.
static char *serving(const json_t *reply)
{
    const json_t *before = json_object_get(reply, "before");
    const json_t *expires = json_object_get(before, "expires");
    char until[TIME_TEXT_MAX];
    if (!json_is_string(json_object_get(reply, "zone")))
        return NULL;
    if (!json_is_object(before))
        return xstrdup("nothing: there is no image from before");
    json_int_t serial = json_integer_value(json_object_get(before, "serial"));
    if (!json_is_integer(expires))
        return xasprintf("serial %lld", (long long)serial);
    return xasprintf("serial %lld, whose signatures hold until %s", (long long)serial,
                     time_text(json_integer_value(expires), until));
}

static void tell_person(const struct deaths_image *image, const json_t *reply,
                        const struct error *err)
{
    const json_t *serial = json_object_get(reply, "serial");
    char *words = serving(reply);
    log_event(LOG_LEVEL_ERROR, "image-set-aside", "zone",
              image->kept.zone[0] != '\0' ? image->kept.zone : NULL, "serial",
              json_is_integer(serial) ? log_u64(json_integer_value(serial)) : NULL, "image",
              quarantine_words(image->kept.id), "serving", words, "reason",
              "zone-server died of it twice; the zone is tried again when it changes or is signed "
              "again",
              "zone-signer", reply == NULL ? err->text : NULL, NULL);
    free(words);
}

static void on_signer_told(void *data, enum status status, const json_t *reply,
                           const struct error *err)
{
    struct order order = *(struct order *)data;
    struct deaths_image *image = deaths_find(&order.zoned->deaths, order.image);
    const char *zone = json_string_value(json_object_get(reply, "zone"));
    free(data);
    if (image == NULL) // forgotten
        return;
    bool is_news =
        zone != NULL && strlen(zone) < sizeof(image->kept.zone) && image->kept.zone[0] == '\0';
    if (is_news)
        strcpy(image->kept.zone, zone);
    if (!image->told)
        tell_person(image, status == STATUS_OK ? reply : NULL, err);
    else if (is_news)
        log_event(LOG_LEVEL_NOTICE, "image-set-aside", "zone", zone, "image",
                  quarantine_words(image->kept.id), NULL);
    if (is_news || !image->told)
        keep(order.zoned);
    image->told = true;
}

static void on_signer_warned(void *data, enum status status, const json_t *reply,
                             const struct error *err)
{
    (void)data, (void)status, (void)reply, (void)err;
}

static void tell_signer(struct zoned *zoned, uint64_t image, bool suspect)
{
    struct order *order = NULL;
    if (!suspect) {
        order = xcalloc(1, sizeof(*order));
        *order = (struct order){zoned, image};
    }
    json_t *request = json_pack("{s:s,s:s,s:b}", "command", "set-aside", "image",
                                quarantine_words(image), "suspect", suspect);
    control_tell(&zoned->loop, zoned->signer.control, request, SIGNER_MS,
                 suspect ? on_signer_warned : on_signer_told, order);
    json_decref(request);
}

void set_aside_signer_ready(struct zoned *zoned)
{
    for (size_t i = 0; i < zoned->deaths.count && !zoned->stopping; i++)
        tell_signer(zoned, zoned->deaths.aside[i].kept.id, false);
}

// ── A death ──────────────────────────────────────────────────────────────────────────────────────

static void set_aside(struct zoned *zoned, uint64_t image, uint64_t forgotten)
{
    if (forgotten != 0)
        log_event(LOG_LEVEL_WARNING, "no-longer-set-aside", "image", quarantine_words(forgotten),
                  "reason", "there are too many", NULL);
    keep(zoned);
    answerers_set_aside(zoned, image);
    tell_signer(zoned, image, false);
}

void set_aside_death(struct zoned *zoned, const struct child *child,
                     const struct child_exit *ending, uint64_t image, bool hung)
{
    uint64_t forgotten;
    if (image == 0 || zoned->stopping ||
        (!hung && !deaths_is_fault(ending->status, ending->signal)))
        return;
    log_event(LOG_LEVEL_WARNING, "died-of-image", "child", child->log.name, "pid",
              log_u64(ending->pid), "image", quarantine_words(image), "reason",
              hung ? "it was stuck in an answer from it" : "it was answering from it", NULL);
    switch (deaths_count(&zoned->deaths, image, time(NULL), &forgotten)) {
    case DEATHS_SUSPECT:
        tell_signer(zoned, image, true);
        break;
    case DEATHS_SET_ASIDE:
        set_aside(zoned, image, forgotten);
        break;
    case DEATHS_KNOWN:
        answerers_set_aside(zoned, image);
        break;
    }
}
