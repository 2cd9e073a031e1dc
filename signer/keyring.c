// SPDX-License-Identifier: ISC
#include "signer/keyring.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/alloc.h"

// A file system's clock stands still for some milliseconds: what comes within the same tick as a change that was seen
// would not be told from it. So a time counts only when it had been over for this long when the list was read.
#define TICK_S 2

static struct timespec change_time(const char *directory)
{
    struct timespec now;
    struct stat info;
    clock_gettime(CLOCK_REALTIME, &now);
    if (stat(directory, &info) != 0 || info.st_ctim.tv_sec > now.tv_sec - TICK_S)
        return (struct timespec){0};
    return info.st_ctim;
}

static bool is_unchanged(const struct keyring *keyring, const struct timespec *changed_at)
{
    return changed_at->tv_sec != 0 && keyring->changed_at.tv_sec == changed_at->tv_sec &&
           keyring->changed_at.tv_nsec == changed_at->tv_nsec;
}

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
    struct timespec changed_at = change_time(keyring->directory);
    if (is_unchanged(keyring, &changed_at))
        return STATUS_OK;
    enum status status = dnskey_listing_read(keyring->directory, &listing, err);
    if (status != STATUS_OK)
        return status;
    dnskey_listing_done(&keyring->listing);
    keyring->listing = listing;
    keyring->changed_at = changed_at;
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
