// SPDX-License-Identifier: ISC
// Is an ECDSA signature right? Asked by who has the private number d, at a third of the price.
//
// The public key verifies that R = e/s × G + r/s × Q has r as its first coordinate (FIPS 186-5 §6.4.2): two
// multiplications, of which that of Q takes long. Q is d × G, so R is (e + r × d)/s × G: one, of the point that
// libcrypto has tables for. It is the same equation and finds the same signatures wrong; that Q and d belong together
// is seen when the key is read. The factor is the secret number that the signature was made with, so it is wiped, and
// multiplied in constant time as signing does it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

struct ecdsa_check;

// Of a private key on the curve with that name (key_algorithm.group). NULL: libcrypto failed.
struct ecdsa_check *ecdsa_check_new(const EVP_PKEY *key, const char *group);
void ecdsa_check_free(struct ecdsa_check *check); // NULL is fine

// digest and each number of the signature, r and s, have `half` octets: as many as the curve's numbers.
bool ecdsa_check_run(struct ecdsa_check *check, const uint8_t *digest, const uint8_t *signature,
                     size_t half);
