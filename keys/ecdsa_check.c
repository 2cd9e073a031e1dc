// SPDX-License-Identifier: ISC
#include "keys/ecdsa_check.h"

#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>

#include "base/alloc.h"
#include "keys/private_key.h"

struct ecdsa_check {
    const EC_GROUP *group;
    const BIGNUM *order;
    BIGNUM *number; // d
    EC_POINT *point;
    BN_CTX *room;
};

struct ecdsa_check *ecdsa_check_new(const EVP_PKEY *key, const char *group)
{
    struct ecdsa_check *check = xcalloc(1, sizeof(*check));
    check->group = private_ec_group(group);
    check->room = BN_CTX_new();
    if (check->group != NULL && check->room != NULL &&
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &check->number) == 1) {
        BN_set_flags(check->number, BN_FLG_CONSTTIME);
        check->order = EC_GROUP_get0_order(check->group);
        check->point = EC_POINT_new(check->group);
    }
    if (check->point != NULL)
        return check;
    ecdsa_check_free(check);
    return NULL;
}

void ecdsa_check_free(struct ecdsa_check *check)
{
    if (check == NULL)
        return;
    EC_POINT_clear_free(check->point);
    BN_clear_free(check->number);
    BN_CTX_free(check->room);
    free(check);
}

// FIPS 186-5 §6.4.2, step 1: from 1 to the order - 1.
static bool is_in_range(const struct ecdsa_check *check, const BIGNUM *number)
{
    return !BN_is_zero(number) && BN_cmp(number, check->order) < 0;
}

// (e + r × d) / s. Wiped by the caller.
static bool factor(const struct ecdsa_check *check, const BIGNUM *e, const BIGNUM *r,
                   const BIGNUM *s, BIGNUM *ret)
{
    BIGNUM *inverse = BN_CTX_get(check->room);
    return inverse != NULL && BN_mod_mul(ret, r, check->number, check->order, check->room) == 1 &&
           BN_mod_add(ret, ret, e, check->order, check->room) == 1 &&
           BN_mod_inverse(inverse, s, check->order, check->room) != NULL &&
           BN_mod_mul(ret, ret, inverse, check->order, check->room) == 1;
}

bool ecdsa_check_run(struct ecdsa_check *check, const uint8_t *digest, const uint8_t *signature,
                     size_t half)
{
    BN_CTX *room = check->room;
    BN_CTX_start(room);
    BIGNUM *e = BN_CTX_get(room), *r = BN_CTX_get(room), *s = BN_CTX_get(room);
    BIGNUM *u = BN_CTX_get(room), *x = BN_CTX_get(room);
    bool good = x != NULL && BN_bin2bn(digest, (int)half, e) != NULL &&
                BN_bin2bn(signature, (int)half, r) != NULL &&
                BN_bin2bn(signature + half, (int)half, s) != NULL && is_in_range(check, r) &&
                is_in_range(check, s);
    if (good)
        BN_set_flags(u, BN_FLG_CONSTTIME);
    good = good && factor(check, e, r, s, u) &&
           EC_POINT_mul(check->group, check->point, u, NULL, NULL, room) == 1 &&
           EC_POINT_is_at_infinity(check->group, check->point) == 0 &&
           EC_POINT_get_affine_coordinates(check->group, check->point, x, NULL, room) == 1 &&
           BN_nnmod(x, x, check->order, room) == 1 && BN_cmp(x, r) == 0;
    if (u != NULL)
        BN_clear(u);
    BN_CTX_end(room);
    return good;
}
