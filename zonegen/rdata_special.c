// SPDX-License-Identifier: ISC
// Types whose data has a grammar of its own: APL (RFC 3123), HIP (RFC 8005), IPSECKEY (RFC 4025), AMTRELAY (RFC 8777),
// DSYNC (RFC 9859), WKS (RFC 1035 §3.4.2).
#include "zonegen/rdata_fields.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// ── APL ──────────────────────────────────────────────────────────────────────────────────────────

struct prefix {
    bool negated;
    bool ipv6;
    uint8_t bits;
    uint8_t octets[16];
};

// [!]AFI:ADDRESS/BITS
static bool read_prefix(const char *text, struct prefix *ret)
{
    char address[INET6_ADDRSTRLEN];
    ret->negated = *text == '!';
    text += ret->negated;
    if ((text[0] != '1' && text[0] != '2') || text[1] != ':')
        return false;
    ret->ipv6 = text[0] == '2';
    const char *slash = strchr(text, '/');
    if (slash == NULL || (size_t)(slash - text) - 2 >= sizeof(address))
        return false;
    memcpy(address, text + 2, (size_t)(slash - text) - 2);
    address[slash - text - 2] = '\0';
    size_t digits = strspn(slash + 1, "0123456789");
    if (inet_pton(ret->ipv6 ? AF_INET6 : AF_INET, address, ret->octets) != 1 || digits == 0 ||
        digits > 3 || slash[1 + digits] != '\0')
        return false;
    long bits = strtol(slash + 1, NULL, 10);
    ret->bits = (uint8_t)bits;
    return bits <= (ret->ipv6 ? 128 : 32);
}

enum status rdata_put_apl(struct rdata_words *words, struct buf *ret, struct error *err)
{
    struct prefix prefix = {0};
    const char *text = NULL;
    enum status status = rdata_take(words, "a prefix", &text, err);
    if (status != STATUS_OK)
        return status;
    if (!read_prefix(text, &prefix))
        return rdata_wrong(words, err,
                           "\"%s\" is no prefix; one is like 1:192.0.2.0/24 or "
                           "!2:2001:db8::/32",
                           text);
    size_t len = prefix.ipv6 ? 16 : 4;
    while (len > 0 && prefix.octets[len - 1] == 0) // RFC 3123 §4
        len--;
    buf_put_u16(ret, prefix.ipv6 ? 2 : 1);
    buf_put_u8(ret, prefix.bits);
    buf_put_u8(ret, (uint8_t)(len | (prefix.negated ? 0x80 : 0)));
    buf_put(ret, prefix.octets, len);
    return STATUS_OK;
}

// ── HIP ──────────────────────────────────────────────────────────────────────────────────────────

// RFC 8005 §5: lengths first, then the tag and the key; rendezvous servers may follow.
enum status rdata_put_hip(struct rdata_words *words, struct buf *ret, struct error *err)
{
    struct buf tag = {0};
    struct buf key = {0};
    uint32_t algorithm = 0;
    enum status status = rdata_number(words, "an algorithm", UINT8_MAX, &algorithm, err);
    if (status == STATUS_OK)
        status = rdata_put_hex(words, true, false, &tag, err);
    if (status == STATUS_OK && tag.len > UINT8_MAX)
        status = rdata_wrong(words, err, "a host identity tag of %zu octets; 255 at most", tag.len);
    if (status == STATUS_OK)
        status = rdata_put_base64(words, true, &key, err);
    if (status == STATUS_OK && key.len > UINT16_MAX)
        status = rdata_wrong(words, err, "a key of %zu octets; 65535 at most", key.len);
    if (status == STATUS_OK) {
        buf_put_u8(ret, (uint8_t)tag.len);
        buf_put_u8(ret, (uint8_t)algorithm);
        buf_put_u16(ret, (uint16_t)key.len);
        buf_put(ret, tag.data, tag.len);
        buf_put(ret, key.data, key.len);
    }
    while (status == STATUS_OK && rdata_peek(words) != NULL)
        status = rdata_put_name(words, ret, err);
    buf_done(&tag);
    buf_done(&key);
    return status;
}

// ── Gateways ─────────────────────────────────────────────────────────────────────────────────────

// RFC 4025 §2.3 and RFC 8777 §4.2.3: 0 none, 1 IPv4, 2 IPv6, 3 a name.
static enum status put_gateway(uint32_t type, struct rdata_words *words, struct buf *ret,
                               struct error *err)
{
    const char *text = NULL;
    enum status status;
    switch (type) {
    case 0:
        status = rdata_take(words, "a gateway", &text, err);
        if (status == STATUS_OK && strcmp(text, ".") != 0)
            status = rdata_wrong(words, err, "\"%s\" where type 0, no gateway, has \".\"", text);
        return status;
    case 1:
        return rdata_put_ipv4(words, ret, err);
    case 2:
        return rdata_put_ipv6(words, ret, err);
    default:
        return rdata_put_name(words, ret, err);
    }
}

enum status rdata_put_ipseckey(struct rdata_words *words, struct buf *ret, struct error *err)
{
    uint32_t type = 0;
    enum status status = rdata_put_number(words, "a precedence", 1, ret, err);
    if (status == STATUS_OK)
        status = rdata_number(words, "a gateway type", 3, &type, err);
    if (status == STATUS_OK) {
        buf_put_u8(ret, (uint8_t)type);
        status = rdata_put_number(words, "an algorithm", 1, ret, err);
    }
    if (status != STATUS_OK)
        return status;
    status = put_gateway(type, words, ret, err);
    return status == STATUS_OK ? rdata_put_base64(words, false, ret, err) : status;
}

enum status rdata_put_amtrelay(struct rdata_words *words, struct buf *ret, struct error *err)
{
    uint32_t optional = 0;
    uint32_t type = 0;
    enum status status = rdata_put_number(words, "a precedence", 1, ret, err);
    if (status == STATUS_OK)
        status = rdata_number(words, "the discovery bit", 1, &optional, err);
    if (status == STATUS_OK)
        status = rdata_number(words, "a relay type", 3, &type, err);
    if (status != STATUS_OK)
        return status;
    buf_put_u8(ret, (uint8_t)(optional << 7 | type));
    return put_gateway(type, words, ret, err);
}

// ── DSYNC ────────────────────────────────────────────────────────────────────────────────────────

enum status rdata_put_dsync(struct rdata_words *words, struct buf *ret, struct error *err)
{
    enum status status = rdata_put_type(words, "; CDS and CSYNC are announced", ret, err);
    if (status != STATUS_OK)
        return status;
    const char *text = rdata_peek(words);
    if (text != NULL && strcasecmp(text, "NOTIFY") == 0) {
        words->at++;
        buf_put_u8(ret, 1);
    } else {
        status = rdata_put_number(words, "a scheme", 1, ret, err);
    }
    if (status == STATUS_OK)
        status = rdata_put_number(words, "a port", 2, ret, err);
    return status == STATUS_OK ? rdata_put_name(words, ret, err) : status;
}

// ── WKS ──────────────────────────────────────────────────────────────────────────────────────────

// Ports as numbers: which service has which is not the same on every machine.
enum status rdata_put_wks(struct rdata_words *words, struct buf *ret, struct error *err)
{
    uint8_t bits[65536 / 8] = {0};
    size_t len = 0;
    uint32_t port = 0;
    enum status status = rdata_put_ipv4(words, ret, err);
    const char *text = rdata_peek(words);
    bool named = text != NULL && (strcasecmp(text, "tcp") == 0 || strcasecmp(text, "udp") == 0);
    if (status != STATUS_OK)
        return status;
    if (named) {
        words->at++;
        buf_put_u8(ret, strcasecmp(text, "tcp") == 0 ? 6 : 17);
    } else {
        status = rdata_put_number(words, "a protocol", 1, ret, err);
    }
    while (status == STATUS_OK && rdata_peek(words) != NULL) {
        status = rdata_number(words, "a port", UINT16_MAX, &port, err);
        bits[port / 8] |= (uint8_t)(0x80 >> (port % 8));
        len = port / 8 + 1 > len ? port / 8 + 1 : len;
    }
    if (status == STATUS_OK)
        buf_put(ret, bits, len);
    return status;
}
