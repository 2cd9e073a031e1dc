// SPDX-License-Identifier: ISC
// The Public Key field of a DNSKEY (RFC 4034 §2.1.4) as libcrypto wants it. Internal to keys/.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

// NULL: it is not one of the algorithm, or the algorithm is not known. The caller frees it.
EVP_PKEY *public_key_read(uint8_t algorithm, const uint8_t *octets, size_t len);
