// SPDX-License-Identifier: ISC
#include "signer/sign.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "signer/reuse.h"

// ── Keys ─────────────────────────────────────────────────────────────────────────────────────────

struct signers {
    const struct dnskey *keys[SIGN_KEYS_MAX];
    size_t count;
};

static enum status choose_signers(const struct dnskey_set *set, unsigned use, struct signers *ret,
                                  struct error *err)
{
    ret->count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct dnskey *key = &set->keys[i];
        if ((key->use & use) == 0)
            continue;
        if (ret->count == SIGN_KEYS_MAX)
            return error_set(err, STATUS_RANGE, "more than %d keys sign", SIGN_KEYS_MAX);
        if (key->private == NULL)
            return error_set(err, STATUS_STATE, "%s: its private part is missing", key->path);
        ret->keys[ret->count++] = key;
    }
    if (ret->count == 0)
        return error_set(err, STATUS_STATE, "the zone has no key to sign with");
    return STATUS_OK;
}

enum status sign_add_dnskeys(struct records *records, const struct dnskey_set *keys, uint32_t ttl,
                             struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < keys->count; i++) {
        if ((keys->keys[i].use & DNSKEY_PUBLISHED) == 0)
            continue;
        ldns_rr *rr = ldns_rr_clone(keys->keys[i].rr);
        if (rr == NULL)
            abort();
        ldns_rr_set_ttl(rr, ttl);
        status = records_add_rr(records, rr, err);
        ldns_rr_free(rr);
    }
    return status;
}

// ── Signatures ───────────────────────────────────────────────────────────────────────────────────

// RFC 4034 §3.1.8.1: RRSIG rdata without the signature, then each RR in canonical form with the original TTL.
static void put_signed_octets(struct signing *signing, const struct rrset *rrset,
                              const struct dnskey *key, const struct plan_times *times,
                              uint16_t *ret_prefix_len)
{
    const struct records *records = signing->records;
    const struct owner *owner = &records->owners[rrset->owner];
    struct buf *octets = &signing->octets;
    size_t start = octets->len;
    buf_put_u16(octets, rrset->type);
    buf_put_u8(octets, key->algorithm);
    buf_put_u8(octets, owner->labels);
    buf_put_u32(octets, rrset->ttl);
    buf_put_u32(octets, (uint32_t)times->expiration);
    buf_put_u32(octets, (uint32_t)times->inception);
    buf_put_u16(octets, key->tag);
    buf_put(octets, records->apex, name_wire_len(records->apex));
    *ret_prefix_len = (uint16_t)(octets->len - start);
    size_t owner_len = name_wire_len(owner->lower);
    for (size_t i = 0; i < rrset->count; i++) {
        const struct record *record = &records->list[rrset->first + i];
        buf_put(octets, owner->lower, owner_len);
        buf_put_u16(octets, rrset->type);
        buf_put_u16(octets, RR_CLASS_IN);
        buf_put_u32(octets, rrset->ttl);
        buf_put_u16(octets, record->rdata_len);
        buf_put(octets, record->canonical, record->rdata_len);
    }
}

static void note_expiration(struct signing *signing, int64_t expiration)
{
    if (signing->expires_at == 0 || expiration < signing->expires_at)
        signing->expires_at = expiration;
}

static void add_job(struct signing *signing, const struct sign_request *request, size_t index,
                    const struct dnskey *key)
{
    const struct rrset *rrset = &signing->records->rrsets[index];
    const struct owner *owner = &signing->records->owners[rrset->owner];
    struct plan_times times = plan_times(&request->policy, request->now, owner->lower, rrset->type);
    struct sign_job job = {
        .key = key,
        .rrset = index,
        .octets_at = signing->octets.len,
        .signature_at = signing->signatures_len,
        .signature_len = (uint16_t)signing_len(key),
    };
    signing->signatures_len += job.signature_len;
    put_signed_octets(signing, rrset, key, &times, &job.prefix_len);
    job.octets_len = signing->octets.len - job.octets_at;
    note_expiration(signing, times.expiration);
    signing->jobs = array_grow(signing->jobs, &signing->job_cap, signing->job_count, sizeof(job));
    signing->jobs[signing->job_count++] = job;
}

// Takes the published signature along, or makes a job of it.
static void sign_one(struct signing *signing, const struct sign_request *request,
                     struct reuse *reuse, size_t index, const struct dnskey *key)
{
    struct sign_reused found = {.rrset = index};
    int64_t expiration;
    if (!reuse_signature(reuse, &signing->records->rrsets[index], key, &found.rdata,
                         &found.rdata_len, &expiration)) {
        add_job(signing, request, index, key);
        return;
    }
    note_expiration(signing, expiration);
    signing->reused =
        array_grow(signing->reused, &signing->reused_cap, signing->reused_count, sizeof(found));
    signing->reused[signing->reused_count++] = found;
}

// What the keys that the parent's DS names sign: at the apex DNSKEY, and CDS and CDNSKEY (RFC 7344 §4.1).
static bool is_of_keys(const struct rrset *rrset)
{
    return rrset->owner == 0 && (rrset->type == RR_TYPE_DNSKEY || rrset->type == RR_TYPE_CDS ||
                                 rrset->type == RR_TYPE_CDNSKEY);
}

static void sign_all(struct signing *signing, const struct sign_request *request,
                     const struct signers *for_keys, const struct signers *for_rest)
{
    const struct records *records = signing->records;
    struct reuse *reuse = reuse_new(records, request->previous, &request->policy, request->now);
    for (size_t i = 0; i < records->rrset_count; i++) {
        const struct rrset *rrset = &records->rrsets[i];
        if (!records_is_signed(records, rrset))
            continue;
        const struct signers *signers = is_of_keys(rrset) ? for_keys : for_rest;
        for (size_t k = 0; k < signers->count; k++)
            sign_one(signing, request, reuse, i, signers->keys[k]);
    }
    reuse_free(reuse);
}

enum status sign_prepare(const struct sign_request *request, struct signing **ret,
                         struct error *err)
{
    *ret = NULL;
    const struct records *records = request->records;
    struct signers for_keys, for_rest;
    enum status status = choose_signers(request->keys, DNSKEY_SIGNS_KEYS, &for_keys, err);
    if (status == STATUS_OK)
        status = choose_signers(request->keys, DNSKEY_SIGNS_ZONE, &for_rest, err);
    if (status != STATUS_OK)
        return status;
    struct signing *signing = xcalloc(1, sizeof(*signing));
    signing->records = records;
    sign_all(signing, request, &for_keys, &for_rest);
    signing->signatures = xmalloc(signing->signatures_len + 1);
    *ret = signing;
    return STATUS_OK;
}

void sign_free(struct signing *signing)
{
    if (signing == NULL)
        return;
    for (size_t i = 0; i < signing->reused_count; i++)
        free(signing->reused[i].rdata);
    free(signing->jobs);
    free(signing->signatures);
    free(signing->reused);
    buf_done(&signing->octets);
    free(signing);
}

enum status sign_finish(const struct signing *signing, struct error *err)
{
    for (size_t i = 0; i < signing->job_count; i++) {
        const struct sign_job *job = &signing->jobs[i];
        if (!job->done)
            return error_set(err, STATUS_CRYPTO, "%s: signing failed", job->key->path);
    }
    return STATUS_OK;
}
