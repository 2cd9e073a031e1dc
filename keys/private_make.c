// SPDX-License-Identifier: ISC
// Key pairs as the text of a .private file, "Private-key-format: v1.3". What is made is a text first: the key that is
// used is read from it, as it will be from the file.
#include "keys/private_key.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "keys/base64.h"

#define RSA_BITS   2048
#define NUMBER_MAX 512 // octets, of RSA-4096

static bool put_line(struct buf *text, const char *name, const uint8_t *octets, size_t len)
{
    if (len == 0 || len > NUMBER_MAX)
        return false;
    buf_put_text(text, name);
    buf_put_text(text, ": ");
    base64_put(octets, len, text);
    buf_put_text(text, "\n");
    return true;
}

// pad: to so many octets; 0: as many as the number has.
static bool put_number(struct buf *text, const char *name, const EVP_PKEY *key, const char *param,
                       size_t pad)
{
    BIGNUM *number = NULL;
    uint8_t octets[NUMBER_MAX];
    bool good = EVP_PKEY_get_bn_param(key, param, &number) == 1;
    size_t len = good ? (size_t)BN_num_bytes(number) : 0;
    len = pad > 0 ? pad : len;
    good = good && len <= sizeof(octets) && BN_bn2binpad(number, octets, (int)len) == (int)len &&
           put_line(text, name, octets, len);
    OPENSSL_cleanse(octets, sizeof(octets));
    BN_clear_free(number);
    return good;
}

static bool put_rsa(struct buf *text, const EVP_PKEY *key)
{
    bool good = true;
    for (size_t i = 0; good && i < PRIVATE_RSA_FIELDS; i++)
        good = put_number(text, private_rsa_fields[i].name, key, private_rsa_fields[i].param, 0);
    return good;
}

static bool put_edwards(struct buf *text, const EVP_PKEY *key)
{
    uint8_t octets[57]; // RFC 8032: 32 or 57
    size_t len = sizeof(octets);
    bool good = EVP_PKEY_get_raw_private_key(key, octets, &len) == 1 &&
                put_line(text, "PrivateKey", octets, len);
    OPENSSL_cleanse(octets, sizeof(octets));
    return good;
}

bool private_key_is_of(const EVP_PKEY *key, uint8_t number)
{
    const struct key_algorithm *algorithm = key_algorithm(number);
    char group[64];
    size_t len = 0;
    if (algorithm == NULL || !EVP_PKEY_is_a(key, algorithm->type))
        return false;
    return algorithm->group == NULL ||
           (EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1 &&
            EC_curve_nist2nid(algorithm->group) == OBJ_txt2nid(group));
}

enum status private_key_put(const EVP_PKEY *key, uint8_t number, struct buf *ret_text,
                            struct error *err)
{
    const struct key_algorithm *algorithm = key_algorithm(number);
    bool good = private_key_is_of(key, number);
    buf_reserve(ret_text, PRIVATE_TEXT_MAX);
    if (good) {
        buf_printf(ret_text, "Private-key-format: v1.3\nAlgorithm: %u (%s)\n", number,
                   algorithm->name);
        if (strcmp(algorithm->type, "RSA") == 0)
            good = put_rsa(ret_text, key);
        else if (algorithm->group != NULL) // RFC 6605 §4 pads the numbers
            good =
                put_number(ret_text, "PrivateKey", key, OSSL_PKEY_PARAM_PRIV_KEY, algorithm->half);
        else
            good = put_edwards(ret_text, key);
    }
    ERR_clear_error();
    if (!good)
        return error_set(err, STATUS_CRYPTO, "not a private key of algorithm %u", number);
    return STATUS_OK;
}

static EVP_PKEY *generate(const struct key_algorithm *algorithm)
{
    if (strcmp(algorithm->type, "RSA") == 0)
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS);
    if (algorithm->group != NULL)
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", algorithm->group);
    return EVP_PKEY_Q_keygen(NULL, NULL, algorithm->type);
}

enum status private_key_again(const EVP_PKEY *key, uint8_t algorithm, EVP_PKEY **ret_key,
                              struct buf *ret_public, struct error *err)
{
    struct buf text = {0};
    struct dnskey_times none;
    enum status status = private_key_put(key, algorithm, &text, err);
    if (status == STATUS_OK) {
        buf_put_u8(&text, 0);
        status = private_key_parse((char *)text.data, algorithm, ret_key, &none, ret_public, err);
    }
    buf_wipe(&text);
    return status;
}

enum status private_key_generate(uint8_t number, EVP_PKEY **ret_key, struct buf *ret_public,
                                 struct error *err)
{
    const struct key_algorithm *algorithm = key_algorithm(number);
    if (algorithm == NULL || !algorithm->made)
        return error_set(err, STATUS_RANGE,
                         "no keys of algorithm %u are made here (8, 13, 14, 15, 16)", number);
    EVP_PKEY *key = generate(algorithm);
    enum status status = STATUS_OK;
    if (key == NULL)
        status = error_set(err, STATUS_CRYPTO, "cannot make a key: the random generator failed");
    else
        status = private_key_again(key, number, ret_key, ret_public, err);
    ERR_clear_error();
    EVP_PKEY_free(key);
    return status;
}
