// SPDX-License-Identifier: ISC
// SipHash-2-4 beside the vectors that its authors published, and beside libcrypto's for every length.
#include "server/siphash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#define LEN_MAX 64

static uint8_t key_octets[SIPHASH_KEY_LEN];
static uint8_t input[LEN_MAX];

static int set_up(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LEN_MAX; i++)
        input[i] = (uint8_t)i;
    memcpy(key_octets, input, sizeof(key_octets));
    return 0;
}

static void it_gives_what_its_authors_published(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        uint64_t hash;
    } vectors[] = {
        {0, 0x726fdb47dd0e0e31U},
        {1, 0x74f839c593dc67fdU},
        {15, 0xa129ca6149be45e5U},
        {63, 0x958a324ceb064572U},
    };
    struct siphash_key key = siphash_key(key_octets);
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
        assert_int_equal(siphash24(&key, input, vectors[i].len), vectors[i].hash);
}

static uint64_t libcrypto_siphash(size_t len)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    unsigned size = 8;
    uint8_t octets[8];
    size_t octets_len = 0;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_SIZE, &size),
        OSSL_PARAM_construct_end(),
    };
    assert_int_equal(EVP_MAC_init(context, key_octets, sizeof(key_octets), params), 1);
    assert_int_equal(EVP_MAC_update(context, input, len), 1);
    assert_int_equal(EVP_MAC_final(context, octets, &octets_len, sizeof(octets)), 1);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    uint64_t hash = 0;
    for (unsigned i = 8; i > 0; i--)
        hash = hash << 8 | octets[i - 1];
    return hash;
}

static void it_gives_what_libcrypto_gives(void **state)
{
    (void)state;
    struct siphash_key key = siphash_key(key_octets);
    for (size_t len = 0; len <= LEN_MAX; len++)
        assert_int_equal(siphash24(&key, input, len), libcrypto_siphash(len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_gives_what_its_authors_published),
        cmocka_unit_test(it_gives_what_libcrypto_gives),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
