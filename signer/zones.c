// SPDX-License-Identifier: ISC
#include "signer/zones.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "signer/build.h"
#include "signer/life.h"
#include "signer/dkim.h"
#include "signer/dsboot.h"
#include "signer/notes.h"
#include "signer/queue.h"

static void zone_done(struct zone *zone)
{
    free(zone->name);
    free(zone->complaint);
    zone_state_done(&zone->state);
    public_keys_done(&zone->keys);
    notes_free(zone->notes);
    zone_dkim_free(zone->dkim);
    zone_dsboot_free(zone->dsboot);
    *zone = (struct zone){0};
}

void zones_done(struct zones *zones)
{
    for (size_t i = 0; i < zones->count; i++)
        zone_done(&zones->list[i]);
    for (size_t i = 0; i < zones->external_count; i++)
        zone_done(&zones->externals[i]);
    free(zones->list);
    free(zones->externals);
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

// A zone is large: the order is found by their places, and each is moved once.
static int compare_places(const void *a, const void *b)
{
    return compare_zones(*(const struct zone *const *)a, *(const struct zone *const *)b);
}

static void sort_zones(struct zone **list, size_t count)
{
    const struct zone **places = xcalloc(count + 1, sizeof(*places));
    struct zone *sorted = xcalloc(count + 1, sizeof(*sorted));
    for (size_t i = 0; i < count; i++)
        places[i] = &(*list)[i];
    qsort(places, count, sizeof(*places), compare_places);
    for (size_t i = 0; i < count; i++)
        sorted[i] = *places[i];
    free(places);
    free(*list);
    *list = sorted;
}

static int compare_key(const void *wanted, const void *zone)
{
    const struct name_key *left = wanted;
    const struct name_key *right = &((const struct zone *)zone)->key;
    return name_key_compare(left->octets, left->len, right->octets, right->len);
}

static struct zone *find_in(struct zone *list, size_t count, const struct name_key *key)
{
    return count > 0 ? bsearch(key, list, count, sizeof(*list), compare_key) : NULL;
}

static struct zone *find(const struct zones *zones, const struct name_key *key)
{
    return find_in(zones->list, zones->count, key);
}

struct zone *zones_find(const struct zones *zones, const struct zone_target *target)
{
    struct name name;
    struct name_key key;
    if (target == NULL || name_from_text(target->name, &name, NULL) != STATUS_OK)
        return NULL;
    name_key(name.wire, &key);
    return find(zones, &key);
}

struct zone *zones_enclosing(const struct zones *zones, const uint8_t *name)
{
    struct name_key key;
    name_key(name, &key);
    for (unsigned labels = key.labels + 1U; labels-- > 0;) {
        key.len = key.end[labels];
        struct zone *zone = find(zones, &key);
        if (zone != NULL || find_in(zones->externals, zones->external_count, &key) != NULL)
            return zone;
    }
    return NULL;
}

// ── What has changed ─────────────────────────────────────────────────────────────────────────────

// Between two readings, besides what the configuration says about each zone.
struct difference {
    bool everywhere; // a first reading, or the addresses of the box
    bool of_box;     // certificates, next keys or host keys
    // Files of the new inputs that are new or other ones, by path
    const struct input_file **files;
    size_t count;
};

static bool same_addresses(const struct inputs *a, const struct inputs *b)
{
    for (size_t i = 0; a->found_count == b->found_count && i < a->found_count; i++)
        if (!address_equal(&a->found[i], &b->found[i]))
            return false;
    return a->found_count == b->found_count;
}

static bool is_of_box(const struct input_file *file)
{
    return file->kind != INPUT_ZONE_FILE && file->kind != INPUT_RECORDS_FILE;
}

// The caller frees ret->files.
static void compare_inputs(const struct inputs *old, const struct inputs *new,
                           struct difference *ret)
{
    *ret = (struct difference){
        .everywhere = old == NULL || !same_addresses(old, new),
        .files = xcalloc(new->file_count + 1, sizeof(*ret->files)),
    };
    for (size_t i = 0; old != NULL && i < new->file_count; i++) {
        const struct input_file *before = inputs_file_near(old, i, new->files[i].path);
        if (before != NULL && input_file_equal(before, &new->files[i]))
            continue;
        ret->files[ret->count++] = &new->files[i];
        ret->of_box = ret->of_box || is_of_box(&new->files[i]);
    }
    for (size_t i = 0; old != NULL && i < old->file_count; i++) // a host key that is gone
        ret->of_box = ret->of_box || (is_of_box(&old->files[i]) &&
                                      inputs_file_near(new, i, old->files[i].path) == NULL);
}

static int compare_path(const void *path, const void *file)
{
    return strcmp(path, (*(const struct input_file *const *)file)->path);
}

static bool file_differs(const struct difference *difference, const char *path)
{
    return path != NULL && difference->count > 0 &&
           bsearch(path, difference->files, difference->count, sizeof(*difference->files),
                   compare_path) != NULL;
}

// A zone that another of ours delegates may say itself in its file who serves it.
static bool files_differ(const struct difference *difference, const struct zone_target *target)
{
    const struct config_domain *domain = target->domain;
    bool differ = domain != NULL && (file_differs(difference, domain->zone_file) ||
                                     file_differs(difference, domain->records_file));
    for (size_t i = 0; !differ && i < target->inside_count; i++)
        differ = file_differs(difference, target->inside[i]->records_file);
    for (size_t i = 0; !differ && i < target->child_count; i++)
        differ = target->children[i]->domain != NULL &&
                 file_differs(difference, target->children[i]->domain->zone_file);
    return differ;
}

// ── The table ────────────────────────────────────────────────────────────────────────────────────

static void look_up(struct zone *zone, struct store_reader *state, struct store_reader *serve)
{
    struct error err = {0};
    state_zone_get(state, &zone->key, &zone->state);
    zone->life_next = life_next(zone);
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

static bool same_lines(const struct zone_target *a, const struct zone_target *b)
{
    if (a->domain == NULL || b->domain == NULL)
        return a->domain == b->domain;
    return a->domain->digest == b->domain->digest;
}

// Fills one place of a new table with what the old one knows. True: nothing.
static bool place_zone(struct zone *zone, const struct zone_target *target, struct zone *old_list,
                       size_t old_count)
{
    struct zone fresh = {.target = target};
    if (name_from_text(target->name, &fresh.wire, NULL) != STATUS_OK)
        abort(); // the configuration has checked it
    name_key(fresh.wire.wire, &fresh.key);
    struct zone *known = find_in(old_list, old_count, &fresh.key);
    if (known != NULL) {
        *zone = *known;
        zone->urgent = !same_lines(known->target, target);
        zone->waiting = zone->waiting || known->target->digest != target->digest;
        zone->target = target;
        known->name = NULL; // moved: not the old table's to free
        known->state.keyset = NULL;
        known->complaint = NULL;
        known->notes = NULL;
        known->dkim = NULL;
        known->dsboot = NULL;
        known->keys = (struct public_keys){.kind = PUBLIC_NOTHING};
        return false;
    }
    fresh.name = xstrdup(target->name);
    fresh.waiting = fresh.urgent = true;
    *zone = fresh;
    return true;
}

static bool is_external(const struct zone_target *target)
{
    return target->domain != NULL && target->domain->mode == CONFIG_EXTERNAL;
}

// What a domain of others is looked at again for, besides its own lines: whether anybody can see its records.
static bool probe_differs(const struct inputs *old, const struct inputs *new)
{
    return old != NULL && old->config->probe.enabled != new->config->probe.enabled;
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
        if (find(zones, &at) != NULL)
            continue;
        zones->gone =
            array_grow(zones->gone, &zones->gone_cap, zones->gone_count, sizeof(*zones->gone));
        struct zone_gone *gone = &zones->gone[zones->gone_count++];
        *gone = (struct zone_gone){.key = at};
        if (image_open(entry.value, entry.value_len, &image, NULL) == STATUS_OK)
            name_to_text(image_node_name(&image, image.nodes), gone->name);
    }
}

// Fills the table anew.
static void take_all(struct zones *zones, struct inputs *inputs,
                     const struct difference *difference, struct store_reader *state,
                     struct store_reader *serve)
{
    struct zones old = *zones;
    *zones = (struct zones){.inputs = inputs};
    zones->target_count = zonegen_targets(inputs->config, &zones->targets);
    zones->list = xcalloc(zones->target_count + 1, sizeof(*zones->list));
    zones->externals = xcalloc(zones->target_count + 1, sizeof(*zones->externals));
    for (size_t i = 0; i < zones->target_count; i++) {
        if (is_external(&zones->targets[i])) { // never signed, never served: gone, where it was
            struct zone *external = &zones->externals[zones->external_count++];
            (void)place_zone(external, &zones->targets[i], old.externals, old.external_count);
            external->waiting = external->waiting || probe_differs(old.inputs, inputs);
            continue;
        }
        struct zone *zone = &zones->list[zones->count++];
        if (place_zone(zone, &zones->targets[i], old.list, old.count))
            look_up(zone, state, serve);
        if (difference->everywhere || files_differ(difference, zone->target))
            zone->waiting = true;
    }
    sort_zones(&zones->list, zones->count);
    sort_zones(&zones->externals, zones->external_count);
    zones->host = find_host(zones);
    if (difference->of_box && zones->host < zones->count)
        zones->list[zones->host].waiting = true;
    find_gone(zones, serve);
    zones_done(&old);
}

// ── The table stays ──────────────────────────────────────────────────────────────────────────────

// Are these the same zones, each served by the same as before?
static bool same_zones(const struct zones *zones, const struct zone_target *targets, size_t count)
{
    bool same = count == zones->target_count;
    for (size_t i = 0; same && i < count; i++)
        same = is_external(&targets[i]) == is_external(&zones->targets[i]) &&
               strcmp(targets[i].name, zones->targets[i].name) == 0;
    return same;
}

// From one array of targets to another in the same order.
static void retarget(const struct zones *zones, struct zone *list, size_t count,
                     const struct zone_target *targets)
{
    for (size_t i = 0; i < count; i++) {
        const struct zone_target *old = list[i].target, *new = &targets[old - zones->targets];
        list[i].urgent = !same_lines(old, new);
        list[i].waiting = list[i].waiting || old->digest != new->digest;
        list[i].target = new;
    }
}

// Zones that wait come into the queue; from the last on, as those below others stand behind them.
static void settle_waiting(struct zones *zones)
{
    for (size_t i = zones->count; i-- > 0;)
        if (zones->list[i].waiting)
            queue_settle(&zones->list[i]);
    for (size_t i = 0; i < zones->external_count; i++)
        if (zones->externals[i].waiting)
            queue_settle(&zones->externals[i]);
}

// Takes inputs over by which there are the same zones, and all that they share is the same. False: it is not so.
static bool take_same(struct zones *zones, struct inputs *inputs,
                      const struct difference *difference)
{
    struct zone_target *targets = zones->targets;
    if (zones->inputs == NULL || difference->everywhere ||
        inputs->config->digest != zones->inputs->config->digest)
        return false;
    if (inputs->config != zones->inputs->config) {
        size_t count = zonegen_targets(inputs->config, &targets);
        if (!same_zones(zones, targets, count)) {
            free(targets);
            return false;
        }
        retarget(zones, zones->list, zones->count, targets);
        retarget(zones, zones->externals, zones->external_count, targets);
        free(zones->targets);
        zones->targets = targets;
    }
    inputs_free(zones->inputs);
    zones->inputs = inputs;
    for (size_t i = 0; difference->count > 0 && i < zones->count; i++)
        if (files_differ(difference, zones->list[i].target))
            zones->list[i].waiting = true;
    if (difference->of_box && zones->host < zones->count)
        zones->list[zones->host].waiting = true;
    settle_waiting(zones);
    return true;
}

bool zones_take(struct zones *zones, struct inputs *inputs, struct store_reader *state,
                struct store_reader *serve)
{
    struct difference difference;
    compare_inputs(zones->inputs, inputs, &difference);
    bool stays = take_same(zones, inputs, &difference);
    if (!stays)
        take_all(zones, inputs, &difference, state, serve);
    free(difference.files);
    return !stays;
}
