// SPDX-License-Identifier: ISC
#include "keys/public_key.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "keys/private_key.h"

static EVP_PKEY *key_from_params(const char *type, OSSL_PARAM_BLD *build)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;
    if (params == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    return key;
}

// RFC 6605 §4: the point without the octet 4 that says "uncompressed".
#define POINT_MAX (1 + 2 * 48)

static EVP_PKEY *ec_key(const struct key_algorithm *algorithm, const uint8_t *octets, size_t len)
{
    uint8_t point[POINT_MAX] = {4};
    if (len != 2 * algorithm->half)
        return NULL;
    memcpy(point + 1, octets, len);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (build != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, algorithm->group, 0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, len + 1))
        key = key_from_params(algorithm->type, build);
    OSSL_PARAM_BLD_free(build);
    return key;
}

// RFC 3110 §2: the length of the exponent in one octet, or in two behind a zero; exponent; modulus.
static EVP_PKEY *rsa_key(const uint8_t *octets, size_t len)
{
    size_t head = len > 0 && octets[0] == 0 ? 3 : 1;
    if (len < head)
        return NULL;
    size_t exponent_len = head == 1 ? octets[0] : (size_t)octets[1] << 8 | octets[2];
    if (exponent_len == 0 || len - head <= exponent_len)
        return NULL;
    const uint8_t *modulus = octets + head + exponent_len;
    BIGNUM *e = BN_bin2bn(octets + head, (int)exponent_len, NULL);
    BIGNUM *n = BN_bin2bn(modulus, (int)(len - head - exponent_len), NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (e != NULL && n != NULL && build != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
        key = key_from_params("RSA", build);
    OSSL_PARAM_BLD_free(build);
    BN_free(e);
    BN_free(n);
    return key;
}

EVP_PKEY *public_key_read(uint8_t number, const uint8_t *octets, size_t len)
{
    const struct key_algorithm *algorithm = key_algorithm(number);
    EVP_PKEY *key = NULL;
    if (algorithm == NULL)
        return NULL;
    if (algorithm->group != NULL)
        key = ec_key(algorithm, octets, len);
    else if (strcmp(algorithm->type, "RSA") == 0)
        key = rsa_key(octets, len);
    else
        key = EVP_PKEY_new_raw_public_key_ex(NULL, algorithm->type, NULL, octets, len);
    if (key == NULL)
        ERR_clear_error();
    return key;
}
