// SPDX-License-Identifier: ISC
// What a key in memory can do: name itself to the parent, go away. Files are in dnskey_load.c
// and dnskey_make.c.
#include "keys/dnskey.h"

#include <stdlib.h>

#include <openssl/crypto.h>

void dnskey_done(struct dnskey *key)
{
    if (key == NULL)
        return;
    ldns_rr_free(key->rr);
    free(key->path);
    EVP_PKEY_free(key->private);
    *key = (struct dnskey){0};
}

void dnskey_prepare(void)
{
    // A configuration that is wrong is passed over, as at the first use.
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
}

void dnskey_set_done(struct dnskey_set *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->count; i++)
        dnskey_done(&set->keys[i]);
    free(set->keys);
    *set = (struct dnskey_set){0};
}

struct dnskey *dnskey_set_find(const struct dnskey_set *set, struct dnskey_id id)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->keys[i].tag == id.tag && set->keys[i].algorithm == id.algorithm)
            return &set->keys[i];
    return NULL;
}

bool dnskey_set_has_tag(const struct dnskey_set *set, uint16_t tag)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct dnskey *key = &set->keys[i];
        ldns_rr *revoked = ldns_rr_clone(key->rr);
        ldns_rdf *flags = ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16,
                                                (uint16_t)(key->flags | LDNS_KEY_REVOKE_KEY));
        ldns_rdf_deep_free(ldns_rr_set_rdf(revoked, flags, 0));
        bool taken = key->tag == tag || ldns_calc_keytag(revoked) == tag;
        ldns_rr_free(revoked);
        if (taken)
            return true;
    }
    return false;
}

bool dnskey_is_sep(const ldns_rr *rr)
{
    unsigned flags = ldns_rdf2native_int16(ldns_rr_dnskey_flags(rr));
    return (flags & LDNS_KEY_SEP_KEY) != 0 && (flags & LDNS_KEY_REVOKE_KEY) == 0;
}

ldns_rr *dnskey_ds(const struct dnskey *key)
{
    return ldns_key_rr2ds(key->rr, LDNS_SHA256);
}
