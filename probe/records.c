// SPDX-License-Identifier: ISC
#include "probe/records.h"

#include <openssl/sha.h>
#include <string.h>

#include "base/buf.h"
#include "dns/observe.h"
#include "dns/types.h"

bool record_name(const ldns_rdf *rdf, struct name *ret)
{
    return rdf != NULL && ldns_rdf_get_type(rdf) == LDNS_RDF_TYPE_DNAME &&
           name_from_wire(ldns_rdf_data(rdf), ldns_rdf_size(rdf), ret) == STATUS_OK;
}

bool record_is(const ldns_rr *rr, const uint8_t *owner, uint16_t type)
{
    struct name name;
    return (uint16_t)ldns_rr_get_type(rr) == type && ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
           record_name(ldns_rr_owner(rr), &name) && name_equal(name.wire, owner);
}

bool records_apex(const ldns_pkt *packet, const uint8_t *name, struct name *ret)
{
    const ldns_rr_list *sections[] = {ldns_pkt_answer(packet), ldns_pkt_authority(packet)};
    for (size_t s = 0; s < 2; s++) {
        for (size_t i = 0; i < ldns_rr_list_rr_count(sections[s]); i++) {
            const ldns_rr *rr = ldns_rr_list_rr(sections[s], i);
            if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA && record_name(ldns_rr_owner(rr), ret) &&
                name_is_under(name, ret->wire))
                return true;
        }
    }
    return false;
}

uint32_t record_ttl(const ldns_rr *rr)
{
    uint32_t ttl = ldns_rr_ttl(rr);
    return ttl <= INT32_MAX ? ttl : 0;
}

bool record_address(const ldns_rr *rr, uint16_t port, struct address *ret)
{
    const ldns_rdf *rdf = ldns_rr_rd_count(rr) == 1 ? ldns_rr_rdf(rr, 0) : NULL;
    ldns_rdf_type type = rdf != NULL ? ldns_rdf_get_type(rdf) : LDNS_RDF_TYPE_NONE;
    *ret = (struct address){0};
    if (type == LDNS_RDF_TYPE_A && ldns_rdf_size(rdf) == sizeof(ret->v4.sin_addr)) {
        ret->v4.sin_family = AF_INET;
        ret->v4.sin_port = htons(port);
        memcpy(&ret->v4.sin_addr, ldns_rdf_data(rdf), sizeof(ret->v4.sin_addr));
        return true;
    }
    if (type == LDNS_RDF_TYPE_AAAA && ldns_rdf_size(rdf) == sizeof(ret->v6.sin6_addr)) {
        ret->v6.sin6_family = AF_INET6;
        ret->v6.sin6_port = htons(port);
        memcpy(&ret->v6.sin6_addr, ldns_rdf_data(rdf), sizeof(ret->v6.sin6_addr));
        return true;
    }
    return false;
}

static void text_digest(const ldns_rr *rr, uint8_t ret[32])
{
    struct buf text = {0};
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *string = ldns_rr_rdf(rr, i);
        if (ldns_rdf_size(string) > 1) // the first octet is its length
            buf_put(&text, ldns_rdf_data(string) + 1, ldns_rdf_size(string) - 1);
    }
    SHA256(text.data, text.len > 0 ? observe_text(text.data, text.len) : 0, ret);
    buf_done(&text);
}

void record_digest(const ldns_rr *rr, uint8_t ret[32])
{
    if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_TXT) {
        text_digest(rr, ret);
        return;
    }
    ldns_rr *canonical = ldns_rr_clone(rr);
    ldns_buffer *rdata = ldns_buffer_new(DNS_MESSAGE_MAX);
    ldns_rr2canonical(canonical);
    ldns_rr_rdata2buffer_wire(rdata, canonical);
    SHA256(ldns_buffer_begin(rdata), ldns_buffer_position(rdata), ret);
    ldns_buffer_free(rdata);
    ldns_rr_free(canonical);
}

bool records_have(const ldns_rr_list *records, const uint8_t *owner, uint16_t type,
                  const uint8_t digest[32], uint32_t *ret_ttl)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(records, i);
        uint8_t found[32];
        if (!record_is(rr, owner, type))
            continue;
        record_digest(rr, found);
        if (memcmp(found, digest, sizeof(found)) != 0)
            continue;
        if (ret_ttl != NULL)
            *ret_ttl = record_ttl(rr);
        return true;
    }
    return false;
}
