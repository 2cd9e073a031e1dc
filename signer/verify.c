// SPDX-License-Identifier: ISC
#include "signer/verify.h"

#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/alloc.h"
#include "dns/serial.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "signer/algorithms.h"
#include "signer/records.h"
#include "signer/rrsig.h"
#include "signer/verifier.h"
#include "signer/verify_late.h"
#include "signer/view.h"

// The DNSKEY set of the image and what is known while the RRsets are walked.
struct verification {
    const struct verify_request *request;
    struct view view;
    ldns_rr_list *dnskeys;
    struct dnskey_id *ids; // of the same
    size_t id_count, id_cap;
    struct algorithms algorithms; // of the zone keys in the set: each must sign everything
    struct verifier *verifier;
    // What the image says of the keyset's slots: in the DNSKEY set and signing it; signing all of the rest.
    struct keyset_version dnskeys_seen, signatures_seen;
    keyset_mask cds_signers;           // of both RRsets
    const struct image_rrset **chosen; // to be verified when the structure is right
    size_t chosen_count, chosen_cap;
    uint32_t counted;                     // signatures that a sample may be taken of
    uint64_t seen[(UINT16_MAX + 1) / 64]; // types of which one RRset was verified, a bit each
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
            algorithms_add(&v->algorithms, rr.rdata[3]);
    }
    return STATUS_OK;
}

// Is it by a key of the set; or by one of ours that comes into the set when caches know its signatures (RFC 6781
// §4.1.4)?
static bool has_key(const struct verification *v, const struct rrsig *sig)
{
    const struct dnskey_set *keys = v->request->keys;
    for (size_t i = 0; i < v->id_count; i++)
        if (v->ids[i].algorithm == sig->algorithm && v->ids[i].tag == sig->tag)
            return true;
    bool own = v->request->dnssec == CONFIG_DNSSEC_ON;
    for (size_t i = 0; own && i < keys->count; i++)
        if (keys->keys[i].use == DNSKEY_SIGNS_ZONE && keys->keys[i].tag == sig->tag &&
            keys->keys[i].algorithm == sig->algorithm)
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

// Own keys that are loaded whole make it quicker.
static enum status ready_verifier(struct verification *v, struct error *err)
{
    const struct dnskey_set *keys = v->request->keys;
    v->verifier = verifier_new(v->request->image);
    if (v->verifier == NULL)
        return error_set(err, STATUS_BOGUS, "a DNSKEY is malformed");
    bool own = v->request->dnssec == CONFIG_DNSSEC_ON;
    for (size_t i = 0; own && i < keys->count; i++)
        if ((keys->keys[i].use & (DNSKEY_SIGNS_KEYS | DNSKEY_SIGNS_ZONE)) != 0)
            verifier_lend(v->verifier, &keys->keys[i]);
    return STATUS_OK;
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
    int64_t expiration = serial_time(sig->expiration, now);
    if (serial_time(sig->inception, now) > now)
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
    if (!has_key(v, ret))
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

// ── The keyset ───────────────────────────────────────────────────────────────────────────────────

static keyset_mask slot_of(const struct keyset *set, struct dnskey_id id)
{
    size_t slot = keyset_find(set, id);
    return slot < KEYSET_KEYS_MAX ? keyset_bit(slot) : 0;
}

// Takes into account who signed an RRset.
static void note_signers(struct verification *v, const struct image_rrset *rrset,
                         keyset_mask signers)
{
    bool of_keys =
        rrset->node == 0 && (rrset->type == RR_TYPE_CDS || rrset->type == RR_TYPE_CDNSKEY);
    if (rrset->node == 0 && rrset->type == RR_TYPE_DNSKEY)
        v->dnskeys_seen.signers = signers;
    else if (of_keys) // RFC 7344 §4.1
        v->cds_signers &= signers;
    else
        v->signatures_seen.keys &= signers;
}

// Does the image say what the keyset does? What is decided there was tried against all that caches may have; what is
// published has to be that, too.
static enum status check_keyset(struct verification *v, struct error *err)
{
    const struct keyset *set = v->request->keyset, *before = v->request->keyset_before;
    for (size_t i = 0; i < v->id_count; i++)
        v->dnskeys_seen.keys |= slot_of(set, v->ids[i]);
    if (v->dnskeys_seen.keys != keyset_dnskeys(set))
        return error_set(err, STATUS_BOGUS, "the DNSKEY set is not the one that was decided on");
    if (v->dnskeys_seen.signers != keyset_key_signers(set) ||
        (v->cds_signers & v->dnskeys_seen.signers) != v->dnskeys_seen.signers)
        return error_set(err, STATUS_BOGUS,
                         "the DNSKEY set, or CDS, is not signed by the keys that were decided on");
    if (v->signatures_seen.keys != keyset_signers(set))
        return error_set(err, STATUS_BOGUS,
                         "the zone is not signed by the keys that were decided on");
    const struct keyset_history *history = &set->history[KEYSET_DS];
    for (size_t i = 0; before != NULL && before->begun && i < history->count; i++) {
        const struct keyset_version *ds = &history->list[i];
        const struct keyset_version dnskeys = {.keys = keyset_dnskeys(before),
                                               .signers = keyset_key_signers(before)};
        const struct keyset_version signatures = {.keys = keyset_signers(before)};
        if (!keyset_validates(set, ds, &v->dnskeys_seen, &v->signatures_seen) &&
            keyset_validates(before, ds, &dnskeys, &signatures))
            return error_set(err, STATUS_BOGUS,
                             "resolvers that have a DS from the parent, of now or of before, could "
                             "not validate the zone any more");
    }
    return STATUS_OK;
}

// Is the RRset, whose newest signature began then, one of those to be verified?
static bool is_chosen(struct verification *v, const struct image_rrset *rrset, int64_t inception)
{
    const struct verify_request *request = v->request;
    uint64_t *seen = &v->seen[rrset->type / 64], bit = 1ULL << (rrset->type % 64);
    bool first = (*seen & bit) == 0;
    *seen |= bit;
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
    struct algorithms signed_by = {0};
    keyset_mask signers = 0;
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
        algorithms_add(&signed_by, sig.algorithm);
        if (v->request->keyset != NULL)
            signers |= slot_of(v->request->keyset, (struct dnskey_id){sig.tag, sig.algorithm});
        int64_t began = serial_time(sig.inception, v->request->now);
        inception = began > inception ? began : inception;
    }
    note_signers(v, rrset, signers);
    int lacking = algorithms_lacking(&v->algorithms, &signed_by);
    if (lacking >= 0)
        status = error_set(err, STATUS_BOGUS,
                           "%s has no signature of algorithm %d, which the "
                           "DNSKEY set promises",
                           view_words(image, rrset, words), lacking);
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
    if (status == STATUS_OK)
        status = ready_verifier(v, err);
    if (status == STATUS_OK)
        status = v->request->dnssec == CONFIG_DNSSEC_ON ? check_own_keys(v, err)
                                                        : check_foreign_keys(v, err);
    for (uint32_t i = 0; status == STATUS_OK && i < image->header->rrset_count; i++)
        if (i != image->header->negative_soa)
            status = check_signatures(v, &image->rrsets[i], err);
    if (status == STATUS_OK && v->request->dnssec == CONFIG_DNSSEC_ON)
        status = check_strange_keys(v, err);
    if (status == STATUS_OK && v->request->keyset != NULL)
        status = check_keyset(v, err);
    if (status == STATUS_OK)
        status = v->request->dnssec == CONFIG_DNSSEC_ON
                     ? denial_check_own(&v->view, v->request->denial, err)
                     : denial_check(&v->view, err);
    return status;
}

static enum status verify_chosen(struct verification *v, struct verify_later *later,
                                 struct error *err)
{
    const struct image *image = v->request->image;
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < v->chosen_count; i++)
        status = verify_soon(later, v->verifier, image, v->chosen[i], err);
    return status;
}

static enum status check_chosen(struct verification *v, struct error *err)
{
    if (v->request->later != NULL)
        return verify_chosen(v, v->request->later, err);
    struct verify_later *later = verify_later_new();
    enum status status = verify_chosen(v, later, err);
    if (status == STATUS_OK) {
        verify_late(later);
        status = verify_late_result(later, v->request->image, err);
    }
    verify_later_free(later);
    return status;
}

static enum status check_unsigned(const struct verify_request *request, struct error *err)
{
    const struct image *image = request->image;
    if (request->keyset != NULL && keyset_is_secure(request->keyset) &&
        request->keyset_before != NULL && keyset_is_signed(request->keyset_before))
        return error_set(err, STATUS_BOGUS,
                         "resolvers may have a DS for the zone: it cannot be unsigned yet");
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
        return check_unsigned(request, err);
    struct verification *v = xcalloc(1, sizeof(*v));
    v->request = request;
    v->signatures_seen.keys = v->cds_signers = (keyset_mask)~0U;
    view_init(&v->view, request->image);
    status = check_signed(v, err);
    if (status == STATUS_OK)
        status = check_chosen(v, err);
    view_done(&v->view);
    verifier_free(v->verifier);
    ldns_rr_list_deep_free(v->dnskeys);
    free(v->chosen);
    free(v->ids);
    free(v);
    return status;
}
