// SPDX-License-Identifier: ISC
// What the admin orders, and what of a rollover is written into the files of keys.
#include "keys/rollover.h"

// ── Orders ───────────────────────────────────────────────────────────────────────────────────────

void rollover_order_roll(struct keyset *set, const struct rollover_policy *policy,
                         enum key_role roles, uint8_t algorithm, bool compromised, int64_t now)
{
    set->order = KEYSET_NO_ORDER;
    set->ordered_at = now;
    if (algorithm != 0) {
        set->algorithm = algorithm;
        set->algorithm_of_policy = policy->algorithm;
    }
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        struct keyset_key *key = &set->keys[i];
        if (key->role == 0 || (key->role & roles) == 0)
            continue;
        key->spent = true;
        key->compromised = key->compromised || compromised;
    }
}

void rollover_order_retire(struct keyset *set, enum keyset_order order, int64_t now)
{
    set->order = order;
    set->ordered_at = now;
}

enum status rollover_order_import(struct keyset *set, struct dnskey_id id, enum key_role role,
                                  int64_t now)
{
    size_t slot = keyset_find(set, id);
    bool known = slot < KEYSET_KEYS_MAX;
    if (known && (set->keys[slot].role != role || set->keys[slot].compromised))
        return STATUS_STATE;
    if (!known)
        slot = keyset_add(set, id, role, now);
    if (slot == KEYSET_KEYS_MAX)
        return STATUS_RANGE;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if ((set->keys[i].role & role) != 0)
            set->keys[i].spent = i != slot;
    set->keys[slot].wanted = true;
    set->order = KEYSET_NO_ORDER;
    set->ordered_at = now;
    set->algorithm = set->algorithm_of_policy = 0;
    return STATUS_OK;
}

// ── Timing metadata ──────────────────────────────────────────────────────────────────────────────

static void once(int64_t *time, int64_t now)
{
    if (*time == 0)
        *time = now;
}

// What begins may have ended before: it came back.
static void begin(int64_t *from, int64_t *to, int64_t now)
{
    *from = now;
    *to = 0;
}

void rollover_note_times(enum rollover_event_kind kind, int64_t now, struct dnskey_times *times)
{
    switch (kind) {
    case ROLLOVER_PUBLISHED:
        begin(&times->publish, &times->remove, now);
        break;
    case ROLLOVER_SIGNS:
        begin(&times->activate, &times->inactive, now);
        break;
    case ROLLOVER_OFFERED:
        begin(&times->sync_publish, &times->sync_remove, now);
        break;
    case ROLLOVER_WITHDRAWN:
        times->sync_remove = now;
        break;
    case ROLLOVER_RETIRED:
        times->inactive = now;
        break;
    case ROLLOVER_REMOVED:
        times->remove = now;
        break;
    case ROLLOVER_DEAD: // it may have been made to be published, and never was
        once(&times->inactive, now);
        once(&times->remove, now);
        break;
    case ROLLOVER_BEGINS:
    case ROLLOVER_WENT_UNSIGNED:
        break;
    }
}
