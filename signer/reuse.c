// SPDX-License-Identifier: ISC
#include "signer/reuse.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "dns/nsec3.h"
#include "dns/serial.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "signer/rrsig.h"

struct reuse {
    const struct records *records;
    const struct image *previous;
    struct plan_policy policy;
    int64_t now;
    const struct rrset *rrset;      // the one that was compared last,
    const struct image_rrset *same; // with its published twin; NULL: not the same
    const struct dnskey *known[8];  // keys whose DNSKEY the image has
    size_t known_count;
    struct image_cursor cursor; // large
};

struct reuse *reuse_new(const struct records *records, const struct image *previous,
                        const struct plan_policy *policy, int64_t now)
{
    struct reuse *reuse = xmalloc(sizeof(*reuse));
    reuse->records = records;
    reuse->previous = previous;
    reuse->policy = *policy;
    reuse->now = now;
    reuse->rrset = NULL;
    reuse->same = NULL;
    reuse->known_count = 0;
    return reuse;
}

void reuse_free(struct reuse *reuse)
{
    free(reuse);
}

static bool is_one_of(const struct record *records, size_t count, const struct image_rr *rr)
{
    // The case of names that compression met may have changed in the image: the canonical form decides then.
    for (size_t i = 0; i < count; i++)
        if (records[i].rdata_len == rr->rdata_len &&
            memcmp(records[i].rdata, rr->rdata, rr->rdata_len) == 0)
            return true;
    uint8_t *canonical = xmalloc((size_t)rr->rdata_len + 1);
    bool found = false;
    if (records_canonical(rr->type, rr->rdata, rr->rdata_len, canonical, NULL) == STATUS_OK)
        for (size_t i = 0; i < count && !found; i++)
            found = records[i].rdata_len == rr->rdata_len &&
                    memcmp(records[i].canonical, canonical, rr->rdata_len) == 0;
    free(canonical);
    return found;
}

// What the image has at the owner; NSEC3 are found by their hashes there.
static const struct image_rrset *find_published(const struct image *image,
                                                const struct owner *owner, uint16_t type)
{
    if (type == RR_TYPE_NSEC3) {
        uint8_t hash[NSEC3_HASH_LEN];
        bool matches = false;
        const struct image_rrset *found =
            nsec3_owner_hash(owner->lower, hash) ? image_find_nsec3(image, hash, &matches) : NULL;
        return matches ? found : NULL;
    }
    const struct image_node *node = image_find(image, owner->key, owner->key_len);
    return node != NULL ? image_rrset(image, node, type) : NULL;
}

static const struct image_rrset *find_same(struct reuse *reuse, const struct rrset *rrset)
{
    const struct image *image = reuse->previous;
    const struct owner *owner = &reuse->records->owners[rrset->owner];
    const struct image_rrset *published = find_published(image, owner, rrset->type);
    if (published == NULL || published->ttl != rrset->ttl || published->rr_count != rrset->count)
        return NULL;
    struct image_rr rr;
    image_rrs(&reuse->cursor, image, published, false);
    while (image_rrs_next(&reuse->cursor, &rr))
        if (!is_one_of(reuse->records->list + rrset->first, rrset->count, &rr))
            return NULL;
    return published;
}

// Tags are 16 bits: that the key is the same is seen from the DNSKEY that is published with it.
static bool key_is_known(struct reuse *reuse, const struct dnskey *key)
{
    for (size_t i = 0; i < reuse->known_count; i++)
        if (reuse->known[i] == key)
            return true;
    const struct image *image = reuse->previous;
    const struct image_rrset *dnskeys = image_rrset(image, &image->nodes[0], RR_TYPE_DNSKEY);
    if (dnskeys == NULL || reuse->known_count == sizeof(reuse->known) / sizeof(reuse->known[0]))
        return false;
    ldns_buffer *wire = ldns_buffer_new(LDNS_MIN_BUFLEN);
    bool found = false;
    if (wire != NULL && ldns_rr_rdata2buffer_wire(wire, key->rr) == LDNS_STATUS_OK) {
        struct image_rr rr;
        image_rrs(&reuse->cursor, image, dnskeys, false);
        while (!found && image_rrs_next(&reuse->cursor, &rr))
            found = rr.rdata_len == ldns_buffer_position(wire) &&
                    memcmp(rr.rdata, ldns_buffer_begin(wire), rr.rdata_len) == 0;
    }
    ldns_buffer_free(wire);
    if (found)
        reuse->known[reuse->known_count++] = key;
    return found;
}

static bool holds(const struct reuse *reuse, const struct rrset *rrset, const struct dnskey *key,
                  const struct rrsig *sig)
{
    int64_t now = reuse->now;
    return sig->covered == rrset->type && sig->algorithm == key->algorithm &&
           sig->tag == key->tag && sig->labels == reuse->records->owners[rrset->owner].labels &&
           sig->original_ttl == rrset->ttl && name_equal(sig->signer, reuse->records->apex) &&
           serial_time(sig->inception, now) <= now &&
           !plan_is_taken_along(&reuse->policy, now, serial_time(sig->expiration, now));
}

bool reuse_signature(struct reuse *reuse, const struct rrset *rrset, const struct dnskey *key,
                     uint8_t **ret_rdata, uint16_t *ret_len, int64_t *ret_expiration)
{
    if (reuse->previous == NULL || !key_is_known(reuse, key))
        return false;
    if (reuse->rrset != rrset) {
        reuse->rrset = rrset;
        reuse->same = find_same(reuse, rrset);
    }
    if (reuse->same == NULL)
        return false;
    struct image_rr rr;
    image_rrs(&reuse->cursor, reuse->previous, reuse->same, true);
    while (image_rrs_next(&reuse->cursor, &rr)) {
        struct rrsig sig;
        if (!rrsig_read(rr.rdata, rr.rdata_len, &sig) || !holds(reuse, rrset, key, &sig))
            continue;
        *ret_rdata = xmemdup(rr.rdata, rr.rdata_len);
        *ret_len = rr.rdata_len;
        *ret_expiration = serial_time(sig.expiration, reuse->now);
        return true;
    }
    return false;
}
