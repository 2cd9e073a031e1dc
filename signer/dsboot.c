// SPDX-License-Identifier: ISC
#include "signer/dsboot.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/alloc.h"
#include "base/log.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "signer/life.h"
#include "signer/queue.h"

#define HEAD 4 // octets of type and length before each rdata in `served`

void zone_dsboot_free(struct zone_dsboot *boot)
{
    if (boot == NULL)
        return;
    buf_done(&boot->served);
    free(boot->links);
    free(boot->guests);
    free(boot);
}

void dsboot_forget(struct zone *zone)
{
    zone_dsboot_free(zone->dsboot);
    zone->dsboot = NULL;
}

void dsboot_done(struct dsboot *desk)
{
    kept_file_done(&desk->pace);
    free(desk->changed);
    *desk = (struct dsboot){.changed = NULL};
}

static struct zone_dsboot *of_zone(struct zone *zone)
{
    if (zone->dsboot == NULL)
        zone->dsboot = xcalloc(1, sizeof(*zone->dsboot));
    return zone->dsboot;
}

// ── Who waits, and who may vouch ─────────────────────────────────────────────────────────────────

// A DS is offered, and none of ours was ever seen at the parent.
static bool awaits_first_ds(const struct zone *zone)
{
    struct keyset set;
    life_read(&zone->state, &set);
    const struct keyset_history *history = &set.history[KEYSET_DS];
    bool seen = false;
    for (size_t i = 0; i < history->count; i++)
        seen = seen || (history->list[i].keys != 0 && history->list[i].seen_at != 0);
    return set.begun && set.offered != 0 && !seen && zone->target->parent == NULL;
}

// All of its parent's servers were seen with a DS of ours, and not without since: a look that did not reach them all
// changes nothing, nor does a rollover.
static bool may_vouch(const struct zone *zone)
{
    struct keyset set;
    bool secure = false;
    life_read(&zone->state, &set);
    for (size_t i = 0; set.begun && i < KEYSET_KEYS_MAX; i++)
        secure = secure || (set.keys[i].role != 0 && set.keys[i].ds_seen_at != 0);
    return secure;
}

static uint64_t to_be_made(const struct zone *host)
{
    return host->dsboot->wanted != 0 && may_vouch(host) ? host->dsboot->wanted : 0;
}

// ── What is served ───────────────────────────────────────────────────────────────────────────────

// A request to delete (RFC 8078 §4) is nobody's first DS.
static bool asks_for_ds(const struct image *image, const struct image_rrset *cds)
{
    struct image_cursor cursor;
    struct image_rr rr;
    bool good = cds != NULL && cds->sig_count > 0;
    if (!good)
        return false;
    for (image_rrs(&cursor, image, cds, false); good && image_rrs_next(&cursor, &rr);)
        good = rr.rdata_len > 4 && rr.rdata[2] != 0; // the algorithm
    return good;
}

void dsboot_take(struct zone *zone, const struct image *image)
{
    static const uint16_t types[] = {RR_TYPE_NS, RR_TYPE_CDS, RR_TYPE_CDNSKEY};
    const struct image_node *apex = &image->nodes[0];
    struct image_cursor cursor;
    struct image_rr rr;
    struct buf served = {0};
    bool waits = asks_for_ds(image, image_rrset(image, apex, RR_TYPE_CDS)) && awaits_first_ds(zone);
    for (size_t i = 0; waits && i < sizeof(types) / sizeof(types[0]); i++) {
        const struct image_rrset *rrset = image_rrset(image, apex, types[i]);
        if (rrset == NULL)
            continue;
        for (image_rrs(&cursor, image, rrset, false); image_rrs_next(&cursor, &rr);) {
            buf_put_u16(&served, rr.type);
            buf_put_u16(&served, rr.rdata_len);
            buf_put(&served, rr.rdata, rr.rdata_len);
        }
    }
    if (zone->dsboot == NULL && served.len == 0)
        return;
    struct zone_dsboot *boot = of_zone(zone);
    buf_done(&boot->served);
    boot->served = served;
}

// Steps over what is served; *at begins at 0.
static bool next_served(const struct buf *served, size_t *at, struct image_rr *ret)
{
    if (*at >= served->len)
        return false;
    const uint8_t *head = served->data + *at;
    ret->type = wire_get_u16(head);
    ret->rdata_len = wire_get_u16(head + 2);
    ret->rdata = head + HEAD;
    *at += HEAD + (size_t)ret->rdata_len;
    return true;
}

static uint64_t sum_of(const struct zone *zone)
{
    const struct buf *served = &zone->dsboot->served;
    if (served->len == 0)
        return 0;
    uint64_t sum = XXH3_64bits(zone->key.octets, zone->key.len);
    return XXH3_64bits_withSeed(served->data, served->len, sum) | 1;
}

// ── Names ────────────────────────────────────────────────────────────────────────────────────────

static void put_label(struct name *name, const char *label)
{
    size_t len = strlen(label);
    name->wire[name->len++] = (uint8_t)len;
    memcpy(name->wire + name->len, label, len);
    name->len = (uint8_t)(name->len + len);
}

// RFC 9615 §4.1. False: it would be longer than 255 octets.
static bool signalling_name(const uint8_t *domain, const uint8_t *server, struct name *ret)
{
    static const char first[] = "_dsboot", second[] = "_signal";
    size_t domain_len = name_wire_len(domain) - 1; // without the root
    size_t server_len = name_wire_len(server);
    ret->len = 0;
    if (sizeof(first) + domain_len + sizeof(second) + server_len > NAME_WIRE_MAX)
        return false;
    put_label(ret, first);
    memcpy(ret->wire + ret->len, domain, domain_len);
    ret->len = (uint8_t)(ret->len + domain_len);
    put_label(ret, second);
    memcpy(ret->wire + ret->len, server, server_len);
    ret->len = (uint8_t)(ret->len + server_len);
    return true;
}

static void tell_too_long(const struct zone *zone, const uint8_t *server)
{
    char text[NAME_TEXT_MAX];
    if (zone->dsboot->told)
        return;
    zone->dsboot->told = true;
    log_event(LOG_LEVEL_WARNING, "signalling-name-too-long", "zone", zone->name, "server",
              name_to_text(server, text), "reason",
              "both names together are too long for a record that tells the parent of the first "
              "DS (RFC 9615); enter it by hand: `zonegen --ds`",
              NULL);
}

// ── Guests ───────────────────────────────────────────────────────────────────────────────────────

static void list_host(struct dsboot *desk, const struct zones *zones, struct zone *host)
{
    if (host->dsboot->listed)
        return;
    host->dsboot->listed = true;
    desk->changed = array_grow(desk->changed, &desk->cap, desk->count, sizeof(*desk->changed));
    desk->changed[desk->count++] = (size_t)(host - zones->list);
    desk->pace.stale = true;
}

static void enter(struct zones *zones, struct zone *zone, struct zone *host, size_t server)
{
    struct zone_dsboot *boot = zone->dsboot, *host_boot = of_zone(host);
    boot->links = array_grow(boot->links, &boot->link_cap, boot->link_count, sizeof(*boot->links));
    host_boot->guests = array_grow(host_boot->guests, &host_boot->guest_cap, host_boot->guest_count,
                                   sizeof(*host_boot->guests));
    boot->links[boot->link_count] = (struct dsboot_link){
        .host = (size_t)(host - zones->list), .place = host_boot->guest_count, .server = server};
    host_boot->guests[host_boot->guest_count++] =
        (struct dsboot_guest){.zone = (size_t)(zone - zones->list), .link = boot->link_count++};
    host_boot->wanted += boot->sum;
}

static void enter_all(struct dsboot *desk, struct zones *zones, struct zone *zone)
{
    const struct buf *served = &zone->dsboot->served;
    struct image_rr rr;
    struct name name;
    for (size_t at = 0; next_served(served, &at, &rr);) {
        if (rr.type != RR_TYPE_NS || name_is_under(rr.rdata, zone->wire.wire))
            continue;
        if (!signalling_name(zone->wire.wire, rr.rdata, &name)) {
            tell_too_long(zone, rr.rdata);
            continue;
        }
        struct zone *host = zones_enclosing(zones, name.wire);
        if (host == NULL)
            continue;
        enter(zones, zone, host, (size_t)(rr.rdata - served->data));
        list_host(desk, zones, host);
    }
}

// The last guest takes the place of the one that leaves.
static void leave_all(struct dsboot *desk, struct zones *zones, struct zone *zone)
{
    struct zone_dsboot *boot = zone->dsboot;
    for (size_t i = 0; i < boot->link_count; i++) {
        const struct dsboot_link *link = &boot->links[i];
        struct zone *host = &zones->list[link->host];
        struct zone_dsboot *host_boot = host->dsboot;
        struct dsboot_guest last = host_boot->guests[--host_boot->guest_count];
        host_boot->guests[link->place] = last;
        zones->list[last.zone].dsboot->links[last.link].place = link->place;
        host_boot->wanted -= boot->sum;
        list_host(desk, zones, host);
    }
    boot->link_count = 0;
}

void dsboot_settle(struct dsboot *desk, struct zones *zones, struct zone *zone)
{
    struct zone_dsboot *boot = zone->dsboot;
    if (boot == NULL)
        return;
    uint64_t sum = boot->served.len > 0 && awaits_first_ds(zone) ? sum_of(zone) : 0;
    if (sum != boot->sum) {
        leave_all(desk, zones, zone);
        boot->sum = sum;
        if (sum != 0)
            enter_all(desk, zones, zone);
        else
            buf_done(&boot->served); // with the next offer another image is served
    }
    if (boot->guest_count > 0)
        list_host(desk, zones, zone);
}

void dsboot_reset(struct dsboot *desk, struct zones *zones)
{
    desk->count = 0;
    for (size_t i = 0; i < zones->count; i++) {
        struct zone_dsboot *boot = zones->list[i].dsboot;
        if (boot == NULL)
            continue;
        boot->sum = boot->wanted = 0;
        boot->link_count = boot->guest_count = 0;
        boot->listed = false;
    }
    for (size_t i = 0; i < zones->count; i++) {
        struct zone *zone = &zones->list[i];
        dsboot_settle(desk, zones, zone);
        if (zone->dsboot != NULL && zone->dsboot->made != 0)
            list_host(desk, zones, zone);
    }
}

// ── In time ──────────────────────────────────────────────────────────────────────────────────────

bool dsboot_wake(struct dsboot *desk, struct zones *zones, int64_t now)
{
    if (desk->under_way)
        (void)kept_file_end(&desk->pace, STATUS_OK, NULL, now);
    desk->under_way = false;
    desk->pace.stale = desk->count > 0;
    if (!kept_file_is_due(&desk->pace, KEPT_IN_TIME, now))
        return false;
    kept_file_begin(&desk->pace);
    for (size_t i = 0; i < desk->count; i++) {
        struct zone *host = &zones->list[desk->changed[i]];
        host->dsboot->listed = false;
        if (to_be_made(host) == host->dsboot->made)
            continue;
        queue_touch(host);
        desk->under_way = true;
    }
    desk->count = 0;
    desk->pace.stale = false;
    return desk->under_way;
}

int64_t dsboot_next(const struct dsboot *desk)
{
    return kept_file_next(&desk->pace);
}

bool dsboot_is_said(const struct zone *zone)
{
    const struct zone_dsboot *boot = zone->dsboot;
    for (size_t i = 0; boot != NULL && i < boot->link_count; i++)
        if (boot->links[i].made)
            return true;
    return false;
}

void dsboot_count(const struct zone *zone, size_t *ret_names, size_t *ret_said, size_t *ret_guests)
{
    const struct zone_dsboot *boot = zone->dsboot;
    *ret_names = boot != NULL ? boot->link_count : 0;
    *ret_guests = boot != NULL && boot->made != 0 ? boot->guest_count : 0;
    *ret_said = 0;
    for (size_t i = 0; i < *ret_names; i++)
        *ret_said += boot->links[i].made ? 1 : 0;
}

// ── The records ──────────────────────────────────────────────────────────────────────────────────

static int compare_owners(const void *a, const void *b)
{
    const struct owner *x = a, *y = b;
    return name_key_compare(x->key, x->key_len, y->key, y->key_len);
}

static const struct owner *find_owner(const struct records *records, const uint8_t *key, size_t len)
{
    const struct owner wanted = {.key = key, .key_len = (uint16_t)len};
    return records->owner_count > 0 ? bsearch(&wanted, records->owners, records->owner_count,
                                              sizeof(wanted), compare_owners)
                                    : NULL;
}

// Is there anything at the name, or above it what makes it invisible?
static bool is_taken(const struct records *records, const struct name *name)
{
    struct name_key key;
    name_key(name->wire, &key);
    const uint8_t *octets = key.octets + records->apex_key_len;
    for (size_t labels = 0; labels <= key.labels; labels++) {
        if (key.end[labels] < records->apex_key_len)
            continue;
        size_t len = (size_t)(key.end[labels] - records->apex_key_len);
        const struct owner *owner = find_owner(records, octets, len);
        if (owner != NULL && (labels == key.labels || owner->place != OWNER_AUTHORITATIVE ||
                              records_find(records, owner, RR_TYPE_DNAME) != NULL))
            return true;
    }
    return false;
}

static enum status add_guest(const struct zone *guest, const struct dsboot_link *link, uint32_t ttl,
                             struct records *records, struct error *err)
{
    const struct buf *served = &guest->dsboot->served;
    struct name name;
    struct image_rr rr;
    enum status status = STATUS_OK;
    if (!signalling_name(guest->wire.wire, served->data + link->server, &name) ||
        is_taken(records, &name))
        return STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && next_served(served, &at, &rr);) {
        rr.owner = name.wire;
        rr.ttl = ttl;
        if (rr.type != RR_TYPE_NS)
            status = records_add(records, &rr, err);
    }
    return status;
}

enum status dsboot_add(const struct zones *zones, struct zone *host, struct records *records,
                       struct error *err)
{
    struct zone_dsboot *boot = host->dsboot;
    if (boot == NULL)
        return STATUS_OK;
    boot->made = to_be_made(host);
    if (host->from_published) // that has its own already
        return STATUS_OK;
    enum status status = STATUS_OK;
    if (boot->made != 0)
        records_arrange(records);
    for (size_t i = 0; status == STATUS_OK && i < boot->guest_count; i++) {
        const struct zone *guest = &zones->list[boot->guests[i].zone];
        struct dsboot_link *link = &guest->dsboot->links[boot->guests[i].link];
        link->made = boot->made != 0;
        if (link->made)
            status = add_guest(guest, link, host->target->ttl->standard, records, err);
    }
    return status;
}
