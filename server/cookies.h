// SPDX-License-Identifier: ISC
// Server cookies (RFC 7873) in the form that all servers understand (RFC 9018): a client that shows one has had a reply
// at its address before. Pure, without allocation.
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
//   shared   given, the newest first, for servers that answer at one address (RFC 9018 §3); the rest is older ones
//            that clients' cookies may still be made with, or one that others begin to use.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/secrets.h"
#include "dns/query.h"
#include "server/outcome.h"
#include "server/siphash.h"

#define COOKIES_LEN (COOKIE_CLIENT_LEN + 16)

struct cookies {
    bool rolling;
    struct siphash_key master;
    uint32_t day; // since 1970
    // Rolling: of this day and the one before, each at its number's lowest bit
    struct siphash_key secrets[SECRETS_MAX];
    unsigned count;
};

void cookies_init(struct cookies *cookies, const struct secrets *secrets);
// Makes rolling secrets those of the time, Unix seconds. To be called before the others, and often.
void cookies_turn(struct cookies *cookies, uint32_t now);

// What the query's cookie (QUERY_COOKIE) is worth, and the cookie for the reply.
enum outcome_cookie cookies_judge(const struct cookies *cookies, const struct query *query,
                                  const struct address *client, uint32_t now,
                                  uint8_t ret[COOKIES_LEN]);
