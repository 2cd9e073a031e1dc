// SPDX-License-Identifier: ISC
// Makes key files. There is one rule above all: what is there is never replaced, since the parent's
// DS may name it.
#include "keys/dnskey.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "keys/key_files.h"

// 65536 tags, few of them taken: more than a handful of tries in a row means that something is
// wrong.
#define MAKE_TRIES 20

static void put_time(struct buf *text, const char *name, int64_t when, bool comment)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)when;
    struct tm utc;
    gmtime_r(&seconds, &utc);
    buf_printf(text, "%s%s: %04d%02d%02d%02d%02d%02d", comment ? "; " : "", name,
               utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
               utc.tm_sec);
    if (comment)
        buf_printf(text, " (%.3s %.3s %2d %02d:%02d:%02d %d)", days + 3L * utc.tm_wday,
                   months + 3L * utc.tm_mon, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                   utc.tm_year + 1900);
    buf_put_text(text, "\n");
}

static void put_times(struct buf *text, const struct key_times *times, bool comment)
{
    const struct {
        const char *name;
        int64_t when;
    } rows[] = {
        {"Created", times->created},   {"Publish", times->publish}, {"Activate", times->activate},
        {"Inactive", times->inactive}, {"Delete", times->remove},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].when != 0)
            put_time(text, rows[i].name, rows[i].when, comment);
    }
}

static char *base_path(const char *directory, const char *zone, const ldns_rr *rr)
{
    char *prefix = key_file_prefix(zone);
    char *path =
        xasprintf("%s/%s%03u+%05u", directory, prefix,
                  ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(rr)), ldns_calc_keytag(rr));
    free(prefix);
    return path;
}

// Takes rr and private over.
static void set_key(struct dnskey *key, ldns_rr *rr, EVP_PKEY *private, const char *base,
                    const struct key_times *times)
{
    *key = (struct dnskey){
        .rr = rr,
        .tag = ldns_calc_keytag(rr),
        .algorithm = ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(rr)),
        .flags = ldns_rdf2native_int16(ldns_rr_dnskey_flags(rr)),
        .created = times->created,
        .publish = times->publish,
        .activate = times->activate,
        .inactive = times->inactive,
        .remove = times->remove,
        .path = xasprintf("%s.key", base),
        .private = private,
    };
}

static enum status write_public(const struct dnskey *key, struct error *err)
{
    const struct key_times times = {key->created, key->publish, key->activate, key->inactive,
                                    key->remove};
    struct buf text = {0};
    char *owner = ldns_rdf2str(ldns_rr_owner(key->rr));
    char *public = ldns_rdf2str(ldns_rr_rdf(key->rr, 3));
    buf_printf(&text, "; This is a %s-signing key, keyid %u, for %s\n",
               key->flags == DNSKEY_FLAGS_SEP ? "key" : "zone", key->tag, owner);
    put_times(&text, &times, true);
    buf_printf(&text, "%s IN DNSKEY %u 3 %u %s\n", owner, key->flags, key->algorithm, public);
    enum status status = file_create(key->path, text.data, text.len, 0644, err);
    free(public);
    free(owner);
    buf_done(&text);
    return status;
}

static enum status write_private(const char *base, const struct buf *line,
                                 const struct key_times *times, struct error *err)
{
    struct buf text = {0};
    buf_reserve(&text, 1024); // never grows, so that no copy of the secret stays behind
    buf_put_text(&text, "Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\n");
    buf_put(&text, line->data, line->len);
    buf_put_text(&text, "\n");
    put_times(&text, times, false);
    char *path = xasprintf("%s.private", base);
    enum status status = file_create(path, text.data, text.len, 0600, err);
    free(path);
    secret_done(&text);
    return status;
}

// One try: EXISTS when the key's tag is taken.
static enum status make_one(const char *directory, const char *zone,
                            const struct dnskey_set *others, int64_t now, struct dnskey *ret,
                            struct error *err)
{
    const struct key_times times = {.created = now, .publish = now, .activate = now};
    struct buf public = {0};
    struct buf line = {0};
    EVP_PKEY *private = NULL;
    enum status status = private_key_generate(&private, &public, &line, err);
    if (status != STATUS_OK)
        return status;
    ldns_rr *rr = key_record(zone, DNSKEY_FLAGS_SEP, DNSKEY_ALGORITHM_ECDSAP256SHA256, &public);
    if (rr == NULL) {
        status = error_set(err, STATUS_SYNTAX, "%s: not a zone name", zone);
        EVP_PKEY_free(private);
    } else {
        char *base = base_path(directory, zone, rr);
        set_key(ret, rr, private, base, &times);
        if (dnskey_set_has_tag(others, ret->tag))
            status = STATUS_EXISTS;
        else if ((status = write_private(base, &line, &times, err)) == STATUS_OK)
            status = write_public(ret, err);
        free(base);
        if (status != STATUS_OK)
            dnskey_done(ret);
    }
    secret_done(&line);
    buf_done(&public);
    return status;
}

// Finds a .private file of the zone that has no .key beside it and writes that. The file's name has
// the tag, which tells with which flags the key was published. NOT_FOUND without words when there
// is none.
static enum status complete(const struct dnskey_listing *listing, const char *zone,
                            const char *file, const struct key_name *name, struct dnskey *ret,
                            struct error *err)
{
    struct buf public = {0};
    struct key_times times = {0};
    EVP_PKEY *private = NULL;
    char *path = path_join(listing->directory, file);
    enum status status = key_file_private(path, name->algorithm, &private, &times, &public, err);
    if (status == STATUS_OK) {
        ldns_rr *rr = key_record(zone, DNSKEY_FLAGS_SEP, name->algorithm, &public);
        if (rr != NULL && ldns_calc_keytag(rr) != name->tag) {
            ldns_rr_free(rr);
            rr = key_record(zone, DNSKEY_FLAGS_ZONE, name->algorithm, &public);
        }
        if (rr == NULL || ldns_calc_keytag(rr) != name->tag) {
            status = error_set(
                err, STATUS_STATE,
                "%s: has no .key file, and the key inside has another tag than its name", path);
            ldns_rr_free(rr);
            EVP_PKEY_free(private);
        } else {
            path[strlen(path) - strlen(".private")] = '\0';
            set_key(ret, rr, private, path, &times);
            status = write_public(ret, err);
            if (status != STATUS_OK)
                dnskey_done(ret);
        }
    }
    buf_done(&public);
    free(path);
    return status;
}

static enum status complete_orphan(const struct dnskey_listing *listing, const char *zone,
                                   struct dnskey *ret, struct error *err)
{
    enum status status = STATUS_NOT_FOUND;
    char *prefix = key_file_prefix(zone);
    struct key_name name;
    for (size_t i = key_listing_first(listing, prefix);
         status == STATUS_NOT_FOUND && i < listing->count &&
         strncasecmp(listing->names[i], prefix, strlen(prefix)) == 0;
         i++) {
        const char *file = listing->names[i];
        if (!key_file_is(file, prefix, &name) || !name.private)
            continue;
        // Sorted, a .key stands right before its .private.
        size_t base_len = strlen(file) - strlen(".private");
        bool has_public = i > 0 && strlen(listing->names[i - 1]) == base_len + strlen(".key") &&
                          strncasecmp(listing->names[i - 1], file, base_len) == 0;
        if (has_public)
            continue;
        status = complete(listing, zone, file, &name, ret, err);
        if (status == STATUS_NOT_FOUND) // gone between listing and reading: that is no "none"
            status = STATUS_IO;
    }
    free(prefix);
    return status;
}

enum status dnskey_make_listed(const struct dnskey_listing *listing, const char *zone, int64_t now,
                               struct dnskey *ret, struct error *err)
{
    enum status status = directory_make(listing->directory, 0700, err);
    if (status != STATUS_OK)
        return status;
    struct dnskey_set others = {0};
    status = dnskey_load_listed(listing, zone, false, &others, err);
    if (status != STATUS_OK)
        return status;
    status = complete_orphan(listing, zone, ret, err);
    if (status == STATUS_NOT_FOUND) {
        status = STATUS_EXISTS;
        for (int i = 0; status == STATUS_EXISTS && i < MAKE_TRIES; i++)
            status = make_one(listing->directory, zone, &others, now, ret, err);
        if (status == STATUS_EXISTS)
            status = error_set(err, STATUS_CRYPTO, "%s: no free key tag after %d tries", zone,
                               MAKE_TRIES);
    }
    dnskey_set_done(&others);
    return status;
}

enum status dnskey_make(const char *directory, const char *zone, int64_t now, struct dnskey *ret,
                        struct error *err)
{
    struct dnskey_listing listing;
    enum status status = dnskey_listing_read(directory, &listing, err);
    if (status != STATUS_OK)
        return status;
    status = dnskey_make_listed(&listing, zone, now, ret, err);
    dnskey_listing_done(&listing);
    return status;
}
