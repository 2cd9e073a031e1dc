// SPDX-License-Identifier: ISC
#include "zonegen/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

// ── The two sides ────────────────────────────────────────────────────────────────────────────────

// What the signer adds, and renews by itself.
static bool is_of_signing(const ldns_rr *rr)
{
    switch (ldns_rr_get_type(rr)) {
    case LDNS_RR_TYPE_RRSIG:
    case LDNS_RR_TYPE_DNSKEY:
    case LDNS_RR_TYPE_NSEC:
    case LDNS_RR_TYPE_NSEC3:
    case LDNS_RR_TYPE_NSEC3PARAM:
    case LDNS_RR_TYPE_CDS:
    case LDNS_RR_TYPE_CDNSKEY:
        return true;
    default:
        return false;
    }
}

static void leave_out_signing(ldns_rr_list *records)
{
    size_t kept = 0;
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        ldns_rr *rr = ldns_rr_list_rr(records, i);
        if (is_of_signing(rr))
            ldns_rr_free(rr);
        else
            ldns_rr_list_set_rr(records, rr, kept++);
    }
    ldns_rr_list_set_rr_count(records, kept);
}

#define SOA_SERIAL 2 // RFC 1035 §3.3.13: the third field

static void set_serial(ldns_rr_list *records, uint32_t serial)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        ldns_rr *rr = ldns_rr_list_rr(records, i);
        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA)
            ldns_rdf_deep_free(ldns_rr_set_rdf(
                rr, ldns_native2rdf_int32(LDNS_RDF_TYPE_INT32, serial), SOA_SERIAL));
    }
}

static uint32_t serial_of(const ldns_rr_list *records)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(records, i);
        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA)
            return ldns_rdf2native_int32(ldns_rr_rdf(rr, SOA_SERIAL));
    }
    return 0;
}

// A record that is there twice is one (RFC 2181 §5).
static void leave_out_repeated(ldns_rr_list *sorted)
{
    size_t kept = 0;
    for (size_t i = 0; i < ldns_rr_list_rr_count(sorted); i++) {
        ldns_rr *rr = ldns_rr_list_rr(sorted, i);
        if (kept > 0 && ldns_rr_compare(ldns_rr_list_rr(sorted, kept - 1), rr) == 0)
            ldns_rr_free(rr);
        else
            ldns_rr_list_set_rr(sorted, rr, kept++);
    }
    ldns_rr_list_set_rr_count(sorted, kept);
}

// Sorts; names in lower case, so that their spelling is no difference (RFC 4034 §6.2).
static void prepare(struct diff_side *side)
{
    if (side->records == NULL)
        side->records = ldns_rr_list_new();
    leave_out_signing(side->records);
    for (size_t i = 0; i < ldns_rr_list_rr_count(side->records); i++)
        ldns_rr2canonical(ldns_rr_list_rr(side->records, i));
    ldns_rr_list_sort(side->records);
    leave_out_repeated(side->records);
}

// ── RRsets ───────────────────────────────────────────────────────────────────────────────────────

static int compare_sets(const ldns_rr *a, const ldns_rr *b)
{
    int order = ldns_dname_compare(ldns_rr_owner(a), ldns_rr_owner(b));
    return order != 0 ? order : (int)ldns_rr_get_type(a) - (int)ldns_rr_get_type(b);
}

// The RRset that begins at *at, which moves behind it. Its TTL is the lowest, as it is published (RFC 2181 §5.2).
static struct diff_rrset next_set(const ldns_rr_list *records, size_t *at)
{
    struct diff_rrset set = {.rrs = &records->_rrs[*at], .ttl = ldns_rr_ttl(records->_rrs[*at])};
    while (*at < ldns_rr_list_rr_count(records) &&
           compare_sets(set.rrs[0], records->_rrs[*at]) == 0) {
        uint32_t ttl = ldns_rr_ttl(records->_rrs[*at]);
        set.ttl = ttl < set.ttl ? ttl : set.ttl;
        set.count++;
        ++*at;
    }
    return set;
}

bool diff_has(const struct diff_rrset *rrset, const ldns_rr *rr)
{
    for (size_t i = 0; i < rrset->count; i++) {
        if (ldns_rr_compare(rrset->rrs[i], rr) == 0)
            return true;
    }
    return false;
}

static bool same_sets(const struct diff_rrset *a, const struct diff_rrset *b)
{
    if (a->count != b->count || a->ttl != b->ttl)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (ldns_rr_compare(a->rrs[i], b->rrs[i]) != 0) // both are sorted
            return false;
    }
    return true;
}

static void add_change(struct diff *diff, size_t *cap, const struct diff_rrset *old,
                       const struct diff_rrset *new)
{
    const ldns_rr *rr = new->count > 0 ? new->rrs[0] : old->rrs[0];
    diff->changes = array_grow(diff->changes, cap, diff->change_count, sizeof(*diff->changes));
    diff->changes[diff->change_count++] = (struct diff_change){
        .kind = old->count == 0   ? DIFF_ADDED
                : new->count == 0 ? DIFF_REMOVED
                                  : DIFF_CHANGED,
        .owner = ldns_rr_owner(rr),
        .type = ldns_rr_get_type(rr),
        .old = *old,
        .new = *new,
    };
}

static void find_changes(struct diff *diff)
{
    const ldns_rr_list *old = diff->old.records;
    const ldns_rr_list *new = diff->new.records;
    size_t old_count = ldns_rr_list_rr_count(old);
    size_t new_count = ldns_rr_list_rr_count(new);
    size_t cap = 0;
    for (size_t i = 0, k = 0; i < old_count || k < new_count;) {
        struct diff_rrset from = {0};
        struct diff_rrset to = {0};
        int order = i == old_count   ? 1
                    : k == new_count ? -1
                                     : compare_sets(old->_rrs[i], new->_rrs[k]);
        if (order <= 0)
            from = next_set(old, &i);
        if (order >= 0)
            to = next_set(new, &k);
        if (!same_sets(&from, &to))
            add_change(diff, &cap, &from, &to);
    }
}

// ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

void diff_zone(const struct diff_context *context, struct diff_side *old, struct diff_side *new,
               struct diff *ret)
{
    *ret = (struct diff){
        .zone = xstrdup(context->zone), .now = context->now, .old = *old, .new = *new};
    prepare(&ret->old);
    prepare(&ret->new);
    if (ret->old.exists)
        set_serial(ret->new.records, serial_of(ret->old.records));
    if (ret->old.exists &&
        ret->new.exists) // else every record is new, or gone, which one sentence says
        find_changes(ret);
    if (ret->old.exists != ret->new.exists)
        ret->kind = ret->new.exists ? DIFF_ADDED : DIFF_REMOVED;
    else if (ret->change_count > 0 || ret->old.is_signed != ret->new.is_signed)
        ret->kind = DIFF_CHANGED;
    diff_judge(context, ret);
    *old = (struct diff_side){0};
    *new = (struct diff_side){0};
}

static void free_risks(struct diff_risk *risks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(risks[i].text);
    free(risks);
}

void diff_done(struct diff *diff)
{
    for (size_t i = 0; i < diff->change_count; i++)
        free_risks(diff->changes[i].risks, diff->changes[i].risk_count);
    free_risks(diff->risks, diff->risk_count);
    ldns_rr_list_deep_free(diff->old.records);
    ldns_rr_list_deep_free(diff->new.records);
    free(diff->changes);
    free(diff->zone);
    *diff = (struct diff){0};
}
