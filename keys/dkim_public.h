// SPDX-License-Identifier: ISC
// The text of a DKIM key's .pub file: header lines and PEM block. Internal to keys/.
#pragma once

#include <openssl/evp.h>

#include "keys/dkim.h"

// Reads the lines before the PEM block into key: made, state and times, which stay as they are where no line says them.
// SYNTAX for a state or time that is none.
enum status dkim_public_head(const struct buf *text, struct dkim_key *key, struct error *err);
// Reads the PEM block into key->algorithm and key->p. The error does not name the file.
enum status dkim_public_block(const struct buf *text, struct dkim_key *key, struct error *err);
// Checks a key pair or public key as OpenSSL has it, and appends the octets of its p= tag.
enum status dkim_public_take(const EVP_PKEY *key, enum dkim_algorithm *ret_algorithm,
                             struct buf *ret_p, struct error *err);
// The text of the file.
void dkim_public_print(const struct dkim_key *key, struct buf *ret);
