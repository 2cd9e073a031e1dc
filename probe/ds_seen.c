// SPDX-License-Identifier: ISC
#include "probe/ds_seen.h"

#include <string.h>

#include "dns/types.h"
#include "probe/ds_known.h"
#include "probe/records.h"

enum { DS_FIELDS = 4 };

// Of an answer: no zone has as many DS with their signatures, and each is compared with all others.
#define RECORDS_MAX 64

struct ds {
    uint16_t tag;
    uint8_t algorithm;
    uint8_t digest_type;
    const uint8_t *digest;
    size_t len;
};

static bool read_ds(const ldns_rr *rr, struct ds *ret)
{
    if (ldns_rr_rd_count(rr) != DS_FIELDS)
        return false;
    *ret = (struct ds){.tag = ldns_rdf2native_int16(ldns_rr_rdf(rr, 0)),
                       .algorithm = ldns_rdf2native_int8(ldns_rr_rdf(rr, 1)),
                       .digest_type = ldns_rdf2native_int8(ldns_rr_rdf(rr, 2)),
                       .digest = ldns_rdf_data(ldns_rr_rdf(rr, 3)),
                       .len = ldns_rdf_size(ldns_rr_rdf(rr, 3))};
    return true;
}

static bool names_key(const struct ds *ds, const struct observe_key *key)
{
    const struct {
        uint8_t type;
        size_t len;
        const uint8_t *octets;
    } digests[] = {{DS_SHA1, sizeof(key->sha1), key->sha1},
                   {DS_SHA256, sizeof(key->sha256), key->sha256},
                   {DS_SHA384, sizeof(key->sha384), key->sha384}};
    if (ds->tag != key->tag || ds->algorithm != key->algorithm)
        return false;
    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++)
        if (ds->digest_type == digests[i].type)
            return ds->len == digests[i].len && memcmp(ds->digest, digests[i].octets, ds->len) == 0;
    return false;
}

static uint16_t keys_named(const struct observe_question *question, const struct ds *ds)
{
    uint16_t keys = 0;
    for (size_t i = 0; i < question->key_count; i++)
        if (names_key(ds, &question->keys[i]))
            keys |= (uint16_t)(1U << i);
    return keys;
}

// What has been read of an RRset.
struct reading {
    const struct observe_question *question;
    struct observe_set *set;
    uint8_t strongest; // digest type of those that count, 0: none does
    bool wanted[256];  // algorithms of these,
    bool covered[256]; // and of those among them that name keys
};

static void add_ds(struct reading *reading, const ldns_rr *rr)
{
    struct observe_set *set = reading->set;
    struct ds ds;
    uint16_t keys = read_ds(rr, &ds) ? keys_named(reading->question, &ds) : 0;
    set->keys |= keys;
    set->foreign = (uint16_t)(set->foreign + (keys == 0));
    if (ldns_rr_rd_count(rr) != DS_FIELDS || !ds_is_known(ds.algorithm, ds.digest_type) ||
        ds.digest_type < reading->strongest)
        return;
    if (ds.digest_type > reading->strongest) {
        set->strong = 0;
        memset(reading->wanted, 0, sizeof(reading->wanted));
        memset(reading->covered, 0, sizeof(reading->covered));
    }
    reading->strongest = ds.digest_type;
    reading->wanted[ds.algorithm] = true;
    reading->covered[ds.algorithm] = reading->covered[ds.algorithm] || keys != 0;
    set->strong |= keys;
}

static uint16_t traits_of(const struct reading *reading)
{
    uint16_t traits = reading->strongest != 0 ? OBSERVE_DS_COUNTS : 0;
    for (size_t i = 0; i < sizeof(reading->wanted); i++)
        if (reading->wanted[i] && !reading->covered[i])
            traits |= OBSERVE_DS_LACKS;
    return traits;
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
    struct reading reading = {.question = question, .set = ret};
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
        add_ds(&reading, rr);
        uint32_t ttl = record_ttl(rr);
        *ret_ttl = ttl > *ret_ttl ? ttl : *ret_ttl;
    }
    ret->traits = traits_of(&reading);
    return any || is_parents_denial(question, packet);
}

bool ds_same(const struct observe_set *a, const struct observe_set *b)
{
    return a->keys == b->keys && a->strong == b->strong && a->foreign == b->foreign &&
           a->traits == b->traits;
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
