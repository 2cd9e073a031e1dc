// SPDX-License-Identifier: ISC
#include "server/cookies.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/alloc.h"
#include "dns/wire.h"

#define COOKIE_VERSION   1
#define VERSION_AT       8
#define TIMESTAMP_AT     12
#define HASH_AT          16 // what is before it is hashed
#define HASH_LEN         8
#define HASHED_MAX       (HASH_AT + 16)
#define AGE_MAX_S        3600 // RFC 9018 §4.3
#define AGE_RENEWED_S    1800
#define FUTURE_MAX_S     300
#define SECRET_LASTS_S   86400 // longer than cookies do
#define DERIVED_HALF_LEN 5

struct cookies {
    bool rolling;
    EVP_MAC *siphash;
    EVP_MAC_CTX *master; // rolling: what secrets are made with
    uint32_t day;        // since 1970
    // Each a context that has the secret as its key. Rolling: of this day and the one before, each at its number's
    // lowest bit.
    EVP_MAC_CTX *secrets[SECRETS_MAX];
    unsigned count;
};

// SipHash-2-4 (RFC 9018 §4.4) of the octets; a context that keeps its key allocates nothing.
static void hash(EVP_MAC_CTX *key, const uint8_t *octets, size_t len, uint8_t ret[HASH_LEN])
{
    size_t ret_len;
    EVP_MAC_init(key, NULL, 0, NULL);
    EVP_MAC_update(key, octets, len);
    EVP_MAC_final(key, ret, &ret_len, HASH_LEN);
}

static bool set_key(EVP_MAC_CTX *context, const uint8_t secret[SECRET_LEN])
{
    unsigned size = HASH_LEN;
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_SIZE, &size),
                                     OSSL_PARAM_construct_end()};
    return EVP_MAC_init(context, secret, SECRET_LEN, parameters) == 1;
}

static EVP_MAC_CTX *keyed(struct cookies *cookies, const uint8_t secret[SECRET_LEN])
{
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(cookies->siphash);
    if (context != NULL && set_key(context, secret))
        return context;
    EVP_MAC_CTX_free(context);
    return NULL;
}

void cookies_secret_of_day(struct cookies *cookies, uint32_t day, uint8_t ret[SECRET_LEN])
{
    for (uint8_t half = 0; half < SECRET_LEN / HASH_LEN; half++) {
        uint8_t input[DERIVED_HALF_LEN] = {half};
        wire_set_u32(input + 1, day);
        hash(cookies->master, input, sizeof(input), ret + (size_t)half * HASH_LEN);
    }
}

static void set_secret_of(struct cookies *cookies, uint32_t day)
{
    uint8_t secret[SECRET_LEN];
    cookies_secret_of_day(cookies, day, secret);
    set_key(cookies->secrets[day & 1], secret);
    OPENSSL_cleanse(secret, sizeof(secret));
}

static void set_day(struct cookies *cookies, uint32_t day)
{
    cookies->day = day;
    set_secret_of(cookies, day);
    set_secret_of(cookies, day - 1);
}

// Contexts for all secrets; rolling ones get their keys later. False: libcrypto cannot.
static bool open_contexts(struct cookies *cookies, const struct secrets *secrets)
{
    cookies->siphash = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    if (cookies->siphash == NULL)
        return false;
    cookies->master = keyed(cookies, secrets->octets[0]);
    cookies->count = cookies->rolling ? 2 : secrets->shared;
    bool fine = cookies->master != NULL;
    for (unsigned i = 0; i < cookies->count; i++) {
        cookies->secrets[i] = keyed(cookies, secrets->octets[cookies->rolling ? 0 : i]);
        fine = fine && cookies->secrets[i] != NULL;
    }
    return fine;
}

enum status cookies_new(const struct secrets *secrets, struct cookies **ret, struct error *err)
{
    struct cookies *cookies = xcalloc(1, sizeof(*cookies));
    cookies->rolling = secrets->shared == 0;
    if (!open_contexts(cookies, secrets)) {
        cookies_free(cookies);
        return error_set(err, STATUS_IO, "libcrypto has no SipHash, which cookies are made with");
    }
    if (cookies->rolling)
        set_day(cookies, 0);
    *ret = cookies;
    return STATUS_OK;
}

void cookies_free(struct cookies *cookies)
{
    if (cookies == NULL)
        return;
    for (unsigned i = 0; i < cookies->count; i++)
        EVP_MAC_CTX_free(cookies->secrets[i]);
    EVP_MAC_CTX_free(cookies->master);
    EVP_MAC_free(cookies->siphash);
    free(cookies);
}

void cookies_turn(struct cookies *cookies, uint32_t now)
{
    if (cookies->rolling && now / SECRET_LASTS_S != cookies->day)
        set_day(cookies, now / SECRET_LASTS_S);
}

static void hash_of(EVP_MAC_CTX *secret, const uint8_t *cookie, const struct address *client,
                    uint8_t ret[HASH_LEN])
{
    uint8_t input[HASHED_MAX];
    memcpy(input, cookie, HASH_AT);
    if (client->any.sa_family == AF_INET6) {
        memcpy(input + HASH_AT, &client->v6.sin6_addr, 16);
        hash(secret, input, HASH_AT + 16, ret);
    } else {
        memcpy(input + HASH_AT, &client->v4.sin_addr, 4);
        hash(secret, input, HASH_AT + 4, ret);
    }
}

// The secret that cookies are made with now.
static EVP_MAC_CTX *newest(const struct cookies *cookies)
{
    return cookies->secrets[cookies->rolling ? cookies->day & 1 : 0];
}

static bool is_made_with(EVP_MAC_CTX *secret, const uint8_t *cookie, const struct address *client)
{
    uint8_t expected[HASH_LEN];
    hash_of(secret, cookie, client, expected);
    return CRYPTO_memcmp(expected, cookie + HASH_AT, HASH_LEN) == 0;
}

// The secret that the cookie was made with, or NULL.
static EVP_MAC_CTX *find_secret(const struct cookies *cookies, const uint8_t *cookie,
                                const struct address *client)
{
    if (cookies->rolling) {
        uint32_t day = wire_get_u32(cookie + TIMESTAMP_AT) / SECRET_LASTS_S;
        EVP_MAC_CTX *secret = cookies->secrets[day & 1];
        bool known = day == cookies->day || day == cookies->day - 1;
        return known && is_made_with(secret, cookie, client) ? secret : NULL;
    }
    for (unsigned i = 0; i < cookies->count; i++)
        if (is_made_with(cookies->secrets[i], cookie, client))
            return cookies->secrets[i];
    return NULL;
}

static void make(const struct cookies *cookies, const uint8_t *client_cookie,
                 const struct address *client, uint32_t now, uint8_t ret[COOKIES_LEN])
{
    memcpy(ret, client_cookie, COOKIE_CLIENT_LEN);
    ret[VERSION_AT] = COOKIE_VERSION;
    memset(ret + VERSION_AT + 1, 0, TIMESTAMP_AT - VERSION_AT - 1);
    wire_set_u32(ret + TIMESTAMP_AT, now);
    hash_of(newest(cookies), ret, client, ret + HASH_AT);
}

enum outcome_cookie cookies_judge(const struct cookies *cookies, const struct query *query,
                                  const struct address *client, uint32_t now,
                                  uint8_t ret[COOKIES_LEN])
{
    const uint8_t *cookie = query->cookie;
    enum outcome_cookie worth = query->cookie_len == COOKIE_CLIENT_LEN ? COOKIE_CLIENT : COOKIE_BAD;
    if (query->cookie_len == COOKIES_LEN && cookie[VERSION_AT] == COOKIE_VERSION) {
        // RFC 1982 arithmetic (RFC 9018 §4.3): the difference is right, whatever the two are
        int32_t age = (int32_t)(now - wire_get_u32(cookie + TIMESTAMP_AT));
        EVP_MAC_CTX *secret =
            age <= AGE_MAX_S && age >= -FUTURE_MAX_S ? find_secret(cookies, cookie, client) : NULL;
        worth = secret != NULL ? COOKIE_GOOD : COOKIE_BAD;
        if (secret == newest(cookies) && age <= AGE_RENEWED_S) {
            memcpy(ret, cookie, COOKIES_LEN);
            return worth;
        }
    }
    make(cookies, cookie, client, now, ret);
    return worth;
}
