// SPDX-License-Identifier: ISC
// A custom TLSA that takes the place of ours is the admin's word. But one that no certificate of the box fits makes
// every sender that checks go away (RFC 7672 §2.2), so that is told.
#include "zonegen/custom.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <stdlib.h>
#include <string.h>

#include "keys/pem.h"

// The record's data: usage, selector, matching type, then what is compared (RFC 6698 §2.1).
struct association {
    uint8_t usage;
    uint8_t selector;
    uint8_t matching;
    const uint8_t *octets;
    size_t len;
};

static struct association association_of(const ldns_rr *rr)
{
    const ldns_rdf *data = ldns_rr_rdf(rr, 3);
    return (struct association){
        .usage = ldns_rdf2native_int8(ldns_rr_rdf(rr, 0)),
        .selector = ldns_rdf2native_int8(ldns_rr_rdf(rr, 1)),
        .matching = ldns_rdf2native_int8(ldns_rr_rdf(rr, 2)),
        .octets = ldns_rdf_data(data),
        .len = ldns_rdf_size(data),
    };
}

static bool fits_octets(const struct association *wanted, const unsigned char *der, size_t len)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t digest_len = 0;
    const char *name = wanted->matching == 1 ? "SHA256" : "SHA512";
    if (wanted->matching == 0)
        return wanted->len == len && memcmp(wanted->octets, der, len) == 0;
    return wanted->matching <= 2 && EVP_Q_digest(NULL, name, NULL, der, len, digest, &digest_len) &&
           digest_len == wanted->len && memcmp(wanted->octets, digest, digest_len) == 0;
}

static bool fits_certificate(const struct association *wanted, X509 *certificate)
{
    unsigned char *der = NULL;
    int len = wanted->selector == 1 ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der)
                                    : i2d_X509(certificate, &der);
    bool fits = wanted->selector <= 1 && len > 0 && fits_octets(wanted, der, (size_t)len);
    OPENSSL_free(der);
    return fits;
}

// Usages 1 and 3 are about the server's own certificate, the file's first; 0 and 2 about those above it.
static bool fits_file(const struct association *wanted, const struct input_file *file)
{
    BIO *bio = BIO_new_mem_buf(file->octets, (int)file->len);
    bool fits = false;
    for (bool own = true; !fits; own = false) {
        X509 *certificate = PEM_read_bio_X509(bio, NULL, pem_no_pass_phrase, NULL);
        if (certificate == NULL)
            break;
        fits = own == (wanted->usage % 2 == 1) && fits_certificate(wanted, certificate);
        X509_free(certificate);
    }
    ERR_clear_error();
    BIO_free(bio);
    return fits;
}

// The first custom TLSA at the owner; *ret_fits: one of them fits the file.
static const struct custom_record *look(const struct custom *custom, const ldns_rdf *owner,
                                        const struct input_file *file, bool *ret_fits)
{
    const struct custom_record *first = NULL;
    *ret_fits = false;
    for (const struct custom_record *record = custom_first(custom, owner); record != NULL;
         record = custom_next(custom, record)) {
        if (ldns_rr_get_type(record->rr) != LDNS_RR_TYPE_TLSA)
            continue;
        struct association wanted = association_of(record->rr);
        if (first == NULL || record < first) // the first that was written
            first = record;
        *ret_fits = *ret_fits || fits_file(&wanted, file);
    }
    return first;
}

static void note_owner(struct zone_maker *maker, const ldns_rdf *owner)
{
    const struct config_box *box = &maker->config->box;
    for (size_t i = 0; i < box->tls_count; i++) {
        const struct input_file *file = inputs_file(maker->inputs, box->tls[i].text);
        bool fits = true;
        const struct custom_record *first =
            file != NULL && file->octets != NULL ? look(maker->custom, owner, file, &fits) : NULL;
        if (first == NULL || fits)
            continue;
        char *title = record_title(first->rr);
        maker_note(maker, false, NULL,
                   "%s:%u:%u: %s: no record here fits the certificate %s, so servers that check "
                   "would send no mail; write its 3 1 1 too, or let zonebox make the records",
                   display_path(maker->config, first->place.file), first->place.line,
                   first->place.column, title, display_path(maker->config, box->tls[i].text));
        free(title);
    }
}

void custom_note_tlsa(struct zone_maker *maker)
{
    const ldns_rr_list *replaced = maker->custom->tlsa;
    const ldns_rdf *before = NULL;
    for (size_t i = 0; replaced != NULL && i < ldns_rr_list_rr_count(replaced); i++) {
        const ldns_rdf *owner = ldns_rr_owner(ldns_rr_list_rr(replaced, i));
        if (before == NULL || !name_equal(ldns_rdf_data(before), ldns_rdf_data(owner)))
            note_owner(maker, owner);
        before = owner;
    }
}
