// SPDX-License-Identifier: ISC
// TLSA records from certificates: DANE for the mail exchanger (RFC 6698, RFC 7671, RFC 7672).
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"

#define SHA256_HEX_MAX 65

// The digest over the SubjectPublicKeyInfo: selector 1, matching type 1.
static bool spki_digest(X509 *certificate, char ret[SHA256_HEX_MAX])
{
    unsigned char *der = NULL;
    unsigned char digest[32];
    size_t digest_len = 0;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    bool good =
        len > 0 && EVP_Q_digest(NULL, "SHA256", NULL, der, (size_t)len, digest, &digest_len);
    OPENSSL_free(der);
    for (size_t i = 0; good && i < sizeof(digest); i++)
        snprintf(ret + 2 * i, 3, "%02x", digest[i]);
    return good;
}

static int64_t asn1_seconds(const ASN1_TIME *when)
{
    struct tm utc = {0};
    return ASN1_TIME_to_tm(when, &utc) == 1 ? (int64_t)timegm(&utc) : 0;
}

#define DATE_MAX 32

static const char *date_text(int64_t when, char text[DATE_MAX])
{
    time_t seconds = (time_t)when;
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL || strftime(text, DATE_MAX, "%Y-%m-%d", &utc) == 0)
        return "an unknown day";
    return text;
}

// RFC 7671 §5.1: usage 3 looks at neither names nor dates; other clients of the same certificate do.
static void note_certificate(struct zone_maker *maker, const char *path, X509 *certificate)
{
    char day[DATE_MAX];
    const char *hostname = maker->config->box.hostname;
    int64_t start = asn1_seconds(X509_get0_notBefore(certificate));
    int64_t end = asn1_seconds(X509_get0_notAfter(certificate));
    if (X509_check_host(certificate, hostname, 0, 0, NULL) != 1)
        maker_note(maker, false, path, "%s: the certificate is not for %s", path, hostname);
    if (start != 0)
        maker_note(maker, false, path, "%s: the certificate is not valid before %s", path,
                   date_text(start, day))
            ->until = start;
    if (end != 0)
        maker_note(maker, false, path, "%s: the certificate expired on %s; renew it", path,
                   date_text(end, day))
            ->from = end;
}

static void add_certificate(struct zone_maker *maker, const char *owner,
                            const struct input_file *file)
{
    // The first block is the server's own certificate, the others are its chain (RFC 8446 §4.4.2).
    BIO *bio = BIO_new_mem_buf(file->octets, (int)file->len);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    char digest[SHA256_HEX_MAX];
    if (certificate != NULL && spki_digest(certificate, digest)) {
        char *why = xasprintf("DANE: the public key that the mail server on port 25 has, from %s "
                              "(RFC 7672 §3.1.1)",
                              display_path(maker->config, file->path));
        maker_add(maker, owner, "TLSA", why, "3 1 1 %s", digest);
        note_certificate(maker, file->path, certificate);
        free(why);
    } else {
        maker_missing(maker, owner, "TLSA", "%s has no certificate in PEM form",
                      display_path(maker->config, file->path));
        maker_note(maker, true, file->path, "%s: no certificate in PEM form", file->path);
    }
    ERR_clear_error();
    X509_free(certificate);
    BIO_free(bio);
}

void make_tlsa(struct zone_maker *maker)
{
    const struct config_box *box = &maker->config->box;
    if (!target_holds(maker->target, box->hostname))
        return;
    char *owner = xasprintf("_25._tcp.%s", box->hostname);
    for (size_t i = 0; i < box->tls_count; i++) {
        const struct input_file *file = inputs_file(maker->inputs, box->tls[i].text);
        if (file != NULL && file->octets != NULL) {
            add_certificate(maker, owner, file);
            continue;
        }
        maker_missing(maker, owner, "TLSA", "the certificate %s cannot be read",
                      display_path(maker->config, box->tls[i].text));
        maker_note(maker, true, box->tls[i].text, "%s",
                   file != NULL ? file->error.text : "a certificate was not read");
    }
    if (box->tls_count == 0)
        maker_missing(maker, owner, "TLSA",
                      "no certificate was found; get one for %s (certbot), or name it in the "
                      "configuration: box: tls:",
                      box->hostname);
    free(owner);
}
