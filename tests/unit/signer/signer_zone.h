// SPDX-License-Identifier: ISC
// A zone to sign, for the tests of signer/.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "signer/compile.h"
#include "signer/records.h"
#include "signer/sign.h"
#include "signer/sign_batch.h"
#include "signer/verify.h"
#include "tests/support/scratch.h"
#include "tests/support/zone_text.h"

#define DAY  INT64_C(86400)
#define NOW  INT64_C(1795000000)
#define APEX "Example.com."

extern const struct plan_policy two_weeks;

// Empty non-terminal, wildcard, cuts with and without DS, glue, names in upper case, a type nobody knows.
extern const char zone_text[];

struct name apex_name(void);
// Master file lines under APEX, not yet arranged.
struct records *read_records(const char *text);
// A fresh key for APEX, its files in directory.
struct dnskey_set new_keys(const char *directory);

// NULL: the image has none.
const struct image_rrset *find_rrset(const struct image *image, const char *apex, const char *owner,
                                     uint16_t type);

struct signed_zone {
    struct buf octets;
    struct image image;
    size_t made; // signatures
    size_t reused;
};
void signed_zone_done(struct signed_zone *zone);
// Adds the keys, signs and compiles; records are freed. previous may be NULL. Nothing is verified.
void sign_records(struct records *records, const struct dnskey_set *keys,
                  const struct image *previous, int64_t now, struct signed_zone *ret);
struct sign_wish {
    enum denial denial;
    const struct image *previous;
    int64_t now;
};
void sign_as(const struct sign_wish *wish, struct records *records, const struct dnskey_set *keys,
             struct signed_zone *ret);
// With the chain that it has, which is to be whole.
enum status verify_signed(const struct image *image, const struct dnskey_set *keys, int64_t now,
                          struct error *err);
