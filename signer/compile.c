// SPDX-License-Identifier: ISC
#include "signer/compile.h"

#include "dns/image_build.h"
#include "dns/types.h"
#include "signer/plan.h"
#include "signer/rrsig.h"

static enum status add_records(struct image_builder *builder, const struct records *records,
                               struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < records->rrset_count; i++) {
        const struct rrset *rrset = &records->rrsets[i];
        for (size_t k = 0; status == STATUS_OK && k < rrset->count; k++) {
            const struct record *record = &records->list[rrset->first + k];
            // RRSIGs of one owner cover different RRsets: each keeps its own TTL.
            uint32_t ttl = rrset->type == RR_TYPE_RRSIG ? record->ttl : rrset->ttl;
            struct image_rr rr = {record->owner, record->type, record->rdata_len, ttl,
                                  record->rdata};
            status = image_builder_add(builder, &rr, err);
        }
    }
    return status;
}

static enum status add_rrsig(struct image_builder *builder, const struct records *records,
                             size_t index, const uint8_t *rdata, size_t len, struct error *err)
{
    const struct rrset *rrset = &records->rrsets[index];
    struct image_rr rr = {records->owners[rrset->owner].name, RR_TYPE_RRSIG, (uint16_t)len,
                          rrset->ttl, rdata};
    return image_builder_add(builder, &rr, err);
}

static enum status add_signatures(struct image_builder *builder, const struct signing *signing,
                                  struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < signing->reused_count; i++) {
        const struct sign_reused *reused = &signing->reused[i];
        status = add_rrsig(builder, signing->records, reused->rrset, reused->rdata,
                           reused->rdata_len, err);
    }
    struct buf rdata = {0};
    for (size_t i = 0; status == STATUS_OK && i < signing->job_count; i++) {
        const struct sign_job *job = &signing->jobs[i];
        buf_clear(&rdata);
        buf_put(&rdata, signing->octets.data + job->octets_at, job->prefix_len);
        buf_put(&rdata, signing->signatures + job->signature_at, job->signature_len);
        status = add_rrsig(builder, signing->records, job->rrset, rdata.data, rdata.len, err);
    }
    buf_done(&rdata);
    return status;
}

enum status compile_image(struct records **records, struct signing **signing,
                          const struct image_meta *meta, struct buf *ret, struct error *err)
{
    struct image_builder *builder = image_builder_new((*records)->apex);
    enum status status = add_records(builder, *records, err);
    if (status == STATUS_OK && *signing != NULL)
        status = add_signatures(builder, *signing, err);
    sign_free(*signing);
    records_free(*records);
    *signing = NULL;
    *records = NULL;
    if (status == STATUS_OK)
        status = image_builder_finish(builder, meta, ret, err);
    image_builder_free(builder);
    return status;
}

int64_t compile_first_expiration(const struct records *records, int64_t now)
{
    int64_t first = 0;
    for (size_t i = 0; i < records->count; i++) {
        const struct record *record = &records->list[i];
        struct rrsig sig;
        if (record->type != RR_TYPE_RRSIG || !rrsig_read(record->rdata, record->rdata_len, &sig))
            continue;
        int64_t expiration = plan_time_from_wire(sig.expiration, now);
        if (first == 0 || expiration < first)
            first = expiration;
    }
    return first;
}
