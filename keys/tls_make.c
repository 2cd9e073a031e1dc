// SPDX-License-Identifier: ISC
#include "keys/tls_make.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/alloc.h"
#include "base/file.h"
#include "keys/tls_spki.h"

#define RSA_BITS 2048
// More keys on one day are a loop gone wild.
#define A_DAY_MAX 20

static const char *const names[] = {[TLS_ECDSA] = "ecdsa", [TLS_RSA] = "rsa"};

bool tls_algorithm_read(const char *text, enum tls_algorithm *ret)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) != 0)
            continue;
        *ret = (enum tls_algorithm)i;
        return true;
    }
    return false;
}

// The private part goes to a new file. EXISTS when there is one of that name.
static enum status write_private(const char *path, EVP_PKEY *key, struct error *err)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;
    enum status status =
        error_set(err, STATUS_CRYPTO, "%s: cannot write the private key as PEM", path);
    if (bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
        size_t len = (size_t)BIO_get_mem_data(bio, &text);
        status = file_create(path, text, len, 0600, err);
        OPENSSL_cleanse(text, len);
    }
    BIO_free(bio);
    return status;
}

static enum status write_public(const char *path, EVP_PKEY *key, uint8_t ret[TLS_DIGEST_LEN],
                                struct error *err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    enum status status =
        error_set(err, STATUS_CRYPTO, "%s: cannot write the public key as PEM", path);
    if (bio != NULL && PEM_write_bio_PUBKEY(bio, key) == 1) {
        size_t len = (size_t)BIO_get_mem_data(bio, &text);
        status = tls_spki_of_public((const uint8_t *)text, len, ret, err);
        if (status == STATUS_OK)
            status = file_create(path, text, len, 0644, err);
    }
    BIO_free(bio);
    return status;
}

static enum status write_pair(const char *path, EVP_PKEY *key, uint8_t ret[TLS_DIGEST_LEN],
                              struct error *err)
{
    char *private = xasprintf("%s.key", path);
    char *public = xasprintf("%s.pub", path);
    enum status status = write_private(private, key, err);
    if (status == STATUS_OK)
        status = write_public(public, key, ret, err);
    free(private);
    free(public);
    return status;
}

static char *make_path(const char *directory, const char *date, enum tls_algorithm algorithm,
                       unsigned number)
{
    if (number == 1)
        return xasprintf("%s/%s-%s", directory, date, names[algorithm]);
    return xasprintf("%s/%s-%s-%u", directory, date, names[algorithm], number);
}

enum status tls_make(const char *directory, enum tls_algorithm algorithm, int64_t now,
                     char **ret_path, uint8_t ret_digest[TLS_DIGEST_LEN], struct error *err)
{
    char date[32] = "undated";
    time_t seconds = (time_t)now;
    struct tm utc;
    *ret_path = NULL;
    if (gmtime_r(&seconds, &utc) != NULL)
        strftime(date, sizeof(date), "%Y-%m-%d", &utc);
    enum status status = directory_make(directory, 0755, err);
    if (status != STATUS_OK)
        return status;
    EVP_PKEY *key = algorithm == TLS_RSA ? EVP_RSA_gen(RSA_BITS) : EVP_EC_gen("P-256");
    ERR_clear_error();
    if (key == NULL)
        return error_set(err, STATUS_CRYPTO, "cannot make a key");
    status = STATUS_EXISTS;
    for (unsigned i = 1; i <= A_DAY_MAX && status == STATUS_EXISTS; i++) {
        free(*ret_path);
        *ret_path = make_path(directory, date, algorithm, i);
        status = write_pair(*ret_path, key, ret_digest, err);
    }
    EVP_PKEY_free(key);
    if (status != STATUS_OK) {
        free(*ret_path);
        *ret_path = NULL;
    }
    return status;
}
