// SPDX-License-Identifier: ISC
// EC_KEY and projective coordinates are called deprecated since OpenSSL 3.0 (decision 030).
#define OPENSSL_SUPPRESS_DEPRECATED
#include "keys/ecdsa_check.h"

#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/ec.h>

#include "base/alloc.h"
#include "keys/ec_key.h"

struct check {
    BIGNUM *r;
    BIGNUM *s;
    BIGNUM *sum;     // e + r × d, secret
    BIGNUM *product; // of s and those of all before
    EC_POINT *point; // that r has to be the first coordinate of; made by running
    size_t subject;
};

struct curve {
    const EC_GROUP *group;
    const BIGNUM *order;
    struct check *list;
    size_t count, cap;
};

// P-256 and P-384.
#define CURVES_MAX 2

struct ecdsa_checks {
    struct curve curves[CURVES_MAX];
    size_t curve_count;
    BN_CTX *room;
};

// ── Memory ───────────────────────────────────────────────────────────────────────────────────────

struct ecdsa_checks *ecdsa_checks_new(void)
{
    struct ecdsa_checks *checks = xcalloc(1, sizeof(*checks));
    checks->room = BN_CTX_new();
    if (checks->room == NULL)
        abort(); // as base/alloc.h does
    return checks;
}

static void check_done(struct check *check)
{
    BN_free(check->r);
    BN_free(check->s);
    BN_free(check->product);
    BN_clear_free(check->sum);
    EC_POINT_clear_free(check->point);
}

static void forget(struct curve *curve)
{
    for (size_t i = 0; i < curve->count; i++)
        check_done(&curve->list[i]);
    curve->count = 0;
}

void ecdsa_checks_free(struct ecdsa_checks *checks)
{
    if (checks == NULL)
        return;
    for (size_t i = 0; i < checks->curve_count; i++) {
        forget(&checks->curves[i]);
        free(checks->curves[i].list);
    }
    BN_CTX_free(checks->room);
    free(checks);
}

// NULL: libcrypto does not have it.
static struct curve *find_curve(struct ecdsa_checks *checks, const char *name)
{
    struct curve curve = {.group = ec_key_curve(name)};
    for (size_t i = 0; i < checks->curve_count; i++)
        if (checks->curves[i].group == curve.group)
            return &checks->curves[i];
    if (curve.group == NULL || checks->curve_count == CURVES_MAX)
        return NULL;
    curve.order = EC_GROUP_get0_order(curve.group);
    checks->curves[checks->curve_count] = curve;
    return &checks->curves[checks->curve_count++];
}

// ── Taking down ──────────────────────────────────────────────────────────────────────────────────

// FIPS 186-5 §6.4.2, step 1: from 1 to the order - 1.
static bool is_in_range(const struct curve *curve, const BIGNUM *number)
{
    return !BN_is_zero(number) && BN_cmp(number, curve->order) < 0;
}

// e + r × d.
static bool put_sum(const struct curve *curve, const struct ecdsa_signature *signature,
                    const BIGNUM *r, BIGNUM *ret, BN_CTX *room)
{
    const EC_KEY *key = EVP_PKEY_get0_EC_KEY(signature->key);
    const BIGNUM *number =
        key != NULL ? EC_KEY_get0_private_key(key) : NULL; // d, constant-time by its flag
    BN_CTX_start(room);
    BIGNUM *e = BN_CTX_get(room);
    bool good = number != NULL && e != NULL &&
                BN_bin2bn(signature->digest, (int)signature->half, e) != NULL &&
                BN_mod_mul(ret, r, number, curve->order, room) == 1 &&
                BN_mod_add(ret, ret, e, curve->order, room) == 1;
    BN_CTX_end(room);
    return good;
}

bool ecdsa_checks_add(struct ecdsa_checks *checks, const struct ecdsa_signature *signature)
{
    struct curve *curve = find_curve(checks, signature->group);
    if (curve == NULL)
        return false;
    int half = (int)signature->half;
    struct check check = {
        .r = BN_bin2bn(signature->octets, half, NULL),
        .s = BN_bin2bn(signature->octets + half, half, NULL),
        .sum = BN_new(),
        .product = BN_new(),
        .subject = signature->subject,
    };
    bool good = check.r != NULL && check.s != NULL && check.sum != NULL && check.product != NULL &&
                is_in_range(curve, check.r) && is_in_range(curve, check.s) &&
                put_sum(curve, signature, check.r, check.sum, checks->room);
    if (!good) {
        check_done(&check);
        return false;
    }
    curve->list = array_grow(curve->list, &curve->cap, curve->count, sizeof(check));
    curve->list[curve->count++] = check;
    return true;
}

// ── All at once ──────────────────────────────────────────────────────────────────────────────────

// Of all s in front of that one.
static const BIGNUM *product_before(const struct curve *curve, size_t index)
{
    return index > 0 ? curve->list[index - 1].product : BN_value_one();
}

// 1 / (the product of all s).
static bool put_inverse(struct curve *curve, BIGNUM *ret, BN_CTX *room)
{
    bool good = true;
    for (size_t i = 0; good && i < curve->count; i++)
        good = BN_mod_mul(curve->list[i].product, product_before(curve, i), curve->list[i].s,
                          curve->order, room) == 1;
    return good &&
           BN_mod_inverse(ret, curve->list[curve->count - 1].product, curve->order, room) != NULL;
}

// inverse: of the product of all s up to this one's; then of those before it.
static bool put_point(struct curve *curve, size_t index, BIGNUM *inverse, BN_CTX *room)
{
    struct check *check = &curve->list[index];
    BN_CTX_start(room);
    BIGNUM *own = BN_CTX_get(room), *factor = BN_CTX_get(room);
    bool good = factor != NULL &&
                BN_mod_mul(own, inverse, product_before(curve, index), curve->order, room) == 1 &&
                BN_mod_mul(inverse, inverse, check->s, curve->order, room) == 1;
    if (good)
        BN_set_flags(factor, BN_FLG_CONSTTIME);
    good = good && BN_mod_mul(factor, check->sum, own, curve->order, room) == 1 &&
           EC_POINT_mul(curve->group, check->point, factor, NULL, NULL, room) == 1;
    if (factor != NULL)
        BN_clear(factor);
    BN_CTX_end(room);
    return good;
}

// The points of all checks, with a third coordinate of 1. That takes an inverse for all of them, where
// EC_POINT_get_affine_coordinates takes one for each.
static bool put_points(struct curve *curve, BN_CTX *room)
{
    EC_POINT **points = xcalloc(curve->count, sizeof(*points));
    BN_CTX_start(room);
    BIGNUM *inverse = BN_CTX_get(room);
    bool good = inverse != NULL && put_inverse(curve, inverse, room);
    for (size_t i = curve->count; good && i-- > 0;) {
        points[i] = curve->list[i].point = EC_POINT_new(curve->group);
        good = points[i] != NULL && put_point(curve, i, inverse, room);
    }
    good = good && EC_POINTs_make_affine(curve->group, curve->count, points, room) == 1;
    BN_CTX_end(room);
    free(points);
    return good;
}

static bool is_right(const struct curve *curve, const struct check *check, BN_CTX *room)
{
    BN_CTX_start(room);
    BIGNUM *x = BN_CTX_get(room), *z = BN_CTX_get(room);
    bool good = z != NULL && EC_POINT_is_at_infinity(curve->group, check->point) == 0 &&
                EC_POINT_get_Jprojective_coordinates_GFp(curve->group, check->point, x, NULL, z,
                                                         room) == 1 &&
                BN_is_one(z) && BN_nnmod(x, x, curve->order, room) == 1 && BN_cmp(x, check->r) == 0;
    BN_CTX_end(room);
    return good;
}

static void run_curve(struct curve *curve, BN_CTX *room, bool *wrong)
{
    bool good = put_points(curve, room);
    for (size_t i = 0; i < curve->count; i++)
        if (!good || !is_right(curve, &curve->list[i], room))
            wrong[curve->list[i].subject] = true;
}

void ecdsa_checks_run(struct ecdsa_checks *checks, bool *wrong)
{
    for (size_t i = 0; i < checks->curve_count; i++) {
        if (checks->curves[i].count > 0)
            run_curve(&checks->curves[i], checks->room, wrong);
        forget(&checks->curves[i]);
    }
}
