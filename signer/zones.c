// SPDX-License-Identifier: ISC
#include "signer/zones.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "signer/build.h"
#include "signer/dkim.h"
#include "signer/notes.h"

static void zone_done(struct zone *zone)
{
    free(zone->name);
    free(zone->complaint);
    public_keys_done(&zone->keys);
    notes_free(zone->notes);
    zone_dkim_free(zone->dkim);
    *zone = (struct zone){0};
}

void zones_done(struct zones *zones)
{
    for (size_t i = 0; i < zones->count; i++)
        zone_done(&zones->list[i]);
    free(zones->list);
    free(zones->targets);
    free(zones->gone);
    inputs_free(zones->inputs);
    *zones = (struct zones){0};
}

static int compare_zones(const void *a, const void *b)
{
    const struct name_key *left = &((const struct zone *)a)->key;
    const struct name_key *right = &((const struct zone *)b)->key;
    return name_key_compare(left->octets, left->len, right->octets, right->len);
}

static struct zone *find(const struct zones *zones, const uint8_t *key, size_t len)
{
    size_t low = 0;
    size_t high = zones->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct zone *zone = &zones->list[middle];
        int order = name_key_compare(zone->key.octets, zone->key.len, key, len);
        if (order == 0)
            return zone;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

struct zone *zones_find(const struct zones *zones, const struct zone_target *target)
{
    struct name name;
    struct name_key key;
    if (target == NULL || name_from_text(target->name, &name, NULL) != STATUS_OK)
        return NULL;
    name_key(name.wire, &key);
    return find(zones, key.octets, key.len);
}

// ── What has changed ─────────────────────────────────────────────────────────────────────────────

static bool same_octets(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static bool same_file(const struct input_file *a, const struct input_file *b)
{
    return strcmp(a->path, b->path) == 0 && (a->octets == NULL) == (b->octets == NULL) &&
           same_octets(a->octets, a->len, b->octets, b->len) &&
           strcmp(a->error.text, b->error.text) == 0;
}

static bool only_zone_files_differ(const struct inputs *a, const struct inputs *b)
{
    if (!same_octets(a->config_text.data, a->config_text.len, b->config_text.data,
                     b->config_text.len) ||
        a->file_count != b->file_count || a->found_count != b->found_count)
        return false;
    for (size_t i = 0; i < a->found_count; i++)
        if (!address_equal(&a->found[i], &b->found[i]))
            return false;
    for (size_t i = 0; i < a->file_count; i++)
        if (strcmp(a->files[i].path, b->files[i].path) != 0 ||
            (a->files[i].kind != INPUT_ZONE_FILE && !same_file(&a->files[i], &b->files[i])))
            return false;
    return true;
}

static bool zone_file_differs(const struct zone *zone, const struct inputs *old,
                              const struct inputs *new)
{
    const char *path = zone_file_path(zone);
    const struct input_file *before = path != NULL ? inputs_file(old, path) : NULL;
    const struct input_file *after = path != NULL ? inputs_file(new, path) : NULL;
    return before != NULL && after != NULL && !same_file(before, after);
}

// ── The table ────────────────────────────────────────────────────────────────────────────────────

static void look_up(struct zone *zone, struct store_reader *state, struct store_reader *serve)
{
    struct error err = {0};
    state_zone_get(state, &zone->key, &zone->state);
    if (zone->state.lost)
        log_event(
            LOG_LEVEL_ERROR, "state-lost", "zone", zone->name, "reason",
            "its record in state/ does not hold up; the serial goes on from what is published "
            "and from the time",
            NULL);
    build_look(serve, zone, &err);
    if (err.text[0] != '\0')
        log_event(LOG_LEVEL_WARNING, "image-unusable", "zone", zone->name, "reason", err.text,
                  NULL);
}

static bool same_domain(const struct config_domain *a, const struct config_domain *b)
{
    if (a == NULL || b == NULL || a->dnssec != b->dnssec ||
        (a->zone_file == NULL) != (b->zone_file == NULL))
        return a == NULL && b == NULL;
    return a->zone_file == NULL || strcmp(a->zone_file, b->zone_file) == 0;
}

// Fills one place of the new table: with what the old one knows, or from the stores.
static void place_zone(struct zone *zone, const struct zone_target *target, const struct zones *old,
                       struct store_reader *state, struct store_reader *serve)
{
    struct zone fresh = {.target = target};
    if (name_from_text(target->name, &fresh.wire, NULL) != STATUS_OK)
        abort(); // the configuration has checked it
    name_key(fresh.wire.wire, &fresh.key);
    struct zone *known = find(old, fresh.key.octets, fresh.key.len);
    if (known != NULL) {
        *zone = *known;
        zone->urgent = !same_domain(known->target->domain, target->domain);
        zone->target = target;
        known->name = NULL; // moved: not the old table's to free
        known->complaint = NULL;
        known->notes = NULL;
        known->dkim = NULL;
        known->keys = (struct public_keys){.kind = PUBLIC_NOTHING};
        return;
    }
    fresh.name = xstrdup(target->name);
    fresh.dirty = fresh.urgent = true;
    look_up(&fresh, state, serve);
    *zone = fresh;
}

static bool is_external(const struct zone_target *target)
{
    return target->domain != NULL && target->domain->mode == CONFIG_EXTERNAL;
}

static size_t find_host(const struct zones *zones)
{
    const char *hostname = zones->inputs->config->box.hostname;
    struct name name;
    size_t host = zones->count;
    if (name_from_text(hostname, &name, NULL) != STATUS_OK)
        return host;
    for (size_t i = 0; i < zones->count;
         i++) // zones below others come behind them: the last is the nearest
        if (name_is_under(name.wire, zones->list[i].wire.wire))
            host = i;
    return host;
}

static void find_gone(struct zones *zones, struct store_reader *serve)
{
    struct name_key at = {.len = 0};
    struct image image;
    struct store_entry entry;
    zones->gone_count = 0;
    for (bool after = false;
         store_seek(serve, STORE_IMAGES, at.octets, at.len, after, &entry) == STATUS_OK;
         after = true) {
        if (entry.key_len > sizeof(at.octets))
            break;
        memcpy(at.octets, entry.key, entry.key_len);
        at.len = (uint16_t)entry.key_len;
        if (find(zones, at.octets, at.len) != NULL)
            continue;
        zones->gone =
            array_grow(zones->gone, &zones->gone_cap, zones->gone_count, sizeof(*zones->gone));
        struct zone_gone *gone = &zones->gone[zones->gone_count++];
        *gone = (struct zone_gone){.key = at};
        if (image_open(entry.value, entry.value_len, &image, NULL) == STATUS_OK)
            name_to_text(image_node_name(&image, image.nodes), gone->name);
    }
}

void zones_take(struct zones *zones, struct inputs *inputs, struct store_reader *state,
                struct store_reader *serve)
{
    struct zones old = *zones;
    bool few = old.inputs != NULL && only_zone_files_differ(old.inputs, inputs);
    *zones = (struct zones){.inputs = inputs};
    size_t target_count = zonegen_targets(inputs->config, &zones->targets);
    zones->list = xcalloc(target_count + 1, sizeof(*zones->list));
    for (size_t i = 0; i < target_count; i++) {
        struct zone *zone = &zones->list[zones->count];
        if (is_external(&zones->targets[i])) // never signed, never served: gone, where it was
            continue;
        zones->count++;
        place_zone(zone, &zones->targets[i], &old, state, serve);
        if (!few || zone_file_differs(zone, old.inputs, inputs))
            zone->dirty = true;
    }
    qsort(zones->list, zones->count, sizeof(*zones->list), compare_zones);
    zones->host = find_host(zones);
    find_gone(zones, serve);
    zones_done(&old);
}
