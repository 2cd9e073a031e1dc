// SPDX-License-Identifier: ISC
// A good zone is spoilt on purpose, one property at a time: its records are read from the signed image, changed, built
// into an image again, and must be refused with words.
#include "tests/unit/signer/signer_zone.h"

#include "dns/image_build.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "signer/rrsig.h"
#include "signer/verify_late.h"

static struct dnskey_set keys;
static struct signed_zone good;

static int set_up(void **state)
{
    make_scratch(state);
    keys = new_keys(scratch);
    sign_records(read_records(zone_text), &keys, NULL, NOW, &good);
    return 0;
}

static int tear_down(void **state)
{
    signed_zone_done(&good);
    dnskey_set_done(&keys);
    return remove_scratch(state);
}

// ── Spoiling ─────────────────────────────────────────────────────────────────────────────────────

struct spoilt_rr {
    struct name owner;
    uint16_t type;
    uint32_t ttl;
    uint8_t rdata[1024];
    uint16_t len;
    bool dropped;
};

// What a change does to each record; `owner` is its text.
typedef void spoil_fn(struct spoilt_rr *rr, const char *owner);

static void feed(struct image_builder *builder, const struct image_rr *rr, spoil_fn *spoil)
{
    struct spoilt_rr spoilt = {.type = rr->type, .ttl = rr->ttl, .len = rr->rdata_len};
    char text[NAME_TEXT_MAX];
    struct error err = {0};
    assert_true(rr->rdata_len <= sizeof(spoilt.rdata));
    memcpy(spoilt.rdata, rr->rdata, rr->rdata_len);
    assert_int_equal(name_from_wire(rr->owner, NAME_WIRE_MAX, &spoilt.owner), STATUS_OK);
    name_to_text(rr->owner, text);
    for (char *c = text; *c != '\0'; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
    if (spoil != NULL)
        spoil(&spoilt, text);
    if (spoilt.dropped)
        return;
    struct image_rr out = {spoilt.owner.wire, spoilt.type, spoilt.len, spoilt.ttl, spoilt.rdata};
    if (image_builder_add(builder, &out, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

static void add_extra(const struct image_rr *rr, void *arg)
{
    struct error err = {0};
    assert_int_equal(image_builder_add(arg, rr, &err), STATUS_OK);
}

// The good image again, with each record spoilt and `extra` (master file lines, or NULL) added.
static void rebuild(spoil_fn *spoil, const char *extra, struct signed_zone *ret)
{
    struct name apex = apex_name();
    struct error err = {0};
    struct image_builder *builder = image_builder_new(apex.wire);
    const struct image *image = &good.image;
    for (uint32_t i = 0; i < image->header->rrset_count; i++) {
        if (i == image->header->negative_soa)
            continue;
        struct image_cursor cursor;
        struct image_rr rr;
        for (int sigs = 0; sigs < 2; sigs++) {
            image_rrs(&cursor, image, &image->rrsets[i], sigs);
            while (image_rrs_next(&cursor, &rr))
                feed(builder, &rr, spoil);
        }
    }
    if (extra != NULL)
        zone_text_each(APEX, extra, add_extra, builder);
    *ret = (struct signed_zone){.made = 0};
    if (image_builder_finish(builder, &image->header->meta, &ret->octets, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    if (image_open(ret->octets.data, ret->octets.len, &ret->image, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    image_builder_free(builder);
}

static void refused(spoil_fn *spoil, const char *extra, const char *words)
{
    struct signed_zone zone;
    struct error err = {0};
    rebuild(spoil, extra, &zone);
    enum status status = verify_signed(&zone.image, &keys, NOW, &err);
    if (status == STATUS_OK || strstr(err.text, words) == NULL)
        fail_msg("expected \"%s\", got %s: \"%s\"", words, status_text(status), err.text);
    signed_zone_done(&zone);
}

static bool is_rrsig_of(const struct spoilt_rr *rr, uint16_t covered)
{
    return rr->type == RR_TYPE_RRSIG && wire_get_u16(rr->rdata) == covered;
}

static void nothing_spoilt_is_good(void **state)
{
    (void)state;
    struct signed_zone zone;
    struct error err = {0};
    rebuild(NULL, NULL, &zone);
    if (verify_signed(&zone.image, &keys, NOW, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    signed_zone_done(&zone);
}

static void drop_tlsa_rrsig(struct spoilt_rr *rr, const char *owner)
{
    (void)owner;
    rr->dropped = is_rrsig_of(rr, RR_TYPE_TLSA);
}

static void drop_ds_rrsig(struct spoilt_rr *rr, const char *owner)
{
    (void)owner;
    rr->dropped = is_rrsig_of(rr, RR_TYPE_DS);
}

static void a_missing_signature_is_refused(void **state)
{
    (void)state;
    refused(drop_tlsa_rrsig, NULL, "_25._tcp.mail.Example.com. TLSA has no signature");
    refused(drop_ds_rrsig, NULL, "secure.Example.com. DS has no signature");
}

static void flip_mx_signature(struct spoilt_rr *rr, const char *owner)
{
    (void)owner;
    if (is_rrsig_of(rr, RR_TYPE_MX))
        rr->rdata[rr->len - 1] ^= 1;
}

static void change_mx(struct spoilt_rr *rr, const char *owner)
{
    (void)owner;
    if (rr->type == RR_TYPE_MX)
        rr->rdata[1] = 20;
}

static void a_signature_over_something_else_is_refused(void **state)
{
    (void)state;
    refused(flip_mx_signature, NULL, "MX: its signature does not verify");
    refused(change_mx, NULL, "MX: its signature does not verify");
    refused(NULL, "@ NS ns3\n", "NS: its signature does not verify");
}

static void other_tag(struct spoilt_rr *rr, const char *owner)
{
    (void)owner;
    if (is_rrsig_of(rr, RR_TYPE_TXT))
        rr->rdata[17] ^= 1;
}

static void other_signer(struct spoilt_rr *rr, const char *owner)
{
    (void)owner;
    if (is_rrsig_of(rr, RR_TYPE_TXT))
        rr->rdata[19] ^= 1;
}

static void other_labels(struct spoilt_rr *rr, const char *owner)
{
    if (is_rrsig_of(rr, RR_TYPE_TXT) && strncmp(owner, "*.", 2) == 0)
        rr->rdata[3]++;
}

static void other_original_ttl(struct spoilt_rr *rr, const char *owner)
{
    (void)owner;
    if (is_rrsig_of(rr, RR_TYPE_TXT))
        rr->rdata[7]++;
}

static void other_ttl(struct spoilt_rr *rr, const char *owner)
{
    (void)owner;
    if (rr->type == RR_TYPE_TLSA || is_rrsig_of(rr, RR_TYPE_TLSA))
        rr->ttl--;
}

static void a_signature_with_wrong_fields_is_refused(void **state)
{
    (void)state;
    refused(other_tag, NULL, "was made by a key that is not in the DNSKEY set");
    refused(other_signer, NULL, "names another signer");
    refused(other_labels, NULL, "wrong number of labels");
    refused(other_original_ttl, NULL, "has another TTL");
    refused(other_ttl, NULL, "has another TTL");
}

static void expire(struct spoilt_rr *rr, const char *owner)
{
    (void)owner;
    if (is_rrsig_of(rr, RR_TYPE_AAAA))
        wire_set_u32(rr->rdata + 8, (uint32_t)(NOW - 1));
}

static void expire_soon(struct spoilt_rr *rr, const char *owner)
{
    (void)owner;
    if (is_rrsig_of(rr, RR_TYPE_AAAA))
        wire_set_u32(rr->rdata + 8, (uint32_t)(NOW + 6 * DAY));
}

static void begin_later(struct spoilt_rr *rr, const char *owner)
{
    (void)owner;
    if (is_rrsig_of(rr, RR_TYPE_AAAA))
        wire_set_u32(rr->rdata + 12, (uint32_t)(NOW + 1));
}

static void wrong_times_are_refused(void **state)
{
    (void)state;
    refused(expire, NULL, "its signature has expired");
    refused(expire_soon, NULL, "its signature expires too soon");
    refused(begin_later, NULL, "its signature is not valid yet");
}

static void glue_signed(struct spoilt_rr *rr, const char *owner)
{
    if (is_rrsig_of(rr, RR_TYPE_A) && strcmp(owner, "mail.example.com.") == 0)
        assert_int_equal(name_from_text("ns.cut.example.com", &rr->owner, NULL), STATUS_OK);
}

static void what_is_not_authoritative_must_not_be_signed(void **state)
{
    (void)state;
    refused(glue_signed, NULL, "signed and must not be");
}

static void an_unsigned_record_more_is_refused(void **state)
{
    (void)state;
    refused(NULL, "mail TXT \"extra\"\n", "mail.Example.com. TXT has no signature");
    refused(NULL, "new A 192.0.2.77\n", "new.Example.com. A has no signature");
}

// ── The NSEC chain ───────────────────────────────────────────────────────────────────────────────

static void drop_nsec(struct spoilt_rr *rr, const char *owner)
{
    rr->dropped = strcmp(owner, "mail.example.com.") == 0 &&
                  (rr->type == RR_TYPE_NSEC || is_rrsig_of(rr, RR_TYPE_NSEC));
}

// Makes the NSEC of mail point to itself: same length, another place.
static void wrong_next(struct spoilt_rr *rr, const char *owner)
{
    if (rr->type == RR_TYPE_NSEC && strcmp(owner, "mail.example.com.") == 0)
        rr->rdata[1] ^= 1;
}

static void wrong_last(struct spoilt_rr *rr, const char *owner)
{
    if (rr->type == RR_TYPE_NSEC && strcmp(owner, "*.wild.example.com.") == 0)
        rr->rdata[1] ^= 1;
}

static void wrong_bitmap(struct spoilt_rr *rr, const char *owner)
{
    if (rr->type == RR_TYPE_NSEC && strcmp(owner, "mail.example.com.") == 0)
        rr->rdata[rr->len - 1] ^= 0x80;
}

static void glue_in_bitmap(struct spoilt_rr *rr, const char *owner)
{
    size_t name_len = rr->type == RR_TYPE_NSEC ? name_wire_len(rr->rdata) : 0;
    if (name_len > 0 && strcmp(owner, "cut.example.com.") == 0)
        rr->rdata[name_len + 2] |= 0x40; // A
}

static void a_broken_chain_is_refused(void **state)
{
    (void)state;
    refused(drop_nsec, NULL, "mail.Example.com. has no NSEC");
    refused(wrong_next, NULL, "the NSEC chain is broken before");
    refused(wrong_last, NULL, "the NSEC chain does not end at the apex");
    refused(wrong_bitmap, NULL, "mail.Example.com. NSEC does not name the types");
    refused(glue_in_bitmap, NULL, "cut.Example.com. NSEC does not name the types");
}

// ── The chain that was intended ──────────────────────────────────────────────────────────────────

static void another_chain_is_refused(const struct signed_zone *zone, enum denial denial)
{
    struct name apex = apex_name();
    struct verify_request request = {
        .image = &zone->image,
        .apex = apex.wire,
        .dnssec = CONFIG_DNSSEC_ON,
        .denial = denial,
        .keys = &keys,
        .policy = two_weeks,
        .serial = zone->image.header->serial,
        .now = NOW,
    };
    struct error err = {0};
    assert_int_equal(verify_image(&request, &err), STATUS_BOGUS);
    assert_non_null(strstr(err.text, "belongs to another chain"));
}

static void drop_param(struct spoilt_rr *rr, const char *owner)
{
    (void)owner;
    rr->dropped = rr->type == RR_TYPE_NSEC3PARAM || is_rrsig_of(rr, RR_TYPE_NSEC3PARAM);
}

static void opt_out(struct spoilt_rr *rr, const char *owner)
{
    (void)owner;
    if (rr->type == RR_TYPE_NSEC3)
        rr->rdata[1] = 1;
}

static void a_chain_that_was_not_intended_is_refused(void **state)
{
    (void)state;
    struct sign_wish wish = {DENIAL_NSEC3, NULL, NOW};
    struct signed_zone with_nsec = good;
    another_chain_is_refused(&good, DENIAL_NSEC3);
    sign_as(&wish, read_records(zone_text), &keys, &good);
    another_chain_is_refused(&good, DENIAL_NSEC);
    refused(drop_param, NULL, "there is neither an NSEC nor an NSEC3 chain");
    refused(opt_out, NULL, "opts out");
    refused(NULL, "@ NSEC3PARAM 1 0 5 abcd\n", "is not `1 0 0 -`");
    signed_zone_done(&good);
    good = with_nsec;
}

// ── Keys and the zone as a whole ─────────────────────────────────────────────────────────────────

static void another_key_in_the_parents_ds_is_refused(void **state)
{
    (void)state;
    char *elsewhere = make_directory();
    struct dnskey_set others = new_keys(elsewhere);
    struct error err = {0};
    assert_int_equal(verify_signed(&good.image, &others, NOW, &err), STATUS_BOGUS);
    assert_non_null(strstr(err.text, "the DNSKEY set lacks key"));
    dnskey_set_done(&others);
    remove_directory(elsewhere);
}

static void drop_dnskey_rrsig(struct spoilt_rr *rr, const char *owner)
{
    (void)owner;
    rr->dropped = is_rrsig_of(rr, RR_TYPE_DNSKEY);
}

static void drop_dnskey(struct spoilt_rr *rr, const char *owner)
{
    (void)owner;
    rr->dropped = rr->type == RR_TYPE_DNSKEY || is_rrsig_of(rr, RR_TYPE_DNSKEY);
}

static void a_dnskey_set_that_nobody_signed_is_refused(void **state)
{
    (void)state;
    refused(drop_dnskey_rrsig, NULL, "the DNSKEY set is not signed by key");
    refused(drop_dnskey, NULL, "the zone has no DNSKEY");
}

static void a_second_algorithm_must_sign_everything(void **state)
{
    (void)state;
    char key[200];
    snprintf(key, sizeof(key), "@ DNSKEY 256 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=\n");
    refused(NULL, key, "has no signature of algorithm 15");
}

static void another_serial_is_refused(void **state)
{
    (void)state;
    struct name apex = apex_name();
    struct verify_request request = {.image = &good.image,
                                     .apex = apex.wire,
                                     .dnssec = CONFIG_DNSSEC_ON,
                                     .keys = &keys,
                                     .policy = two_weeks,
                                     .serial = 77,
                                     .now = NOW};
    struct error err = {0};
    assert_int_equal(verify_image(&request, &err), STATUS_BOGUS);
    assert_non_null(strstr(err.text, "the serial is 1 and not 77"));
}

static uint16_t spoilt_type;

// The last octet of the signature: nothing but cryptography finds it.
static void spoil_signature(struct spoilt_rr *rr, const char *owner)
{
    (void)owner;
    if (is_rrsig_of(rr, spoilt_type))
        rr->rdata[rr->len - 1] ^= 1;
}

static bool finds_spoilt_signature(uint16_t type, enum verify_choice choice, int64_t now)
{
    struct signed_zone zone;
    struct name apex = apex_name();
    struct error err = {0};
    spoilt_type = type;
    rebuild(spoil_signature, NULL, &zone);
    struct verify_request request = {.image = &zone.image,
                                     .apex = apex.wire,
                                     .dnssec = CONFIG_DNSSEC_ON,
                                     .keys = &keys,
                                     .policy = two_weeks,
                                     .serial = zone.image.header->serial,
                                     .now = now,
                                     .choice = choice};
    bool found = verify_image(&request, &err) == STATUS_BOGUS;
    assert_int_equal(found, strstr(err.text, "does not verify") != NULL);
    signed_zone_done(&zone);
    return found;
}

static void what_is_chosen_is_verified(void **state)
{
    (void)state;
    assert_true(finds_spoilt_signature(RR_TYPE_TXT, VERIFY_ALL, NOW + 60));
    assert_true(finds_spoilt_signature(RR_TYPE_TXT, VERIFY_NEW, NOW));
    assert_false(finds_spoilt_signature(RR_TYPE_TXT, VERIFY_NEW, NOW + 60));
    assert_true(finds_spoilt_signature(RR_TYPE_SOA, VERIFY_SAMPLE, NOW));
    assert_true(finds_spoilt_signature(RR_TYPE_DNSKEY, VERIFY_SAMPLE, NOW));
    assert_false(finds_spoilt_signature(RR_TYPE_DNSKEY, VERIFY_SAMPLE, NOW + 60));
}

// Of images that are verified together the wrong one is found, in the one as in the other, and the right one is not.
static void what_is_put_off_is_told_apart(void **state)
{
    (void)state;
    struct name apex = apex_name();
    for (size_t spoilt = 0; spoilt < 3; spoilt++) {
        struct verify_later *later = verify_later_new();
        struct signed_zone zones[2];
        struct error err = {0};
        for (size_t i = 0; i < 2; i++) {
            spoilt_type = RR_TYPE_TXT;
            rebuild(i == spoilt ? spoil_signature : NULL, NULL, &zones[i]);
            struct verify_request request = {.image = &zones[i].image,
                                             .apex = apex.wire,
                                             .dnssec = CONFIG_DNSSEC_ON,
                                             .keys = &keys,
                                             .policy = two_weeks,
                                             .serial = zones[i].image.header->serial,
                                             .now = NOW,
                                             .choice = VERIFY_NEW,
                                             .later = later};
            assert_int_equal(verify_image(&request, &err), STATUS_OK);
        }
        verify_late(later);
        for (size_t i = 0; i < 2; i++) {
            enum status status = verify_late_result(later, &zones[i].image, &err);
            assert_int_equal(status, i == spoilt ? STATUS_BOGUS : STATUS_OK);
        }
        if (spoilt < 2)
            assert_non_null(strstr(err.text, "TXT: its signature does not verify"));
        verify_later_free(later);
        signed_zone_done(&zones[0]);
        signed_zone_done(&zones[1]);
    }
    verify_later_free(NULL);
}

static void the_public_part_of_a_key_is_enough_to_verify(void **state)
{
    (void)state;
    struct dnskey_set whole = keys;
    struct error err = {0};
    assert_int_equal(dnskey_load(scratch, "example.com", false, &keys, &err), STATUS_OK);
    keys.keys[0].use = whole.keys[0].use;
    assert_true(finds_spoilt_signature(RR_TYPE_TXT, VERIFY_ALL, NOW));
    dnskey_set_done(&keys);
    keys = whole;
}

static void drop_ns(struct spoilt_rr *rr, const char *owner)
{
    rr->dropped = strcmp(owner, "example.com.") == 0 &&
                  (rr->type == RR_TYPE_NS || is_rrsig_of(rr, RR_TYPE_NS));
}

static void a_zone_without_ns_or_with_crowded_cname_is_refused(void **state)
{
    (void)state;
    refused(drop_ns, NULL, "no NS at its apex");
    refused(NULL, "alias A 192.0.2.1\n", "a name with a CNAME can have no other records");
    refused(NULL, "alias CNAME other\n", "there can only be one");
}

// ── Zones that others signed, or nobody ──────────────────────────────────────────────────────────

static enum status verify_text(const char *text, enum config_dnssec dnssec, int64_t now,
                               struct error *err)
{
    struct buf octets = {0};
    struct image image;
    struct name apex = apex_name();
    zone_text_image(APEX, text, &octets);
    assert_int_equal(image_open(octets.data, octets.len, &image, err), STATUS_OK);
    struct verify_request request = {.image = &image,
                                     .apex = apex.wire,
                                     .dnssec = dnssec,
                                     .policy = two_weeks,
                                     .serial = image.header->serial,
                                     .now = now,
                                     .choice = VERIFY_SAMPLE};
    enum status status = verify_image(&request, err);
    buf_done(&octets);
    return status;
}

static void presigned_zones_hold_up_against_their_own_keys(void **state)
{
    (void)state;
    static const enum zone_text_denial denials[] = {ZONE_TEXT_NSEC, ZONE_TEXT_NSEC3,
                                                    ZONE_TEXT_NSEC3_OPTOUT};
    for (size_t i = 0; i < sizeof(denials) / sizeof(denials[0]); i++) {
        struct error err = {0};
        char *text = zone_text_sign(APEX, zone_text, denials[i]);
        int64_t now = (int64_t)time(NULL); // what signs here has the clock's time
        if (verify_text(text, CONFIG_DNSSEC_PRESIGNED, now, &err) != STATUS_OK)
            fail_msg("%s", err.text);
        assert_int_equal(verify_text(text, CONFIG_DNSSEC_PRESIGNED, now + 15 * DAY, &err),
                         STATUS_EXPIRED);
        assert_non_null(strstr(err.text, "expired"));
        // Anything added behind the signer's back has no signature, or is not in the chain.
        char *more = xasprintf("%s\nbehind.example.com. 3600 IN A 192.0.2.1\n", text);
        assert_int_equal(verify_text(more, CONFIG_DNSSEC_PRESIGNED, now, &err), STATUS_BOGUS);
        free(more);
        more = xasprintf("%s\nx.cut2.example.com. 3600 IN NS ns.example.net.\n", text);
        enum status status = verify_text(more, CONFIG_DNSSEC_PRESIGNED, now, &err);
        if (denials[i] == ZONE_TEXT_NSEC3_OPTOUT)
            assert_int_equal(status, STATUS_OK); // that is what opt-out is for
        else
            assert_int_equal(status, STATUS_BOGUS);
        free(more);
        free(text);
    }
}

static void an_unsigned_zone_has_nothing_of_dnssec(void **state)
{
    (void)state;
    struct error err = {0};
    if (verify_text(zone_text, CONFIG_DNSSEC_OFF, NOW, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_int_equal(verify_text(zone_text, CONFIG_DNSSEC_PRESIGNED, NOW, &err), STATUS_BOGUS);
    char *text = zone_text_sign(APEX, zone_text, ZONE_TEXT_NSEC);
    assert_int_equal(verify_text(text, CONFIG_DNSSEC_OFF, NOW, &err), STATUS_BOGUS);
    assert_non_null(strstr(err.text, "dnssec: off"));
    free(text);
}

// ── What was decided on ──────────────────────────────────────────────────────────────────────────

static const struct dnskey_id other_key = {4711, 13};

// The zone is signed with its key, which may have a DS: slot 0. Slot 1 is another key, which nothing is of.
static struct keyset signed_keyset(void)
{
    struct keyset set;
    keyset_begin(&set, 3600, NOW - 100 * DAY);
    keyset_add(&set, (struct dnskey_id){keys.keys[0].tag, keys.keys[0].algorithm}, KEY_ROLE_CSK,
               NOW - 100 * DAY);
    keyset_add(&set, other_key, KEY_ROLE_CSK, NOW - 100 * DAY);
    assert_true(keyset_publish(&set, KEYSET_SIGNATURES, 1, 0, 3600, NOW - 90 * DAY));
    assert_true(keyset_publish(&set, KEYSET_DNSKEYS, 1, 1, 3600, NOW - 90 * DAY));
    assert_true(keyset_publish(&set, KEYSET_DS, 1, 0, 3600, NOW - 80 * DAY));
    return set;
}

static void judge(const struct keyset *before, const struct keyset *set, enum config_dnssec dnssec,
                  const char *words)
{
    struct name apex = apex_name();
    struct verify_request request = {
        .image = &good.image,
        .apex = apex.wire,
        .dnssec = dnssec,
        .keys = &keys,
        .policy = two_weeks,
        .serial = good.image.header->serial,
        .now = NOW,
        .keyset = set,
        .keyset_before = before,
    };
    struct error err = {0};
    enum status status = verify_image(&request, &err);
    if (words == NULL ? status != STATUS_OK : strstr(err.text, words) == NULL)
        fail_msg("expected \"%s\", got %s: \"%s\"", words != NULL ? words : "", status_text(status),
                 err.text);
}

static void what_was_decided_on_is_good(void **state)
{
    (void)state;
    struct keyset set = signed_keyset(), unsigned_before;
    keyset_begin(&unsigned_before, 3600, NOW);
    judge(&set, &set, CONFIG_DNSSEC_ON, NULL);
    judge(&unsigned_before, &set, CONFIG_DNSSEC_ON, NULL);
}

static void other_keys_than_decided_on_are_refused(void **state)
{
    (void)state;
    struct keyset before = signed_keyset(), set = before;
    assert_true(keyset_publish(&set, KEYSET_DNSKEYS, 3, 1, 3600, NOW));
    judge(&before, &set, CONFIG_DNSSEC_ON, "the DNSKEY set is not the one that was decided on");
    set = before;
    assert_true(keyset_publish(&set, KEYSET_DNSKEYS, 1, 3, 3600, NOW));
    judge(&before, &set, CONFIG_DNSSEC_ON, "is not signed by the keys that were decided on");
    set = before;
    assert_true(keyset_publish(&set, KEYSET_SIGNATURES, 2, 0, 3600, NOW));
    judge(&before, &set, CONFIG_DNSSEC_ON, "the zone is not signed by the keys");
}

static void a_ds_that_caches_may_have_must_validate(void **state)
{
    (void)state;
    struct keyset before = signed_keyset();
    assert_true(keyset_publish(&before, KEYSET_DNSKEYS, 3, 3, 3600, NOW - 10 * DAY));
    assert_true(keyset_publish(&before, KEYSET_DS, 2, 0, 3600, NOW - 10 * DAY));
    struct keyset set = before; // and now the other key goes, though the parent may have its DS
    assert_true(keyset_publish(&set, KEYSET_DNSKEYS, 1, 1, 3600, NOW));
    judge(&before, &set, CONFIG_DNSSEC_ON, "could not validate the zone any more");
    // It was so before: that must not keep the zone from being signed again.
    judge(&set, &set, CONFIG_DNSSEC_ON, NULL);
}

static void a_zone_with_a_ds_is_not_published_unsigned(void **state)
{
    (void)state;
    struct keyset before = signed_keyset(), set = before;
    judge(&before, &set, CONFIG_DNSSEC_OFF, "it cannot be unsigned yet");
    set.history[KEYSET_DS].count = 0;
    judge(&before, &set, CONFIG_DNSSEC_OFF, "belongs to a signed zone"); // the next check
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_spoilt_is_good),
        cmocka_unit_test(a_missing_signature_is_refused),
        cmocka_unit_test(a_signature_over_something_else_is_refused),
        cmocka_unit_test(a_signature_with_wrong_fields_is_refused),
        cmocka_unit_test(wrong_times_are_refused),
        cmocka_unit_test(what_is_not_authoritative_must_not_be_signed),
        cmocka_unit_test(an_unsigned_record_more_is_refused),
        cmocka_unit_test(a_broken_chain_is_refused),
        cmocka_unit_test(a_chain_that_was_not_intended_is_refused),
        cmocka_unit_test(another_key_in_the_parents_ds_is_refused),
        cmocka_unit_test(a_dnskey_set_that_nobody_signed_is_refused),
        cmocka_unit_test(a_second_algorithm_must_sign_everything),
        cmocka_unit_test(another_serial_is_refused),
        cmocka_unit_test(what_is_chosen_is_verified),
        cmocka_unit_test(what_is_put_off_is_told_apart),
        cmocka_unit_test(the_public_part_of_a_key_is_enough_to_verify),
        cmocka_unit_test(a_zone_without_ns_or_with_crowded_cname_is_refused),
        cmocka_unit_test(presigned_zones_hold_up_against_their_own_keys),
        cmocka_unit_test(an_unsigned_zone_has_nothing_of_dnssec),
        cmocka_unit_test(what_was_decided_on_is_good),
        cmocka_unit_test(other_keys_than_decided_on_are_refused),
        cmocka_unit_test(a_ds_that_caches_may_have_must_validate),
        cmocka_unit_test(a_zone_with_a_ds_is_not_published_unsigned),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
