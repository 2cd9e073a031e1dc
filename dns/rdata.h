// SPDX-License-Identifier: ISC
// Where the names are in the rdata of the types whose names may be compressed in a message: those
// that RFC 1035 defines, and no others (RFC 3597 §4). All other rdata is opaque to dns/.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rdata_layout {
    uint8_t before; // octets before the first name
    uint8_t names;  // 1 or 2, one behind the other
    uint8_t after;  // octets behind the last name, to the end
};

// Is the rdata of a DNAME one whole name? It is not compressed (RFC 6672 §2.5), but followed.
bool rdata_is_name(const uint8_t *rdata, size_t len);

// NULL for a type without such names.
const struct rdata_layout *rdata_layout(uint16_t type);
