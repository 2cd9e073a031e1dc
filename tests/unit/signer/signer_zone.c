// SPDX-License-Identifier: ISC
#include "tests/unit/signer/signer_zone.h"
#include "tests/support/make_key.h"

const struct plan_policy two_weeks = {.lifetime = 14 * DAY, .refresh = 7 * DAY};

const char zone_text[] =
    "@ 3600 SOA ns1 hostmaster 1 14400 3600 604800 900\n"
    "@ NS ns1\n@ NS NS2.Example.COM.\n@ MX 10 Mail.Example.com.\n@ TXT \"v=spf1 mx -all\"\n"
    "ns1 A 192.0.2.1\nNS2 A 192.0.2.2\nmail A 192.0.2.3\nmail 60 AAAA 2001:db8::3\n"
    "_25._tcp.mail TLSA 3 1 1 "
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
    "*.wild TXT \"anything\"\nalias CNAME MAIL\n"
    "cut NS ns.cut\nns.cut A 192.0.2.53\n"
    "secure NS ns.elsewhere.example.\n"
    "secure DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
    "below.secure TXT \"not seen\"\n"
    "odd TYPE65400 \\# 4 01020304\n";

struct name apex_name(void)
{
    struct name name;
    assert_int_equal(name_from_text(APEX, &name, NULL), STATUS_OK);
    return name;
}

static void add_to_records(const struct image_rr *rr, void *arg)
{
    struct error err = {0};
    if (records_add(arg, rr, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

struct records *read_records(const char *text)
{
    struct name apex = apex_name();
    struct records *records = records_new(apex.wire);
    zone_text_each(APEX, text, add_to_records, records);
    return records;
}

struct dnskey_set new_keys(const char *directory)
{
    struct dnskey_set keys = {.keys = xcalloc(1, sizeof(*keys.keys)), .count = 1};
    struct error err = {0};
    if (make_csk(directory, APEX, NOW - 10, keys.keys, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    keys.keys[0].use = DNSKEY_PUBLISHED | DNSKEY_SIGNS_KEYS | DNSKEY_SIGNS_ZONE;
    return keys;
}

const struct image_rrset *find_rrset(const struct image *image, const char *apex, const char *owner,
                                     uint16_t type)
{
    struct name owner_name, apex_name;
    struct name_key key, apex_key;
    assert_int_equal(name_from_text(owner, &owner_name, NULL), STATUS_OK);
    assert_int_equal(name_from_text(apex, &apex_name, NULL), STATUS_OK);
    name_key(owner_name.wire, &key);
    name_key(apex_name.wire, &apex_key);
    const struct image_node *node =
        image_find(image, key.octets + apex_key.len, (size_t)(key.len - apex_key.len));
    return node != NULL ? image_rrset(image, node, type) : NULL;
}

void signed_zone_done(struct signed_zone *zone)
{
    buf_done(&zone->octets);
}

void sign_records(struct records *records, const struct dnskey_set *keys,
                  const struct image *previous, int64_t now, struct signed_zone *ret)
{
    struct sign_wish wish = {DENIAL_NSEC, previous, now};
    sign_as(&wish, records, keys, ret);
}

void sign_as(const struct sign_wish *wish, struct records *records, const struct dnskey_set *keys,
             struct signed_zone *ret)
{
    struct error err = {0};
    *ret = (struct signed_zone){.made = 0};
    assert_int_equal(sign_add_dnskeys(records, keys, 3600, &err), STATUS_OK);
    records_arrange(records);
    if (chain_add(records, wish->denial, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    struct sign_request request = {records, keys, wish->previous, two_weeks, wish->now};
    struct signing *signing = NULL;
    if (sign_prepare(&request, &signing, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < signing->job_count; i++) {
        struct sign_item item = {signing, &signing->jobs[i]};
        sign_run(&item, 1);
    }
    assert_int_equal(sign_finish(signing, &err), STATUS_OK);
    struct image_meta meta = {.expires_at = signing->expires_at};
    ret->made = signing->job_count;
    ret->reused = signing->reused_count;
    if (compile_image(&records, &signing, &meta, &ret->octets, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    if (image_open(ret->octets.data, ret->octets.len, &ret->image, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

enum status verify_signed(const struct image *image, const struct dnskey_set *keys, int64_t now,
                          struct error *err)
{
    struct name apex = apex_name();
    struct verify_request request = {
        .image = image,
        .apex = apex.wire,
        .dnssec = CONFIG_DNSSEC_ON,
        .denial = (image->header->flags & IMAGE_NSEC3) != 0 ? DENIAL_NSEC3 : DENIAL_NSEC,
        .keys = keys,
        .policy = two_weeks,
        .serial = image->header->serial,
        .now = now,
    };
    return verify_image(&request, err);
}
