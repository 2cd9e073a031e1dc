// SPDX-License-Identifier: ISC
#include "signer/verifier.h"

#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/alloc.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "keys/signing.h"
#include "signer/records.h"
#include "signer/rrsig.h"

struct verifier_key {
    struct dnskey_id id;
    ldns_rr *rr;
    uint8_t *rdata;
    uint16_t rdata_len;
    struct signing_key *ready; // NULL: not needed yet, or not an algorithm of libcrypto's
    bool tried;                // to make it
};

struct verifier {
    struct verifier_key *keys;
    size_t count, cap;
    bool expected[256];
    struct signing_later later; // checks NULL: verify at once
};

// Takes the record.
static struct verifier_key *add(struct verifier *verifier, ldns_rr *rr, const uint8_t *rdata,
                                uint16_t len)
{
    verifier->keys =
        array_grow(verifier->keys, &verifier->cap, verifier->count, sizeof(*verifier->keys));
    struct verifier_key *key = &verifier->keys[verifier->count++];
    *key = (struct verifier_key){
        .id = {ldns_calc_keytag(rr), rdata[3]},
        .rr = rr,
        .rdata = xmemdup(rdata, len),
        .rdata_len = len,
    };
    return key;
}

struct verifier *verifier_new(const struct image *image)
{
    const struct image_rrset *rrset = image_rrset(image, &image->nodes[0], RR_TYPE_DNSKEY);
    if (rrset == NULL)
        return NULL;
    struct verifier *verifier = xcalloc(1, sizeof(*verifier));
    struct image_cursor cursor;
    struct image_rr rr;
    image_rrs(&cursor, image, rrset, false);
    while (image_rrs_next(&cursor, &rr)) {
        ldns_rr *key = rr.rdata_len >= 5 ? records_to_ldns(&rr) : NULL;
        if (key == NULL) {
            verifier_free(verifier);
            return NULL;
        }
        add(verifier, key, rr.rdata, rr.rdata_len);
        uint16_t flags = wire_get_u16(rr.rdata);
        if ((flags & LDNS_KEY_ZONE_KEY) != 0 && (flags & LDNS_KEY_REVOKE_KEY) == 0)
            verifier->expected[rr.rdata[3]] = true;
    }
    return verifier;
}

void verifier_free(struct verifier *verifier)
{
    if (verifier == NULL)
        return;
    for (size_t i = 0; i < verifier->count; i++) {
        ldns_rr_free(verifier->keys[i].rr);
        free(verifier->keys[i].rdata);
        signing_key_free(verifier->keys[i].ready);
    }
    free(verifier->keys);
    free(verifier);
}

void verifier_lend(struct verifier *verifier, const struct dnskey *key)
{
    ldns_buffer *wire = key->private != NULL ? ldns_buffer_new(LDNS_MIN_BUFLEN) : NULL;
    if (wire == NULL || ldns_rr_rdata2buffer_wire(wire, key->rr) != LDNS_STATUS_OK) {
        ldns_buffer_free(wire);
        return;
    }
    const uint8_t *rdata = ldns_buffer_begin(wire);
    uint16_t len = (uint16_t)ldns_buffer_position(wire);
    size_t i = 0;
    while (i < verifier->count &&
           (verifier->keys[i].rdata_len != len || memcmp(verifier->keys[i].rdata, rdata, len) != 0))
        i++;
    struct verifier_key *entry = i < verifier->count
                                     ? &verifier->keys[i]
                                     : add(verifier, ldns_rr_clone(key->rr), rdata, len);
    if (!entry->tried)
        (void)!signing_key_new(key, &entry->ready,
                               NULL); // NULL: made of the public part, or ldns verifies
    entry->tried = entry->ready != NULL;
    ldns_buffer_free(wire);
}

void verifier_defer(struct verifier *verifier, const struct signing_later *later)
{
    verifier->later = *later;
}

static bool is_by(const struct verifier_key *key, struct dnskey_id id)
{
    return key->id.tag == id.tag && key->id.algorithm == id.algorithm;
}

bool verifier_knows(const struct verifier *verifier, struct dnskey_id id)
{
    for (size_t i = 0; i < verifier->count; i++)
        if (is_by(&verifier->keys[i], id))
            return true;
    return false;
}

bool verifier_expects(const struct verifier *verifier, uint8_t algorithm)
{
    return verifier->expected[algorithm];
}

// ── One RRset ────────────────────────────────────────────────────────────────────────────────────

static ldns_rr_list *rrset_to_ldns(const struct image *image, const struct image_rrset *rrset)
{
    ldns_rr_list *list = ldns_rr_list_new();
    struct image_cursor cursor;
    struct image_rr rr;
    image_rrs(&cursor, image, rrset, false);
    while (image_rrs_next(&cursor, &rr)) {
        ldns_rr *one = records_to_ldns(&rr);
        if (one != NULL)
            ldns_rr_list_push_rr(list, one);
    }
    return list;
}

// What was signed (RFC 4034 §3.1.8.1), as ldns sees it. The records are put into canonical form. NULL: it cannot be.
static ldns_buffer *signed_octets(ldns_rr_list *records, const ldns_rr *sig, uint32_t original_ttl)
{
    ldns_buffer *octets = ldns_buffer_new(LDNS_MIN_BUFLEN);
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        ldns_rr *rr = ldns_rr_list_rr(records, i);
        ldns_rr_set_ttl(rr, original_ttl); // a negative answer's SOA lives shorter (RFC 2308 §3)
        ldns_rr2canonical(rr);
    }
    ldns_rr_list_sort(records);
    if (octets != NULL && ldns_rrsig2buffer_wire(octets, sig) == LDNS_STATUS_OK &&
        ldns_rr_list2buffer_wire(octets, records) == LDNS_STATUS_OK)
        return octets;
    ldns_buffer_free(octets);
    return NULL;
}

// later: NULL, or where it may be put off.
static bool verify_with(struct verifier_key *key, ldns_rr_list *records, ldns_rr *sig,
                        const struct rrsig *read, const ldns_buffer *octets,
                        const struct signing_later *later)
{
    if (!key->tried) {
        key->tried = true;
        key->ready = signing_key_of_rdata(key->rdata, key->rdata_len);
    }
    if (key->ready == NULL) // an algorithm of long ago
        return ldns_verify_rrsig_time(records, sig, key->rr, (time_t)read->inception) ==
               LDNS_STATUS_OK;
    const uint8_t *message = ldns_buffer_begin(octets);
    size_t len = ldns_buffer_position(octets);
    return later != NULL
               ? signing_key_verify_later(key->ready, message, len, read->signature,
                                          read->signature_len, later)
               : signing_key_verify(key->ready, message, len, read->signature, read->signature_len);
}

// More than one means that each may be the one that signed, which is found by trying.
static bool is_only_one(const struct verifier *verifier, struct dnskey_id id)
{
    size_t count = 0;
    for (size_t i = 0; i < verifier->count; i++)
        count += is_by(&verifier->keys[i], id) ? 1 : 0;
    return count == 1;
}

// By one of the keys with its tag and algorithm.
static bool verify_one(struct verifier *verifier, ldns_rr_list *records, const struct image_rr *rr,
                       const struct rrsig *read)
{
    ldns_rr *sig = records_to_ldns(rr);
    ldns_buffer *octets = sig != NULL ? signed_octets(records, sig, read->original_ttl) : NULL;
    struct dnskey_id id = {read->tag, read->algorithm};
    bool put_off = verifier->later.checks != NULL && is_only_one(verifier, id);
    bool good = false;
    for (size_t i = 0; octets != NULL && !good && i < verifier->count; i++)
        if (is_by(&verifier->keys[i], id))
            good = verify_with(&verifier->keys[i], records, sig, read, octets,
                               put_off ? &verifier->later : NULL);
    ldns_buffer_free(octets);
    ldns_rr_free(sig);
    return good;
}

bool verifier_check(struct verifier *verifier, const struct image *image,
                    const struct image_rrset *rrset, bool by[256])
{
    ldns_rr_list *records = rrset_to_ldns(image, rrset);
    bool good = ldns_rr_list_rr_count(records) == rrset->rr_count;
    struct image_cursor cursor;
    struct image_rr rr;
    image_rrs(&cursor, image, rrset, true);
    while (good && image_rrs_next(&cursor, &rr)) {
        struct rrsig read;
        good = rrsig_read(rr.rdata, rr.rdata_len, &read);
        if (!good || !verifier_knows(verifier, (struct dnskey_id){read.tag, read.algorithm}))
            continue;
        good = verify_one(verifier, records, &rr, &read);
        if (good && by != NULL)
            by[read.algorithm] = true;
    }
    ldns_rr_list_deep_free(records);
    return good;
}
