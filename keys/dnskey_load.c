// SPDX-License-Identifier: ISC
// Loads the keys of a zone: K<zone>.+AAA+TTTTT.key, and .private where secrets are asked for.
#include "keys/dnskey.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "keys/key_files.h"

enum status key_file_private(const char *path, uint8_t algorithm, EVP_PKEY **ret_key,
                             struct dnskey_times *ret_times, struct buf *ret_public,
                             struct error *err)
{
    // Never grows, so that no copy of a secret stays behind.
    uint8_t octets[KEY_FILE_MAX + 2];
    struct buf text = {.data = octets, .cap = sizeof(octets)};
    enum status status = file_read(path, KEY_FILE_MAX, &text, err);
    if (status == STATUS_OK) {
        buf_put_u8(&text, 0);
        status =
            private_key_parse((char *)text.data, algorithm, ret_key, ret_times, ret_public, err);
        if (status != STATUS_OK)
            status = error_prefix(err, status, "%s", path);
    }
    explicit_bzero(octets, text.len); // all that was written to
    return status;
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

static int compare_keys(const void *a, const void *b)
{
    const struct dnskey *left = a;
    const struct dnskey *right = b;
    int order = (left->tag > right->tag) - (left->tag < right->tag);
    return order != 0 ? order : left->algorithm - right->algorithm;
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
    struct key_name name;
    size_t cap = 0;
    enum status status = STATUS_OK;
    struct key_walk walk = key_walk_begin(listing, zone);
    for (const char *file; status == STATUS_OK && (file = key_walk_next(&walk, &name)) != NULL;) {
        if (name.private || !key_name_is_in(&name, known))
            continue;
        set.keys = array_grow(set.keys, &cap, set.count, sizeof(*set.keys));
        struct dnskey *key = &set.keys[set.count++];
        *key = (struct dnskey){0};
        char *path = path_join(listing->directory, file);
        status = key_file_public(path, zone, &name, key, err);
        if (status == STATUS_OK && with_private)
            status = load_private(key, err);
        free(path);
    }
    key_walk_end(&walk);
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
