// SPDX-License-Identifier: ISC
// Key files as they come into being: created, never replaced, since the parent's DS may name what is there.
#include "keys/key_files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"

#define TIMES_MAX 1024 // octets of all times as text

char *key_file_base(const char *directory, const char *zone, struct dnskey_id id)
{
    char *prefix = key_file_prefix(zone);
    char *path = xasprintf("%s/%s%03u+%05u", directory, prefix, id.algorithm, id.tag);
    free(prefix);
    return path;
}

void key_set(struct dnskey *key, ldns_rr *rr, EVP_PKEY *private, const char *base,
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

enum status key_file_create_public(const struct dnskey *key, struct error *err)
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

enum status key_files_create(const struct dnskey *key, struct error *err)
{
    struct buf text = {0};
    char *path = xasprintf("%.*s.private", (int)(strlen(key->path) - strlen(".key")), key->path);
    buf_reserve(&text, PRIVATE_TEXT_MAX + TIMES_MAX); // never grows: no copy stays behind
    enum status status = private_key_put(key->private, key->algorithm, &text, err);
    if (status == STATUS_OK) {
        key_times_put(&text, &key->times, false);
        status = file_create(path, text.data, text.len, 0600, err);
    }
    if (status == STATUS_OK) {
        status = key_file_create_public(key, err);
        if (status != STATUS_OK)
            unlink(path);
    }
    free(path);
    buf_wipe(&text);
    return status;
}

void key_files_remove(const struct dnskey *key)
{
    char *path = xasprintf("%.*s.private", (int)(strlen(key->path) - strlen(".key")), key->path);
    unlink(path);
    unlink(key->path);
    free(path);
}
