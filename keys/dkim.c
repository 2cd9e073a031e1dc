// SPDX-License-Identifier: ISC
#include "keys/dkim.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/alloc.h"
#include "base/file.h"

#define DKIM_FILE_MAX (64U << 10)
#define DKIM_BITS     2048

// Domain and selector become parts of a path: they must be names and nothing else.
static enum status check_part(const char *text, struct error *err)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr("-_.", *c) == NULL)
            return error_set(err, STATUS_SYNTAX, "DKIM: \"%s\" is no domain name", text);
    }
    if (text[0] == '.' || text[0] == '\0')
        return error_set(err, STATUS_SYNTAX, "DKIM: \"%s\" is no domain name", text);
    return STATUS_OK;
}

struct paths {
    char *directory;
    char *private;
    char *public;
};

static enum status make_paths(const char *directory, const char *domain, const char *selector,
                              struct paths *ret, struct error *err)
{
    enum status status = check_part(domain, err);
    if (status == STATUS_OK)
        status = check_part(selector, err);
    if (status != STATUS_OK)
        return status;
    ret->directory = path_join(directory, domain);
    ret->private = xasprintf("%s/%s.private", ret->directory, selector);
    ret->public = xasprintf("%s/%s.pub", ret->directory, selector);
    return STATUS_OK;
}

static void paths_done(struct paths *paths)
{
    free(paths->directory);
    free(paths->private);
    free(paths->public);
}

// No pass phrase is ever asked for: a service has nobody at the terminal.
static int no_pass_phrase(char *text, int size, int writing, void *user)
{
    (void)text, (void)size, (void)writing, (void)user;
    return -1;
}

static enum status check_key(const char *path, EVP_PKEY *key, struct error *err)
{
    ERR_clear_error();
    if (key == NULL)
        return error_set(err, STATUS_SYNTAX, "%s: no key in PEM form without a pass phrase", path);
    int bits = EVP_PKEY_get_bits(key);
    if (!EVP_PKEY_is_a(key, "RSA") || bits < DKIM_BITS_MIN || bits > DKIM_BITS_MAX)
        return error_set(err, STATUS_RANGE, "%s: not an RSA key of %d to %d bits (RFC 8301 §3.2)",
                         path, DKIM_BITS_MIN, DKIM_BITS_MAX);
    return STATUS_OK;
}

// Steps over the tag and length of one DER element, which must end with `end` or before. NULL when it is another one.
static const uint8_t *enter_der(const uint8_t *at, const uint8_t *end, int wanted,
                                const uint8_t **ret_end)
{
    long len;
    int tag, class;
    if (at == NULL || at >= end ||
        (ASN1_get_object(&at, &len, &tag, &class, end - at) & ~V_ASN1_CONSTRUCTED) != 0 ||
        tag != wanted)
        return NULL;
    *ret_end = at + len;
    return at;
}

// Is this the SubjectPublicKeyInfo of an RSA key of a good size, written as DER wants it (RFC 3279 §2.3.1)? OpenSSL's
// decoder takes 0.4 ms for a key, which is most of what the second start of 10,000 mail zones would cost.
static bool is_rsa_public(const uint8_t *der, long len)
{
    static const uint8_t algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                        0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
    const uint8_t *end = der + len, *outer = NULL, *bits = NULL, *pair = NULL, *number = NULL;
    const uint8_t *at = enter_der(der, end, V_ASN1_SEQUENCE, &outer);
    if (at == NULL || outer != end || outer - at < (long)sizeof(algorithm) ||
        memcmp(at, algorithm, sizeof(algorithm)) != 0)
        return false;
    at = enter_der(at + sizeof(algorithm), end, V_ASN1_BIT_STRING, &bits);
    if (at == NULL || bits != end || at == end || *at != 0)
        return false;
    at = enter_der(enter_der(at + 1, end, V_ASN1_SEQUENCE, &pair), end, V_ASN1_INTEGER, &number);
    if (at == NULL || pair != end || number >= end || number - at < 2 || at[0] != 0 ||
        (at[1] & 0x80) == 0)
        return false;
    // A modulus of whole octets has its highest bit set, so that DER puts a zero before it.
    long modulus_bits = (number - at - 1) * 8;
    at = enter_der(number, end, V_ASN1_INTEGER, &outer);
    return at != NULL && outer == end && modulus_bits >= DKIM_BITS_MIN &&
           modulus_bits <= DKIM_BITS_MAX;
}

// Takes a key that is as dkim_ensure and openssl write it.
static bool take_plain_public(const struct buf *text, struct buf *ret)
{
    BIO *bio = BIO_new_mem_buf(text->data, (int)text->len);
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    long len = 0;
    bool plain = PEM_read_bio(bio, &name, &header, &der, &len) == 1 &&
                 strcmp(name, PEM_STRING_PUBLIC) == 0 && is_rsa_public(der, len);
    if (plain)
        buf_put(ret, der, (size_t)len);
    ERR_clear_error();
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    BIO_free(bio);
    return plain;
}

static enum status take_public(const char *path, const struct buf *text, struct buf *ret,
                               struct error *err)
{
    BIO *bio = BIO_new_mem_buf(text->data, (int)text->len);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, no_pass_phrase, NULL);
    enum status status = check_key(path, key, err);
    unsigned char *der = NULL;
    int len = status == STATUS_OK ? i2d_PUBKEY(key, &der) : 0;
    if (len > 0)
        buf_put(ret, der, (size_t)len);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return status;
}

enum status dkim_load_public(const char *directory, const char *domain, const char *selector,
                             struct buf *ret, struct error *err)
{
    struct paths paths = {0};
    struct buf text = {0};
    enum status status = make_paths(directory, domain, selector, &paths, err);
    if (status != STATUS_OK)
        return status;
    status = file_read(paths.public, DKIM_FILE_MAX, &text, err);
    if (status == STATUS_OK && !take_plain_public(&text, ret))
        status = take_public(paths.public, &text, ret, err);
    buf_done(&text);
    paths_done(&paths);
    return status;
}

static enum status write_public(const char *path, EVP_PKEY *key, struct error *err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    enum status status;
    if (PEM_write_bio_PUBKEY(bio, key) != 1)
        status = error_set(err, STATUS_CRYPTO, "%s: cannot write the public key as PEM", path);
    else {
        size_t len = (size_t)BIO_get_mem_data(bio, &text);
        status = file_write(path, text, len, 0644, err);
    }
    BIO_free(bio);
    return status;
}

static enum status publish_private(const struct paths *paths, struct error *err)
{
    struct buf text = {0};
    buf_reserve(&text,
                DKIM_FILE_MAX + 16384); // never grows, so that no copy of the secret stays behind
    EVP_PKEY *key = NULL;
    enum status status = file_read(paths->private, DKIM_FILE_MAX, &text, err);
    if (status == STATUS_OK) {
        BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);
        key = PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
        BIO_free(bio);
        status = check_key(paths->private, key, err);
    }
    OPENSSL_cleanse(text.data, text.cap);
    buf_done(&text);
    if (status == STATUS_OK)
        status = write_public(paths->public, key, err);
    EVP_PKEY_free(key);
    return status;
}

static enum status make_key(const struct paths *paths, struct error *err)
{
    // The group comes from the directory above, which is set-group-ID (box.dkim.group): mail software is in it, passes
    // through and reads the key, which is 0640.
    enum status status = directory_make(paths->directory, 0750, err);
    if (status != STATUS_OK)
        return status;
    EVP_PKEY *key = EVP_RSA_gen(DKIM_BITS);
    BIO *bio = BIO_new(BIO_s_secmem());
    if (key == NULL || bio == NULL ||
        PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
        ERR_clear_error();
        status = error_set(err, STATUS_CRYPTO, "%s: cannot make an RSA key", paths->private);
    } else {
        char *text = NULL;
        size_t len = (size_t)BIO_get_mem_data(bio, &text);
        status = file_create(paths->private, text, len, 0640, err);
        OPENSSL_cleanse(text, len);
    }
    BIO_free(bio);
    if (status == STATUS_OK)
        status = write_public(paths->public, key, err);
    EVP_PKEY_free(key);
    return status;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

static enum status look(const char *path, bool *ret_there, struct stat *ret, struct error *err)
{
    *ret_there = stat(path, ret) == 0;
    if (*ret_there || errno == ENOENT)
        return STATUS_OK;
    return error_set_errno(err, errno, "%s: cannot look at it", path);
}

enum status dkim_ensure(const char *directory, const char *domain, const char *selector,
                        bool *ret_made, struct error *err)
{
    struct paths paths = {0};
    struct stat private;
    struct stat public;
    bool has_private = false;
    bool has_public = false;
    *ret_made = false;
    enum status status = make_paths(directory, domain, selector, &paths, err);
    if (status == STATUS_OK)
        status = look(paths.private, &has_private, &private, err);
    if (status == STATUS_OK)
        status = look(paths.public, &has_public, &public, err);
    if (status == STATUS_OK && !has_private && !has_public) {
        status = make_key(&paths, err);
        *ret_made = status == STATUS_OK;
    } else if (status == STATUS_OK && has_private &&
               // The time of the inode's change: copying or renaming a file into place cannot fake
               // it.
               (!has_public || is_later(&private.st_ctim, &public.st_ctim))) {
        status = publish_private(&paths, err);
    }
    paths_done(&paths);
    return status;
}

bool dkim_has_private(const char *directory, const char *domain, const char *selector)
{
    struct paths paths = {0};
    struct stat info;
    bool has = make_paths(directory, domain, selector, &paths, NULL) == STATUS_OK &&
               (stat(paths.private, &info) == 0 || errno != ENOENT);
    paths_done(&paths);
    return has;
}
