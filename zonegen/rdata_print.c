// SPDX-License-Identifier: ISC
// Record data as text that every reader of master files takes. Types that some of them do not know, and what ldns
// does not write as it reads it, are written as octets (RFC 3597 §5).
#include "zonegen/rdata_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Known by name to BIND 9.18, Knot 3.2 and ldns 1.8, and written alike by all.
static const uint16_t common[] = {
    LDNS_RR_TYPE_A,      LDNS_RR_TYPE_NS,         LDNS_RR_TYPE_CNAME,      LDNS_RR_TYPE_SOA,
    LDNS_RR_TYPE_PTR,    LDNS_RR_TYPE_HINFO,      LDNS_RR_TYPE_MINFO,      LDNS_RR_TYPE_MX,
    LDNS_RR_TYPE_TXT,    LDNS_RR_TYPE_RP,         LDNS_RR_TYPE_AFSDB,      LDNS_RR_TYPE_RT,
    LDNS_RR_TYPE_SIG,    LDNS_RR_TYPE_KEY,        LDNS_RR_TYPE_AAAA,       LDNS_RR_TYPE_LOC,
    LDNS_RR_TYPE_SRV,    LDNS_RR_TYPE_NAPTR,      LDNS_RR_TYPE_KX,         LDNS_RR_TYPE_CERT,
    LDNS_RR_TYPE_DNAME,  LDNS_RR_TYPE_APL,        LDNS_RR_TYPE_DS,         LDNS_RR_TYPE_SSHFP,
    LDNS_RR_TYPE_RRSIG,  LDNS_RR_TYPE_NSEC,       LDNS_RR_TYPE_DNSKEY,     LDNS_RR_TYPE_DHCID,
    LDNS_RR_TYPE_NSEC3,  LDNS_RR_TYPE_NSEC3PARAM, LDNS_RR_TYPE_TLSA,       LDNS_RR_TYPE_SMIMEA,
    LDNS_RR_TYPE_CDS,    LDNS_RR_TYPE_CDNSKEY,    LDNS_RR_TYPE_OPENPGPKEY, LDNS_RR_TYPE_CSYNC,
    LDNS_RR_TYPE_ZONEMD, LDNS_RR_TYPE_SPF,        LDNS_RR_TYPE_NID,        LDNS_RR_TYPE_L32,
    LDNS_RR_TYPE_L64,    LDNS_RR_TYPE_LP,         LDNS_RR_TYPE_EUI48,      LDNS_RR_TYPE_EUI64,
    LDNS_RR_TYPE_URI,    LDNS_RR_TYPE_CAA,
};

static bool is_common(ldns_rr_type type)
{
    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
        if (common[i] == type)
            return true;
    }
    return false;
}

// Parameters that are numbers, addresses, Base64 or plain identifiers of protocols: keys 0 to 6 without a character
// that is special anywhere.
static bool has_plain_parameters(const ldns_rr *rr)
{
    const ldns_rdf *all = ldns_rr_rd_count(rr) > 2 ? ldns_rr_rdf(rr, 2) : NULL;
    const uint8_t *octets = all != NULL ? ldns_rdf_data(all) : NULL;
    size_t len = all != NULL ? ldns_rdf_size(all) : 0;
    for (size_t at = 0; at + 4 <= len;) {
        unsigned key = (unsigned)octets[at] << 8 | octets[at + 1];
        size_t value_len = (size_t)octets[at + 2] << 8 | octets[at + 3];
        at += 4;
        if (key > 6 || at + value_len > len)
            return false;
        for (size_t i = 0; key == 1 && i < value_len; i += 1u + octets[at + i]) {
            for (size_t k = 1; k <= octets[at + i] && i + k < value_len; k++) {
                uint8_t octet = octets[at + i + k];
                if (octet <= ' ' || octet > '~' || strchr("\\,\";()=", octet) != NULL)
                    return false;
            }
        }
        at += value_len;
    }
    return true;
}

static bool is_plain(const ldns_rr *rr)
{
    ldns_rr_type type = ldns_rr_get_type(rr);
    if (type == LDNS_RR_TYPE_SVCB || type == LDNS_RR_TYPE_HTTPS)
        return has_plain_parameters(rr);
    return is_common(type) && ldns_rr_rd_count(rr) > 0;
}

bool rdata_is_plain(const ldns_rr *rr, char type[16])
{
    bool plain = is_plain(rr);
    char room[16];
    if (plain)
        snprintf(type, 16, "%s", rdata_type_name((uint16_t)ldns_rr_get_type(rr), room));
    else
        snprintf(type, 16, "TYPE%u", (unsigned)ldns_rr_get_type(rr));
    return plain;
}

void rdata_print_generic(const ldns_rr *rr, struct buf *ret)
{
    ldns_buffer *wire = ldns_buffer_new(LDNS_MIN_BUFLEN);
    if (wire == NULL || ldns_rr_rdata2buffer_wire(wire, rr) != LDNS_STATUS_OK)
        abort(); // memory ended, as in base/alloc.h
    size_t len = ldns_buffer_position(wire);
    buf_printf(ret, "\\# %zu%s", len, len > 0 ? " " : "");
    for (size_t i = 0; i < len; i++)
        buf_printf(ret, "%02x", ldns_buffer_begin(wire)[i]);
    ldns_buffer_free(wire);
}
