// SPDX-License-Identifier: ISC
// References to octets: the packet. Pure; writes into the caller's buffer and never beyond the
// limit.
//
//   header │ question, octet by octet as it came │ answer │ authority │ additional │ OPT, if the query had one
//
// RRsets are copied from the image as they lie there, and the two octets of each compression
// pointer (dns/image.h: slots) are filled in with where the owner or the apex stands in this
// message. A pointer reaches 0x3fff only (RFC 1035 §4.1.4): an RRset with one that would have to
// reach further is written again record by record, names in full.
//
// An RRset goes in whole, with its signatures, or not at all (RFC 2181 §9). When one that the
// answer needs does not fit, TC is set and the message ends there; addresses that only help are
// left out without a word.
#pragma once

#include "server/opt.h"
#include "server/references.h"

// The most octets that the reply to this query may have.
static inline size_t reply_limit_udp(const struct query *query)
{
    return query->udp_size < DNS_UDP_EDNS_MAX ? query->udp_size : DNS_UDP_EDNS_MAX;
}

// `image`: what the references point into; `opt`: for the reply's OPT, if the query had one; `limit`: at least 512.
// Returns the length of the reply.
size_t reply_write(const struct image *image, const struct query *query,
                   const struct answer *answer, const struct opt *opt, uint8_t *out, size_t limit);
// A reply that says nothing but this.
size_t reply_write_error(const struct query *query, uint16_t rcode, uint16_t ede,
                         const struct opt *opt, uint8_t *out, size_t limit);
// A reply of one TXT record, with the question's name and class, and a text of IDENTITY_TEXT_MAX octets at most.
size_t reply_write_text(const struct query *query, const char *text, const struct opt *opt,
                        uint8_t *out, size_t limit);
