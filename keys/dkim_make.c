// SPDX-License-Identifier: ISC
// New DKIM keys.
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/alloc.h"
#include "keys/dkim_public.h"
#include "keys/private_key.h"

#define DKIM_BITS 2048

void dkim_pair_done(struct dkim_pair *pair)
{
    buf_wipe(&pair->private);
    buf_done(&pair->p);
}

static enum status write_private(EVP_PKEY *key, struct buf *ret, struct error *err)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    enum status status = STATUS_OK;
    if (key == NULL || bio == NULL ||
        PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
        ERR_clear_error();
        status = error_set(err, STATUS_CRYPTO, "cannot make a DKIM key");
    } else {
        char *text = NULL;
        size_t len = (size_t)BIO_get_mem_data(bio, &text);
        buf_put(ret, text, len);
        OPENSSL_cleanse(text, len);
    }
    BIO_free(bio);
    return status;
}

enum status dkim_pair_make(enum dkim_algorithm algorithm, struct dkim_pair *ret, struct error *err)
{
    *ret = (struct dkim_pair){.algorithm = algorithm};
    EVP_PKEY *key = algorithm == DKIM_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                              : EVP_RSA_gen(DKIM_BITS);
    enum status status = write_private(key, &ret->private, err);
    if (status == STATUS_OK)
        status = dkim_public_take(key, &ret->algorithm, &ret->p, err);
    EVP_PKEY_free(key);
    if (status != STATUS_OK)
        dkim_pair_done(ret);
    return status;
}

static bool is_taken(const struct dkim_set *set, const char *selector)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcasecmp(set->list[i].selector, selector) == 0)
            return true;
    return false;
}

char *dkim_selector(const struct dkim_set *set, const char *prefix, enum dkim_algorithm algorithm,
                    int64_t now)
{
    time_t time = (time_t)now;
    struct tm parts = {0};
    char date[24] = "19700101";
    if (gmtime_r(&time, &parts) != NULL)
        strftime(date, sizeof(date), "%Y%m%d", &parts);
    bool plain = prefix == NULL || prefix[0] == '\0';
    char *base = xasprintf("%s%s%s-%s", plain ? "" : prefix, plain ? "" : "-",
                           dkim_algorithm_name(algorithm), date);
    char *selector = xstrdup(base);
    for (unsigned i = 2; is_taken(set, selector); i++) {
        free(selector);
        selector = xasprintf("%s-%u", base, i);
    }
    free(base);
    return selector;
}
