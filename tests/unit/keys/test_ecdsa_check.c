// SPDX-License-Identifier: ISC
// Signatures that libcrypto made, and broken ones: the private key judges them as libcrypto does with the public one.
#include "keys/ecdsa_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#define HALF_MAX 48

struct world {
    EVP_PKEY *key;
    const char *group;
    const EVP_MD *md;
    size_t half;
    uint8_t digest[HALF_MAX];
    uint8_t signature[2 * HALF_MAX];
};

static const struct {
    const char *group;
    size_t half;
} groups[] = {{"P-256", 32}, {"P-384", 48}};

static void begin(struct world *world, size_t index)
{
    *world = (struct world){
        .key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", groups[index].group),
        .group = groups[index].group,
        .half = groups[index].half,
        .md = groups[index].half == 32 ? EVP_sha256() : EVP_sha384(),
    };
    assert_non_null(world->key);
}

static void end(struct world *world)
{
    EVP_PKEY_free(world->key);
}

// Signs a random digest.
static void sign(struct world *world)
{
    uint8_t der[160];
    size_t len = sizeof(der);
    assert_int_equal(RAND_bytes(world->digest, (int)world->half), 1);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, world->key, NULL);
    assert_int_equal(EVP_PKEY_sign_init(context), 1);
    assert_int_equal(EVP_PKEY_CTX_set_signature_md(context, world->md), 1);
    assert_int_equal(EVP_PKEY_sign(context, der, &len, world->digest, world->half), 1);
    EVP_PKEY_CTX_free(context);
    const uint8_t *at = der;
    ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &at, (long)len);
    BN_bn2binpad(ECDSA_SIG_get0_r(both), world->signature, (int)world->half);
    BN_bn2binpad(ECDSA_SIG_get0_s(both), world->signature + world->half, (int)world->half);
    ECDSA_SIG_free(both);
}

static bool libcrypto_takes(const struct world *world)
{
    uint8_t *der = NULL;
    ECDSA_SIG *both = ECDSA_SIG_new();
    ECDSA_SIG_set0(both, BN_bin2bn(world->signature, (int)world->half, NULL),
                   BN_bin2bn(world->signature + world->half, (int)world->half, NULL));
    int len = i2d_ECDSA_SIG(both, &der);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, world->key, NULL);
    assert_int_equal(EVP_PKEY_verify_init(context), 1);
    assert_int_equal(EVP_PKEY_CTX_set_signature_md(context, world->md), 1);
    bool good = EVP_PKEY_verify(context, der, (size_t)len, world->digest, world->half) == 1;
    EVP_PKEY_CTX_free(context);
    OPENSSL_free(der);
    ECDSA_SIG_free(both);
    ERR_clear_error();
    return good;
}

static bool add(struct ecdsa_checks *checks, const struct world *world, size_t subject)
{
    struct ecdsa_signature signature = {
        .key = world->key,
        .group = world->group,
        .digest = world->digest,
        .octets = world->signature,
        .half = world->half,
        .subject = subject,
    };
    return ecdsa_checks_add(checks, &signature);
}

static bool we_take(const struct world *world)
{
    struct ecdsa_checks *checks = ecdsa_checks_new();
    bool wrong = !add(checks, world, 0);
    ecdsa_checks_run(checks, &wrong);
    ecdsa_checks_free(checks);
    return !wrong;
}

static void assert_both_say(const struct world *world, bool good)
{
    assert_int_equal(we_take(world), good);
    assert_int_equal(libcrypto_takes(world), good);
}

static void good_signatures_are_good_and_those_with_a_wrong_bit_are_not(void **state)
{
    (void)state;
    for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
        struct world world;
        begin(&world, g);
        for (unsigned i = 0; i < 50; i++) {
            sign(&world);
            assert_both_say(&world, true);
            world.signature[i % (2 * world.half)] ^= (uint8_t)(1U << (i % 8));
            assert_both_say(&world, false);
            world.signature[i % (2 * world.half)] ^= (uint8_t)(1U << (i % 8));
            world.digest[i % world.half] ^= (uint8_t)(1U << (i % 8));
            assert_both_say(&world, false);
            world.digest[i % world.half] ^= (uint8_t)(1U << (i % 8));
            assert_true(we_take(&world)); // what was wrong before leaves nothing behind
        }
        end(&world);
    }
}

// s and -s sign the same (FIPS 186-5 says nothing of it, and DNSSEC's verifiers take both).
static void the_other_s_is_as_good(void **state)
{
    (void)state;
    for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
        struct world world;
        begin(&world, g);
        sign(&world);
        EC_GROUP *group = EC_GROUP_new_by_curve_name(EC_curve_nist2nid(groups[g].group));
        BIGNUM *s = BN_bin2bn(world.signature + world.half, (int)world.half, NULL);
        BN_sub(s, EC_GROUP_get0_order(group), s);
        BN_bn2binpad(s, world.signature + world.half, (int)world.half);
        assert_both_say(&world, true);
        BN_free(s);
        EC_GROUP_free(group);
        end(&world);
    }
}

static void put(struct world *world, size_t which, const BIGNUM *number)
{
    assert_true(BN_bn2binpad(number, world->signature + which * world->half, (int)world->half) > 0);
}

static void numbers_out_of_range_are_no_signature(void **state)
{
    (void)state;
    for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
        struct world world;
        begin(&world, g);
        EC_GROUP *group = EC_GROUP_new_by_curve_name(EC_curve_nist2nid(groups[g].group));
        BIGNUM *number = BN_new();
        for (size_t which = 0; which < 2; which++) {
            sign(&world);
            BN_zero(number);
            put(&world, which, number);
            assert_both_say(&world, false);
            put(&world, which, EC_GROUP_get0_order(group));
            assert_both_say(&world, false);
            memset(world.signature + which * world.half, 0xff, world.half);
            assert_both_say(&world, false);
            BN_one(number);
            put(&world, which, number);
            assert_both_say(&world, false);
        }
        BN_free(number);
        EC_GROUP_free(group);
        end(&world);
    }
}

static void signatures_of_another_key_are_wrong(void **state)
{
    (void)state;
    struct world one, other;
    begin(&one, 0);
    begin(&other, 0);
    sign(&one);
    memcpy(other.digest, one.digest, sizeof(one.digest));
    memcpy(other.signature, one.signature, sizeof(one.signature));
    assert_both_say(&one, true);
    assert_both_say(&other, false);
    end(&other);
    end(&one);
}

// Of several keys on both curves, with one that is wrong at each place.
static void of_many_the_wrong_ones_are_found(void **state)
{
    (void)state;
    enum { COUNT = 7 };
    struct world worlds[COUNT];
    struct ecdsa_checks *checks = ecdsa_checks_new();
    for (size_t i = 0; i < COUNT; i++) {
        begin(&worlds[i], i % 3 == 2);
        sign(&worlds[i]);
    }
    for (size_t spoilt = 0; spoilt <= COUNT; spoilt++) {
        bool wrong[COUNT] = {false};
        for (size_t i = 0; i < COUNT; i++) {
            worlds[i].digest[3] ^= i == spoilt;
            assert_true(add(checks, &worlds[i], i));
            worlds[i].digest[3] ^= i == spoilt;
        }
        ecdsa_checks_run(checks, wrong);
        for (size_t i = 0; i < COUNT; i++)
            assert_int_equal(wrong[i], i == spoilt);
    }
    ecdsa_checks_free(checks);
    for (size_t i = 0; i < COUNT; i++)
        end(&worlds[i]);
}

static void signatures_may_share_a_subject(void **state)
{
    (void)state;
    struct world world;
    struct ecdsa_checks *checks = ecdsa_checks_new();
    bool wrong[2] = {false};
    begin(&world, 0);
    for (unsigned i = 0; i < 3; i++) {
        sign(&world);
        world.signature[60] ^= i == 1;
        assert_true(add(checks, &world, 1));
    }
    ecdsa_checks_run(checks, wrong);
    assert_false(wrong[0]);
    assert_true(wrong[1]);
    wrong[1] = false;
    ecdsa_checks_run(checks, wrong); // nothing is left of it
    assert_false(wrong[1]);
    assert_true(add(checks, &world, 0)); // freed without having run
    ecdsa_checks_free(checks);
    end(&world);
}

static void keys_of_other_kinds_are_not_taken(void **state)
{
    (void)state;
    struct world world;
    struct ecdsa_checks *checks = ecdsa_checks_new();
    begin(&world, 0);
    sign(&world);
    world.group = "P-521";
    assert_false(add(checks, &world, 0));
    world.group = "P-256";
    EVP_PKEY_free(world.key);
    world.key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_false(add(checks, &world, 0));
    bool wrong = false;
    ecdsa_checks_run(checks, &wrong);
    assert_false(wrong);
    ecdsa_checks_free(checks);
    ecdsa_checks_free(NULL);
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_signatures_are_good_and_those_with_a_wrong_bit_are_not),
        cmocka_unit_test(the_other_s_is_as_good),
        cmocka_unit_test(numbers_out_of_range_are_no_signature),
        cmocka_unit_test(signatures_of_another_key_are_wrong),
        cmocka_unit_test(of_many_the_wrong_ones_are_found),
        cmocka_unit_test(signatures_may_share_a_subject),
        cmocka_unit_test(keys_of_other_kinds_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
