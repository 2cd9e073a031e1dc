// SPDX-License-Identifier: ISC
#include "server/certificate.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/buf.h"

// OpenSSL's own words for the first of the failures that it noted.
static const char *reason(void)
{
    const char *words = ERR_reason_error_string(ERR_peek_error());
    return words != NULL ? words : "no reason is known";
}

static enum status read_all(int fd, struct buf *ret, struct error *err)
{
    bool is_pipe = lseek(fd, 0, SEEK_CUR) < 0;
    buf_reserve(ret, CERTIFICATE_MAX + 1); // so that growth leaves no copy of the key behind
    while (ret->len <= CERTIFICATE_MAX) {
        uint8_t *end = ret->data + ret->len;
        size_t room = CERTIFICATE_MAX + 1 - ret->len;
        // Another process may read the same file now: its place is not touched.
        ssize_t len = is_pipe ? read(fd, end, room) : pread(fd, end, room, (off_t)ret->len);
        if (len == 0)
            return STATUS_OK;
        if (len < 0 && errno != EINTR)
            return error_set_errno(err, errno, "certificate and key cannot be read");
        ret->len += len > 0 ? (size_t)len : 0;
    }
    return error_set(err, STATUS_RANGE, "certificate and key are larger than %u octets",
                     CERTIFICATE_MAX);
}

static bool at_end(void)
{
    unsigned long error = ERR_peek_last_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

static enum status read_certificates(BIO *pem, struct certificate *ret, struct error *err)
{
    X509 *next;
    ret->chain = sk_X509_new_null();
    ERR_clear_error();
    while ((next = PEM_read_bio_X509(pem, NULL, NULL, NULL)) != NULL) {
        if (ret->leaf == NULL)
            ret->leaf = next;
        else if (sk_X509_push(ret->chain, next) == 0)
            X509_free(next);
    }
    if (!at_end())
        return error_set(err, STATUS_SYNTAX, "certificate %d is damaged: %s",
                         (ret->leaf != NULL ? 1 : 0) + sk_X509_num(ret->chain) + 1, reason());
    if (ret->leaf == NULL)
        return error_set(err, STATUS_SYNTAX, "there is no certificate (PEM)");
    return STATUS_OK;
}

// Nobody is there to be asked.
static int on_password(char *password, int size, int writing, void *data)
{
    (void)password;
    (void)size;
    (void)writing;
    *(bool *)data = true;
    return -1;
}

static enum status read_key(BIO *pem, struct certificate *ret, struct error *err)
{
    bool encrypted = false;
    ERR_clear_error();
    ret->key = PEM_read_bio_PrivateKey(pem, NULL, on_password, &encrypted);
    if (ret->key != NULL)
        return STATUS_OK;
    if (encrypted)
        return error_set(err, STATUS_CRYPTO,
                         "the private key is encrypted, and nobody is there to be asked for the "
                         "password; a file without one is wanted");
    return error_set(err, STATUS_SYNTAX, "there is no private key (PEM) that can be read");
}

static bool read_time(const ASN1_TIME *time, int64_t *ret)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;
    bool known = ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;
    ASN1_TIME_free(epoch);
    *ret = (int64_t)days * 86400 + seconds;
    return known;
}

static enum status check_key(const struct certificate *certificate, struct error *err)
{
    if (X509_check_private_key(certificate->leaf, certificate->key) == 1)
        return STATUS_OK;
    for (int i = 0; i < sk_X509_num(certificate->chain); i++)
        if (X509_check_private_key(sk_X509_value(certificate->chain, i), certificate->key) == 1)
            return error_set(err, STATUS_CRYPTO,
                             "the private key is that of certificate %d; it has to come first, "
                             "its issuer's behind it",
                             i + 2);
    return error_set(err, STATUS_CRYPTO, "the private key is not the certificate's");
}

static enum status read_parts(const struct buf *text, struct certificate *ret, struct error *err)
{
    BIO *pem = BIO_new_mem_buf(text->data, (int)text->len);
    enum status status = read_certificates(pem, ret, err);
    BIO_free(pem);
    pem = BIO_new_mem_buf(text->data, (int)text->len);
    if (status == STATUS_OK)
        status = read_key(pem, ret, err);
    BIO_free(pem);
    if (status == STATUS_OK)
        status = check_key(ret, err);
    if (status != STATUS_OK)
        return status;
    if (!read_time(X509_get0_notBefore(ret->leaf), &ret->from) ||
        !read_time(X509_get0_notAfter(ret->leaf), &ret->until))
        return error_set(err, STATUS_SYNTAX, "the times of the certificate cannot be read");
    return STATUS_OK;
}

enum status certificate_read(int fd, struct certificate *ret, struct error *err)
{
    struct buf text = {0};
    *ret = (struct certificate){0};
    enum status status = read_all(fd, &text, err);
    if (status == STATUS_OK)
        status = read_parts(&text, ret, err);
    buf_wipe(&text);
    ERR_clear_error();
    if (status != STATUS_OK)
        certificate_done(ret);
    return status;
}

void certificate_done(struct certificate *certificate)
{
    X509_free(certificate->leaf);
    sk_X509_pop_free(certificate->chain, X509_free);
    EVP_PKEY_free(certificate->key);
    *certificate = (struct certificate){0};
}
