// SPDX-License-Identifier: ISC
// Are ECDSA signatures right? Asked by who has the private numbers d, of many at a time, at a quarter of the price.
//
// The public key verifies that R = e/s × G + r/s × Q has r as its first coordinate (FIPS 186-5 §6.4.2): two
// multiplications, of which that of Q takes long. Q is d × G, so R is (e + r × d)/s × G: one, of the point that
// libcrypto has tables for. It is the same equation and finds the same signatures wrong; that Q and d belong together
// is seen when the key is read. Of all signatures on a curve the inverse is taken once, of the product of their s, and
// each 1/s follows from it by multiplications (Montgomery's trick), whatever the keys; so it is with the points. The
// factor is the secret number that the signature was made with, so it is wiped, and multiplied in constant time as
// signing does it.
//
//   checks = ecdsa_checks_new();
//   ecdsa_checks_add(checks, &signature);  any number of times; octets and key are not needed any longer behind it
//   ecdsa_checks_run(checks, wrong);       once
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

struct ecdsa_checks;

struct ecdsa_signature {
    EVP_PKEY *key;     // with its private number
    const char *group; // its curve (key_algorithm.group)
    const uint8_t *digest;
    const uint8_t *octets; // r and s
    size_t half;    // octets of the digest, of r, and of s: as many as the curve's numbers have
    size_t subject; // the caller's, any number of signatures may have the same
};

struct ecdsa_checks *ecdsa_checks_new(void);
void ecdsa_checks_free(struct ecdsa_checks *checks); // wipes; NULL is fine
// False: it is wrong for sure, or libcrypto failed. Nothing is kept of it then.
bool ecdsa_checks_add(struct ecdsa_checks *checks, const struct ecdsa_signature *signature);
// Sets wrong[subject] where a signature is, or libcrypto failed. The other elements are left alone. Forgets them all.
void ecdsa_checks_run(struct ecdsa_checks *checks, bool *wrong);
