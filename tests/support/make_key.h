// SPDX-License-Identifier: ISC
// A combined signing key in use since `now`, as zone-signer makes it for a new zone.
#pragma once

#include "keys/dnskey.h"

static inline enum status make_csk(const char *place, const char *zone, int64_t now,
                                   struct dnskey *ret, struct error *err)
{
    static const struct dnskey_recipe recipe = {
        .flags = DNSKEY_FLAGS_SEP, .algorithm = DNSKEY_ALGORITHM_ECDSAP256SHA256, .in_use = true};
    struct dnskey_listing listing;
    enum status status = dnskey_listing_read(place, &listing, err);
    if (status != STATUS_OK)
        return status;
    status = dnskey_make_listed(&listing, zone, &recipe, now, ret, err);
    dnskey_listing_done(&listing);
    return status;
}
