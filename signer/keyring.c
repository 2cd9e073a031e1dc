// SPDX-License-Identifier: ISC
#include "signer/keyring.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

enum status keyring_open(const char *directory, struct keyring *ret, struct error *err)
{
    *ret = (struct keyring){.directory = xstrdup(directory)};
    return dnskey_listing_read(directory, &ret->listing, err);
}

void keyring_done(struct keyring *keyring)
{
    dnskey_listing_done(&keyring->listing);
    free(keyring->directory);
    *keyring = (struct keyring){0};
}

enum status keyring_refresh(struct keyring *keyring, struct error *err)
{
    struct dnskey_listing listing = {0};
    enum status status = dnskey_listing_read(keyring->directory, &listing, err);
    if (status != STATUS_OK)
        return status;
    dnskey_listing_done(&keyring->listing);
    keyring->listing = listing;
    return STATUS_OK;
}

// Puts a new .key file into the sorted listing, so that the zone's next turn finds it. With it comes its .private file.
static void list_file(struct dnskey_listing *listing, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    size_t at = listing->count;
    while (at > 0 && strcasecmp(listing->names[at - 1], name) > 0)
        at--;
    int base_len = (int)(strlen(name) - strlen(".key"));
    listing->names = xreallocarray(listing->names, listing->count + 2, sizeof(*listing->names));
    memmove(&listing->names[at + 2], &listing->names[at],
            (listing->count - at) * sizeof(*listing->names));
    listing->names[at] = xstrdup(name);
    listing->names[at + 1] = xasprintf("%.*s.private", base_len, name);
    listing->count += 2;
}

enum status keyring_make(struct keyring *keyring, const char *zone,
                         const struct dnskey_recipe *recipe, int64_t now, struct dnskey_id *ret,
                         struct error *err)
{
    struct dnskey key = {0};
    enum status status = dnskey_make_listed(&keyring->listing, zone, recipe, now, &key, err);
    if (status != STATUS_OK)
        return status;
    list_file(&keyring->listing, key.path);
    *ret = (struct dnskey_id){key.tag, key.algorithm};
    dnskey_done(&key);
    return STATUS_OK;
}
