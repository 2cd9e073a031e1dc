// SPDX-License-Identifier: ISC
// What a key in memory can do: sign, name itself to the parent, go away. Files are in dnskey_load.c
// and dnskey_make.c.
#include "keys/dnskey.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "keys/private_key.h"

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

// RFC 6605 §4: r and s, padded to the size of the curve, without the DER round them.
static bool signature_from_der(const uint8_t *der, size_t der_len, size_t half, uint8_t *ret)
{
    const unsigned char *at = der;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)der_len);
    bool good = signature != NULL &&
                BN_bn2binpad(ECDSA_SIG_get0_r(signature), ret, (int)half) == (int)half &&
                BN_bn2binpad(ECDSA_SIG_get0_s(signature), ret + half, (int)half) == (int)half;
    ECDSA_SIG_free(signature);
    return good;
}

enum status dnskey_sign(const struct dnskey *key, const uint8_t *octets, size_t len,
                        uint8_t ret_signature[DNSKEY_SIGNATURE_MAX], size_t *ret_len,
                        struct error *err)
{
    if (key->private == NULL)
        return error_set(err, STATUS_STATE, "%s: the private part is not loaded", key->path);
    const struct key_algorithm *algorithm = key_algorithm(key->algorithm);
    uint8_t signature[DNSKEY_SIGNATURE_MAX];
    size_t signature_len = sizeof(signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good =
        ctx != NULL &&
        EVP_DigestSignInit_ex(ctx, NULL, algorithm->digest, NULL, NULL, key->private, NULL) == 1 &&
        EVP_DigestSign(ctx, signature, &signature_len, octets, len) == 1;
    EVP_MD_CTX_free(ctx);
    if (good && algorithm->half > 0) {
        good = signature_from_der(signature, signature_len, algorithm->half, ret_signature);
        *ret_len = 2 * algorithm->half;
    } else if (good) {
        memcpy(ret_signature, signature, signature_len);
        *ret_len = signature_len;
    }
    if (good)
        return STATUS_OK;
    ERR_clear_error();
    return error_set(err, STATUS_CRYPTO, "%s: cannot sign with this key", key->path);
}
