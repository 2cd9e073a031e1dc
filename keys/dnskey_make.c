// SPDX-License-Identifier: ISC
// Makes key files. There is one rule above all: what is there is never replaced, since the parent's
// DS may name it.
#include "keys/dnskey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "keys/key_files.h"

// 65536 tags, few of them taken: more than a handful of tries in a row means that something is
// wrong.
#define MAKE_TRIES 20

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
                    const struct dnskey_times *times)
{
    *key = (struct dnskey){
        .rr = rr,
        .tag = ldns_calc_keytag(rr),
        .algorithm = ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(rr)),
        .flags = ldns_rdf2native_int16(ldns_rr_dnskey_flags(rr)),
        .times = *times,
        .path = xasprintf("%s.key", base),
        .private = private,
    };
}

static enum status write_public(const struct dnskey *key, struct error *err)
{
    struct buf text = {0};
    char *owner = ldns_rdf2str(ldns_rr_owner(key->rr));
    char *public = ldns_rdf2str(ldns_rr_rdf(key->rr, 3));
    buf_printf(&text, "; This is a %s-signing key, keyid %u, for %s\n",
               key->flags == DNSKEY_FLAGS_SEP ? "key" : "zone", key->tag, owner);
    key_times_put(&text, &key->times, true);
    buf_printf(&text, "%s IN DNSKEY %u 3 %u %s\n", owner, key->flags, key->algorithm, public);
    enum status status = file_create(key->path, text.data, text.len, 0644, err);
    free(public);
    free(owner);
    buf_done(&text);
    return status;
}

// text: of the file, without times.
static enum status write_private(const char *base, const struct buf *text,
                                 const struct dnskey_times *times, struct error *err)
{
    struct buf file = {0};
    buf_reserve(&file, PRIVATE_TEXT_MAX + 1024); // never grows, so that no copy stays behind
    buf_put(&file, text->data, text->len);
    key_times_put(&file, times, false);
    char *path = xasprintf("%s.private", base);
    enum status status = file_create(path, file.data, file.len, 0600, err);
    free(path);
    secret_done(&file);
    return status;
}

// The key that is in the text, which stays as it is.
static enum status read_text(const struct buf *text, uint8_t algorithm, EVP_PKEY **ret,
                             struct buf *ret_public, struct error *err)
{
    struct buf copy = {0};
    struct dnskey_times none;
    buf_reserve(&copy, text->len + 1);
    buf_put(&copy, text->data, text->len);
    buf_put_u8(&copy, 0);
    enum status status =
        private_key_parse((char *)copy.data, algorithm, ret, &none, ret_public, err);
    secret_done(&copy);
    return status;
}

// One try: EXISTS when the key's tag is taken.
static enum status make_one(const char *directory, const char *zone,
                            const struct dnskey_recipe *recipe, const struct dnskey_set *others,
                            int64_t now, struct dnskey *ret, struct error *err)
{
    int64_t start = recipe->in_use ? now : 0;
    const struct dnskey_times times = {.created = now, .publish = start, .activate = start};
    struct buf public = {0}, text = {0};
    EVP_PKEY *private = NULL;
    ldns_rr *rr = NULL;
    enum status status = private_key_generate(recipe->algorithm, &text, err);
    if (status == STATUS_OK)
        status = read_text(&text, recipe->algorithm, &private, &public, err);
    if (status == STATUS_OK &&
        (rr = key_record(zone, recipe->flags, recipe->algorithm, &public)) == NULL) {
        status = error_set(err, STATUS_SYNTAX, "%s: not a zone name", zone);
        EVP_PKEY_free(private);
    }
    if (status == STATUS_OK) {
        char *base = base_path(directory, zone, rr);
        set_key(ret, rr, private, base, &times);
        if (dnskey_set_has_tag(others, ret->tag))
            status = STATUS_EXISTS;
        else if ((status = write_private(base, &text, &times, err)) == STATUS_OK)
            status = write_public(ret, err);
        free(base);
        if (status != STATUS_OK)
            dnskey_done(ret);
    }
    secret_done(&text);
    buf_done(&public);
    return status;
}

// Finds a .private file of the zone that has no .key beside it and writes that. The file's name has
// the tag, which tells with which flags the key was published. NOT_FOUND without words when there
// is none.
static enum status complete(const struct dnskey_listing *listing, const char *zone,
                            const char *file, const struct key_name *name,
                            const struct dnskey_recipe *recipe, struct dnskey *ret,
                            struct error *err)
{
    struct buf public = {0};
    struct dnskey_times times = {0};
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
        } else if (ldns_rdf2native_int16(ldns_rr_dnskey_flags(rr)) != recipe->flags) {
            status = STATUS_NOT_FOUND; // for another role
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
                                   const struct dnskey_recipe *recipe, struct dnskey *ret,
                                   struct error *err)
{
    enum status status = STATUS_NOT_FOUND;
    char *prefix = key_file_prefix(zone);
    struct key_name name;
    for (size_t i = key_listing_first(listing, prefix);
         status == STATUS_NOT_FOUND && i < listing->count &&
         strncasecmp(listing->names[i], prefix, strlen(prefix)) == 0;
         i++) {
        const char *file = listing->names[i];
        if (!key_file_is(file, prefix, &name) || !name.private ||
            name.algorithm != recipe->algorithm)
            continue;
        // Sorted, a .key stands right before its .private.
        size_t base_len = strlen(file) - strlen(".private");
        bool has_public = i > 0 && strlen(listing->names[i - 1]) == base_len + strlen(".key") &&
                          strncasecmp(listing->names[i - 1], file, base_len) == 0;
        if (has_public)
            continue;
        status = complete(listing, zone, file, &name, recipe, ret, err);
        if (status == STATUS_NOT_FOUND) // gone between listing and reading: that is no "none"
            status = STATUS_IO;
    }
    free(prefix);
    return status;
}

enum status dnskey_make_listed(const struct dnskey_listing *listing, const char *zone,
                               const struct dnskey_recipe *recipe, int64_t now, struct dnskey *ret,
                               struct error *err)
{
    enum status status = directory_make(listing->directory, 0700, err);
    if (status != STATUS_OK)
        return status;
    struct dnskey_set others = {0};
    status = dnskey_load_listed(listing, zone, false, &others, err);
    if (status != STATUS_OK)
        return status;
    status = complete_orphan(listing, zone, recipe, ret, err);
    if (status == STATUS_NOT_FOUND) {
        status = STATUS_EXISTS;
        for (int i = 0; status == STATUS_EXISTS && i < MAKE_TRIES; i++)
            status = make_one(listing->directory, zone, recipe, &others, now, ret, err);
        if (status == STATUS_EXISTS)
            status = error_set(err, STATUS_CRYPTO, "%s: no free key tag after %d tries", zone,
                               MAKE_TRIES);
    }
    dnskey_set_done(&others);
    return status;
}

enum status dnskey_destroy(const char *directory, const char *zone, struct dnskey_id id,
                           struct error *err)
{
    char *prefix = key_file_prefix(zone);
    char *path = xasprintf("%s/%s%03u+%05u.private", directory, prefix, id.algorithm, id.tag);
    struct stat info;
    enum status status = STATUS_OK;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && fstat(fd, &info) == 0) {
        char zeros[4096] = {0};
        for (off_t left = info.st_size; left > 0; left -= (off_t)sizeof(zeros))
            if (write(fd, zeros, sizeof(zeros)) < 0)
                break;
        fsync(fd);
    }
    if (fd >= 0)
        close(fd);
    if (unlink(path) != 0 && errno != ENOENT)
        status = error_set_errno(err, errno, "%s: cannot be destroyed", path);
    free(path);
    free(prefix);
    return status;
}
