// SPDX-License-Identifier: ISC
#include "probe/keys_seen.h"

#include <openssl/sha.h>
#include <string.h>

#include "dns/serial.h"
#include "dns/types.h"
#include "probe/records.h"

// Fields of a whole record: ldns reads one whose rdata ends early, too.
enum { DNSKEY_FIELDS = 4, RRSIG_FIELDS = 9 };

// ── Which key is it? ─────────────────────────────────────────────────────────────────────────────

// RFC 4034 §5.1.4: owner in canonical form, then rdata.
static void key_digest(const uint8_t *zone, const ldns_rr *rr, uint8_t ret[32])
{
    size_t len = name_wire_len(zone);
    ldns_buffer *octets = ldns_buffer_new(DNS_MESSAGE_MAX + NAME_WIRE_MAX);
    for (size_t i = 0; i < len; i++)
        ldns_buffer_write_u8(octets, name_lower(zone[i]));
    ldns_rr_rdata2buffer_wire(octets, rr);
    SHA256(ldns_buffer_begin(octets), ldns_buffer_position(octets), ret);
    ldns_buffer_free(octets);
}

// Its index in the question, or key_count.
static size_t find_key(const struct observe_question *question, const ldns_rr *rr)
{
    uint8_t digest[32];
    size_t i = 0;
    key_digest(question->zone, rr, digest);
    while (i < question->key_count && memcmp(question->keys[i].sha256, digest, sizeof(digest)) != 0)
        i++;
    return i;
}

// ── Signatures ───────────────────────────────────────────────────────────────────────────────────

static bool is_signature(const ldns_rr *rr, const uint8_t *zone, uint16_t covered)
{
    struct name signer;
    return record_is(rr, zone, RR_TYPE_RRSIG) && ldns_rr_rd_count(rr) == RRSIG_FIELDS &&
           (uint16_t)ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(rr)) == covered &&
           record_name(ldns_rr_rrsig_signame(rr), &signer) && name_equal(signer.wire, zone);
}

static bool is_made_by(const ldns_rr *signature, const struct observe_key *key)
{
    return ldns_rdf2native_int16(ldns_rr_rrsig_keytag(signature)) == key->tag &&
           ldns_rdf2native_int8(ldns_rr_rrsig_algorithm(signature)) == key->algorithm;
}

static bool is_timely(const ldns_rr *signature, int64_t now)
{
    return serial_time(ldns_rdf2native_int32(ldns_rr_rrsig_inception(signature)), now) <= now &&
           serial_time(ldns_rdf2native_int32(ldns_rr_rrsig_expiration(signature)), now) >= now;
}

static bool fits(const ldns_rr_list *rrset, const ldns_rr *signature, ldns_rr *key)
{
    ldns_rr_list *keys = ldns_rr_list_new();
    ldns_rr_list *good = ldns_rr_list_new();
    ldns_rr_list_push_rr(keys, key);
    bool fits = ldns_verify_rrsig_keylist_notime(rrset, signature, keys, good) == LDNS_STATUS_OK;
    ldns_rr_list_free(good);
    ldns_rr_list_free(keys);
    return fits;
}

// What is being verified.
struct signed_set {
    const struct observe_question *question;
    const struct keys_list *keys;
    const ldns_rr_list *rrset;
    uint16_t type;
    uint8_t use; // enum observe_use of those that sign it
    int64_t now;
};

// The keys that made it, as bits of their indices.
static uint32_t makers_of(const struct signed_set *set, const ldns_rr *signature)
{
    uint32_t makers = 0;
    for (size_t i = 0; i < set->question->key_count; i++) {
        const struct observe_key *key = &set->question->keys[i];
        if ((key->use & set->use) != 0 && is_made_by(signature, key) &&
            ((key->use & OBSERVE_IN_DNSKEY) == 0 ||
             (set->keys->list[i] != NULL && fits(set->rrset, signature, set->keys->list[i]))))
            makers |= UINT32_C(1) << i;
    }
    return makers;
}

static uint32_t keys_with(const struct observe_question *question, uint8_t use)
{
    uint32_t keys = 0;
    for (size_t i = 0; i < question->key_count; i++)
        if ((question->keys[i].use & use) != 0)
            keys |= UINT32_C(1) << i;
    return keys;
}

// Once the RRset is wrong, signatures are looked at for their expiration only.
static void read_signatures(const struct signed_set *set, const ldns_rr_list *records,
                            struct keys_seen *ret)
{
    uint32_t makers = 0;
    size_t count = 0;
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(records, i);
        if (!is_signature(rr, set->question->zone, set->type))
            continue;
        int64_t expires_at =
            serial_time(ldns_rdf2native_int32(ldns_rr_rrsig_expiration(rr)), set->now);
        if (ret->expires_at == 0 || expires_at < ret->expires_at)
            ret->expires_at = expires_at;
        if (++count > KEYS_SIGNATURES_MAX || !is_timely(rr, set->now))
            ret->right = false;
        uint32_t made_by = ret->right ? makers_of(set, rr) : 0;
        makers |= made_by;
        ret->right = ret->right && made_by != 0;
    }
    ret->right = ret->right && makers == keys_with(set->question, set->use);
}

// A zone that is not signed has none of them anywhere.
static bool has_any(const ldns_pkt *packet, ldns_rr_type type)
{
    const ldns_rr_list *sections[] = {ldns_pkt_answer(packet), ldns_pkt_authority(packet)};
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < ldns_rr_list_rr_count(sections[s]); i++)
            if (ldns_rr_get_type(ldns_rr_list_rr(sections[s], i)) == type)
                return true;
    return false;
}

static bool is_unsigned(const struct observe_question *question)
{
    return keys_with(question, OBSERVE_IN_DNSKEY | OBSERVE_SIGNS_KEYS | OBSERVE_SIGNS_ZONE) == 0;
}

// ── The two answers ──────────────────────────────────────────────────────────────────────────────

// False when there are others than the expected, or not all of these.
static bool take_keys(const struct observe_question *question, const ldns_rr_list *records,
                      struct keys_list *ret_keys, uint32_t *ret_ttl)
{
    bool right = true;
    uint32_t found = 0;
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        ldns_rr *rr = ldns_rr_list_rr(records, i);
        if (!record_is(rr, question->zone, RR_TYPE_DNSKEY))
            continue;
        uint32_t ttl = record_ttl(rr);
        *ret_ttl = ttl > *ret_ttl ? ttl : *ret_ttl;
        size_t key =
            ldns_rr_rd_count(rr) == DNSKEY_FIELDS ? find_key(question, rr) : question->key_count;
        if (key == question->key_count || (question->keys[key].use & OBSERVE_IN_DNSKEY) == 0) {
            right = false;
            continue;
        }
        found |= UINT32_C(1) << key;
        if (ret_keys->list[key] == NULL)
            ret_keys->list[key] = ldns_rr_clone(rr);
    }
    return right && found == keys_with(question, OBSERVE_IN_DNSKEY);
}

void keys_read_dnskey(const struct observe_question *question, ldns_pkt *packet, int64_t now,
                      struct keys_seen *ret, struct keys_list *ret_keys)
{
    const ldns_rr_list *records = ldns_pkt_answer(packet);
    ldns_rr_list *rrset = ldns_rr_list_new();
    *ret = (struct keys_seen){0};
    *ret_keys = (struct keys_list){0};
    ret->right = take_keys(question, records, ret_keys, &ret->ttl) &&
                 ldns_pkt_get_rcode(packet) == LDNS_RCODE_NOERROR &&
                 !(is_unsigned(question) && has_any(packet, LDNS_RR_TYPE_RRSIG));
    for (size_t i = 0; i < OBSERVE_KEYS_MAX; i++)
        if (ret_keys->list[i] != NULL)
            ldns_rr_list_push_rr(rrset, ret_keys->list[i]);
    struct signed_set set = {question, ret_keys, rrset, RR_TYPE_DNSKEY, OBSERVE_SIGNS_KEYS, now};
    read_signatures(&set, records, ret);
    ldns_rr_list_free(rrset);
}

void keys_read_soa(const struct observe_question *question, ldns_pkt *packet,
                   const struct keys_list *keys, int64_t now, struct keys_seen *ret)
{
    const ldns_rr_list *records = ldns_pkt_answer(packet);
    ldns_rr_list *rrset = ldns_rr_list_new();
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++)
        if (record_is(ldns_rr_list_rr(records, i), question->zone, RR_TYPE_SOA))
            ldns_rr_list_push_rr(rrset, ldns_rr_list_rr(records, i));
    *ret = (struct keys_seen){0};
    ret->right = ldns_rr_list_rr_count(rrset) == 1 &&
                 !(is_unsigned(question) && has_any(packet, LDNS_RR_TYPE_RRSIG));
    struct signed_set set = {question, keys, rrset, RR_TYPE_SOA, OBSERVE_SIGNS_ZONE, now};
    read_signatures(&set, records, ret);
    ldns_rr_list_free(rrset);
}

void keys_list_done(struct keys_list *keys)
{
    for (size_t i = 0; i < OBSERVE_KEYS_MAX; i++) {
        ldns_rr_free(keys->list[i]);
        keys->list[i] = NULL;
    }
}
