// SPDX-License-Identifier: ISC
// ldns' records as this folder looks at them: names in wire form, rdata as canonical octets.
#pragma once

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "dns/name.h"

// The name in an rdata field or owner; false when it is none.
bool record_name(const ldns_rdf *rdf, struct name *ret);
// The apex of the zone that has the name, as an answer about that says: by the SOA, in the answer section when it is
// the apex itself, in the authority section of "nothing there" otherwise (RFC 2308 §2).
bool records_apex(const ldns_pkt *packet, const uint8_t *name, struct name *ret);
uint32_t record_ttl(const ldns_rr *rr); // RFC 2181 §8: with the highest bit set it is 0
bool record_is(const ldns_rr *rr, const uint8_t *owner, uint16_t type); // any case of letters
// Of an A or AAAA record, with this port; false when it is neither.
bool record_address(const ldns_rr *rr, uint16_t port, struct address *ret);
// SHA-256 of the rdata in canonical form (RFC 4034 §6.2): names in it without compression and, where that section
// says so, in lower case. Of a TXT, of what its text says (dns/observe.h). This is what struct observe_question has.
void record_digest(const ldns_rr *rr, uint8_t ret[32]);
// Does one of the records stand at owner, have that type and that digest? *ret_ttl is then its TTL; may be NULL.
bool records_have(const ldns_rr_list *records, const uint8_t *owner, uint16_t type,
                  const uint8_t digest[32], uint32_t *ret_ttl);
