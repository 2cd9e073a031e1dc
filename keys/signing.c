// SPDX-License-Identifier: ISC
#include "keys/signing.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/alloc.h"
#include "keys/ecdsa_check.h"
#include "keys/ecdsa_sign.h"
#include "keys/private_key.h"
#include "keys/public_key.h"

// SEQUENCE, two INTEGERs of at most 49 octets: less than 128 octets, so that lengths are one octet.
#define DER_MAX      (2 + 2 * (2 + 49))
#define DER_INTEGER  0x02
#define DER_SEQUENCE 0x30

// ECDSA's longest digest: P-384's.
#define DIGEST_MAX 48

struct signing_key {
    EVP_PKEY *key;
    const struct key_algorithm *algorithm;
    size_t len;           // of a signature
    EVP_MD_CTX *message;  // the digest of a message, or its signature where the algorithm hashes
    const EVP_MD *digest; // NULL: the algorithm hashes by itself
    EVP_PKEY_CTX *sign;   // of RSA's digests; made when it is first needed, as are
    EVP_PKEY_CTX *verify;
    struct ecdsa_key *ecdsa;
    bool is_own; // the private part is there
};

// ── ECDSA's other form ────────────────────────────────────────────────────────────────────────────

// Behind *ret, which is moved: minimal, and positive by its first bit.
static void integer_to_der(const uint8_t *number, size_t half, uint8_t **ret)
{
    while (half > 1 && number[0] == 0) {
        number++;
        half--;
    }
    bool pad = (number[0] & 0x80) != 0;
    uint8_t *at = *ret;
    *at++ = DER_INTEGER;
    *at++ = (uint8_t)(half + (pad ? 1 : 0));
    if (pad)
        *at++ = 0;
    memcpy(at, number, half);
    *ret = at + half;
}

static size_t signature_to_der(const uint8_t *signature, size_t half, uint8_t ret[DER_MAX])
{
    uint8_t *at = ret + 2;
    integer_to_der(signature, half, &at);
    integer_to_der(signature + half, half, &at);
    ret[0] = DER_SEQUENCE;
    ret[1] = (uint8_t)(at - ret - 2);
    return (size_t)(at - ret);
}

// ── Contexts ─────────────────────────────────────────────────────────────────────────────────────

// Looked up once, by whatever thread comes first: it takes 4 µs.
static struct {
    const char *name;
    EVP_MD *digest;
} digests[] = {{"SHA256", NULL}, {"SHA384", NULL}, {"SHA512", NULL}};

static void fetch_digests(void)
{
    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++)
        digests[i].digest = EVP_MD_fetch(NULL, digests[i].name, NULL);
}

static const EVP_MD *find_digest(const char *name)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fetch_digests);
    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++)
        if (strcmp(digests[i].name, name) == 0)
            return digests[i].digest;
    return NULL;
}

typedef int begin_function(EVP_PKEY_CTX *);

// For signing or verifying digests. NULL when libcrypto will not. ECDSA need not know what made the digest.
static EVP_PKEY_CTX *digest_context(const struct signing_key *signing, begin_function *begin)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, signing->key, NULL);
    bool rsa = signing->algorithm->half == 0;
    if (context != NULL && begin(context) == 1 &&
        (!rsa || (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
                  EVP_PKEY_CTX_set_signature_md(context, signing->digest) == 1)))
        return context;
    EVP_PKEY_CTX_free(context);
    return NULL;
}

static size_t signature_len(const EVP_PKEY *key, const struct key_algorithm *algorithm)
{
    if (key == NULL || algorithm == NULL)
        return 0;
    if (algorithm->half > 0)
        return 2 * algorithm->half;
    int size = EVP_PKEY_get_size(key);
    return size > 0 && size <= SIGNATURE_LEN_MAX ? (size_t)size : 0;
}

size_t signing_len(const struct dnskey *key)
{
    return signature_len(key->private, key_algorithm(key->algorithm));
}

void signing_key_free(struct signing_key *signing)
{
    if (signing == NULL)
        return;
    EVP_PKEY_CTX_free(signing->sign);
    EVP_PKEY_CTX_free(signing->verify);
    ecdsa_key_free(signing->ecdsa);
    EVP_MD_CTX_free(signing->message);
    EVP_PKEY_free(signing->key);
    free(signing);
}

// Takes the key. NULL: libcrypto will not have it.
static struct signing_key *begin(EVP_PKEY *key, const struct key_algorithm *algorithm)
{
    struct signing_key *signing = xcalloc(1, sizeof(*signing));
    signing->key = key;
    signing->algorithm = algorithm;
    signing->message = EVP_MD_CTX_new();
    signing->len = signature_len(key, algorithm);
    bool good = signing->message != NULL && signing->len > 0;
    if (good && algorithm->digest != NULL) {
        signing->digest = find_digest(algorithm->digest);
        good = signing->digest != NULL;
    }
    if (good)
        return signing;
    signing_key_free(signing);
    ERR_clear_error();
    return NULL;
}

enum status signing_key_new(const struct dnskey *key, struct signing_key **ret, struct error *err)
{
    *ret = NULL;
    const struct key_algorithm *algorithm = key_algorithm(key->algorithm);
    if (key->private == NULL || algorithm == NULL)
        return error_set(err, STATUS_STATE, "%s: the private part is not loaded", key->path);
    EVP_PKEY_up_ref(key->private);
    struct signing_key *signing = begin(key->private, algorithm);
    if (signing == NULL)
        return error_set(err, STATUS_CRYPTO, "%s: cannot sign with this key", key->path);
    signing->is_own = true;
    *ret = signing;
    return STATUS_OK;
}

// RFC 4034 §2.1: flags, protocol, algorithm, key.
#define RDATA_HEAD 4

struct signing_key *signing_key_of_rdata(const uint8_t *rdata, size_t len)
{
    if (len <= RDATA_HEAD)
        return NULL;
    uint8_t algorithm = rdata[RDATA_HEAD - 1];
    EVP_PKEY *key = public_key_read(algorithm, rdata + RDATA_HEAD, len - RDATA_HEAD);
    return key != NULL ? begin(key, key_algorithm(algorithm)) : NULL;
}

// ── Signing ──────────────────────────────────────────────────────────────────────────────────────

static bool hash(struct signing_key *signing, const uint8_t *octets, size_t len,
                 uint8_t ret[EVP_MAX_MD_SIZE], unsigned *ret_len)
{
    return EVP_DigestInit_ex2(signing->message, signing->digest, NULL) == 1 &&
           EVP_DigestUpdate(signing->message, octets, len) == 1 &&
           EVP_DigestFinal_ex(signing->message, ret, ret_len) == 1;
}

static bool sign_digest(struct signing_key *signing, const uint8_t *octets, size_t len,
                        uint8_t *ret)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned digest_len;
    size_t ret_len = signing->len;
    if (signing->sign == NULL)
        signing->sign = digest_context(signing, EVP_PKEY_sign_init);
    return signing->sign != NULL && hash(signing, octets, len, digest, &digest_len) &&
           EVP_PKEY_sign(signing->sign, ret, &ret_len, digest, digest_len) == 1 &&
           ret_len == signing->len;
}

static bool sign_message(struct signing_key *signing, const uint8_t *octets, size_t len,
                         uint8_t *ret)
{
    size_t ret_len = signing->len;
    return EVP_DigestSignInit_ex(signing->message, NULL, NULL, NULL, NULL, signing->key, NULL) ==
               1 &&
           EVP_DigestSign(signing->message, ret, &ret_len, octets, len) == 1 &&
           ret_len == signing->len;
}

// A row of ECDSA's: the items and, for each, the octets of its digest.
struct ecdsa_row {
    struct ecdsa_item *list;
    struct signing_item **items; // whose they are
    uint8_t (*digests)[DIGEST_MAX];
    size_t count;
};

static bool put_in_row(struct ecdsa_row *row, struct signing_item *item)
{
    struct signing_key *signing = item->key;
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned digest_len;
    if (signing->ecdsa == NULL)
        signing->ecdsa = ecdsa_key_new(signing->key, signing->algorithm->half);
    if (signing->ecdsa == NULL || !hash(signing, item->octets, item->len, digest, &digest_len) ||
        digest_len != signing->algorithm->half)
        return false;
    memcpy(row->digests[row->count], digest, digest_len);
    row->list[row->count] = (struct ecdsa_item){
        .key = signing->ecdsa,
        .digest = row->digests[row->count],
        .ret = item->ret,
    };
    row->items[row->count++] = item;
    return true;
}

static void run_row(struct ecdsa_row *row)
{
    if (row->count > 0)
        ecdsa_sign(row->list, row->count);
    for (size_t i = 0; i < row->count; i++)
        row->items[i]->done = row->list[i].done;
}

void signing_run(struct signing_item *items, size_t count)
{
    struct ecdsa_row row = {
        .list = xcalloc(count, sizeof(*row.list)),
        .items = xcalloc(count, sizeof(*row.items)),
        .digests = xcalloc(count, sizeof(*row.digests)),
    };
    for (size_t i = 0; i < count; i++) {
        struct signing_item *item = &items[i];
        const struct key_algorithm *algorithm = item->key->algorithm;
        item->done = false;
        if (algorithm->half > 0)
            (void)put_in_row(&row, item); // not done, if it is not there
        else if (algorithm->digest != NULL)
            item->done = sign_digest(item->key, item->octets, item->len, item->ret);
        else
            item->done = sign_message(item->key, item->octets, item->len, item->ret);
    }
    run_row(&row);
    free(row.list);
    free(row.items);
    free(row.digests);
    ERR_clear_error();
}

// ── Verifying ────────────────────────────────────────────────────────────────────────────────────

static bool verify_digest(struct signing_key *signing, const uint8_t *octets, size_t len,
                          const uint8_t *signature)
{
    uint8_t digest[EVP_MAX_MD_SIZE], der[DER_MAX];
    unsigned digest_len;
    size_t half = signing->algorithm->half;
    size_t signature_len = signing->len;
    if (!hash(signing, octets, len, digest, &digest_len))
        return false;
    if (signing->verify == NULL)
        signing->verify = digest_context(signing, EVP_PKEY_verify_init);
    if (half > 0) {
        signature_len = signature_to_der(signature, half, der);
        signature = der;
    }
    return signing->verify != NULL &&
           EVP_PKEY_verify(signing->verify, signature, signature_len, digest, digest_len) == 1;
}

static bool verify_message(struct signing_key *signing, const uint8_t *octets, size_t len,
                           const uint8_t *signature)
{
    return EVP_DigestVerifyInit_ex(signing->message, NULL, NULL, NULL, NULL, signing->key, NULL) ==
               1 &&
           EVP_DigestVerify(signing->message, signature, signing->len, octets, len) == 1;
}

bool signing_key_verify(struct signing_key *signing, const uint8_t *octets, size_t len,
                        const uint8_t *signature, size_t signature_len)
{
    bool good = signature_len == signing->len &&
                (signing->digest != NULL ? verify_digest(signing, octets, len, signature)
                                         : verify_message(signing, octets, len, signature));
    if (!good)
        ERR_clear_error();
    return good;
}

bool signing_key_verify_later(struct signing_key *signing, const uint8_t *octets, size_t len,
                              const uint8_t *signature, size_t signature_len,
                              const struct signing_later *later)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned digest_len;
    size_t half = signing->algorithm->half;
    if (!signing->is_own || half == 0)
        return signing_key_verify(signing, octets, len, signature, signature_len);
    if (signature_len != signing->len || !hash(signing, octets, len, digest, &digest_len))
        return false;
    struct ecdsa_signature one = {
        .key = signing->key,
        .group = signing->algorithm->group,
        .digest = digest,
        .octets = signature,
        .half = half,
        .subject = later->subject,
    };
    return digest_len == half && ecdsa_checks_add(later->checks, &one);
}
