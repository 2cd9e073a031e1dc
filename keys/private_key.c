// SPDX-License-Identifier: ISC
#include "keys/private_key.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "keys/base64.h"
#include "keys/ec_key.h"
#include "keys/key_files.h"

const struct key_algorithm *key_algorithm(uint8_t number)
{
    static const struct key_algorithm rows[] = {
        {8, "RSASHA256", "RSA", NULL, "SHA256", 0, true},
        {10, "RSASHA512", "RSA", NULL, "SHA512", 0, false},
        {13, "ECDSAP256SHA256", "EC", "P-256", "SHA256", 32, true},
        {14, "ECDSAP384SHA384", "EC", "P-384", "SHA384", 48, true},
        {15, "ED25519", "ED25519", NULL, NULL, 0, true},
        {16, "ED448", "ED448", NULL, NULL, 0, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].number == number)
            return &rows[i];
    }
    return NULL;
}

// ── The file ─────────────────────────────────────────────────────────────────────────────────────

// Fields that hold a number in base64: RSA's, then the one of all others.
enum field {
    FIELD_MODULUS,
    FIELD_PUBLIC_EXPONENT,
    FIELD_PRIVATE_KEY = PRIVATE_RSA_FIELDS,
    FIELD_COUNT,
};

const struct private_rsa_field private_rsa_fields[PRIVATE_RSA_FIELDS] = {
    {"Modulus", OSSL_PKEY_PARAM_RSA_N},           {"PublicExponent", OSSL_PKEY_PARAM_RSA_E},
    {"PrivateExponent", OSSL_PKEY_PARAM_RSA_D},   {"Prime1", OSSL_PKEY_PARAM_RSA_FACTOR1},
    {"Prime2", OSSL_PKEY_PARAM_RSA_FACTOR2},      {"Exponent1", OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {"Exponent2", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"Coefficient", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
};

static const char *field_name(int field)
{
    return field < PRIVATE_RSA_FIELDS ? private_rsa_fields[field].name : "PrivateKey";
}

#define FIELD_MAX      1024 // octets
#define RSA_NUMBER_MAX 512  // RFC 3110 §2: no more than 4096 bits

struct private_file {
    uint8_t algorithm;
    uint8_t octets[FIELD_COUNT][FIELD_MAX];
    size_t len[FIELD_COUNT]; // 0: not there
};

static enum status take_line(struct private_file *file, struct dnskey_times *times,
                             const char *line, struct error *err)
{
    const char *value = key_line_value(line, "Private-key-format");
    if (value != NULL && strncmp(value, "v1.", 3) != 0)
        return error_set(err, STATUS_SYNTAX,
                         "private key format \"%.20s\"; v1.2 or v1.3 is read here", value);
    if (key_line_value(line, "Engine") != NULL || key_line_value(line, "Label") != NULL)
        return error_set(err, STATUS_SYNTAX,
                         "the key is in a hardware module; keys must be in files");
    if ((value = key_line_value(line, "Algorithm")) != NULL) {
        unsigned number = 0;
        if (sscanf(value, "%3u", &number) != 1 || number > 255)
            return error_set(err, STATUS_SYNTAX, "broken algorithm number");
        file->algorithm = (uint8_t)number;
        return STATUS_OK;
    }
    for (int i = 0; i < FIELD_COUNT; i++) {
        if ((value = key_line_value(line, field_name(i))) == NULL)
            continue;
        long len = base64_read(value, strcspn(value, " \t"), file->octets[i], FIELD_MAX);
        if (len <= 0)
            return error_set(err, STATUS_SYNTAX, "%s is not base64", field_name(i));
        file->len[i] = (size_t)len;
        return STATUS_OK;
    }
    return key_times_line(times, line, err);
}

// ── OpenSSL ──────────────────────────────────────────────────────────────────────────────────────

// The words are ours: OpenSSL's queue may quote what it was given.
static enum status crypto_error(struct error *err, const char *words)
{
    ERR_clear_error();
    return error_set(err, STATUS_CRYPTO, "%s", words);
}

static EVP_PKEY *key_from_params(const char *type, OSSL_PARAM_BLD *build)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;
    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) <= 0)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

// RFC 6605 §4: the DNSKEY has the public point without the octet 4 that says "uncompressed".
static enum status ec_key(const struct private_file *file, const struct key_algorithm *algorithm,
                          EVP_PKEY **ret, struct buf *ret_public, struct error *err)
{
    uint8_t point[EC_KEY_POINT_MAX];
    size_t len = 0;
    EVP_PKEY *key = NULL;
    if (file->len[FIELD_PRIVATE_KEY] <= algorithm->half)
        key = ec_key_make(algorithm->group, file->octets[FIELD_PRIVATE_KEY],
                          file->len[FIELD_PRIVATE_KEY], point, &len);
    if (key == NULL)
        return crypto_error(err, "PrivateKey is not a private number of the algorithm's curve");
    buf_put(ret_public, point + 1, len - 1);
    *ret = key;
    return STATUS_OK;
}

static enum status edwards_key(const struct private_file *file,
                               const struct key_algorithm *algorithm, EVP_PKEY **ret,
                               struct buf *ret_public, struct error *err)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(
        NULL, algorithm->type, NULL, file->octets[FIELD_PRIVATE_KEY], file->len[FIELD_PRIVATE_KEY]);
    uint8_t public[57]; // RFC 8080 §3: 32 or 57 octets
    size_t len = sizeof(public);
    if (key == NULL || EVP_PKEY_get_raw_public_key(key, public, &len) != 1) {
        EVP_PKEY_free(key);
        return crypto_error(err, "PrivateKey is not a private key of the algorithm");
    }
    buf_put(ret_public, public, len);
    *ret = key;
    return STATUS_OK;
}

// RFC 3110 §2: the exponent with its length in front, then the modulus, no leading zeros.
static void put_rsa_public(const BIGNUM *exponent, const BIGNUM *modulus, struct buf *ret)
{
    int exponent_len = BN_num_bytes(exponent);
    if (exponent_len < 256) {
        buf_put_u8(ret, (uint8_t)exponent_len);
    } else {
        buf_put_u8(ret, 0);
        buf_put_u16(ret, (uint16_t)exponent_len);
    }
    BN_bn2bin(exponent, buf_extend(ret, (size_t)exponent_len));
    BN_bn2bin(modulus, buf_extend(ret, (size_t)BN_num_bytes(modulus)));
}

static enum status rsa_key(const struct private_file *file, EVP_PKEY **ret, struct buf *ret_public,
                           struct error *err)
{
    BIGNUM *numbers[PRIVATE_RSA_FIELDS] = {0};
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    bool good = build != NULL;
    for (int i = 0; good && i < PRIVATE_RSA_FIELDS; i++) {
        numbers[i] = BN_secure_new();
        good = file->len[i] > 0 && file->len[i] <= RSA_NUMBER_MAX && numbers[i] != NULL &&
               BN_bin2bn(file->octets[i], (int)file->len[i], numbers[i]) != NULL &&
               OSSL_PARAM_BLD_push_BN(build, private_rsa_fields[i].param, numbers[i]) == 1;
    }
    EVP_PKEY *key = good ? key_from_params("RSA", build) : NULL;
    EVP_PKEY_CTX *ctx = key != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
    // Nothing but this finds a private exponent that does not belong to the modulus.
    good = ctx != NULL && EVP_PKEY_pairwise_check(ctx) == 1;
    if (good)
        put_rsa_public(numbers[FIELD_PUBLIC_EXPONENT], numbers[FIELD_MODULUS], ret_public);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_BLD_free(build);
    for (int i = 0; i < PRIVATE_RSA_FIELDS; i++)
        BN_clear_free(numbers[i]);
    if (!good) {
        EVP_PKEY_free(key);
        return crypto_error(err, "the RSA numbers are incomplete or do not belong together");
    }
    *ret = key;
    return STATUS_OK;
}

static enum status make_key(const struct private_file *file, uint8_t number, EVP_PKEY **ret_key,
                            struct buf *ret_public, struct error *err)
{
    const struct key_algorithm *algorithm = key_algorithm(number);
    if (algorithm == NULL)
        return error_set(err, STATUS_RANGE,
                         "algorithm %u is not one that zonebox signs with (8, 10, 13, 14, 15, 16)",
                         number);
    if (file->algorithm != number)
        return error_set(err, STATUS_SYNTAX, "is of algorithm %u, its name says %u",
                         file->algorithm, number);
    if (strcmp(algorithm->type, "RSA") == 0)
        return rsa_key(file, ret_key, ret_public, err);
    if (file->len[FIELD_PRIVATE_KEY] == 0)
        return error_set(err, STATUS_SYNTAX, "has no line \"PrivateKey:\"");
    if (algorithm->group != NULL)
        return ec_key(file, algorithm, ret_key, ret_public, err);
    return edwards_key(file, algorithm, ret_key, ret_public, err);
}

enum status private_key_parse(char *text, uint8_t algorithm, EVP_PKEY **ret_key,
                              struct dnskey_times *ret_times, struct buf *ret_public,
                              struct error *err)
{
    struct private_file file = {0};
    struct dnskey_times times = {0};
    enum status status = STATUS_OK;
    char *rest = text;
    for (char *line; status == STATUS_OK && (line = strsep(&rest, "\r\n")) != NULL;)
        status = take_line(&file, &times, line, err);
    if (status == STATUS_OK)
        status = make_key(&file, algorithm, ret_key, ret_public, err);
    if (status == STATUS_OK)
        *ret_times = times;
    OPENSSL_cleanse(&file, sizeof(file));
    return status;
}
