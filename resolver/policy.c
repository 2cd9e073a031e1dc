// SPDX-License-Identifier: ISC
#include "resolver/policy.h"

// Types that say how to answer, not what to look for (RFC 6895 §3.1: Meta-TYPEs, 128 to 255).
#define META_FIRST 128
#define META_TKEY  249

static bool is_meta(uint16_t qtype)
{
    return (qtype >= META_FIRST && qtype <= META_TKEY) || qtype == RR_TYPE_MAILA ||
           qtype == RR_TYPE_MAILB;
}

enum query_verdict policy_read(const uint8_t *octets, size_t len, struct query *ret)
{
    enum query_verdict verdict = query_parse(octets, len, ret);
    if (verdict != QUERY_LOOKUP)
        return verdict;
    if (ret->qclass != RR_CLASS_IN) // version.bind and its like included
        return query_reject(ret, RCODE_REFUSED, QUERY_NO_EDE);
    if (ret->qtype == RR_TYPE_AXFR || ret->qtype == RR_TYPE_IXFR)
        return query_reject(ret, RCODE_REFUSED, EDE_NOT_SUPPORTED);
    if (is_meta(ret->qtype))
        return query_reject(ret, RCODE_FORMERR, QUERY_NO_EDE);
    // There is no data of our own, and what others asked before is nobody's business (RFC 8914 §4.21).
    if ((ret->flags & HEADER_RD) == 0)
        return query_reject(ret, RCODE_REFUSED, EDE_NOT_AUTHORITATIVE);
    return QUERY_LOOKUP;
}
