// SPDX-License-Identifier: ISC
// Finds and reads key files: K<zone>.+AAA+TTTTT.key, and .private where secrets are asked for.
#include "keys/dnskey.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "keys/key_files.h"

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

size_t key_listing_first(const struct dnskey_listing *listing, const char *prefix)
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
    size_t at = key_listing_first(listing, name);
    return at < listing->count && strcasecmp(listing->names[at], name) == 0;
}

void key_listing_add(struct dnskey_listing *listing, const char *name)
{
    size_t at = key_listing_first(listing, name);
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

// ── Content ──────────────────────────────────────────────────────────────────────────────────────

ldns_rr *key_record(const char *zone, uint16_t flags, uint8_t algorithm, const struct buf *public)
{
    ldns_rdf *owner = ldns_dname_new_frm_str(zone);
    if (owner == NULL)
        return NULL;
    ldns_dname2canonical(owner);
    ldns_rr *rr = ldns_rr_new_frm_type(LDNS_RR_TYPE_DNSKEY);
    ldns_rr_set_owner(rr, owner);
    ldns_rr_set_ttl(rr, 0);
    ldns_rr_set_rdf(rr, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, flags), 0);
    ldns_rr_set_rdf(rr, ldns_native2rdf_int8(LDNS_RDF_TYPE_INT8, 3), 1); // RFC 4034 §2.1.2
    ldns_rr_set_rdf(rr, ldns_native2rdf_int8(LDNS_RDF_TYPE_ALG, algorithm), 2);
    ldns_rr_set_rdf(rr, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_B64, public->len, public->data), 3);
    return rr;
}

enum status key_file_private(const char *path, uint8_t algorithm, EVP_PKEY **ret_key,
                             struct dnskey_times *ret_times, struct buf *ret_public,
                             struct error *err)
{
    struct buf text = {0};
    // Never grows, so that no copy of a secret stays behind.
    buf_reserve(&text, KEY_FILE_MAX + 2);
    enum status status = file_read(path, KEY_FILE_MAX, &text, err);
    if (status == STATUS_OK) {
        buf_put_u8(&text, 0);
        status =
            private_key_parse((char *)text.data, algorithm, ret_key, ret_times, ret_public, err);
        if (status != STATUS_OK)
            status = error_prefix(err, status, "%s", path);
    }
    buf_wipe(&text);
    return status;
}

// The one record of a .key file; comments may carry times.
static enum status parse_public(const char *text, struct dnskey *key, struct error *err)
{
    struct dnskey_times times = {0};
    char *copy = xstrdup(text);
    char *rest = copy;
    enum status status = STATUS_OK;
    for (char *line; status == STATUS_OK && (line = strsep(&rest, "\r\n")) != NULL;) {
        line += strspn(line, " \t");
        if (line[0] == ';') {
            status = key_times_line(&times, line + 1 + strspn(line + 1, " \t"), err);
            continue;
        }
        if (line[0] == '\0')
            continue;
        if (key->rr != NULL)
            status = error_set(err, STATUS_SYNTAX, "more than one record");
        else if (ldns_rr_new_frm_str(&key->rr, line, 0, NULL, NULL) != LDNS_STATUS_OK)
            status = error_set(err, STATUS_SYNTAX, "not a DNSKEY record in one line");
    }
    free(copy);
    if (status == STATUS_OK && key->rr == NULL)
        status = error_set(err, STATUS_SYNTAX, "no record in it");
    key->times = times;
    return status;
}

// Does the record say what the name of its file says?
static enum status check_record(const ldns_rr *rr, const char *zone, const struct key_name *name,
                                struct error *err)
{
    if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_DNSKEY || ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
        return error_set(err, STATUS_SYNTAX, "the record is no DNSKEY of class IN");
    ldns_rdf *apex = ldns_dname_new_frm_str(zone);
    bool same = apex != NULL && ldns_dname_compare(apex, ldns_rr_owner(rr)) == 0;
    ldns_rdf_deep_free(apex);
    if (!same)
        return error_set(err, STATUS_STATE, "the key inside is of another zone than %s", zone);
    unsigned algorithm = ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(rr));
    unsigned flags = ldns_rdf2native_int16(ldns_rr_dnskey_flags(rr));
    unsigned tag = ldns_calc_keytag(rr);
    if (ldns_rdf2native_int8(ldns_rr_dnskey_protocol(rr)) != 3 || (flags & DNSKEY_FLAGS_ZONE) == 0)
        return error_set(err, STATUS_SYNTAX, "not a zone key (flags 256 or 257, protocol 3)");
    if (algorithm != name->algorithm || tag != name->tag)
        return error_set(err, STATUS_STATE, "the key inside has algorithm %u and tag %u", algorithm,
                         tag);
    if (key_algorithm(name->algorithm) == NULL)
        return error_set(err, STATUS_RANGE,
                         "algorithm %u is not one that zonebox signs with (8, 10, 13, 14, 15, 16)",
                         algorithm);
    return STATUS_OK;
}

static enum status load_private(struct dnskey *key, struct error *err)
{
    char *path = xasprintf("%.*s.private", (int)(strlen(key->path) - strlen(".key")), key->path);
    struct buf public = {0};
    struct dnskey_times times = {0};
    enum status status =
        key_file_private(path, key->algorithm, &key->private, &times, &public, err);
    if (status == STATUS_OK) {
        const ldns_rdf *expected = ldns_rr_rdf(key->rr, 3);
        if (ldns_rdf_size(expected) != public.len ||
            memcmp(ldns_rdf_data(expected), public.data, public.len) != 0)
            status = error_set(err, STATUS_STATE, "%s: does not belong to the public key in %s",
                               path, key->path);
    }
    if (status == STATUS_OK) {
        times.created = times.created != 0 ? times.created : key->times.created;
        times.publish = times.publish != 0 ? times.publish : key->times.publish;
        times.activate = times.activate != 0 ? times.activate : key->times.activate;
        key->times = times;
    }
    buf_done(&public);
    free(path);
    return status;
}

static enum status load_one(const char *path, const char *zone, const struct key_name *name,
                            struct dnskey *key, struct error *err)
{
    struct buf text = {0};
    enum status status = file_read(path, KEY_FILE_MAX, &text, err);
    if (status == STATUS_OK) {
        status = parse_public(buf_text(&text), key, err);
        if (status == STATUS_OK)
            status = check_record(key->rr, zone, name, err);
        if (status != STATUS_OK)
            status = error_prefix(err, status, "%s", path);
    }
    buf_done(&text);
    if (status != STATUS_OK)
        return status;
    key->path = xstrdup(path);
    key->tag = name->tag;
    key->algorithm = name->algorithm;
    key->flags = ldns_rdf2native_int16(ldns_rr_dnskey_flags(key->rr));
    return STATUS_OK;
}

static int compare_keys(const void *a, const void *b)
{
    const struct dnskey *left = a;
    const struct dnskey *right = b;
    int order = (left->tag > right->tag) - (left->tag < right->tag);
    return order != 0 ? order : left->algorithm - right->algorithm;
}

bool key_name_is_in(const struct key_name *name, const struct dnskey_ids *known)
{
    for (size_t i = 0; known != NULL && i < known->count; i++)
        if (known->list[i].tag == name->tag && known->list[i].algorithm == name->algorithm)
            return true;
    return known == NULL;
}

enum status dnskey_load_listed(const struct dnskey_listing *listing, const char *zone,
                               bool with_private, struct dnskey_set *ret, struct error *err)
{
    return dnskey_load_known(listing, zone, NULL, with_private, ret, err);
}

static bool is_known(const struct dnskey *key, const struct dnskey_ids *known)
{
    struct key_name name = {.algorithm = key->algorithm, .tag = key->tag};
    return key_name_is_in(&name, known);
}

enum status dnskey_load_privates(const struct dnskey_ids *known, struct dnskey_set *set,
                                 struct error *err)
{
    enum status status = STATUS_OK;
    size_t kept = 0;
    for (size_t i = 0; i < set->count; i++) {
        struct dnskey *key = &set->keys[i];
        if (!is_known(key, known)) {
            dnskey_done(key);
            continue;
        }
        if (status == STATUS_OK)
            status = load_private(key, err);
        set->keys[kept++] = *key;
    }
    set->count = kept;
    if (status != STATUS_OK) {
        dnskey_set_done(set);
        *set = (struct dnskey_set){0};
    }
    return status;
}

enum status dnskey_load_known(const struct dnskey_listing *listing, const char *zone,
                              const struct dnskey_ids *known, bool with_private,
                              struct dnskey_set *ret, struct error *err)
{
    struct dnskey_set set = {0};
    size_t cap = 0;
    enum status status = STATUS_OK;
    char *prefix = key_file_prefix(zone);
    for (size_t i = key_listing_first(listing, prefix); status == STATUS_OK && i < listing->count;
         i++) {
        struct key_name name;
        if (strncasecmp(listing->names[i], prefix, strlen(prefix)) != 0)
            break;
        if (!key_file_is(listing->names[i], prefix, &name) || name.private ||
            !key_name_is_in(&name, known))
            continue;
        set.keys = array_grow(set.keys, &cap, set.count, sizeof(*set.keys));
        struct dnskey *key = &set.keys[set.count++];
        *key = (struct dnskey){0};
        char *path = path_join(listing->directory, listing->names[i]);
        status = load_one(path, zone, &name, key, err);
        if (status == STATUS_OK && with_private)
            status = load_private(key, err);
        free(path);
    }
    free(prefix);
    if (status != STATUS_OK) {
        dnskey_set_done(&set);
        return status;
    }
    if (set.count > 0)
        qsort(set.keys, set.count, sizeof(*set.keys), compare_keys);
    *ret = set;
    return STATUS_OK;
}

enum status dnskey_load(const char *directory, const char *zone, bool with_private,
                        struct dnskey_set *ret, struct error *err)
{
    struct dnskey_listing listing;
    enum status status = dnskey_listing_read(directory, &listing, err);
    if (status != STATUS_OK)
        return status;
    status = dnskey_load_listed(&listing, zone, with_private, ret, err);
    dnskey_listing_done(&listing);
    return status;
}
