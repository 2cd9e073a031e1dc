// SPDX-License-Identifier: ISC
// Signatures made in rows: libcrypto finds them right by the public key, and no nonce comes twice, not even where
// random numbers do.
#include "keys/ecdsa_sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rand.h>

#include "base/alloc.h"

#define HALF_MAX 48
#define LONG_ROW 300

static const struct {
    const char *group;
    size_t half;
} groups[] = {{"P-256", 32}, {"P-384", 48}};

struct world {
    EVP_PKEY *public[2];
    struct ecdsa_key *keys[2];
};

static void begin(struct world *world)
{
    for (size_t i = 0; i < 2; i++) {
        world->public[i] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", groups[i].group);
        world->keys[i] = ecdsa_key_new(world->public[i], groups[i].half);
        assert_non_null(world->keys[i]);
    }
}

static void end(struct world *world)
{
    for (size_t i = 0; i < 2; i++) {
        ecdsa_key_free(world->keys[i]);
        EVP_PKEY_free(world->public[i]);
    }
}

static bool is_right(EVP_PKEY *key, size_t half, const uint8_t *digest, const uint8_t *signature)
{
    uint8_t *der = NULL;
    ECDSA_SIG *both = ECDSA_SIG_new();
    ECDSA_SIG_set0(both, BN_bin2bn(signature, (int)half, NULL),
                   BN_bin2bn(signature + half, (int)half, NULL));
    int len = i2d_ECDSA_SIG(both, &der);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    assert_int_equal(EVP_PKEY_verify_init(context), 1);
    bool good = EVP_PKEY_verify(context, der, (size_t)len, digest, half) == 1;
    EVP_PKEY_CTX_free(context);
    OPENSSL_free(der);
    ECDSA_SIG_free(both);
    return good;
}

static int compare_r(const void *a, const void *b)
{
    return memcmp(a, b, HALF_MAX);
}

static void test_a_long_row_of_two_keys_is_right_and_no_nonce_comes_twice(void **state)
{
    (void)state;
    static uint8_t digests[LONG_ROW][HALF_MAX], made[LONG_ROW][2 * HALF_MAX];
    static uint8_t r[LONG_ROW][HALF_MAX];
    struct ecdsa_item items[LONG_ROW];
    struct world world;
    begin(&world);
    for (size_t i = 0; i < LONG_ROW;
         i++) // every third digest is the one before: as two equal messages
        if (i % 3 != 2)
            assert_int_equal(RAND_bytes(digests[i], HALF_MAX), 1);
        else
            memcpy(digests[i], digests[i - 1], HALF_MAX);
    for (size_t i = 0; i < LONG_ROW; i++)
        items[i] = (struct ecdsa_item){world.keys[i / 7 % 2], digests[i], made[i], false};
    ecdsa_sign(items, LONG_ROW);
    for (size_t i = 0; i < LONG_ROW; i++) {
        size_t key = i / 7 % 2, half = groups[key].half;
        assert_true(items[i].done);
        assert_true(is_right(world.public[key], half, digests[i], made[i]));
        made[i][2 * half - 1] ^= 1;
        assert_false(is_right(world.public[key], half, digests[i], made[i]));
        memcpy(r[i], made[i], half);
    }
    qsort(r, LONG_ROW, HALF_MAX, compare_r);
    for (size_t i = 1; i < LONG_ROW; i++)
        assert_int_not_equal(compare_r(r[i - 1], r[i]), 0);
    end(&world);
}

static void test_a_key_without_its_number_or_of_another_kind_is_none(void **state)
{
    (void)state;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_null(ecdsa_key_new(key, 32));
    EVP_PKEY_free(key);
    key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    assert_null(ecdsa_key_new(key, 66));
    uint8_t *octets = NULL;
    size_t len = EVP_PKEY_get1_encoded_public_key(key, &octets);
    EVP_PKEY *public = EVP_PKEY_new();
    assert_int_equal(EVP_PKEY_copy_parameters(public, key), 1);
    assert_int_equal(EVP_PKEY_set1_encoded_public_key(public, octets, len), 1);
    assert_null(ecdsa_key_new(public, 32));
    OPENSSL_free(octets);
    EVP_PKEY_free(public);
    EVP_PKEY_free(key);
}

// ── A machine that goes on twice from one snapshot ───────────────────────────────────────────────

// By this alone libcrypto knows a process that was forked; it is to take both for the one that was.
pid_t getpid(void)
{
    return 4711;
}

// The first coordinate of the nonce's point, of the signature that a copy of this process makes.
static void sign_in_copy(struct world *world, uint8_t digest_octet, uint8_t ret[32])
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        uint8_t digest[32], made[64];
        memset(digest, digest_octet, sizeof(digest));
        struct ecdsa_item item = {world->keys[0], digest, made, false};
        ecdsa_sign(&item, 1);
        _exit(item.done && write(ends[1], made, 32) == 32 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(read(ends[0], ret, 32), 32);
    close(ends[0]);
    close(ends[1]);
}

static void test_random_numbers_that_come_again_give_no_nonce_to_two_messages(void **state)
{
    (void)state;
    uint8_t here[32], again[32], other[32];
    struct world world;
    begin(&world);
    sign_in_copy(&world, 1, here);
    sign_in_copy(&world, 1, again);
    assert_memory_equal(here, again, 32); // random numbers did come again
    sign_in_copy(&world, 2, other);
    assert_memory_not_equal(here, other, 32);
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_long_row_of_two_keys_is_right_and_no_nonce_comes_twice),
        cmocka_unit_test(test_a_key_without_its_number_or_of_another_kind_is_none),
        cmocka_unit_test(test_random_numbers_that_come_again_give_no_nonce_to_two_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
