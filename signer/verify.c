// SPDX-License-Identifier: ISC
#include "signer/verify.h"

#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/alloc.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "keys/signing.h"
#include "signer/records.h"
#include "signer/rrsig.h"
#include "signer/sign.h"
#include "signer/view.h"

// The DNSKEY set of the image and what is known while the RRsets are walked.
struct verification {
    const struct verify_request *request;
    struct view view;
    ldns_rr_list *dnskeys;
    struct dnskey_id *ids; // of the same
    size_t id_count, id_cap;
    bool algorithms[256]; // of the zone keys in the set: each must sign everything
    struct signing_key
        *ready[SIGN_KEYS_MAX]; // for request->keys that are in the set with their private parts
    const struct image_rrset **chosen; // to be verified when the structure is right
    size_t chosen_count, chosen_cap;
    uint32_t counted;          // signatures that a sample may be taken of
    bool seen[UINT16_MAX + 1]; // types of which one RRset was verified
};

// ── Every zone ───────────────────────────────────────────────────────────────────────────────────

static enum status check_soa(const struct verify_request *request, struct error *err)
{
    const struct image *image = request->image;
    const struct image_rrset *soa = image_rrset(image, &image->nodes[0], RR_TYPE_SOA);
    if (!name_equal(image_node_name(image, &image->nodes[0]), request->apex))
        return error_set(err, STATUS_BOGUS, "the image is of another zone");
    if (soa == NULL || soa->rr_count != 1)
        return error_set(err, STATUS_BOGUS, "the zone has not exactly one SOA");
    struct image_cursor cursor;
    struct image_rr rr;
    image_rrs(&cursor, image, soa, false);
    if (!image_rrs_next(&cursor, &rr) || rr.rdata_len < 22)
        return error_set(err, STATUS_BOGUS, "the SOA is malformed");
    uint32_t serial = wire_get_u32(rr.rdata + rr.rdata_len - 20);
    if (serial != request->serial || image->header->serial != serial)
        return error_set(err, STATUS_BOGUS, "the serial is %u and not %u", serial, request->serial);
    if (image_rrset(image, &image->nodes[0], RR_TYPE_NS) == NULL)
        return error_set(err, STATUS_BOGUS,
                         "the zone has no NS at its apex; name its servers there");
    return STATUS_OK;
}

// RFC 2181 §10.1, RFC 4035 §2.5: beside a CNAME only what DNSSEC adds.
static enum status check_cname(const struct image *image, const struct image_rrset *cname,
                               struct error *err)
{
    char text[VIEW_WORDS_MAX];
    if (cname->rr_count != 1)
        return error_set(err, STATUS_BOGUS, "%s: there can only be one",
                         view_words(image, cname, text));
    const struct image_node *node = &image->nodes[cname->node];
    for (uint32_t i = 0; i < node->rrset_count; i++) {
        const struct image_rrset *other = &image->rrsets[node->rrset_first + i];
        if (other->type != RR_TYPE_CNAME && other->type != RR_TYPE_NSEC)
            return error_set(err, STATUS_BOGUS, "%s: a name with a CNAME can have no other records",
                             view_words(image, other, text));
    }
    return STATUS_OK;
}

static enum status check_cnames(const struct image *image, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < image->header->rrset_count; i++)
        if (image->rrsets[i].type == RR_TYPE_CNAME)
            status = check_cname(image, &image->rrsets[i], err);
    return status;
}

// ── Keys ─────────────────────────────────────────────────────────────────────────────────────────

static enum status read_dnskeys(struct verification *v, struct error *err)
{
    const struct image *image = v->request->image;
    const struct image_rrset *rrset = image_rrset(image, &image->nodes[0], RR_TYPE_DNSKEY);
    if (rrset == NULL)
        return error_set(err, STATUS_BOGUS, "the zone has no DNSKEY");
    v->dnskeys = ldns_rr_list_new();
    struct image_cursor cursor;
    struct image_rr rr;
    image_rrs(&cursor, image, rrset, false);
    while (image_rrs_next(&cursor, &rr)) {
        ldns_rr *key = records_to_ldns(&rr);
        if (key == NULL || rr.rdata_len < 5)
            return error_set(err, STATUS_BOGUS, "a DNSKEY is malformed");
        ldns_rr_list_push_rr(v->dnskeys, key);
        v->ids = array_grow(v->ids, &v->id_cap, v->id_count, sizeof(*v->ids));
        v->ids[v->id_count++] = (struct dnskey_id){ldns_calc_keytag(key), rr.rdata[3]};
        // A key without the zone flag or a revoked one signs nothing that counts (RFC 4034 §2.1.1, RFC 5011 §2.1).
        uint16_t flags = wire_get_u16(rr.rdata);
        if ((flags & LDNS_KEY_ZONE_KEY) != 0 && (flags & LDNS_KEY_REVOKE_KEY) == 0)
            v->algorithms[rr.rdata[3]] = true;
    }
    return STATUS_OK;
}

static bool has_dnskey(const struct verification *v, const struct rrsig *sig)
{
    for (size_t i = 0; i < v->id_count; i++)
        if (v->ids[i].algorithm == sig->algorithm && v->ids[i].tag == sig->tag)
            return true;
    return false;
}

// Is there a signature of this tag and algorithm over the DNSKEY set?
static bool dnskeys_signed_by(const struct verification *v, uint8_t algorithm, uint16_t tag)
{
    const struct image *image = v->request->image;
    struct image_cursor cursor;
    struct image_rr rr;
    struct rrsig sig;
    image_rrs(&cursor, image, image_rrset(image, &image->nodes[0], RR_TYPE_DNSKEY), true);
    while (image_rrs_next(&cursor, &rr))
        if (rrsig_read(rr.rdata, rr.rdata_len, &sig) && sig.algorithm == algorithm &&
            sig.tag == tag)
            return true;
    return false;
}

static bool dnskey_is_there(const struct verification *v, const struct dnskey *key)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(v->dnskeys); i++)
        if (ldns_rr_compare(ldns_rr_list_rr(v->dnskeys, i), key->rr) == 0)
            return true;
    return false;
}

// The own keys of the set that are loaded whole, to verify with.
static void take_ready_keys(struct verification *v)
{
    const struct dnskey_set *keys = v->request->keys;
    for (size_t i = 0; i < keys->count && i < SIGN_KEYS_MAX; i++)
        if (keys->keys[i].private != NULL && dnskey_is_there(v, &keys->keys[i]))
            (void)!signing_key_new(&keys->keys[i], &v->ready[i], NULL); // NULL: ldns verifies
}

// What is to be published is there, and who is to sign the set does: among those is every key that a DS at the parent
// may name.
static enum status check_own_keys(const struct verification *v, struct error *err)
{
    const struct dnskey_set *keys = v->request->keys;
    size_t signers = 0;
    for (size_t i = 0; i < keys->count; i++) {
        const struct dnskey *key = &keys->keys[i];
        if ((key->use & DNSKEY_PUBLISHED) == 0)
            continue;
        if (!dnskey_is_there(v, key))
            return error_set(err, STATUS_BOGUS, "the DNSKEY set lacks key %u", key->tag);
        if ((key->use & DNSKEY_SIGNS_KEYS) == 0)
            continue;
        signers++;
        if (!dnskeys_signed_by(v, key->algorithm, key->tag))
            return error_set(err, STATUS_BOGUS, "the DNSKEY set is not signed by key %u", key->tag);
    }
    if (signers == 0)
        return error_set(err, STATUS_BOGUS, "no key that a DS could name signs the DNSKEY set");
    return STATUS_OK;
}

// And nothing else is there.
static enum status check_strange_keys(const struct verification *v, struct error *err)
{
    const struct dnskey_set *keys = v->request->keys;
    size_t published = 0;
    for (size_t i = 0; i < keys->count; i++)
        published += (keys->keys[i].use & DNSKEY_PUBLISHED) != 0 ? 1 : 0;
    if (published != ldns_rr_list_rr_count(v->dnskeys))
        return error_set(err, STATUS_BOGUS, "the DNSKEY set has a key that is not to be published");
    return STATUS_OK;
}

// Presigned: some key that a DS could name signs the set.
static enum status check_foreign_keys(const struct verification *v, struct error *err)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(v->dnskeys); i++) {
        const ldns_rr *key = ldns_rr_list_rr(v->dnskeys, i);
        if ((ldns_rdf2native_int16(ldns_rr_dnskey_flags(key)) & LDNS_KEY_ZONE_KEY) != 0 &&
            dnskeys_signed_by(v, ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(key)),
                              ldns_calc_keytag(key)))
            return STATUS_OK;
    }
    return error_set(err, STATUS_BOGUS, "the DNSKEY set is not signed by any of its keys");
}

// ── Signatures ───────────────────────────────────────────────────────────────────────────────────

// What is wrong with it, or NULL.
static const char *wrong_times(const struct verification *v, const struct rrsig *sig)
{
    const struct verify_request *request = v->request;
    int64_t now = request->now;
    int64_t expiration = plan_time_from_wire(sig->expiration, now);
    if (plan_time_from_wire(sig->inception, now) > now)
        return "is not valid yet";
    if (expiration <= now)
        return "has expired; sign the zone again";
    if (request->dnssec == CONFIG_DNSSEC_ON && plan_is_due(&request->policy, now, expiration))
        return "expires too soon";
    return NULL;
}

static const char *wrong_form(const struct verification *v, const struct image_rrset *rrset,
                              const struct image_rr *rr, struct rrsig *ret)
{
    const struct image *image = v->request->image;
    const struct image_node *node = &image->nodes[rrset->node];
    unsigned labels = node->labels - (name_is_wildcard(image_node_name(image, node)) ? 1U : 0U);
    if (!rrsig_read(rr->rdata, rr->rdata_len, ret) || ret->covered != rrset->type)
        return "is malformed";
    if (!name_equal(ret->signer, v->request->apex))
        return "names another signer than the zone";
    if (ret->labels != labels)
        return "has a wrong number of labels";
    if (ret->original_ttl != rrset->ttl || rr->ttl != rrset->ttl)
        return "has another TTL than the records";
    if (!has_dnskey(v, ret))
        return "was made by a key that is not in the DNSKEY set";
    return NULL;
}

static enum status check_rrsig(const struct verification *v, const struct image_rrset *rrset,
                               const struct image_rr *rr, struct rrsig *ret, struct error *err)
{
    enum status status = STATUS_BOGUS;
    const char *wrong = wrong_form(v, rrset, rr, ret);
    if (wrong == NULL) {
        status = STATUS_EXPIRED;
        wrong = wrong_times(v, ret);
    }
    if (wrong == NULL)
        return STATUS_OK;
    char words[VIEW_WORDS_MAX];
    return error_set(err, status, "%s: its signature %s",
                     view_words(v->request->image, rrset, words), wrong);
}

static ldns_rr_list *rrset_to_ldns(const struct image *image, const struct image_rrset *rrset)
{
    ldns_rr_list *list = ldns_rr_list_new();
    struct image_cursor cursor;
    struct image_rr rr;
    image_rrs(&cursor, image, rrset, false);
    while (image_rrs_next(&cursor, &rr)) {
        ldns_rr *one = records_to_ldns(&rr);
        if (one != NULL)
            ldns_rr_list_push_rr(list, one);
    }
    return list;
}

// What was signed (RFC 4034 §3.1.8.1), as ldns sees it. The records are put into canonical form.
static ldns_buffer *signed_octets(ldns_rr_list *records, const ldns_rr *sig)
{
    ldns_buffer *octets = ldns_buffer_new(LDNS_MIN_BUFLEN);
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++)
        ldns_rr2canonical(ldns_rr_list_rr(records, i));
    ldns_rr_list_sort(records);
    if (octets != NULL && ldns_rrsig2buffer_wire(octets, sig) == LDNS_STATUS_OK &&
        ldns_rr_list2buffer_wire(octets, records) == LDNS_STATUS_OK)
        return octets;
    ldns_buffer_free(octets);
    return NULL;
}

static bool verify_by_ldns(const struct verification *v, ldns_rr_list *records, ldns_rr *sig)
{
    ldns_rr_list *keys = ldns_rr_list_new();
    bool good = ldns_verify_rrsig_keylist_notime(records, sig, v->dnskeys, keys) == LDNS_STATUS_OK;
    ldns_rr_list_free(keys);
    return good;
}

// With the key that made it where that is at hand: what libcrypto knows of it need not be set up anew.
static bool verify_one(const struct verification *v, ldns_rr_list *records,
                       const struct image_rr *rr)
{
    struct rrsig read;
    ldns_rr *sig = records_to_ldns(rr);
    if (sig == NULL || !rrsig_read(rr->rdata, rr->rdata_len, &read)) {
        ldns_rr_free(sig);
        return false;
    }
    struct signing_key *key = NULL;
    const struct dnskey_set *set = v->request->keys;
    for (size_t i = 0; set != NULL && i < set->count && i < SIGN_KEYS_MAX; i++)
        if (set->keys[i].tag == read.tag && set->keys[i].algorithm == read.algorithm)
            key = v->ready[i];
    ldns_buffer *octets = key != NULL ? signed_octets(records, sig) : NULL;
    bool good = octets != NULL ? signing_key_verify(key, ldns_buffer_begin(octets),
                                                    ldns_buffer_position(octets), read.signature,
                                                    read.signature_len)
                               : verify_by_ldns(v, records, sig);
    ldns_buffer_free(octets);
    ldns_rr_free(sig);
    return good;
}

static enum status verify_cryptographically(const struct verification *v,
                                            const struct image_rrset *rrset, struct error *err)
{
    const struct image *image = v->request->image;
    ldns_rr_list *records = rrset_to_ldns(image, rrset);
    bool good = true;
    struct image_cursor cursor;
    struct image_rr rr;
    image_rrs(&cursor, image, rrset, true);
    while (good && image_rrs_next(&cursor, &rr))
        good = verify_one(v, records, &rr);
    ldns_rr_list_deep_free(records);
    char words[VIEW_WORDS_MAX];
    if (!good)
        return error_set(err, STATUS_BOGUS, "%s: its signature does not verify",
                         view_words(image, rrset, words));
    return STATUS_OK;
}

// Is the RRset, whose newest signature began then, one of those to be verified?
static bool is_chosen(struct verification *v, const struct image_rrset *rrset, int64_t inception)
{
    const struct verify_request *request = v->request;
    bool first = !v->seen[rrset->type];
    v->seen[rrset->type] = true;
    if (request->choice == VERIFY_ALL)
        return true;
    bool presigned = request->dnssec == CONFIG_DNSSEC_PRESIGNED;
    if (!presigned && inception < request->now - PLAN_BACKDATE)
        return false;
    if (request->choice == VERIFY_NEW)
        return true;
    if (rrset->node == 0 && (rrset->type == RR_TYPE_SOA || rrset->type == RR_TYPE_DNSKEY))
        return true;
    if (first && (presigned || request->image->header->rrset_count >= VERIFY_LARGE))
        return true;
    // Another part each time that the zone is signed.
    return v->counted++ % VERIFY_SAMPLE_OF == request->serial % VERIFY_SAMPLE_OF;
}

static enum status check_signatures(struct verification *v, const struct image_rrset *rrset,
                                    struct error *err)
{
    const struct image *image = v->request->image;
    char words[VIEW_WORDS_MAX];
    if (!view_is_signed(&v->view, rrset))
        return rrset->sig_count == 0 ? STATUS_OK
                                     : error_set(err, STATUS_BOGUS,
                                                 "%s is signed and must not be: it is not "
                                                 "authoritative",
                                                 view_words(image, rrset, words));
    if (rrset->sig_count == 0)
        return error_set(err, STATUS_BOGUS, "%s has no signature", view_words(image, rrset, words));
    bool signed_by[256] = {false};
    int64_t inception = INT64_MIN;
    enum status status = STATUS_OK;
    struct image_cursor cursor;
    struct image_rr rr;
    image_rrs(&cursor, image, rrset, true);
    while (status == STATUS_OK && image_rrs_next(&cursor, &rr)) {
        struct rrsig sig;
        status = check_rrsig(v, rrset, &rr, &sig, err);
        if (status != STATUS_OK)
            return status;
        signed_by[sig.algorithm] = true;
        int64_t began = plan_time_from_wire(sig.inception, v->request->now);
        inception = began > inception ? began : inception;
    }
    for (unsigned i = 0; status == STATUS_OK && i < 256; i++)
        if (v->algorithms[i] && !signed_by[i])
            status = error_set(err, STATUS_BOGUS,
                               "%s has no signature of algorithm %u, which the "
                               "DNSKEY set promises",
                               view_words(image, rrset, words), i);
    if (status != STATUS_OK || !is_chosen(v, rrset, inception))
        return status;
    v->chosen = array_grow(v->chosen, &v->chosen_cap, v->chosen_count, sizeof(*v->chosen));
    v->chosen[v->chosen_count++] = rrset;
    return STATUS_OK;
}

// ── The zone ─────────────────────────────────────────────────────────────────────────────────────

static enum status check_signed(struct verification *v, struct error *err)
{
    const struct image *image = v->request->image;
    enum status status = read_dnskeys(v, err);
    if (status == STATUS_OK && v->request->dnssec == CONFIG_DNSSEC_ON)
        take_ready_keys(v);
    if (status == STATUS_OK)
        status = v->request->dnssec == CONFIG_DNSSEC_ON ? check_own_keys(v, err)
                                                        : check_foreign_keys(v, err);
    for (uint32_t i = 0; status == STATUS_OK && i < image->header->rrset_count; i++)
        if (i != image->header->negative_soa)
            status = check_signatures(v, &image->rrsets[i], err);
    if (status == STATUS_OK && v->request->dnssec == CONFIG_DNSSEC_ON)
        status = check_strange_keys(v, err);
    if (status == STATUS_OK)
        status = v->request->dnssec == CONFIG_DNSSEC_ON
                     ? denial_check_own(&v->view, v->request->denial, err)
                     : denial_check(&v->view, err);
    for (size_t i = 0; status == STATUS_OK && i < v->chosen_count; i++)
        status = verify_cryptographically(v, v->chosen[i], err);
    return status;
}

static enum status check_unsigned(const struct image *image, struct error *err)
{
    for (uint32_t i = 0; i < image->header->rrset_count; i++) {
        const struct image_rrset *rrset = &image->rrsets[i];
        bool dnssec = rrset->sig_count > 0 || rrset->type == RR_TYPE_NSEC ||
                      rrset->type == RR_TYPE_NSEC3 || rrset->type == RR_TYPE_NSEC3PARAM;
        char words[VIEW_WORDS_MAX];
        if (dnssec)
            return error_set(err, STATUS_BOGUS,
                             "%s belongs to a signed zone and the configuration "
                             "says `dnssec: off`; say `presigned`, or take it out",
                             view_words(image, rrset, words));
    }
    return STATUS_OK;
}

enum status verify_image(const struct verify_request *request, struct error *err)
{
    enum status status = check_soa(request, err);
    if (status == STATUS_OK)
        status = check_cnames(request->image, err);
    if (status != STATUS_OK)
        return status;
    if (request->dnssec == CONFIG_DNSSEC_OFF)
        return check_unsigned(request->image, err);
    struct verification *v = xcalloc(1, sizeof(*v));
    v->request = request;
    view_init(&v->view, request->image);
    status = check_signed(v, err);
    view_done(&v->view);
    for (size_t i = 0; i < SIGN_KEYS_MAX; i++)
        signing_key_free(v->ready[i]);
    ldns_rr_list_deep_free(v->dnskeys);
    free(v->chosen);
    free(v->ids);
    free(v);
    return status;
}
