// SPDX-License-Identifier: ISC
#include "signer/life_keys.h"

#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/alloc.h"

#define SHA256 2 // RFC 4509

static void digest(const struct zone *zone, const uint8_t *rdata, size_t len,
                   struct observe_key *ret)
{
    size_t owner_len = zone->wire.len;
    uint8_t *octets = xmalloc(owner_len + len);
    memcpy(octets, zone->wire.wire, owner_len);
    memcpy(octets + owner_len, rdata, len);
    (void)ldns_sha1(octets, (unsigned)(owner_len + len), ret->sha1);
    (void)ldns_sha256(octets, (unsigned)(owner_len + len), ret->sha256);
    (void)ldns_sha384(octets, (unsigned)(owner_len + len), ret->sha384);
    free(octets);
}

static bool digest_published(const struct zone *zone, struct dnskey_id id, struct observe_key *ret)
{
    for (size_t i = 0; i < zone->keys.count; i++) {
        const struct public_key *key = &zone->keys.list[i];
        if (key->tag != id.tag || key->algorithm != id.algorithm)
            continue;
        digest(zone, key->rdata, key->len, ret);
        return true;
    }
    return false;
}

static bool digest_file(const struct zone *zone, struct dnskey_id id, const struct keyring *keyring,
                        struct observe_key *ret)
{
    struct dnskey_set files = {0};
    struct dnskey_ids one = {&id, 1};
    struct error err = {0};
    if (dnskey_load_known(&keyring->listing, zone->name, &one, false, &files, &err) != STATUS_OK)
        return false;
    const struct dnskey *key = dnskey_set_find(&files, id);
    ldns_buffer *wire = ldns_buffer_new(LDNS_MIN_BUFLEN);
    bool good =
        key != NULL && wire != NULL && ldns_rr_rdata2buffer_wire(wire, key->rr) == LDNS_STATUS_OK;
    if (good)
        digest(zone, ldns_buffer_begin(wire), ldns_buffer_position(wire), ret);
    ldns_buffer_free(wire);
    dnskey_set_done(&files);
    return good;
}

static uint8_t use_of(const struct keyset *set, size_t slot)
{
    keyset_mask bit = keyset_bit(slot);
    return (uint8_t)(((keyset_dnskeys(set) & bit) != 0 ? OBSERVE_IN_DNSKEY : 0) |
                     ((keyset_key_signers(set) & bit) != 0 ? OBSERVE_SIGNS_KEYS : 0) |
                     ((keyset_signers(set) & bit) != 0 ? OBSERVE_SIGNS_ZONE : 0));
}

bool life_keys_read(const struct zone *zone, const struct keyset *set,
                    const struct keyring *keyring, struct life_keys *ret)
{
    ret->count = 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        if (set->keys[i].role == 0)
            continue;
        struct dnskey_id id = set->keys[i].id;
        struct observe_key *key = &ret->list[ret->count];
        *key =
            (struct observe_key){.tag = id.tag, .algorithm = id.algorithm, .use = use_of(set, i)};
        bool known = digest_published(zone, id, key) || digest_file(zone, id, keyring, key);
        bool needed = key->use != 0 || (set->offered & keyset_bit(i)) != 0;
        if (!known && needed)
            return false;
        ret->ids[ret->count++] = id;
    }
    return true;
}

void life_keys_ds(const struct observe_key *key, uint8_t ret[LIFE_DS_LEN])
{
    ret[0] = (uint8_t)(key->tag >> 8);
    ret[1] = (uint8_t)key->tag;
    ret[2] = key->algorithm;
    ret[3] = SHA256;
    memcpy(ret + 4, key->sha256, sizeof(key->sha256));
}
