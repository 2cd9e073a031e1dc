// SPDX-License-Identifier: ISC
// EC_KEY is called deprecated since OpenSSL 3.0 (decision 030).
#define OPENSSL_SUPPRESS_DEPRECATED
#include "keys/ec_key.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/bn.h>

// To set one up costs as much as a signature.
static struct {
    const char *name;
    EC_GROUP *group;
} curves[] = {{"P-256", NULL}, {"P-384", NULL}};

static void make_curves(void)
{
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
        curves[i].group = EC_GROUP_new_by_curve_name(EC_curve_nist2nid(curves[i].name));
}

const EC_GROUP *ec_key_curve(const char *name)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_curves);
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
        if (strcmp(curves[i].name, name) == 0)
            return curves[i].group;
    return NULL;
}

// *ret_len: 0 where it is none.
static void put_point(const EC_GROUP *group, const BIGNUM *number, EC_POINT *point,
                      uint8_t ret[EC_KEY_POINT_MAX], size_t *ret_len)
{
    *ret_len = 0;
    if (!BN_is_zero(number) && BN_cmp(number, EC_GROUP_get0_order(group)) < 0 &&
        EC_POINT_mul(group, point, number, NULL, NULL, NULL) == 1)
        *ret_len = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, ret,
                                      EC_KEY_POINT_MAX, NULL);
}

// Takes the EC_KEY.
static EVP_PKEY *wrap(EC_KEY *key)
{
    EVP_PKEY *wrapped = EVP_PKEY_new();
    if (wrapped != NULL && EVP_PKEY_assign_EC_KEY(wrapped, key) == 1)
        return wrapped;
    EVP_PKEY_free(wrapped);
    EC_KEY_free(key);
    return NULL;
}

EVP_PKEY *ec_key_make(const char *curve, const uint8_t *number, size_t len,
                      uint8_t ret_point[EC_KEY_POINT_MAX], size_t *ret_point_len)
{
    const EC_GROUP *group = ec_key_curve(curve);
    EC_POINT *point = group != NULL ? EC_POINT_new(group) : NULL;
    BIGNUM *d = BN_bin2bn(number, (int)len, NULL);
    EC_KEY *key = EC_KEY_new();
    bool good = point != NULL && d != NULL && key != NULL;
    if (good) {
        BN_set_flags(d, BN_FLG_CONSTTIME);
        put_point(group, d, point, ret_point, ret_point_len);
        good = *ret_point_len > 0 && EC_KEY_set_group(key, group) == 1 &&
               EC_KEY_set_private_key(key, d) == 1 && EC_KEY_set_public_key(key, point) == 1;
    }
    EC_POINT_free(point);
    BN_clear_free(d);
    if (good)
        return wrap(key);
    EC_KEY_free(key);
    return NULL;
}
