// SPDX-License-Identifier: ISC
#include "server/zones.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/quarantine.h"
#include "dns/store.h"
#include "server/denial.h"

#define TABLE_MIN 64 // cells at first; always a power of two, at most half full

enum entry_state {
    ENTRY_OPEN,
    ENTRY_BROKEN, // its image does not hold up, or is set aside and there is no other
    ENTRY_GONE,   // not in the store any more
};

struct entry {
    uint64_t snapshot; // under which all below was last found to hold
    uint64_t id;       // of the image
    const uint8_t *address;
    struct image image;
    uint64_t hash; // of key
    enum entry_state state;
    bool has_below; // the store has a zone below this one
    uint16_t key_len;
    uint8_t key[]; // of the apex: the one in the store moves
};

struct zones {
    char *directory;
    struct store *store;
    struct store_reader *reader;
    uint64_t snapshot;
    bool in_batch;   // there is a snapshot
    bool complained; // about the store, since it last opened
    struct quarantine aside;
    unsigned labels_max; // of any apex in the table
    size_t count;
    size_t cap;
    struct entry **table; // by hash, linear probing; entries leave it only when it grows
};

// ── The store ────────────────────────────────────────────────────────────────────────────────────

static void forget_all(struct zones *zones)
{
    for (size_t i = 0; i < zones->cap; i++)
        free(zones->table[i]);
    free(zones->table);
    zones->cap = TABLE_MIN;
    zones->count = 0;
    zones->labels_max = 0;
    zones->table = xcalloc(zones->cap, sizeof(struct entry *));
}

static void close_store(struct zones *zones)
{
    store_reader_close(zones->reader);
    store_close(zones->store);
    zones->reader = NULL;
    zones->store = NULL;
    zones->in_batch = false;
}

struct zones *zones_new(const char *directory)
{
    struct zones *zones = xcalloc(1, sizeof(*zones));
    zones->directory = xstrdup(directory);
    forget_all(zones);
    return zones;
}

void zones_free(struct zones *zones)
{
    if (zones == NULL)
        return;
    close_store(zones);
    forget_all(zones);
    free(zones->table);
    free(zones->directory);
    free(zones);
}

// One line until it works again, however often it is tried.
static void complain(struct zones *zones, const char *event, const struct error *err)
{
    if (!zones->complained)
        log_event(LOG_LEVEL_ERROR, event, "directory", zones->directory, "reason", err->text, NULL);
    zones->complained = true;
}

static bool open_store(struct zones *zones)
{
    struct error err = {0};
    struct store *store;
    struct store_reader *reader;
    enum status status = store_open_reader(zones->directory, STORE_SERVE, &store, &err);
    if (status == STATUS_OK) {
        status = store_reader_open(store, &reader, &err);
        if (status != STATUS_OK)
            store_close(store);
    }
    if (status != STATUS_OK) {
        if (status != STATUS_NOT_FOUND)
            complain(zones, "store-not-opened", &err);
        return false;
    }
    close_store(zones);
    forget_all(zones);
    zones->store = store;
    zones->reader = reader;
    zones->complained = false;
    log_event(LOG_LEVEL_INFO, "store-opened", "directory", zones->directory, NULL);
    return true;
}

bool zones_attend(struct zones *zones)
{
    if (zones->store != NULL && !store_is_replaced(zones->store))
        return true;
    return open_store(zones) || zones->store != NULL; // being made anew: what is open still holds
}

void zones_begin(struct zones *zones)
{
    if (zones->store == NULL)
        return;
    struct error err = {0};
    if (store_reader_renew(zones->reader, &zones->snapshot, &err) == STATUS_OK) {
        zones->in_batch = true;
        return;
    }
    complain(zones, "store-not-readable", &err);
    close_store(zones); // zones_attend opens it again
}

void zones_end(struct zones *zones)
{
    if (zones->in_batch)
        store_reader_reset(zones->reader);
    zones->in_batch = false;
}

void zones_set_aside(struct zones *zones, uint64_t image)
{
    quarantine_add(&zones->aside, image);
    for (size_t i = 0; i < zones->cap; i++) {
        struct entry *entry = zones->table[i];
        if (entry == NULL || entry->id != image)
            continue;
        entry->snapshot = 0; // no transaction's: it is looked up again
        entry->address = NULL;
    }
}

size_t zones_count(const struct zones *zones)
{
    return zones->in_batch ? store_count(zones->reader, STORE_IMAGES) : 0;
}

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

// A key as a person knows the name. Octets that are not printed in names stand as "?".
static const char *key_text(const struct entry *entry, char text[NAME_KEY_MAX + 2])
{
    size_t out = 0;
    size_t end = entry->key_len;
    while (end > 0) { // the last label of the key comes first
        size_t start = end - 1;
        while (start > 0 && entry->key[start - 1] != 0)
            start--;
        for (size_t i = start; i < end - 1; i++)
            text[out++] = entry->key[i] > ' ' && entry->key[i] < 0x7f ? (char)entry->key[i] : '?';
        text[out++] = '.';
        end = start;
    }
    text[out] = '\0';
    return text;
}

static uint64_t id_of(const struct store_entry *stored)
{
    const struct image_header *header = (const void *)stored->value;
    return stored->value_len < sizeof(*header) ? 0 : header->checksum;
}

// Opens what is stored, unless it is set aside.
static enum status open_image(const struct zones *zones, struct entry *entry,
                              const struct store_entry *stored, struct error *err)
{
    if (quarantine_has(&zones->aside, id_of(stored)))
        return error_set(err, STATUS_STATE, "its image is set aside, and there is no other");
    enum status status = image_open(stored->value, stored->value_len, &entry->image, err);
    return status == STATUS_OK ? check_image(entry, &entry->image, err) : status;
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
        log_event(LOG_LEVEL_ERROR, "zone-not-served", "zone", key_text(entry, text), "reason",
                  err.text, NULL);
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
        log_event(LOG_LEVEL_WARNING, "zone-from-before", "zone", key_text(entry, text), "serial",
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
    complain(zones, "store-not-readable", &err);
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

// ── The table ────────────────────────────────────────────────────────────────────────────────────

#define HASH_START 0xcbf29ce484222325ULL

// FNV-1a, which goes on from an ancestor's hash. Keys in the table are ours: strangers cannot
// choose collisions.
static uint64_t hash_on(uint64_t hash, const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ octets[i]) * 0x100000001b3ULL;
    return hash;
}

static size_t cell_of(const struct zones *zones, uint64_t hash)
{
    return (size_t)(hash ^ hash >> 32) & (zones->cap - 1);
}

static struct entry *find_entry(const struct zones *zones, const uint8_t *key, size_t key_len,
                                uint64_t hash)
{
    for (size_t i = cell_of(zones, hash);; i = (i + 1) & (zones->cap - 1)) {
        struct entry *entry = zones->table[i];
        if (entry == NULL)
            return NULL;
        if (entry->hash == hash && entry->key_len == key_len &&
            memcmp(entry->key, key, key_len) == 0)
            return entry;
    }
}

static void place_entry(struct zones *zones, struct entry *entry)
{
    size_t i = cell_of(zones, entry->hash);
    while (zones->table[i] != NULL)
        i = (i + 1) & (zones->cap - 1);
    zones->table[i] = entry;
    zones->count++;
}

// Makes the table anew, with room for twice the zones of the store, without entries whose zones are
// gone.
static void grow(struct zones *zones)
{
    struct entry **old = zones->table;
    size_t old_cap = zones->cap;
    while (zones->cap < 4 * store_count(zones->reader, STORE_IMAGES) + 4)
        zones->cap *= 2;
    zones->table = xcalloc(zones->cap, sizeof(struct entry *));
    zones->count = 0;
    for (size_t i = 0; i < old_cap; i++) {
        struct entry *entry = old[i];
        struct store_entry stored;
        if (entry == NULL)
            continue;
        if (store_get(zones->reader, STORE_IMAGES, entry->key, entry->key_len, &stored) ==
            STATUS_NOT_FOUND)
            free(entry);
        else
            place_entry(zones, entry);
    }
    free(old);
}

static struct entry *add_entry(struct zones *zones, const struct store_entry *stored, uint64_t hash)
{
    if (2 * (zones->count + 1) > zones->cap)
        grow(zones);
    struct entry *entry = xcalloc(1, sizeof(*entry) + stored->key_len);
    entry->hash = hash;
    entry->snapshot = zones->snapshot;
    entry->state = ENTRY_GONE; // until its image is taken
    entry->key_len = (uint16_t)stored->key_len;
    memcpy(entry->key, stored->key, stored->key_len);
    take_newest(zones, entry, stored);
    look_below(zones, entry);
    place_entry(zones, entry);
    return entry;
}

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
    if (labels > zones->labels_max)
        zones->labels_max = labels;
    uint64_t hash = hash_on(HASH_START, stored.key, stored.key_len);
    struct entry *entry = find_entry(zones, stored.key, stored.key_len, hash);
    if (entry == NULL)
        entry = add_entry(zones, &stored, hash);
    *ret_entry = entry;
    return renew_entry(zones, entry);
}

// The deepest zone of the name: out of the table, when what is there settles it.
static enum zones_found find_deepest(struct zones *zones, const struct name_key *name,
                                     struct entry **ret_entry)
{
    uint64_t hashes[NAME_LABELS_MAX + 1];
    unsigned deepest = name->labels < zones->labels_max ? name->labels : zones->labels_max;
    hashes[0] = HASH_START;
    for (unsigned i = 1; i <= deepest; i++)
        hashes[i] = hash_on(hashes[i - 1], name->octets + name->end[i - 1],
                            (size_t)(name->end[i] - name->end[i - 1]));
    for (unsigned i = deepest; i > 0; i--) {
        struct entry *entry = find_entry(zones, name->octets, name->end[i], hashes[i]);
        enum zones_found found = entry == NULL ? ZONES_NONE : renew_entry(zones, entry);
        if (found == ZONES_NONE)
            continue;
        *ret_entry = entry;
        if (!entry->has_below || i == name->labels)
            return found;
        break;
    }
    return find_stored(zones, name, false, ret_entry);
}

enum zones_found zones_find(struct zones *zones, const struct name_key *name, bool parent,
                            const struct image **ret)
{
    if (!zones->in_batch)
        return ZONES_NOT_READY;
    struct entry *entry;
    enum zones_found found = find_deepest(zones, name, &entry);
    if (parent && found != ZONES_NONE && entry != NULL && entry->key_len == name->len) {
        struct entry *above;
        enum zones_found found_above = find_stored(zones, name, true, &above);
        if (found_above != ZONES_NONE) {
            found = found_above;
            entry = above;
        }
    }
    if (found == ZONES_FOUND)
        *ret = &entry->image;
    return found;
}
