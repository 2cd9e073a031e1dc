// SPDX-License-Identifier: ISC
// What servers answer to the questions behind dns/observe.h: keys with signatures, DS, DSYNC. The first octet says
// which, a DNS message of example. follows. The expected key is the first one in the message, so that signatures are
// verified.
#include "tests/fuzz/fuzz.h"

#include <openssl/sha.h>
#include <string.h>

#include "probe/ask_message.h"
#include "probe/ds_proof.h"
#include "probe/ds_seen.h"
#include "probe/dsync.h"
#include "probe/keys_seen.h"
#include "probe/records.h"

#define NOW INT64_C(1800000000)

static const uint8_t zone[] = "\7example";

static ldns_pkt *read_answer(uint16_t type, const uint8_t *octets, size_t len)
{
    struct ask_question question = {.name = zone, .type = type};
    ldns_pkt *packet = NULL;
    char text[ASK_TEXT_MAX];
    ask_message_read(&question, 0, octets, len, &packet, text);
    return packet;
}

static void expect_first_key(const ldns_pkt *packet, struct observe_question *ret)
{
    const ldns_rr_list *records = ldns_pkt_answer(packet);
    for (size_t i = 0; i < ldns_rr_list_rr_count(records) && ret->key_count == 0; i++) {
        const ldns_rr *rr = ldns_rr_list_rr(records, i);
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_DNSKEY || ldns_rr_rd_count(rr) != 4)
            continue;
        struct observe_key *key = &ret->keys[ret->key_count++];
        ldns_buffer *octets = ldns_buffer_new(DNS_MESSAGE_MAX);
        ldns_buffer_write(octets, zone, sizeof(zone));
        ldns_rr_rdata2buffer_wire(octets, rr);
        SHA256(ldns_buffer_begin(octets), ldns_buffer_position(octets), key->sha256);
        ldns_buffer_free(octets);
        key->tag = ldns_calc_keytag(rr);
        key->algorithm = ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(rr));
        key->use = OBSERVE_IN_DNSKEY | OBSERVE_SIGNS_KEYS | OBSERVE_SIGNS_ZONE;
    }
}

static void check(const struct keys_seen *seen, const struct observe_question *question)
{
    MUST(seen->ttl <= INT32_MAX);
    if (seen->right && question->key_count > 0)
        MUST(seen->expires_at >= NOW);
}

// The message has the SOA as well.
static void try_keys(const uint8_t *octets, size_t len)
{
    ldns_pkt *packet = read_answer(RR_TYPE_DNSKEY, octets, len);
    struct observe_question question = {.kind = OBSERVE_KEYS};
    struct keys_seen seen;
    struct keys_list keys;
    if (packet == NULL)
        return;
    memcpy(question.zone, zone, sizeof(zone));
    for (unsigned round = 0; round < 2; round++) {
        keys_read_dnskey(&question, packet, NOW, &seen, &keys);
        check(&seen, &question);
        keys_read_soa(&question, packet, &keys, NOW, &seen);
        check(&seen, &question);
        keys_list_done(&keys);
        expect_first_key(packet, &question);
    }
    ldns_pkt_free(packet);
}

// Of the zone above: no message is signed with it, so that nothing is ever proven.
static ldns_rr_list *parent_keys(void)
{
    ldns_rr_list *keys = ldns_rr_list_new();
    ldns_rr *rr = NULL;
    MUST(ldns_rr_new_frm_str(
             &rr, ". 60 IN DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", 0, NULL,
             NULL) == LDNS_STATUS_OK);
    ldns_rr_list_push_rr(keys, rr);
    return keys;
}

static void try_ds(const uint8_t *octets, size_t len)
{
    ldns_pkt *packet = read_answer(RR_TYPE_DS, octets, len);
    struct observe_question question = {.kind = OBSERVE_DS, .key_count = 2};
    struct observe_answer answer = {0};
    struct observe_set set;
    uint32_t ttl;
    if (packet == NULL)
        return;
    memcpy(question.zone, zone, sizeof(zone));
    bool read = ds_read(&question, packet, &set, &ttl);
    MUST(ttl <= INT32_MAX && set.keys < 1 << 2 && set.servers == 0);
    if (read)
        MUST(ds_count(&answer, &set) && ds_same(&answer.sets[0], &set));
    ldns_rr_list *keys = parent_keys();
    MUST(!ds_proven(packet, zone, keys, NOW, &ttl) && ttl == 0);
    ldns_rr_list_deep_free(keys);
    ldns_pkt_free(packet);
}

static void try_dsync(const uint8_t *octets, size_t len)
{
    ldns_pkt *packet = read_answer(RR_TYPE_DSYNC, octets, len);
    struct dsync_target targets[DSYNC_TARGETS_MAX];
    struct dsync_search search;
    struct name name, apex;
    if (packet == NULL)
        return;
    size_t count = dsync_targets(ldns_pkt_answer(packet), zone, targets);
    for (size_t i = 0; i < count; i++)
        MUST(targets[i].port != 0 && name_wire_len(targets[i].host.wire) == targets[i].host.len);
    dsync_begin(&search, (const uint8_t *)"\1a\1b\1c\7example");
    for (unsigned looks = 0; dsync_name(&search, &name); looks++) {
        MUST(looks < DSYNC_LOOKS_MAX && name_wire_len(name.wire) == name.len);
        dsync_go_on(&search, records_apex(packet, name.wire, &apex) ? apex.wire : NULL);
    }
    ldns_pkt_free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    if (len == 0)
        return 0;
    switch (octets[0]) {
    case 'k':
        try_keys(octets + 1, len - 1);
        break;
    case 'd':
        try_ds(octets + 1, len - 1);
        break;
    case 'n':
        try_dsync(octets + 1, len - 1);
        break;
    default:
        break;
    }
    return 0;
}
