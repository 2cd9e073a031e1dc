// SPDX-License-Identifier: ISC
// A zone image as a fault of the signer would leave it: with a signature that does not verify, and all else in order.
#pragma once

#include <stdint.h>

// Changes an octet in the last signature of the apex' RRset of that type, which has to be there, and makes the checksum
// right again.
void spoil_signature(uint8_t *image, uint16_t type);
