// SPDX-License-Identifier: ISC
#include "keys/tls_spki.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "keys/pem.h"

// Chains have two or three certificates; a file full of them is a trust store, put there by mistake.
#define CHAIN_MAX 10

static bool digest_der(unsigned char *der, int len, uint8_t ret[TLS_DIGEST_LEN])
{
    size_t digest_len = 0;
    bool good = len > 0 && EVP_Q_digest(NULL, "SHA256", NULL, der, (size_t)len, ret, &digest_len);
    OPENSSL_free(der);
    return good;
}

static bool digest_certificate(const X509 *certificate, uint8_t ret[TLS_DIGEST_LEN])
{
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    return digest_der(der, len, ret);
}

static BIO *open_text(const uint8_t *pem, size_t len)
{
    return len > 0 && len <= INT_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
}

static bool has_issued(X509 *issuer, X509 *certificate)
{
    return X509_check_issued(issuer, certificate) == X509_V_OK &&
           X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;
}

static void find_issuer(BIO *bio, X509 *certificate, struct tls_chain *ret)
{
    for (int i = 0; i < CHAIN_MAX && !ret->has_issuer; i++) {
        X509 *other = PEM_read_bio_X509(bio, NULL, pem_no_pass_phrase, NULL);
        if (other == NULL)
            return;
        ret->has_issuer = has_issued(other, certificate) && digest_certificate(other, ret->issuer);
        X509_free(other);
    }
}

enum status tls_spki_of_chain(const uint8_t *pem, size_t len, struct tls_chain *ret,
                              struct error *err)
{
    BIO *bio = open_text(pem, len);
    X509 *certificate = bio != NULL ? PEM_read_bio_X509(bio, NULL, pem_no_pass_phrase, NULL) : NULL;
    *ret = (struct tls_chain){.has_issuer = false};
    bool good = certificate != NULL && digest_certificate(certificate, ret->key);
    if (good)
        find_issuer(bio, certificate, ret);
    X509_free(certificate);
    BIO_free(bio);
    ERR_clear_error();
    return good ? STATUS_OK : error_set(err, STATUS_SYNTAX, "no certificate in PEM form");
}

enum status tls_spki_of_public(const uint8_t *pem, size_t len, uint8_t ret[TLS_DIGEST_LEN],
                               struct error *err)
{
    BIO *bio = open_text(pem, len);
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PUBKEY(bio, NULL, pem_no_pass_phrase, NULL) : NULL;
    unsigned char *der = NULL;
    int der_len = key != NULL ? i2d_PUBKEY(key, &der) : 0;
    bool good = digest_der(der, der_len, ret);
    EVP_PKEY_free(key);
    BIO_free(bio);
    ERR_clear_error();
    return good ? STATUS_OK : error_set(err, STATUS_SYNTAX, "no public key in PEM form");
}

const char *tls_digest_text(const uint8_t digest[TLS_DIGEST_LEN], char text[TLS_DIGEST_HEX])
{
    for (size_t i = 0; i < TLS_DIGEST_LEN; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return text;
}

static unsigned nibble(char c)
{
    return isdigit((unsigned char)c) ? (unsigned)(c - '0') : (unsigned)(tolower(c) - 'a') + 10;
}

bool tls_digest_read(const char *text, uint8_t ret[TLS_DIGEST_LEN])
{
    if (strlen(text) != TLS_DIGEST_HEX - 1 ||
        strspn(text, "0123456789abcdefABCDEF") != TLS_DIGEST_HEX - 1)
        return false;
    for (size_t i = 0; i < TLS_DIGEST_LEN; i++)
        ret[i] = (uint8_t)(nibble(text[2 * i]) << 4 | nibble(text[2 * i + 1]));
    return true;
}
