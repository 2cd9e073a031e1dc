// SPDX-License-Identifier: ISC
// Names of key files, and the list of those in a directory.
#include "keys/key_files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

// ── Names ────────────────────────────────────────────────────────────────────────────────────────

char *key_file_prefix(const char *zone)
{
    struct buf prefix = {0};
    size_t len = strlen(zone);
    if (len > 0 && zone[len - 1] == '.')
        len--;
    buf_put_u8(&prefix, 'K');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)zone[i];
        if (isalnum(c) || strchr("-_.", c) != NULL)
            buf_put_u8(&prefix, (uint8_t)tolower(c));
        else
            buf_printf(&prefix, "%%%02X", c);
    }
    buf_put_text(&prefix, ".+");
    char *text = xstrdup(buf_text(&prefix));
    buf_done(&prefix);
    return text;
}

bool key_file_is(const char *name, const char *prefix, struct key_name *ret)
{
    size_t len = strlen(prefix);
    if (strncasecmp(name, prefix, len) != 0)
        return false;
    const char *rest = name + len;
    if (strspn(rest, "0123456789") != 3 || rest[3] != '+' || strspn(rest + 4, "0123456789") != 5)
        return false;
    unsigned long algorithm = strtoul(rest, NULL, 10);
    unsigned long tag = strtoul(rest + 4, NULL, 10);
    const char *end = rest + 9;
    ret->private = strcmp(end, ".private") == 0;
    ret->algorithm = (uint8_t)algorithm;
    ret->tag = (uint16_t)tag;
    return algorithm <= UINT8_MAX && tag <= UINT16_MAX &&
           (ret->private || strcmp(end, ".key") == 0);
}

bool key_name_is_in(const struct key_name *name, const struct dnskey_ids *known)
{
    for (size_t i = 0; known != NULL && i < known->count; i++)
        if (known->list[i].tag == name->tag && known->list[i].algorithm == name->algorithm)
            return true;
    return known == NULL;
}

// ── Listings ─────────────────────────────────────────────────────────────────────────────────────

static int compare_names(const void *a, const void *b)
{
    return strcasecmp(*(char *const *)a, *(char *const *)b);
}

enum status dnskey_listing_read(const char *directory, struct dnskey_listing *ret,
                                struct error *err)
{
    struct dnskey_listing listing = {.directory = xstrdup(directory)};
    size_t cap = 0;
    DIR *dir = opendir(directory);
    if (dir == NULL && errno != ENOENT) {
        int reason = errno;
        free(listing.directory);
        return error_set_errno(err, reason, "%s: cannot list the keys", directory);
    }
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] != 'K' || strchr(entry->d_name, '+') == NULL)
            continue;
        listing.names = array_grow(listing.names, &cap, listing.count, sizeof(*listing.names));
        listing.names[listing.count++] = xstrdup(entry->d_name);
    }
    if (dir != NULL)
        closedir(dir);
    if (listing.count > 0)
        qsort(listing.names, listing.count, sizeof(*listing.names), compare_names);
    *ret = listing;
    return STATUS_OK;
}

void dnskey_listing_done(struct dnskey_listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        free(listing->names[i]);
    free(listing->names);
    free(listing->directory);
    *listing = (struct dnskey_listing){0};
}

// Where in the sorted listing the names that begin with prefix start.
static size_t first(const struct dnskey_listing *listing, const char *prefix)
{
    size_t low = 0;
    size_t high = listing->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcasecmp(listing->names[middle], prefix) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool key_listing_has(const struct dnskey_listing *listing, const char *name)
{
    size_t at = first(listing, name);
    return at < listing->count && strcasecmp(listing->names[at], name) == 0;
}

void key_listing_add(struct dnskey_listing *listing, const char *name)
{
    size_t at = first(listing, name);
    if (key_listing_has(listing, name))
        return;
    listing->names = xreallocarray(listing->names, listing->count + 1, sizeof(*listing->names));
    memmove(&listing->names[at + 1], &listing->names[at],
            (listing->count - at) * sizeof(*listing->names));
    listing->names[at] = xstrdup(name);
    listing->count++;
}

bool dnskey_is_listed(const struct dnskey_listing *listing, const char *zone, struct dnskey_id id)
{
    char *prefix = key_file_prefix(zone);
    char *name = xasprintf("%s%03u+%05u.private", prefix, id.algorithm, id.tag);
    bool found = key_listing_has(listing, name);
    free(name);
    free(prefix);
    return found;
}

struct key_walk key_walk_begin(const struct dnskey_listing *listing, const char *zone)
{
    struct key_walk walk = {.listing = listing, .prefix = key_file_prefix(zone)};
    walk.next = first(listing, walk.prefix);
    return walk;
}

const char *key_walk_next(struct key_walk *walk, struct key_name *ret)
{
    size_t len = strlen(walk->prefix);
    while (walk->next < walk->listing->count) {
        const char *name = walk->listing->names[walk->next++];
        if (strncasecmp(name, walk->prefix, len) != 0)
            break;
        if (key_file_is(name, walk->prefix, ret))
            return name;
    }
    return NULL;
}

void key_walk_end(struct key_walk *walk)
{
    free(walk->prefix);
}
