// SPDX-License-Identifier: ISC
#include "dns/query.h"

#include "dns/wire.h"

#define EDNS_DO           0x8000 // RFC 3225 §3
#define RR_TYPE_NXNAME    128    // RFC 9824 §3.5: never asked for
#define EDNS_VERSION_MASK 0x00ff0000U

// What the records behind the question said, beyond what struct query keeps.
struct extras {
    bool tsig;
    bool bad_version;
};

bool query_name_read(const uint8_t *octets, size_t len, struct query_name *ret)
{
    size_t end = len < NAME_WIRE_MAX ? len : NAME_WIRE_MAX;
    size_t at = 0;
    unsigned labels = 0;
    while (at < end && octets[at] != 0) {
        if (octets[at] > NAME_LABEL_MAX)
            return false; // a pointer could only lead into the header; other label types are history (RFC 6891 §5)
        ret->label_at[labels++] = (uint8_t)at;
        at += 1U + octets[at];
    }
    if (at >= end)
        return false;
    ret->label_at[labels] = (uint8_t)at;
    ret->wire = octets;
    ret->len = (uint8_t)(at + 1);
    ret->labels = (uint8_t)labels;
    return true;
}

void query_name_key(struct query_name *name)
{
    name_key_at(name->wire, name->label_at, name->labels, &name->key);
}

static bool read_question(struct wire_reader *reader, struct query *query)
{
    if (!query_name_read(reader->at, wire_left(reader), &query->name))
        return false;
    wire_take(reader, query->name.len);
    query->qtype = wire_u16(reader);
    query->qclass = wire_u16(reader);
    if (!wire_ok(reader))
        return false;
    query->question_len = (uint16_t)(query->name.len + 4);
    return true;
}

static void read_cookie(const uint8_t *octets, size_t len, struct query *query)
{
    if ((query->options & (QUERY_COOKIE | QUERY_COOKIE_MALFORMED)) != 0)
        return; // RFC 7873 §5.2: the first one counts
    if (len != COOKIE_CLIENT_LEN && (len < COOKIE_LEN_MIN || len > COOKIE_LEN_MAX)) {
        query->options |= QUERY_COOKIE_MALFORMED;
        return;
    }
    query->options |= QUERY_COOKIE;
    query->cookie = octets;
    query->cookie_len = (uint8_t)len;
}

// The options of an OPT. False when they do not end where it does.
static bool read_options(const uint8_t *rdata, size_t len, struct query *query)
{
    struct wire_reader reader = wire_reader(rdata, len);
    while (wire_left(&reader) > 0) {
        uint16_t code = wire_u16(&reader);
        uint16_t option_len = wire_u16(&reader);
        const uint8_t *octets = wire_take(&reader, option_len);
        if (!wire_ok(&reader))
            return false;
        if (code == EDNS_COOKIE)
            read_cookie(octets, option_len, query);
        else if (code == EDNS_NSID)
            query->options |= QUERY_NSID;
        else if (code == EDNS_KEEPALIVE && option_len == 0)
            query->options |= QUERY_KEEPALIVE;
        else if (code == EDNS_PADDING)
            query->options |= QUERY_PADDING;
    }
    return true;
}

// RFC 6891 §6.1.1: at most one OPT, owned by the root.
static bool read_opt(struct query *query, struct extras *extras, size_t owner_len, uint16_t size,
                     uint32_t ttl)
{
    if (query->edns || owner_len != 1)
        return false;
    query->edns = true;
    query->dnssec_ok = (ttl & EDNS_DO) != 0;
    query->udp_size = size < DNS_UDP_PLAIN_MAX ? DNS_UDP_PLAIN_MAX : size; // RFC 6891 §6.2.3
    extras->bad_version = (ttl & EDNS_VERSION_MASK) != 0;
    return true;
}

static bool read_record(struct wire_reader *reader, struct query *query, struct extras *extras,
                        bool last)
{
    size_t owner_len = wire_skip_name(reader);
    uint16_t type = wire_u16(reader);
    uint16_t class = wire_u16(reader);
    uint32_t ttl = wire_u32(reader);
    uint16_t rdata_len = wire_u16(reader);
    const uint8_t *rdata = wire_take(reader, rdata_len);
    if (!wire_ok(reader))
        return false;
    if (type == RR_TYPE_OPT)
        return read_opt(query, extras, owner_len, class, ttl) &&
               read_options(rdata, rdata_len, query);
    if (type == RR_TYPE_TSIG) {
        extras->tsig = true;
        return last; // RFC 8945 §5.1
    }
    return true;
}

// The SOA that the client of an IXFR has (RFC 1995 §3).
static bool read_authority(struct wire_reader *reader)
{
    struct extras ignored = {0};
    struct query scratch = {.edns = true}; // an OPT there is one too many
    return read_record(reader, &scratch, &ignored, false);
}

// The sections behind the question.
static bool read_records(struct wire_reader *reader, const uint8_t *header, struct query *query,
                         struct extras *extras)
{
    unsigned answers = wire_get_u16(header + 6);
    unsigned authorities = wire_get_u16(header + 8);
    unsigned additionals = wire_get_u16(header + 10);
    if (answers != 0 || authorities > (query->qtype == RR_TYPE_IXFR ? 1U : 0U))
        return false;
    if (authorities == 1 && !read_authority(reader))
        return false;
    for (unsigned i = 0; i < additionals; i++)
        if (!read_record(reader, query, extras, i + 1 == additionals))
            return false;
    return wire_left(reader) == 0;
}

// Types that only records of a message have, never a question.
static bool is_askable(uint16_t qtype)
{
    return qtype != RR_TYPE_OPT && qtype != RR_TYPE_TSIG && qtype != RR_TYPE_NXNAME;
}

enum query_verdict query_parse(const uint8_t *octets, size_t len, struct query *ret)
{
    if (len < DNS_HEADER_LEN)
        return QUERY_DROP;
    ret->id = wire_get_u16(octets);
    ret->flags = wire_get_u16(octets + 2);
    if ((ret->flags & HEADER_QR) != 0)
        return QUERY_DROP; // two servers must not talk to each other for ever
    ret->rcode = RCODE_NOERROR;
    ret->ede = QUERY_NO_EDE;
    ret->question_len = 0;
    ret->name.wire = octets + DNS_HEADER_LEN;
    ret->udp_size = DNS_UDP_PLAIN_MAX;
    ret->edns = false;
    ret->dnssec_ok = false;
    ret->options = 0;
    if ((ret->flags >> 11 & 15) != OPCODE_QUERY)
        return query_reject(ret, RCODE_NOTIMP,
                            QUERY_NO_EDE); // what else is in it may mean anything (RFC 8906 §3.1.4)

    struct wire_reader reader = wire_reader(octets + DNS_HEADER_LEN, len - DNS_HEADER_LEN);
    struct extras extras = {0};
    if (wire_get_u16(octets + 4) != 1 || !read_question(&reader, ret))
        return query_reject(ret, RCODE_FORMERR, QUERY_NO_EDE); // RFC 9619 §4
    if (!read_records(&reader, octets, ret, &extras))
        return query_reject(ret, RCODE_FORMERR, QUERY_NO_EDE);
    if (extras.bad_version)
        return query_reject(ret, RCODE_BADVERS, QUERY_NO_EDE); // RFC 6891 §6.1.3
    if (extras.tsig)
        return query_reject(ret, RCODE_NOTAUTH,
                            QUERY_NO_EDE); // no key is known here, so none fits (RFC 8945 §5.2.1)
    if (!is_askable(ret->qtype))
        return query_reject(ret, RCODE_FORMERR, QUERY_NO_EDE);
    query_name_key(&ret->name);
    return QUERY_LOOKUP;
}

bool query_asks_for_cookie(const uint8_t *octets, size_t len, struct query *ret)
{
    if (len < DNS_HEADER_LEN || (ret->flags >> 11 & 15) != OPCODE_QUERY ||
        wire_get_u16(octets + 4) != 0 || wire_get_u16(octets + 6) != 0 ||
        wire_get_u16(octets + 8) != 0)
        return false;
    struct query query = *ret;
    query.qtype = 0;
    struct extras extras = {0};
    struct wire_reader reader = wire_reader(octets + DNS_HEADER_LEN, len - DNS_HEADER_LEN);
    if (!read_records(&reader, octets, &query, &extras) || extras.bad_version || extras.tsig ||
        (query.options & QUERY_COOKIE) == 0)
        return false;
    *ret = query;
    return true;
}
