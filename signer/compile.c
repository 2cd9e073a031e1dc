// SPDX-License-Identifier: ISC
#include "signer/compile.h"

#include "base/buf.h"
#include "dns/image_build.h"
#include "dns/serial.h"
#include "dns/types.h"
#include "signer/plan.h"
#include "signer/rrsig.h"

static enum status add_rrset(struct image_builder *builder, const struct records *records,
                             const struct rrset *rrset, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < rrset->count; i++) {
        const struct record *record = &records->list[rrset->first + i];
        // RRSIGs of one owner cover different RRsets: each keeps its own TTL.
        uint32_t ttl = rrset->type == RR_TYPE_RRSIG ? record->ttl : rrset->ttl;
        struct image_rr rr = {record->owner, record->type, record->rdata_len, ttl, record->rdata};
        status = image_builder_add(builder, &rr, err);
    }
    return status;
}

// Signatures of the RRsets, which both lists have in their order.
struct signatures {
    const struct signing *signing; // NULL: none
    size_t reused, made;           // of its lists, were taken
    struct buf rdata;
};

static enum status add_rrsig(struct image_builder *builder, const struct records *records,
                             const struct rrset *rrset, const uint8_t *rdata, size_t len,
                             struct error *err)
{
    struct image_rr rr = {records->owners[rrset->owner].name, RR_TYPE_RRSIG, (uint16_t)len,
                          rrset->ttl, rdata};
    return image_builder_add(builder, &rr, err);
}

static enum status add_signatures(struct image_builder *builder, struct signatures *signatures,
                                  const struct records *records, size_t index, struct error *err)
{
    const struct signing *signing = signatures->signing;
    const struct rrset *rrset = &records->rrsets[index];
    struct buf *rdata = &signatures->rdata;
    enum status status = STATUS_OK;
    for (; status == STATUS_OK && signatures->reused < signing->reused_count &&
           signing->reused[signatures->reused].rrset == index;
         signatures->reused++) {
        const struct sign_reused *reused = &signing->reused[signatures->reused];
        status = add_rrsig(builder, records, rrset, reused->rdata, reused->rdata_len, err);
    }
    for (; status == STATUS_OK && signatures->made < signing->job_count &&
           signing->jobs[signatures->made].rrset == index;
         signatures->made++) {
        const struct sign_job *job = &signing->jobs[signatures->made];
        buf_clear(rdata);
        buf_put(rdata, signing->octets.data + job->octets_at, job->prefix_len);
        buf_put(rdata, signing->signatures + job->signature_at, job->signature_len);
        status = add_rrsig(builder, records, rrset, rdata->data, rdata->len, err);
    }
    return status;
}

// Each RRset with its signatures behind it: the order of the image, which the builder then need not sort.
static enum status add_all(struct image_builder *builder, const struct records *records,
                           const struct signing *signing, struct error *err)
{
    struct signatures signatures = {.signing = signing};
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < records->rrset_count; i++) {
        status = add_rrset(builder, records, &records->rrsets[i], err);
        if (status == STATUS_OK && signing != NULL)
            status = add_signatures(builder, &signatures, records, i, err);
    }
    buf_done(&signatures.rdata);
    return status;
}

enum status compile_image(struct records **records, struct signing **signing,
                          const struct image_meta *meta, struct buf *ret, struct error *err)
{
    struct image_builder *builder = image_builder_new((*records)->apex);
    enum status status = add_all(builder, *records, *signing, err);
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
        int64_t expiration = serial_time(sig.expiration, now);
        if (first == 0 || expiration < first)
            first = expiration;
    }
    return first;
}
