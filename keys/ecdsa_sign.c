// SPDX-License-Identifier: ISC
// EC_KEY and ECDSA_* are called deprecated since OpenSSL 3.0, whose newer interface has no signature in parts.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "keys/ecdsa_sign.h"

#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/rand.h>

#include "base/alloc.h"

// P-384's.
#define NUMBER_MAX 48

struct ecdsa_key {
    EC_KEY *key;
    size_t half; // octets of the digest, of r, and of s
};

struct ecdsa_key *ecdsa_key_new(EVP_PKEY *key, size_t half)
{
    EC_KEY *own = EVP_PKEY_get1_EC_KEY(key);
    bool good = own != NULL && EC_KEY_get0_private_key(own) != NULL && half <= NUMBER_MAX &&
                ((size_t)EC_GROUP_order_bits(EC_KEY_get0_group(own)) + 7) / 8 == half;
    if (!good) {
        EC_KEY_free(own);
        return NULL;
    }
    struct ecdsa_key *ecdsa = xcalloc(1, sizeof(*ecdsa));
    ecdsa->key = own;
    ecdsa->half = half;
    return ecdsa;
}

void ecdsa_key_free(struct ecdsa_key *key)
{
    if (key == NULL)
        return;
    EC_KEY_free(key->key);
    free(key);
}

static bool add_number(EVP_MD_CTX *sum, const struct ecdsa_key *key)
{
    uint8_t number[NUMBER_MAX];
    bool good = BN_bn2binpad(EC_KEY_get0_private_key(key->key), number, (int)key->half) > 0 &&
                EVP_DigestUpdate(sum, number, key->half) == 1;
    OPENSSL_cleanse(number, sizeof(number));
    return good;
}

// Into the generator that the nonces come from, which is this thread's own (NIST SP 800-90A §9.2: additional input).
static bool stir_in(const struct ecdsa_item *items, size_t count)
{
    uint8_t input[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_MD_CTX *sum = EVP_MD_CTX_new();
    bool good = sum != NULL && EVP_DigestInit_ex2(sum, EVP_sha512(), NULL) == 1;
    for (size_t i = 0; good && i < count; i++) {
        const struct ecdsa_key *key = items[i].key;
        good = (i > 0 && key == items[i - 1].key) || add_number(sum, key);
        good = good && EVP_DigestUpdate(sum, items[i].digest, key->half) == 1;
    }
    good = good && EVP_DigestFinal_ex(sum, input, &len) == 1 &&
           EVP_RAND_reseed(RAND_get0_private(NULL), 0, NULL, 0, input, len) == 1;
    EVP_MD_CTX_free(sum);
    OPENSSL_cleanse(input, sizeof(input));
    return good;
}

static bool sign_one(const struct ecdsa_item *item, BN_CTX *room)
{
    const struct ecdsa_key *key = item->key;
    int half = (int)key->half;
    BIGNUM *inverse = NULL, *r = NULL; // of k, each good for one signature
    ECDSA_SIG *made = ECDSA_sign_setup(key->key, room, &inverse, &r) == 1
                          ? ECDSA_do_sign_ex(item->digest, half, inverse, r, key->key)
                          : NULL;
    bool good = made != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(made), item->ret, half) == half &&
                BN_bn2binpad(ECDSA_SIG_get0_s(made), item->ret + half, half) == half;
    ECDSA_SIG_free(made);
    BN_clear_free(inverse);
    BN_free(r);
    return good;
}

void ecdsa_sign(struct ecdsa_item *items, size_t count)
{
    BN_CTX *room = BN_CTX_new();
    bool good = room != NULL && stir_in(items, count);
    for (size_t i = 0; i < count; i++)
        items[i].done = good && sign_one(&items[i], room);
    BN_CTX_free(room);
}
