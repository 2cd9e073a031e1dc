// SPDX-License-Identifier: ISC
#include "dns/observe.h"

static bool is_white(uint8_t octet)
{
    return octet == ' ' || (octet >= '\t' && octet <= '\r');
}

size_t observe_text(uint8_t *octets, size_t len)
{
    size_t kept = 0;
    for (size_t i = 0; i < len; i++)
        if (!is_white(octets[i]))
            octets[kept++] = octets[i];
    return kept > 0 && octets[kept - 1] == ';' ? kept - 1 : kept;
}
