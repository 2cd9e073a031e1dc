// SPDX-License-Identifier: ISC
#include "dns/nsec3.h"

#include <string.h>

#include "dns/name.h"

// The value of a character of base32hex, or 32.
static unsigned value_of(uint8_t octet)
{
    octet = name_lower(octet);
    if (octet >= '0' && octet <= '9')
        return octet - '0';
    if (octet >= 'a' && octet <= 'v')
        return octet - 'a' + 10u;
    return 32;
}

bool nsec3_owner_hash(const uint8_t *owner, uint8_t ret[NSEC3_HASH_LEN])
{
    if (*owner++ != NSEC3_LABEL_LEN)
        return false;
    for (unsigned group = 0; group < 4; group++) { // eight characters make five octets
        uint64_t bits = 0;
        for (unsigned i = 0; i < 8; i++) {
            unsigned value = value_of(*owner++);
            if (value == 32)
                return false;
            bits = bits << 5 | value;
        }
        for (unsigned i = 0; i < 5; i++)
            ret[5 * group + i] = (uint8_t)(bits >> (32 - 8 * i));
    }
    return true;
}

void nsec3_label(const uint8_t hash[NSEC3_HASH_LEN], uint8_t ret[NSEC3_LABEL_LEN])
{
    static const char characters[] = "0123456789abcdefghijklmnopqrstuv";
    for (unsigned group = 0; group < 4; group++) {
        uint64_t bits = 0;
        for (unsigned i = 0; i < 5; i++)
            bits = bits << 8 | hash[5 * group + i];
        for (unsigned i = 0; i < 8; i++)
            ret[8 * group + i] = (uint8_t)characters[bits >> (35 - 5 * i) & 31];
    }
}
