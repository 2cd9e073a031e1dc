// SPDX-License-Identifier: ISC
// .private files without their .key: the public part follows from the private one, and which of the flags the key was
// published with from the tag in the name.
#include "keys/dnskey.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "keys/key_files.h"

// The record whose tag is the one in the name, NULL: there is none.
static ldns_rr *record_of(const char *zone, const struct key_name *name, const struct buf *public)
{
    static const uint16_t flags[] = {DNSKEY_FLAGS_SEP, DNSKEY_FLAGS_ZONE};
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        ldns_rr *rr = key_record(zone, flags[i], name->algorithm, public);
        if (rr != NULL && ldns_calc_keytag(rr) == name->tag)
            return rr;
        ldns_rr_free(rr);
    }
    return NULL;
}

static enum status complete(const char *base, const char *zone, const struct key_name *name,
                            struct error *err)
{
    struct buf public = {0};
    struct dnskey_times times = {0};
    EVP_PKEY *private = NULL;
    char *path = xasprintf("%s.private", base);
    enum status status = key_file_private(path, name->algorithm, &private, &times, &public, err);
    ldns_rr *rr = status == STATUS_OK ? record_of(zone, name, &public) : NULL;
    if (rr != NULL) {
        struct dnskey key;
        key_set(&key, rr, private, base, &times);
        status = key_file_create_public(&key, err);
        dnskey_done(&key);
    } else if (status == STATUS_OK) {
        status = error_set(err, STATUS_STATE,
                           "%s: has no .key file, and the key inside has another tag than its name",
                           path);
        EVP_PKEY_free(private);
    }
    buf_done(&public);
    free(path);
    // What vanished between listing and reading is not what callers call not found.
    return status == STATUS_NOT_FOUND ? STATUS_IO : status;
}

enum status dnskey_complete(struct dnskey_listing *listing, const char *zone,
                            const struct dnskey_ids *known, struct error *err)
{
    enum status status = STATUS_OK;
    struct key_name name;
    struct key_walk walk = key_walk_begin(listing, zone);
    for (const char *file; status == STATUS_OK && (file = key_walk_next(&walk, &name)) != NULL;) {
        if (!name.private || !key_name_is_in(&name, known))
            continue;
        int len = (int)(strlen(file) - strlen(".private"));
        char *public = xasprintf("%.*s.key", len, file);
        if (!key_listing_has(listing, public)) {
            char *base = xasprintf("%s/%.*s", listing->directory, len, file);
            status = complete(base, zone, &name, err);
            free(base);
            if (status == STATUS_OK)
                key_listing_add(listing, public); // before this one, which comes once more
        }
        free(public);
    }
    key_walk_end(&walk);
    return status;
}
