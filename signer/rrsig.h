// SPDX-License-Identifier: ISC
// The rdata of an RRSIG taken apart (RFC 4034 §3.1).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dns/name.h"
#include "dns/wire.h"

struct rrsig {
    uint16_t covered;
    uint8_t algorithm;
    uint8_t labels;
    uint32_t original_ttl;
    uint32_t expiration; // the 32 bits of the wire: serial_time
    uint32_t inception;
    uint16_t tag;
    uint8_t signer[NAME_WIRE_MAX];
    const uint8_t *signature;
    uint16_t signature_len;
};

// False when rdata is not one. The signature stays in rdata.
static inline bool rrsig_read(const uint8_t *rdata, uint16_t rdata_len, struct rrsig *ret)
{
    struct wire_reader reader = wire_reader(rdata, rdata_len);
    ret->covered = wire_u16(&reader);
    ret->algorithm = wire_u8(&reader);
    ret->labels = wire_u8(&reader);
    ret->original_ttl = wire_u32(&reader);
    ret->expiration = wire_u32(&reader);
    ret->inception = wire_u32(&reader);
    ret->tag = wire_u16(&reader);
    struct name signer;
    if (!wire_ok(&reader) || name_from_wire(reader.at, wire_left(&reader), &signer) != STATUS_OK)
        return false;
    for (unsigned i = 0; i < signer.len; i++)
        ret->signer[i] = signer.wire[i];
    ret->signature = reader.at + signer.len;
    ret->signature_len = (uint16_t)(wire_left(&reader) - signer.len);
    return ret->signature_len > 0;
}
