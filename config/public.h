// SPDX-License-Identifier: ISC
// The public parts of files: what may leave the program that can read them.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

// Appends the CERTIFICATE blocks of a PEM text, each from its BEGIN to its END line, and nothing else. A block that is
// interrupted by another boundary is left out: what follows could be a private key.
void public_certificates(const uint8_t *octets, size_t len, struct buf *ret);

// Does the text have the boundary of a private key (PEM or OpenSSH) in it?
bool public_has_private_key(const uint8_t *octets, size_t len);
