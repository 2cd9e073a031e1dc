// SPDX-License-Identifier: ISC
#include "signer/audit.h"

#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "dns/serial.h"
#include "dns/types.h"
#include "signer/publisher.h"
#include "signer/rrsig.h"
#include "signer/verifier.h"
#include "signer/view.h"

#define PAUSE_MIN_S  (12 * 3600)
#define PAUSE_SPAN_S (11 * 3600)
#define LATE_S       3600
// Subtracted from the times of zones that were not audited since they were published: they come first.
#define FIRST (INT64_C(1) << 40)

void audit_done(struct audit *audit)
{
    due_done(&audit->zones);
    verifier_free(audit->verifier);
    *audit = (struct audit){0};
}

static void leave_zone(struct audit *audit)
{
    verifier_free(audit->verifier);
    audit->verifier = NULL;
    audit->active = false;
}

static int64_t time_of(const struct zone *zone)
{
    const struct zone_audit *audit = &zone->audit;
    if (!zone->published.exists)
        return DUE_NEVER;
    if (audit->failed) // until it is made anew
        return DUE_NEVER;
    if (audit->not_before > 0)
        return audit->not_before;
    if (audit->audited_at == 0)
        return zone->published.made_at - FIRST;
    uint64_t spread = image_key_hash(zone->key.octets, zone->key.len) + (uint64_t)audit->audited_at;
    return audit->audited_at + PAUSE_MIN_S + (int64_t)(spread % PAUSE_SPAN_S);
}

static void settle(struct publisher *publisher, const struct zone *zone)
{
    due_set(&publisher->audit.zones, (size_t)(zone - publisher->zones.list), time_of(zone));
}

void audit_reset(struct publisher *publisher, int64_t now)
{
    leave_zone(&publisher->audit);
    due_reset(&publisher->audit.zones, publisher->zones.count);
    for (size_t i = 0; i < publisher->zones.count; i++) {
        struct zone *zone = &publisher->zones.list[i];
        if (zone->audit.audited_at > now) // by a clock that was set back since
            zone->audit.audited_at = now;
        settle(publisher, zone);
    }
}

void audit_published(struct publisher *publisher, struct zone *zone, int64_t now)
{
    bool again = zone->audit.failed;
    // What fails again and again is not published in a circle.
    zone->audit = (struct zone_audit){.not_before = again ? now + PUBLISH_RETRY_S : 0};
    if (publisher->audit.active && &publisher->zones.list[publisher->audit.zone] == zone)
        leave_zone(&publisher->audit);
    settle(publisher, zone);
}

static void fail(struct publisher *publisher, struct zone *zone, const char *what,
                 const char *reason)
{
    log_event(LOG_LEVEL_ERROR, "audit-failed", "zone", zone->name, "what", what, "reason", reason,
              "done", "the zone is made anew, and nothing of that image is used", NULL);
    publisher->audit.failures++;
    zone->audit.failed = true;
    zone->audit.not_before = 0;
    leave_zone(&publisher->audit);
    settle(publisher, zone);
    zone->urgent = true;
    queue_touch(zone);
}

// ── One RRset ────────────────────────────────────────────────────────────────────────────────────

// As the server answers with it (RFC 4035 §2.2).
static bool is_to_be_signed(const struct image *image, const struct image_rrset *rrset)
{
    const struct image_node *node = &image->nodes[rrset->node];
    if (rrset->node >= image->header->node_count)
        return true; // NSEC3
    if ((node->flags & IMAGE_NODE_OCCLUDED) != 0)
        return false;
    return (node->flags & IMAGE_NODE_CUT) == 0 || rrset->type == RR_TYPE_DS ||
           rrset->type == RR_TYPE_NSEC;
}

static bool times_hold(const struct image *image, const struct image_rrset *rrset, int64_t now)
{
    struct image_cursor cursor;
    struct image_rr rr;
    struct rrsig sig;
    image_rrs(&cursor, image, rrset, true);
    while (image_rrs_next(&cursor, &rr))
        if (!rrsig_read(rr.rdata, rr.rdata_len, &sig) || sig.original_ttl < rrset->ttl ||
            serial_time(sig.inception, now) > now || serial_time(sig.expiration, now) <= now)
            return false;
    return true;
}

// What is wrong with it, or NULL.
static const char *judge(struct audit *audit, const struct image *image,
                         const struct image_rrset *rrset, int64_t now)
{
    bool by[256] = {false};
    if (!is_to_be_signed(image, rrset))
        return NULL;
    if (!times_hold(image, rrset, now))
        return "a signature is malformed, not valid yet or expired";
    if (!verifier_check(audit->verifier, image, rrset, by))
        return "a signature does not verify";
    for (unsigned i = 0; i < 256; i++)
        if (verifier_expects(audit->verifier, (uint8_t)i) && !by[i])
            return "it is not signed by each algorithm of the DNSKEY set";
    audit->signatures += rrset->sig_count;
    return NULL;
}

// ── A zone ───────────────────────────────────────────────────────────────────────────────────────

// Is it the one that was published?
static bool is_ours(const struct zone *zone, const struct image *image)
{
    const struct zone_published *published = &zone->published;
    return image->header->serial == published->serial &&
           image->header->meta.content == published->content &&
           image->header->meta.expires_at == published->expires_at;
}

// Opens what is served of the zone that is under way; checked in full when it is begun. NULL: good.
static const char *open_zone(struct publisher *publisher, const struct zone *zone,
                             struct image *ret, struct error *err)
{
    struct audit *audit = &publisher->audit;
    struct store_entry entry;
    const struct name_key *key = &zone->key;
    if (store_get(publisher->stores.serve_reader, STORE_IMAGES, key->octets, key->len, &entry) !=
        STATUS_OK)
        return "it is not served any more";
    const struct image_header *header = (const void *)entry.value;
    if (audit->active && entry.value_len >= sizeof(*header) && header->checksum == audit->image) {
        image_trust(entry.value, ret);
        return NULL;
    }
    if (image_open(entry.value, entry.value_len, ret, err) != STATUS_OK)
        return err->text;
    if (!is_ours(zone, ret))
        return "it is another one than was published";
    leave_zone(audit);
    if ((ret->header->flags & IMAGE_SIGNED) != 0) {
        audit->verifier = verifier_new(ret);
        if (audit->verifier == NULL)
            return "it has no DNSKEY set";
    }
    audit->active = true;
    audit->image = ret->header->checksum;
    audit->rrset = 0;
    return NULL;
}

// Goes on with the zone until the end of the step, or its own.
static void go_on(struct publisher *publisher, struct zone *zone, int64_t end, int64_t now)
{
    struct audit *audit = &publisher->audit;
    struct error err = {0};
    struct image image;
    const char *wrong = open_zone(publisher, zone, &image, &err);
    if (wrong != NULL) {
        fail(publisher, zone, "the image", wrong);
        return;
    }
    bool is_signed = audit->verifier != NULL;
    while (is_signed && audit->rrset < image.header->rrset_count) {
        const struct image_rrset *rrset = &image.rrsets[audit->rrset++];
        wrong = judge(audit, &image, rrset, now);
        char words[VIEW_WORDS_MAX];
        if (wrong != NULL) {
            fail(publisher, zone, view_words(&image, rrset, words), wrong);
            return;
        }
        if (clock_ms() >= end)
            return;
    }
    audit->audited++;
    zone->audit = (struct zone_audit){.audited_at = now};
    leave_zone(audit);
    settle(publisher, zone);
}

// ── Steps ────────────────────────────────────────────────────────────────────────────────────────

static struct zone *next_zone(struct publisher *publisher, int64_t now)
{
    struct audit *audit = &publisher->audit;
    if (!audit->active && due_first(&audit->zones, &audit->zone) > now)
        return NULL;
    return &publisher->zones.list[audit->zone];
}

static int64_t spent_us(void)
{
    struct timespec spent;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return (int64_t)spent.tv_sec * 1000000 + spent.tv_nsec / 1000;
}

static uint64_t rest(const struct audit *audit, int64_t now)
{
    int64_t first = due_first(&audit->zones, NULL);
    if (first == DUE_NEVER)
        return UINT64_MAX;
    if (first > now)
        return (uint64_t)(first - now) * 1000;
    int64_t since = first < 0 ? first + FIRST + PAUSE_MIN_S : first;
    return now - since > LATE_S ? AUDIT_REST_LATE_MS : AUDIT_REST_MS;
}

uint64_t audit_step(struct publisher *publisher, int64_t now)
{
    struct audit *audit = &publisher->audit;
    struct error err = {0};
    if (publisher->zones.inputs == NULL || next_zone(publisher, now) == NULL)
        return rest(audit, now);
    int64_t begun = spent_us(), end = clock_ms() + AUDIT_STEP_MS;
    if (stores_renew(&publisher->stores, &err) != STATUS_OK) {
        publisher_stores_fail(publisher, &err, now);
        return AUDIT_REST_MS;
    }
    struct zone *zone;
    do {
        zone = next_zone(publisher, now);
        if (zone != NULL)
            go_on(publisher, zone, end, now);
    } while (zone != NULL && clock_ms() < end);
    stores_reset(&publisher->stores);
    audit->spent_us += spent_us() - begun;
    return rest(audit, now);
}

size_t audit_count(const struct publisher *publisher, int64_t *ret_oldest)
{
    size_t count = 0;
    *ret_oldest = 0;
    for (size_t i = 0; i < publisher->zones.count; i++) {
        int64_t at = publisher->zones.list[i].audit.audited_at;
        count += at != 0 ? 1 : 0;
        if (at != 0 && (*ret_oldest == 0 || at < *ret_oldest))
            *ret_oldest = at;
    }
    return count;
}
