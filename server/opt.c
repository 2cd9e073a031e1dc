// SPDX-License-Identifier: ISC
#include "server/opt.h"

#include <string.h>

#include "dns/wire.h"

#define OPT_LEN       11
#define OPT_RDATA_AT  9 // where the length stands
#define EDE_LEN       (OPT_OPTION_HEAD + 2)
#define EDNS_DO       0x8000U
#define PADDING_BLOCK 468 // RFC 8467 §4.1
// RFC 7828 §3.1: in units of 100 ms
#define KEEPALIVE_UNIT_MS 100
#define KEEPALIVE_MAX     UINT16_MAX

static uint8_t *put_option(struct opt *opt, enum edns_option code, size_t len)
{
    uint8_t *at = opt->options + opt->options_len;
    wire_set_u16(at, (uint16_t)code);
    wire_set_u16(at + 2, (uint16_t)len);
    opt->options_len = (uint8_t)(opt->options_len + OPT_OPTION_HEAD + len);
    return at + OPT_OPTION_HEAD;
}

void opt_put_cookie(struct opt *opt, const uint8_t cookie[COOKIES_LEN])
{
    memcpy(put_option(opt, EDNS_COOKIE, COOKIES_LEN), cookie, COOKIES_LEN);
}

void opt_put_nsid(struct opt *opt, const char *nsid)
{
    size_t len = strlen(nsid);
    memcpy(put_option(opt, EDNS_NSID, len), nsid, len);
}

void opt_put_keepalive(struct opt *opt, unsigned idle_ms)
{
    unsigned units = idle_ms / KEEPALIVE_UNIT_MS;
    wire_set_u16(put_option(opt, EDNS_KEEPALIVE, 2),
                 (uint16_t)(units < KEEPALIVE_MAX ? units : KEEPALIVE_MAX));
}

size_t opt_len(const struct opt *opt)
{
    return OPT_LEN + (size_t)opt->options_len;
}

static size_t put_ede(uint8_t *at, uint16_t ede)
{
    wire_set_u16(at, EDNS_EDE);
    wire_set_u16(at + 2, 2);
    wire_set_u16(at + 4, ede);
    return EDE_LEN;
}

// Fills the message up to a multiple of the block, or to its limit.
static size_t put_padding(uint8_t *out, size_t at, size_t limit)
{
    size_t bare = at + OPT_OPTION_HEAD;
    if (bare > limit)
        return at;
    size_t end = (bare + PADDING_BLOCK - 1) / PADDING_BLOCK * PADDING_BLOCK;
    if (end > limit)
        end = limit;
    wire_set_u16(out + at, EDNS_PADDING);
    wire_set_u16(out + at + 2, (uint16_t)(end - bare));
    memset(out + bare, 0, end - bare);
    return end;
}

size_t opt_write(const struct opt *opt, const struct opt_head *head, uint8_t *out, size_t at,
                 size_t limit)
{
    uint8_t *start = out + at;
    start[0] = 0; // the root
    wire_set_u16(start + 1, RR_TYPE_OPT);
    wire_set_u16(start + 3, DNS_UDP_EDNS_MAX);
    // RFC 6891 §6.1.3: the upper bits of the rcode, our version 0, DO
    wire_set_u32(start + 5, (uint32_t)(head->rcode >> 4) << 24 | (head->dnssec_ok ? EDNS_DO : 0));
    memcpy(start + OPT_LEN, opt->options, opt->options_len);
    size_t end = at + opt_len(opt);
    if (head->ede != QUERY_NO_EDE && limit - end >= EDE_LEN)
        end += put_ede(out + end, head->ede);
    if (opt->padded)
        end = put_padding(out, end, limit);
    wire_set_u16(start + OPT_RDATA_AT, (uint16_t)(end - at - OPT_LEN));
    return end;
}
