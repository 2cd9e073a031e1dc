// SPDX-License-Identifier: ISC
#include "signer/public_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/types.h"
#include "keys/base64.h"

#define FLAG_REVOKE 0x0080 // RFC 5011 §7
#define HEAD        4      // flags, protocol, algorithm: octets of the rdata before the key

// RFC 4034 appendix B. Algorithm 1 (B.1) has long been forbidden.
static uint16_t key_tag(const uint8_t *rdata, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum += (i & 1) != 0 ? rdata[i] : (uint32_t)rdata[i] << 8;
    return (uint16_t)(sum + (sum >> 16));
}

static void add(struct public_keys *keys, const uint8_t *rdata, uint16_t len)
{
    keys->list = xreallocarray(keys->list, keys->count + 1, sizeof(*keys->list));
    keys->list[keys->count++] = (struct public_key){
        .tag = key_tag(rdata, len),
        .flags = (uint16_t)(rdata[0] << 8 | rdata[1]),
        .algorithm = rdata[3],
        .len = len,
        .rdata = xmemdup(rdata, len),
    };
}

void public_keys_read(const struct image *image, bool is_unsigned, struct public_keys *ret)
{
    const struct image_rrset *rrset = image_rrset(image, image->nodes, RR_TYPE_DNSKEY);
    *ret = (struct public_keys){.kind = PUBLIC_UNSIGNED};
    if (is_unsigned || rrset == NULL || rrset->sig_count == 0)
        return;
    struct image_cursor cursor;
    struct image_rr rr;
    ret->kind = PUBLIC_SIGNED;
    ret->ttl = rrset->ttl;
    for (image_rrs(&cursor, image, rrset, false); image_rrs_next(&cursor, &rr);)
        if (rr.rdata_len > HEAD)
            add(ret, rr.rdata, rr.rdata_len);
}

void public_keys_done(struct public_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        free(keys->list[i].rdata);
    free(keys->list);
    *keys = (struct public_keys){.kind = PUBLIC_NOTHING};
}

static bool same_key(const struct public_key *a, const struct public_key *b)
{
    return a->len == b->len && memcmp(a->rdata, b->rdata, a->len) == 0;
}

bool public_keys_equal(const struct public_keys *a, const struct public_keys *b)
{
    if (a->kind != b->kind || a->ttl != b->ttl || a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!same_key(&a->list[i], &b->list[i]))
            return false;
    return true;
}

static void add_missing(struct public_keys *keys, const struct public_keys *more)
{
    size_t before = keys->count;
    for (size_t i = 0; i < more->count; i++) {
        bool there = false;
        for (size_t k = 0; k < before && !there; k++)
            there = same_key(&keys->list[k], &more->list[i]);
        if (!there)
            add(keys, more->list[i].rdata, more->list[i].len);
    }
}

void public_keys_both(const struct public_keys *a, const struct public_keys *b,
                      struct public_keys *ret)
{
    bool is_unsigned = a->kind == PUBLIC_UNSIGNED || b->kind == PUBLIC_UNSIGNED;
    *ret = (struct public_keys){.kind = is_unsigned ? PUBLIC_UNSIGNED : PUBLIC_SIGNED};
    if (is_unsigned)
        return;
    ret->ttl = b->kind == PUBLIC_SIGNED ? b->ttl : a->ttl;
    add_missing(ret, a);
    add_missing(ret, b);
}

static void print_key(const struct public_keys *keys, const struct public_key *key,
                      const char *name, struct buf *ret)
{
    buf_printf(ret, "%s. %u IN DNSKEY %u %u %u ", name, keys->ttl, key->flags, key->rdata[2],
               key->algorithm);
    base64_put(key->rdata + HEAD, (size_t)key->len - HEAD, ret);
    buf_put_text(ret, "\n");
}

void public_keys_print(const struct public_keys *keys, const char *name, struct buf *ret)
{
    if (keys->kind == PUBLIC_UNSIGNED)
        buf_printf(ret, "; unsigned: %s.\n", name);
    for (size_t i = 0; i < keys->count; i++)
        if ((keys->list[i].flags & FLAG_REVOKE) == 0)
            print_key(keys, &keys->list[i], name, ret);
}
