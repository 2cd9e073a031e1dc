// SPDX-License-Identifier: ISC
// The publisher's trouble: what is logged of it, when it tries again, and whether it has any.
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "signer/publisher.h"

#define BACKOFF_MAX_S 60

// The stores cannot be read or written: one line, and again later, less and less often.
void publisher_stores_fail(struct publisher *publisher, const struct error *err, int64_t now)
{
    if (publisher->trouble == NULL || strcmp(publisher->trouble, err->text) != 0)
        log_event(LOG_LEVEL_ERROR, "cannot-publish", "reason", err->text, "kept",
                  "what is served stays as it is", NULL);
    free(publisher->trouble);
    publisher->trouble = xstrdup(err->text);
    int64_t longer = publisher->backoff_s * 2;
    publisher->backoff_s = longer == 0 ? 1 : longer < BACKOFF_MAX_S ? longer : BACKOFF_MAX_S;
    publisher->retry_at = now + publisher->backoff_s;
}

void publisher_stores_work(struct publisher *publisher)
{
    if (publisher->trouble != NULL)
        log_event(LOG_LEVEL_NOTICE, "can-publish-again", NULL);
    free(publisher->trouble);
    publisher->trouble = NULL;
    publisher->backoff_s = 0;
    publisher->retry_at = 0;
}

void publisher_zone_fails(const struct publisher *publisher, struct zone *zone,
                          const struct error *err, int64_t now)
{
    if (zone->complaint == NULL || strcmp(zone->complaint, err->text) != 0) {
        const char *event = zone_is_external(zone)   ? "dkim-keys-kept"
                            : zone->published.exists ? "zone-kept"
                                                     : "zone-not-published";
        log_event(LOG_LEVEL_ERROR, event, "zone", zone->name, "reason", err->text, "serving",
                  zone->published.exists ? log_u64(zone->published.serial) : NULL, NULL);
        free(zone->complaint);
        zone->complaint = xstrdup(err->text);
    }
    zone->failed = true;
    zone->retry_at = now + PUBLISH_RETRY_S;
    // Its signatures must not run out for that: what is published is signed again, once per turn.
    bool again = build_is_due(zone, now) && zone->published.is_signed && !publisher->distrust &&
                 !zone->audit.failed && !zone->from_published;
    zone->from_published = again;
    zone->waiting = again;
    queue_settle(zone);
}

void publisher_zone_is_well(struct zone *zone)
{
    if (zone->from_published) { // signed, but not what it should say
        zone->from_published = false;
        queue_settle(zone);
        return;
    }
    if (zone->failed)
        log_event(LOG_LEVEL_NOTICE, "zone-good-again", "zone", zone->name, NULL);
    zone->failed = false;
    free(zone->complaint);
    zone->complaint = NULL;
    queue_settle(zone);
}

bool publisher_is_stuck(const struct publisher *publisher)
{
    return publisher->stores.stuck;
}

bool publisher_has_trouble(const struct publisher *publisher)
{
    if (publisher->trouble != NULL || publisher->clock_trouble != NULL ||
        publisher->public_file.kept.trouble != NULL || publisher->offer_file.kept.trouble != NULL ||
        publisher->dkim_tables.kept.trouble != NULL || publisher->tls.text.trouble != NULL ||
        lastgood_has_complaints(&publisher->lastgood))
        return true;
    for (size_t i = 0; i < publisher->zones.count; i++)
        if (publisher->zones.list[i].failed)
            return true;
    for (size_t i = 0; i < publisher->zones.external_count; i++)
        if (publisher->zones.externals[i].failed)
            return true;
    return false;
}
