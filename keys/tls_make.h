// SPDX-License-Identifier: ISC
// Makes the key pair of a certificate to come (RFC 7671 §8.1): NAME.key, PKCS#8 PEM, 0600 from the moment it exists,
// and NAME.pub, SubjectPublicKeyInfo PEM, 0644, which is what `tls-next:` names.
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "keys/tls_plan.h"

enum tls_algorithm { TLS_ECDSA, TLS_RSA }; // P-256; 2048 bits
// "ecdsa" or "rsa"
bool tls_algorithm_read(const char *text, enum tls_algorithm *ret);

// NAME is DATE-ALGORITHM ("2026-11-22-ecdsa"), with "-2" … behind it when there is one already: no file is ever
// replaced. The directory is made when missing (0755). *ret_path: the path without its ending, which the caller frees.
enum status tls_make(const char *directory, enum tls_algorithm algorithm, int64_t now,
                     char **ret_path, uint8_t ret_digest[TLS_DIGEST_LEN], struct error *err);
