// SPDX-License-Identifier: ISC
#include "keys/name_hash.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "base/alloc.h"
#include "dns/name.h"

struct name_hasher {
    EVP_MD *digest;
    EVP_MD_CTX *context;
};

static enum status fail(struct error *err)
{
    return error_set(err, STATUS_CRYPTO, "OpenSSL offers no SHA-1, which NSEC3 is made with");
}

enum status name_hasher_new(struct name_hasher **ret, struct error *err)
{
    struct name_hasher *hasher = xcalloc(1, sizeof(*hasher));
    hasher->digest = EVP_MD_fetch(NULL, "SHA1", NULL);
    hasher->context = EVP_MD_CTX_new();
    *ret = NULL;
    if (hasher->digest == NULL || hasher->context == NULL ||
        EVP_DigestInit_ex2(hasher->context, hasher->digest, NULL) != 1) {
        name_hasher_free(hasher);
        return fail(err);
    }
    *ret = hasher;
    return STATUS_OK;
}

void name_hasher_free(struct name_hasher *hasher)
{
    if (hasher == NULL)
        return;
    EVP_MD_CTX_free(hasher->context);
    EVP_MD_free(hasher->digest);
    free(hasher);
}

enum status name_hash(struct name_hasher *hasher, const uint8_t *lower, uint8_t ret[NSEC3_HASH_LEN],
                      struct error *err)
{
    unsigned len = 0;
    // Without a digest named, the context goes on with the one it has.
    if (EVP_DigestInit_ex2(hasher->context, NULL, NULL) != 1 ||
        EVP_DigestUpdate(hasher->context, lower, name_wire_len(lower)) != 1 ||
        EVP_DigestFinal_ex(hasher->context, ret, &len) != 1 || len != NSEC3_HASH_LEN)
        return fail(err);
    return STATUS_OK;
}
