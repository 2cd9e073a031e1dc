// SPDX-License-Identifier: ISC
// Server cookies (RFC 7873) in the form that all servers understand (RFC 9018): a client that shows one has had a reply
// at its address before. Nothing is allocated for a query.
//
//   client cookie │ version 1 │ reserved │ timestamp │ hash       octets: 8, 1, 3, 4, 8
//                  └──────────── server cookie ─────────────┘
//
//   hash = SipHash-2-4(secret, all before it and the client's address)
//
// A cookie counts for an hour, and a new one is given when it is half an hour old (RFC 9018 §4.3). Nothing is kept
// for a client. Secrets are of one of two kinds:
//
//   rolling  made from a master secret and the day; the day before is known, too. All workers that have the same master
//            secret have the same secrets without a word between them.
//   shared   given, the newest first, for servers that answer at one address (RFC 9018 §5); the rest is older ones
//            that clients' cookies may still be made with, or one that others begin to use.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/secrets.h"
#include "dns/query.h"
#include "server/outcome.h"

#define COOKIES_LEN (COOKIE_CLIENT_LEN + 16)

struct cookies;

// The secret that a master secret gives for a day (numbered since 1970): two hashes with the master as key. SipHash is
// a pseudorandom function, so nobody learns the master secret, or another day's, from it.
void cookies_secret_of_day(struct cookies *cookies, uint32_t day, uint8_t ret[SECRET_LEN]);

// IO: libcrypto has no SipHash here. The secrets are copied.
enum status cookies_new(const struct secrets *secrets, struct cookies **ret, struct error *err);
void cookies_free(struct cookies *cookies); // NULL is fine
// Makes rolling secrets those of the time, Unix seconds. To be called before the others, and often.
void cookies_turn(struct cookies *cookies, uint32_t now);

// What the query's cookie (QUERY_COOKIE) is worth, and the cookie for the reply.
enum outcome_cookie cookies_judge(const struct cookies *cookies, const struct query *query,
                                  const struct address *client, uint32_t now,
                                  uint8_t ret[COOKIES_LEN]);
