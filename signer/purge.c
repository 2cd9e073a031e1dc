// SPDX-License-Identifier: ISC
#include "signer/purge.h"

#include "base/log.h"
#include "signer/life.h"
#include "signer/publisher.h"

// Returns how many keys went.
static size_t purge_zone(const struct publisher *publisher, const struct zone *zone, int64_t now)
{
    struct keyset set;
    struct dnskey_id ids[KEYSET_KEYS_MAX];
    struct dnskey_ids kept = {ids, 0};
    struct error err = {0};
    size_t count = 0;
    if (zone->state.lost || zone->in_batch)
        return 0;
    life_read(&zone->state, &set);
    if (!set.begun && zone->state.keyset_len > 0) // there is one that cannot be read
        return 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (set.keys[i].role != 0)
            ids[kept.count++] = set.keys[i].id;
    if (dnskey_purge(&publisher->keyring.listing, zone->name, &kept, now - PURGE_AFTER_S, &count,
                     &err) != STATUS_OK)
        log_event(LOG_LEVEL_WARNING, "key-files-not-removed", "zone", zone->name, "reason",
                  err.text, NULL);
    if (count > 0)
        log_event(LOG_LEVEL_INFO, "key-files-removed", "zone", zone->name, "keys", log_u64(count),
                  "reason", "they were deleted from the zone long ago", NULL);
    return count;
}

void purge_go_on(struct publisher *publisher, int64_t now)
{
    struct purge *purge = &publisher->purge;
    const struct zones *zones = &publisher->zones;
    size_t removed = 0;
    struct error err = {0};
    // A clock that was set back is no reason to wait for years.
    if (now < purge->next_at && purge->next_at - now <= PURGE_EVERY_S)
        return;
    for (size_t i = 0; i < PURGE_ZONES && purge->next < zones->count; i++)
        removed += purge_zone(publisher, &zones->list[purge->next++], now);
    if (removed > 0 && keyring_refresh(&publisher->keyring, &err) != STATUS_OK)
        log_event(LOG_LEVEL_WARNING, "keys-not-listed", "reason", err.text, NULL);
    if (purge->next < zones->count)
        return;
    *purge = (struct purge){.next_at = now + PURGE_EVERY_S};
}
