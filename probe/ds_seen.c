// SPDX-License-Identifier: ISC
#include "probe/ds_seen.h"

#include <string.h>

#include "dns/types.h"
#include "probe/records.h"

enum { DS_FIELDS = 4 };

// Of an answer: no zone has as many DS with their signatures, and each is compared with all others.
#define RECORDS_MAX 64

// IANA registry "Digest Algorithms".
enum { DIGEST_SHA1 = 1, DIGEST_SHA256 = 2, DIGEST_SHA384 = 4 };

static bool names_key(const ldns_rr *ds, const struct observe_key *key)
{
    const ldns_rdf *digest = ldns_rr_rdf(ds, 3);
    const struct {
        uint8_t type;
        size_t len;
        const uint8_t *octets;
    } digests[] = {{DIGEST_SHA1, sizeof(key->sha1), key->sha1},
                   {DIGEST_SHA256, sizeof(key->sha256), key->sha256},
                   {DIGEST_SHA384, sizeof(key->sha384), key->sha384}};
    if (ldns_rdf2native_int16(ldns_rr_rdf(ds, 0)) != key->tag ||
        ldns_rdf2native_int8(ldns_rr_rdf(ds, 1)) != key->algorithm)
        return false;
    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++)
        if (ldns_rdf2native_int8(ldns_rr_rdf(ds, 2)) == digests[i].type)
            return ldns_rdf_size(digest) == digests[i].len &&
                   memcmp(ldns_rdf_data(digest), digests[i].octets, digests[i].len) == 0;
    return false;
}

static void add_ds(const struct observe_question *question, const ldns_rr *ds,
                   struct observe_set *ret)
{
    bool known = false;
    for (size_t i = 0; ldns_rr_rd_count(ds) == DS_FIELDS && i < question->key_count; i++)
        if (names_key(ds, &question->keys[i])) {
            ret->keys |= (uint16_t)(1U << i);
            known = true;
        }
    ret->foreign += !known;
}

// The same record twice is one (RFC 2181 §5).
static bool is_repeated(const ldns_rr_list *records, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (ldns_rr_compare(ldns_rr_list_rr(records, i), ldns_rr_list_rr(records, index)) == 0)
            return true;
    return false;
}

// "No DS" must come from above the cut: a server that has the zone and not its parent says so of any zone, signed or
// not (RFC 4035 §3.1.4.1).
static bool is_parents_denial(const struct observe_question *question, const ldns_pkt *packet)
{
    struct name apex;
    return records_apex(packet, question->zone, &apex) && !name_equal(apex.wire, question->zone);
}

bool ds_read(const struct observe_question *question, const ldns_pkt *packet,
             struct observe_set *ret, uint32_t *ret_ttl)
{
    const ldns_rr_list *records = ldns_pkt_answer(packet);
    bool any = false;
    *ret = (struct observe_set){0};
    *ret_ttl = 0;
    if (!ldns_pkt_aa(packet) || ldns_pkt_get_rcode(packet) != LDNS_RCODE_NOERROR ||
        ldns_rr_list_rr_count(records) > RECORDS_MAX)
        return false;
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(records, i);
        if (!record_is(rr, question->zone, RR_TYPE_DS) || is_repeated(records, i))
            continue;
        any = true;
        add_ds(question, rr, ret);
        uint32_t ttl = record_ttl(rr);
        *ret_ttl = ttl > *ret_ttl ? ttl : *ret_ttl;
    }
    return any || is_parents_denial(question, packet);
}

bool ds_same(const struct observe_set *a, const struct observe_set *b)
{
    return a->keys == b->keys && a->foreign == b->foreign;
}

bool ds_count(struct observe_answer *answer, const struct observe_set *set)
{
    size_t i = 0;
    while (i < answer->set_count && !ds_same(&answer->sets[i], set))
        i++;
    if (i == OBSERVE_SETS_MAX)
        return false;
    if (i == answer->set_count) {
        answer->sets[i] = *set;
        answer->sets[i].servers = 0;
        answer->set_count++;
    }
    answer->sets[i].servers++;
    return true;
}
