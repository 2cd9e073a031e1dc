// SPDX-License-Identifier: ISC
#include "signer/cds.h"

#include <stdlib.h>

#include "dns/types.h"

static enum status add(struct records *records, uint16_t type, uint32_t ttl, const uint8_t *rdata,
                       size_t len, struct error *err)
{
    struct image_rr rr = {records->apex, type, (uint16_t)len, ttl, rdata};
    return records_add(records, &rr, err);
}

static enum status add_as(struct records *records, uint16_t type, uint32_t ttl, const ldns_rr *rr,
                          struct error *err)
{
    ldns_buffer *wire = ldns_buffer_new(LDNS_MIN_BUFLEN);
    if (wire == NULL || ldns_rr_rdata2buffer_wire(wire, rr) != LDNS_STATUS_OK)
        abort();
    enum status status =
        add(records, type, ttl, ldns_buffer_begin(wire), ldns_buffer_position(wire), err);
    ldns_buffer_free(wire);
    return status;
}

static enum status add_delete(struct records *records, uint32_t ttl, struct error *err)
{
    static const uint8_t cds[] = {0, 0, 0, 0, 0}, cdnskey[] = {0, 0, 3, 0, 0};
    enum status status = add(records, RR_TYPE_CDS, ttl, cds, sizeof(cds), err);
    if (status == STATUS_OK)
        status = add(records, RR_TYPE_CDNSKEY, ttl, cdnskey, sizeof(cdnskey), err);
    return status;
}

enum status cds_add(struct records *records, const struct keyset *set,
                    const struct dnskey_set *keys, uint32_t ttl, struct error *err)
{
    // Keys that were adopted and are not offered yet are no reason to take out the DS that may be there.
    bool leaving = true;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        leaving = leaving && !set->keys[i].wanted;
    if (set->offered == 0)
        return leaving && keyset_is_secure(set) ? add_delete(records, ttl, err) : STATUS_OK;
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < KEYSET_KEYS_MAX; i++) {
        const struct dnskey *key =
            (set->offered & keyset_bit(i)) != 0 ? dnskey_set_find(keys, set->keys[i].id) : NULL;
        if (key == NULL)
            continue;
        ldns_rr *ds = dnskey_ds(key);
        status = add_as(records, RR_TYPE_CDS, ttl, ds, err);
        if (status == STATUS_OK)
            status = add_as(records, RR_TYPE_CDNSKEY, ttl, key->rr, err);
        ldns_rr_free(ds);
    }
    return status;
}
