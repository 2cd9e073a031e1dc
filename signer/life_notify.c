// SPDX-License-Identifier: ISC
#include "signer/life_notify.h"

#include <ldns/ldns.h>

#include "base/log.h"
#include "signer/dsboot.h"

// Behind each other; from then on at the last. A parent may look by itself, once a day as a rule (RFC 9859 §2).
static const int64_t pauses[] = {300, 3600, 86400};
#define PAUSES (sizeof(pauses) / sizeof(pauses[0]))

bool life_ds_has_to_go(const struct keyset *set)
{
    const struct keyset_history *history = &set->history[KEYSET_DS];
    for (size_t i = 0; i < history->count; i++) {
        const struct keyset_version *version = &history->list[i];
        if (version->keys != 0 && version->keys != set->offered && version->gone_at == KEYSET_NOW)
            return true;
    }
    return false;
}

uint64_t life_cds_said(const struct zone *zone, const struct keyset *set)
{
    uint64_t content = 1;
    if (!keyset_is_signed(set) || !zone->target->policy->cds || zone->target->parent != NULL)
        return 0;
    if (set->offered == 0)
        return life_ds_has_to_go(set) ? content : 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if ((set->offered & keyset_bit(i)) != 0)
            content += ((uint64_t)set->keys[i].id.tag << 8 | set->keys[i].id.algorithm) *
                       0x9e3779b97f4a7c15U;
    return content != 0 ? content : 1;
}

bool life_cds_lags(const struct zone *zone, const struct keyset *set)
{
    uint64_t said = life_cds_said(zone, set);
    return said != 0 && zone->watch.cds_seen != said;
}

uint64_t life_cds_content(const struct zone *zone, const struct keyset *set)
{
    uint64_t content = life_cds_said(zone, set);
    if (content == 0 || (set->offered != 0 && keyset_ds_is_in(set)))
        return 0;
    // A parent that trusts nothing but signalling records (RFC 9615) may have looked in vain before.
    content += dsboot_is_said(zone) ? 2 : 0;
    return content != 0 ? content : 1;
}

bool life_cds_digest(const struct keyset *set, const struct life_keys *keys, uint8_t ret[32])
{
    static const uint8_t delete[] = {0, 0, 0, 0, 0}; // RFC 8078 §4
    size_t newest = KEYSET_KEYS_MAX;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if ((set->offered & keyset_bit(i)) != 0 &&
            (newest == KEYSET_KEYS_MAX || set->keys[i].offered_at > set->keys[newest].offered_at))
            newest = i;
    if (newest == KEYSET_KEYS_MAX) {
        ldns_sha256(delete, sizeof(delete), ret);
        return set->offered == 0;
    }
    struct dnskey_id id = set->keys[newest].id;
    for (size_t i = 0; i < keys->count; i++) {
        uint8_t ds[LIFE_DS_LEN];
        if (keys->ids[i].tag != id.tag || keys->ids[i].algorithm != id.algorithm)
            continue;
        life_keys_ds(&keys->list[i], ds);
        ldns_sha256(ds, sizeof(ds), ret);
        return true;
    }
    return false;
}

bool life_notify_is_due(const struct zone *zone, uint64_t content, int64_t now)
{
    const struct life_watch *watch = &zone->watch;
    // With a clock that was set back it is told once more.
    return watch->notified != content || now >= watch->notify_at ||
           watch->notify_at - now > pauses[PAUSES - 1];
}

void life_notify_begin(struct zone *zone, uint64_t content, int64_t now)
{
    struct life_watch *watch = &zone->watch;
    if (watch->notified != content)
        watch->notify_count = 0;
    watch->notified = content;
    watch->notify_at =
        now + pauses[watch->notify_count < PAUSES ? watch->notify_count : PAUSES - 1];
    watch->notify_count++;
}

void life_notify_tell(const struct zone *zone, const struct observe_answer *answer)
{
    bool nobody = answer->ok + answer->wrong + answer->unknown == 0;
    if (nobody && zone->watch.notify_count > 1) // told already
        return;
    log_event(LOG_LEVEL_NOTICE, nobody ? "parent-takes-no-notify" : "parent-notified", "zone",
              zone->name, "acknowledged", nobody ? NULL : log_u64(answer->ok), "refused",
              nobody ? NULL : log_u64(answer->wrong), "silent",
              nobody ? NULL : log_u64(answer->unknown), "reason",
              nobody ? "it names no target for NOTIFY(CDS); it may look for CDS by itself" : NULL,
              NULL);
}
