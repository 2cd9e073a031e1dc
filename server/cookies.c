// SPDX-License-Identifier: ISC
#include "server/cookies.h"

#include <endian.h>
#include <string.h>

#include "dns/wire.h"

#define COOKIE_VERSION   1
#define VERSION_AT       8
#define TIMESTAMP_AT     12
#define HASH_AT          16 // what is before it is hashed
#define HASHED_MAX       (HASH_AT + 16)
#define AGE_MAX_S        3600 // RFC 9018 §4.3
#define AGE_RENEWED_S    1800
#define FUTURE_MAX_S     300
#define SECRET_LASTS_S   86400 // longer than cookies do
#define DERIVED_HALF_LEN 5

// The secret of a day. SipHash is a pseudorandom function, so nobody learns the master secret, or another day's, from
// it.
static struct siphash_key derive(const struct siphash_key *master, uint32_t day)
{
    struct siphash_key secret;
    for (uint8_t half = 0; half < 2; half++) {
        uint8_t input[DERIVED_HALF_LEN] = {half};
        wire_set_u32(input + 1, day);
        secret.words[half] = siphash24(master, input, sizeof(input));
    }
    return secret;
}

static void set_day(struct cookies *cookies, uint32_t day)
{
    cookies->day = day;
    cookies->secrets[day & 1] = derive(&cookies->master, day);
    cookies->secrets[(day - 1) & 1] = derive(&cookies->master, day - 1);
}

void cookies_init(struct cookies *cookies, const struct secrets *secrets)
{
    *cookies = (struct cookies){.rolling = secrets->shared == 0, .count = secrets->shared};
    for (unsigned i = 0; i < secrets->shared; i++)
        cookies->secrets[i] = siphash_key(secrets->octets[i]);
    if (!cookies->rolling)
        return;
    cookies->master = siphash_key(secrets->octets[0]);
    set_day(cookies, 0);
}

void cookies_turn(struct cookies *cookies, uint32_t now)
{
    if (cookies->rolling && now / SECRET_LASTS_S != cookies->day)
        set_day(cookies, now / SECRET_LASTS_S);
}

static uint64_t hash_of(const struct siphash_key *secret, const uint8_t *cookie,
                        const struct address *client)
{
    uint8_t input[HASHED_MAX];
    memcpy(input, cookie, HASH_AT);
    if (client->any.sa_family == AF_INET6) {
        memcpy(input + HASH_AT, &client->v6.sin6_addr, 16);
        return siphash24(secret, input, HASH_AT + 16);
    }
    memcpy(input + HASH_AT, &client->v4.sin_addr, 4);
    return siphash24(secret, input, HASH_AT + 4);
}

// A cookie has SipHash's number with the lowest octet first.
static void put_hash(uint8_t *at, uint64_t hash)
{
    hash = htole64(hash);
    memcpy(at, &hash, sizeof(hash));
}

static uint64_t get_hash(const uint8_t *at)
{
    uint64_t hash;
    memcpy(&hash, at, sizeof(hash));
    return le64toh(hash);
}

// The secret that cookies are made with now.
static const struct siphash_key *newest(const struct cookies *cookies)
{
    return &cookies->secrets[cookies->rolling ? cookies->day & 1 : 0];
}

// Numbers are compared in one step, so that the time it takes tells nothing about how much of a guess is right.
static bool is_made_with(const struct siphash_key *secret, const uint8_t *cookie,
                         const struct address *client)
{
    return hash_of(secret, cookie, client) == get_hash(cookie + HASH_AT);
}

// The secret that the cookie was made with, or NULL.
static const struct siphash_key *find_secret(const struct cookies *cookies, const uint8_t *cookie,
                                             const struct address *client)
{
    if (cookies->rolling) {
        uint32_t day = wire_get_u32(cookie + TIMESTAMP_AT) / SECRET_LASTS_S;
        const struct siphash_key *secret = &cookies->secrets[day & 1];
        bool known = day == cookies->day || day == cookies->day - 1;
        return known && is_made_with(secret, cookie, client) ? secret : NULL;
    }
    for (unsigned i = 0; i < cookies->count; i++)
        if (is_made_with(&cookies->secrets[i], cookie, client))
            return &cookies->secrets[i];
    return NULL;
}

static void make(const struct cookies *cookies, const uint8_t *client_cookie,
                 const struct address *client, uint32_t now, uint8_t ret[COOKIES_LEN])
{
    memcpy(ret, client_cookie, COOKIE_CLIENT_LEN);
    ret[VERSION_AT] = COOKIE_VERSION;
    memset(ret + VERSION_AT + 1, 0, TIMESTAMP_AT - VERSION_AT - 1);
    wire_set_u32(ret + TIMESTAMP_AT, now);
    put_hash(ret + HASH_AT, hash_of(newest(cookies), ret, client));
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
        const struct siphash_key *secret =
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
