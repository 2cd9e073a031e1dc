// SPDX-License-Identifier: ISC
#include "signer/keyring.h"

#include <stdlib.h>

#include "base/alloc.h"

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

enum status keyring_make(struct keyring *keyring, const char *zone,
                         const struct dnskey_recipe *recipe, int64_t now, struct dnskey_id *ret,
                         struct error *err)
{
    struct dnskey key = {0};
    enum status status = dnskey_make_listed(&keyring->listing, zone, recipe, now, &key, err);
    if (status != STATUS_OK)
        return status;
    *ret = (struct dnskey_id){key.tag, key.algorithm};
    dnskey_done(&key);
    return STATUS_OK;
}
