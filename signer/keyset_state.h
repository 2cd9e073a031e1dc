// SPDX-License-Identifier: ISC
// A keyset as octets, for state/: only slots and versions in use, some 250 octets for a zone at rest.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "keys/keyset.h"

void keyset_encode(const struct keyset *set, struct buf *ret); // appends
// SYNTAX when the octets, all of them, are not a keyset.
enum status keyset_decode(const uint8_t *octets, size_t len, struct keyset *ret);
