// SPDX-License-Identifier: ISC
#include "server/zones.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "server/denial.h"
#include "server/zones_parts.h"

// ── Entries ──────────────────────────────────────────────────────────────────────────────────────

static enum status check_image(const struct entry *entry, const struct image *image,
                               struct error *err)
{
    const struct image_header *header = image->header;
    if (header->apex_key_len != entry->key_len ||
        memcmp(image->octets + header->apex_key_off, entry->key, entry->key_len) != 0)
        return error_set(err, STATUS_BOGUS, "the image under this name is another zone's");
    if (header->nsec3_iterations > DENIAL_NSEC3_ITERATIONS_MAX)
        return error_set(err, STATUS_RANGE,
                         "NSEC3 with %u iterations; RFC 9276 wants 0, at most %u are served",
                         header->nsec3_iterations, DENIAL_NSEC3_ITERATIONS_MAX);
    return STATUS_OK;
}

static uint64_t id_of(const struct store_entry *stored)
{
    return image_id(stored->value, stored->value_len);
}

// A store that stays where it is: between those of the work that is done meanwhile.
static void put_in_hand(const struct zones *zones, uint64_t id)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&zones->statistics->head.handling, id, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

void zones_hand(const struct zones *zones, const struct image *image)
{
    // The header itself may be far away.
    const size_t at = offsetof(struct entry, image);
    const struct entry *entry = image != NULL ? (const void *)((const char *)image - at) : NULL;
    put_in_hand(zones, entry != NULL ? entry->id : 0);
}

// Opens what is stored, unless it is set aside.
static enum status open_image(const struct zones *zones, struct entry *entry,
                              const struct store_entry *stored, struct error *err)
{
    if (quarantine_has(&zones->aside, id_of(stored)))
        return error_set(err, STATUS_STATE, "its image is set aside, and there is no other");
    put_in_hand(zones, id_of(stored));
    zones->statistics->images++;
    enum status status = image_open(stored->value, stored->value_len, &entry->image, err);
    if (status == STATUS_OK)
        status = check_image(entry, &entry->image, err);
    put_in_hand(zones, 0);
    return status;
}

// Takes the image that is stored for the entry. The same octets at the same address need no new
// check.
static void take_image(const struct zones *zones, struct entry *entry,
                       const struct store_entry *stored)
{
    uint64_t id = id_of(stored);
    if (entry->state != ENTRY_GONE && entry->address == stored->value && entry->id == id)
        return;
    struct error err = {0};
    char text[NAME_KEY_MAX + 2];
    enum status status = open_image(zones, entry, stored, &err);
    if (status != STATUS_OK && (entry->state != ENTRY_BROKEN || entry->id != id))
        log_event(LOG_LEVEL_ERROR, "zone-not-served", "zone",
                  name_key_text(entry->key, entry->key_len, text), "reason", err.text, NULL);
    entry->state = status == STATUS_OK ? ENTRY_OPEN : ENTRY_BROKEN;
    entry->address = stored->value;
    entry->id = id;
}

// The image that the entry is to be answered from is the newest, and the one before it when that is
// set aside.
static void take_newest(struct zones *zones, struct entry *entry, const struct store_entry *stored)
{
    struct store_entry previous;
    char text[NAME_KEY_MAX + 2];
    uint64_t id = id_of(stored);
    if (zones->aside.count == 0 || !quarantine_has(&zones->aside, id) ||
        store_get(zones->reader, STORE_PREVIOUS, entry->key, entry->key_len, &previous) !=
            STATUS_OK) {
        take_image(zones, entry, stored);
        return;
    }
    bool is_other = entry->id != id_of(&previous);
    take_image(zones, entry, &previous);
    if (is_other && entry->state == ENTRY_OPEN)
        log_event(LOG_LEVEL_WARNING, "zone-from-before", "zone",
                  name_key_text(entry->key, entry->key_len, text), "serial",
                  log_u64(entry->image.header->serial), "reason", "its newest image is set aside",
                  NULL);
}

// A look-up that failed is not a zone that is absent: names that the store cannot be asked for get
// SERVFAIL, which resolvers take elsewhere, never REFUSED or NXDOMAIN. Returns whether it failed.
static bool look_up_failed(struct zones *zones, enum status status)
{
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        return false;
    struct error err = {0};
    (void)error_set(&err, status, "a page of it is damaged");
    zones_complain(zones, "store-not-readable", &err);
    return true;
}

static void look_below(struct zones *zones, struct entry *entry)
{
    struct store_entry next;
    enum status status =
        store_seek(zones->reader, STORE_IMAGES, entry->key, entry->key_len, true, &next);
    entry->has_below = status == STATUS_OK ? next.key_len > entry->key_len &&
                                                 memcmp(next.key, entry->key, entry->key_len) == 0
                                           : look_up_failed(zones, status); // perhaps: ask again
}

// Makes the entry hold under the current snapshot. Returns what it is then.
static enum zones_found renew_entry(struct zones *zones, struct entry *entry)
{
    if (entry->snapshot != zones->snapshot) {
        entry->snapshot = zones->snapshot;
        struct store_entry stored;
        enum status status =
            store_get(zones->reader, STORE_IMAGES, entry->key, entry->key_len, &stored);
        if (status == STATUS_OK) {
            take_newest(zones, entry, &stored);
            look_below(zones, entry);
        } else {
            entry->state = look_up_failed(zones, status) ? ENTRY_BROKEN : ENTRY_GONE;
            entry->address = NULL;
        }
    }
    switch (entry->state) {
    case ENTRY_OPEN:
        return ZONES_FOUND;
    case ENTRY_BROKEN:
        return ZONES_BROKEN;
    default:
        return ZONES_NONE;
    }
}

void zones_set_aside(struct zones *zones, uint64_t image)
{
    quarantine_add(&zones->aside, image);
    for (size_t i = 0; i < zones->cap; i++) {
        struct entry *entry = zones->table[i].entry;
        if (entry == NULL || entry->id != image)
            continue;
        entry->snapshot = 0; // no transaction's: it is looked up again
        entry->address = NULL;
    }
}

// ── The table ────────────────────────────────────────────────────────────────────────────────────

static struct cell *cell_of(const struct zones *zones, uint64_t hash)
{
    return &zones->table[hash & (zones->cap - 1)];
}

// The first entry whose key has this hash, or NULL. The entry itself is not looked at.
static const struct entry *find_hash(const struct zones *zones, uint64_t hash)
{
    uint64_t at = hash;
    while (cell_of(zones, at)->entry != NULL && cell_of(zones, at)->hash != hash)
        at++;
    return cell_of(zones, at)->entry;
}

static struct entry *find_entry(const struct zones *zones, uint64_t hash, const uint8_t *key,
                                size_t key_len)
{
    for (uint64_t at = hash;; at++) {
        const struct cell *cell = cell_of(zones, at);
        struct entry *entry = cell->entry;
        if (entry == NULL || (cell->hash == hash && entry->key_len == key_len &&
                              memcmp(entry->key, key, key_len) == 0))
            return entry;
    }
}

static void place_entry(struct zones *zones, struct cell new)
{
    uint64_t at = new.hash;
    while (cell_of(zones, at)->entry != NULL)
        at++;
    *cell_of(zones, at) = new;
    zones->count++;
}

// Makes the table anew, with room for twice the zones of the store, without entries whose zones are
// gone.
static void grow(struct zones *zones)
{
    struct cell *old = zones->table;
    size_t old_cap = zones->cap;
    while (zones->cap < 4 * store_count(zones->reader, STORE_IMAGES) + 4)
        zones->cap *= 2;
    zones->table = xcalloc(zones->cap, sizeof(*zones->table));
    zones->count = 0;
    for (size_t i = 0; i < old_cap; i++) {
        struct entry *entry = old[i].entry;
        struct store_entry stored;
        if (entry == NULL)
            continue;
        if (store_get(zones->reader, STORE_IMAGES, entry->key, entry->key_len, &stored) ==
            STATUS_NOT_FOUND)
            free(entry);
        else
            place_entry(zones, old[i]);
    }
    free(old);
}

static struct entry *add_entry(struct zones *zones, const struct store_entry *stored, uint64_t hash)
{
    if (2 * (zones->count + 1) > zones->cap)
        grow(zones);
    struct entry *entry = xcalloc_line(sizeof(*entry) + stored->key_len);
    entry->snapshot = zones->snapshot;
    entry->state = ENTRY_GONE; // until its image is taken
    entry->key_len = (uint16_t)stored->key_len;
    memcpy(entry->key, stored->key, stored->key_len);
    take_newest(zones, entry, stored);
    look_below(zones, entry);
    place_entry(zones, (struct cell){hash, entry});
    return entry;
}

// ── Searches ─────────────────────────────────────────────────────────────────────────────────────

// Asks the store for the zone of the name. *ret_entry is NULL where the store could not tell.
static enum zones_found find_stored(struct zones *zones, const struct name_key *name, bool parent,
                                    struct entry **ret_entry)
{
    struct store_entry stored;
    unsigned labels;
    *ret_entry = NULL;
    enum status status = store_find_zone(zones->reader, name, parent, &stored, &labels);
    if (status != STATUS_OK)
        return look_up_failed(zones, status) ? ZONES_BROKEN : ZONES_NONE;
    zones->depths[labels] = true;
    uint64_t hash = image_key_hash(stored.key, stored.key_len);
    struct entry *entry = find_entry(zones, hash, stored.key, stored.key_len);
    if (entry == NULL)
        entry = add_entry(zones, &stored, hash);
    *ret_entry = entry;
    return renew_entry(zones, entry);
}

// Goes on to the deepest apex that may be in the table and has at most so many labels.
static void seek_depth(const struct zones *zones, struct zones_search *search, unsigned labels)
{
    while (labels > 0 && !zones->depths[labels])
        labels--;
    search->labels = (uint8_t)labels;
    search->hash = image_key_hash(search->name->octets, search->name->end[labels]);
}

void zones_search_begin(const struct zones *zones, const struct name_key *name, bool parent,
                        struct zones_search *ret)
{
    ret->name = name;
    ret->parent = parent;
    seek_depth(zones, ret, name->labels);
    __builtin_prefetch(cell_of(zones, ret->hash));
}

void zones_search_go_on(const struct zones *zones, struct zones_search *search)
{
    const struct entry *entry = NULL;
    while (search->labels > 0 && (entry = find_hash(zones, search->hash)) == NULL)
        seek_depth(zones, search, search->labels - 1U);
    if (entry == NULL)
        return;
    __builtin_prefetch(entry);
    __builtin_prefetch((const uint8_t *)entry + CACHE_LINE);
}

// The deepest zone of the name: out of the table, when what is there settles it.
static enum zones_found find_deepest(struct zones *zones, struct zones_search *search,
                                     struct entry **ret_entry)
{
    const struct name_key *name = search->name;
    while (search->labels > 0) {
        struct entry *entry =
            find_entry(zones, search->hash, name->octets, name->end[search->labels]);
        enum zones_found found = entry == NULL ? ZONES_NONE : renew_entry(zones, entry);
        if (found != ZONES_NONE) {
            *ret_entry = entry;
            if (!entry->has_below || search->labels == name->labels)
                return found;
            break;
        }
        seek_depth(zones, search, search->labels - 1U);
    }
    return find_stored(zones, name, false, ret_entry);
}

enum zones_found zones_search_end(struct zones *zones, struct zones_search *search,
                                  const struct image **ret)
{
    if (!zones->in_batch)
        return ZONES_NOT_READY;
    struct entry *entry;
    const struct name_key *name = search->name;
    enum zones_found found = find_deepest(zones, search, &entry);
    if (search->parent && found != ZONES_NONE && entry != NULL && entry->key_len == name->len) {
        struct entry *above;
        enum zones_found found_above = find_stored(zones, name, true, &above);
        if (found_above != ZONES_NONE) {
            found = found_above;
            entry = above;
        }
    }
    if (found == ZONES_FOUND)
        *ret = &entry->image;
    else if (found == ZONES_BROKEN)
        zones->statistics->broken++;
    return found;
}

enum zones_found zones_find(struct zones *zones, const struct name_key *name, bool parent,
                            const struct image **ret)
{
    struct zones_search search;
    zones_search_begin(zones, name, parent, &search);
    zones_search_go_on(zones, &search);
    return zones_search_end(zones, &search, ret);
}
