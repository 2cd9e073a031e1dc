// SPDX-License-Identifier: ISC
// Key pairs of ECDSA, from the private number alone. Internal to keys/.
//
// The EVP_PKEY holds an EC_KEY and nothing of a provider: that takes 15 µs to set up, most of it the point, where
// EVP_PKEY_fromdata takes 40 and more; and who signs or checks many signatures (keys/ecdsa_sign.h, keys/ecdsa_check.h)
// finds in it what it works with. For all else libcrypto makes of it what it needs, when it is asked.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

// An uncompressed point: the octet 4, and P-384's coordinates.
#define EC_KEY_POINT_MAX (1 + 2 * 48)

// The curve of that name (key_algorithm.group), NULL: none. Made once, by whatever thread comes first; never changed.
const EC_GROUP *ec_key_curve(const char *name);

// From the private number d, big-endian; ret_point: the public one, d × G, so that the number alone decides what the
// key is. NULL: the number is not one from 1 to the order - 1, or libcrypto failed.
EVP_PKEY *ec_key_make(const char *curve, const uint8_t *number, size_t len,
                      uint8_t ret_point[EC_KEY_POINT_MAX], size_t *ret_point_len);
