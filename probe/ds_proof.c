// SPDX-License-Identifier: ISC
#include "probe/ds_proof.h"

#include <time.h>

#include "dns/name.h"

// Above that, validators go by no NSEC3 (RFC 9276 §3.2).
#define ITERATIONS_MAX 150

static bool is_signature_of(const ldns_rr *rr, const ldns_rr *member)
{
    return ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG && ldns_rr_rd_count(rr) == 9 &&
           ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(rr)) == ldns_rr_get_type(member) &&
           ldns_dname_compare(ldns_rr_owner(rr), ldns_rr_owner(member)) == 0;
}

// Does one of the section's signatures of the RRset hold? *ret_ttl: the one that it was made with.
static bool is_signed(const ldns_rr_list *rrset, const ldns_rr_list *section,
                      const ldns_rr_list *keys, int64_t now, uint32_t *ret_ttl)
{
    size_t tried = 0;
    for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
        ldns_rr *rr = ldns_rr_list_rr(section, i);
        if (!is_signature_of(rr, ldns_rr_list_rr(rrset, 0)) ||
            ldns_dname_compare(ldns_rr_rrsig_signame(rr),
                               ldns_rr_owner(ldns_rr_list_rr(keys, 0))) != 0)
            continue;
        if (++tried > DS_PROOF_SIGNATURES_MAX)
            return false;
        ldns_rr_list *good = ldns_rr_list_new();
        bool holds =
            ldns_verify_rrsig_keylist_time(rrset, rr, keys, (time_t)now, good) == LDNS_STATUS_OK;
        ldns_rr_list_free(good);
        if (holds) {
            *ret_ttl = ldns_rdf2native_int32(ldns_rr_rrsig_origttl(rr));
            return true;
        }
    }
    return false;
}

// The records of that type and owner, which stay the section's own. The caller frees the list.
static ldns_rr_list *pick(const ldns_rr_list *section, ldns_rr_type type, const ldns_rdf *owner)
{
    ldns_rr_list *list = ldns_rr_list_new();
    for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
        ldns_rr *rr = ldns_rr_list_rr(section, i);
        if (ldns_rr_get_type(rr) == type && ldns_dname_compare(ldns_rr_owner(rr), owner) == 0)
            ldns_rr_list_push_rr(list, rr);
    }
    return list;
}

// Denials of the type that are signed; false: one is not, or there are too many.
static bool pick_denials(const ldns_rr_list *section, ldns_rr_type type, const ldns_rr_list *keys,
                         int64_t now, ldns_rr_list *ret)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
        ldns_rr *rr = ldns_rr_list_rr(section, i);
        uint32_t ttl;
        if (ldns_rr_get_type(rr) != type)
            continue;
        if (ldns_rr_list_rr_count(ret) == DS_PROOF_DENIALS_MAX)
            return false;
        ldns_rr_list *one = pick(section, type, ldns_rr_owner(rr));
        bool good = ldns_rr_list_rr_count(one) == 1 && is_signed(one, section, keys, now, &ttl);
        ldns_rr_list_free(one);
        if (!good || (type == LDNS_RR_TYPE_NSEC3 && ldns_nsec3_iterations(rr) > ITERATIONS_MAX))
            return false;
        ldns_rr_list_push_rr(ret, rr);
    }
    return ldns_rr_list_rr_count(ret) > 0;
}

// At the zone's name there is no DS, and no CNAME either (RFC 4035 §5.4).
static bool denies_by_nsec(const ldns_rr_list *list, const ldns_rdf *zone)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const ldns_rr *nsec = ldns_rr_list_rr(list, i);
        const ldns_rdf *types = ldns_nsec_get_bitmap(nsec);
        if (types != NULL && ldns_dname_compare(ldns_rr_owner(nsec), zone) == 0 &&
            !ldns_nsec_bitmap_covers_type(types, LDNS_RR_TYPE_DS) &&
            !ldns_nsec_bitmap_covers_type(types, LDNS_RR_TYPE_CNAME))
            return true;
    }
    return false;
}

static bool denies_by_nsec3(ldns_rr_list *list, const ldns_rdf *zone)
{
    ldns_rr *question = ldns_rr_new_frm_type(LDNS_RR_TYPE_DS);
    ldns_rr_set_owner(question, ldns_rdf_clone(zone));
    bool denies = ldns_dnssec_verify_denial_nsec3(question, list, NULL, LDNS_RCODE_NOERROR,
                                                  LDNS_RR_TYPE_DS, true) == LDNS_STATUS_OK;
    ldns_rr_free(question);
    return denies;
}

static bool is_denied(const ldns_pkt *packet, const ldns_rdf *zone, const ldns_rr_list *keys,
                      int64_t now)
{
    const ldns_rr_list *section = ldns_pkt_authority(packet);
    ldns_rr_list *nsec = ldns_rr_list_new(), *nsec3 = ldns_rr_list_new();
    bool denied =
        (pick_denials(section, LDNS_RR_TYPE_NSEC, keys, now, nsec) && denies_by_nsec(nsec, zone)) ||
        (pick_denials(section, LDNS_RR_TYPE_NSEC3, keys, now, nsec3) &&
         denies_by_nsec3(nsec3, zone));
    ldns_rr_list_free(nsec);
    ldns_rr_list_free(nsec3);
    return denied;
}

bool ds_proven(const ldns_pkt *packet, const uint8_t *zone, const ldns_rr_list *keys, int64_t now,
               uint32_t *ret_ttl)
{
    *ret_ttl = 0;
    if (ldns_rr_list_rr_count(keys) == 0)
        return false;
    ldns_rdf *name = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, name_wire_len(zone), zone);
    ldns_rr_list *set = pick(ldns_pkt_answer(packet), LDNS_RR_TYPE_DS, name);
    bool proven = ldns_rr_list_rr_count(set) > 0
                      ? is_signed(set, ldns_pkt_answer(packet), keys, now, ret_ttl)
                      : is_denied(packet, name, keys, now);
    ldns_rr_list_free(set);
    ldns_rdf_deep_free(name);
    return proven;
}
