// SPDX-License-Identifier: ISC
// Makes the records that zones have most, straight from their parts: reading them from a line, as ldns does, is most of
// what generating 10,000 domains would cost. Other types are read by ldns.
#pragma once

#include <ldns/ldns.h>

// owner without last dot; rdata as in a master file, names in it absolute. The caller frees *ret with ldns_rr_free.
// LDNS_STATUS_OK or what is wrong, in ldns' words.
ldns_status record_make(const char *owner, uint32_t ttl, const char *type, const char *rdata,
                        ldns_rr **ret);
// A TXT with this text, cut into strings that who reads it joins again (RFC 1035 §3.3.14, RFC 7208 §3.3).
ldns_status record_make_text(const char *owner, uint32_t ttl, const char *text, ldns_rr **ret);
