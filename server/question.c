// SPDX-License-Identifier: ISC
#include "server/question.h"

enum query_verdict question_read(const uint8_t *octets, size_t len, struct query *ret)
{
    enum query_verdict verdict = query_parse(octets, len, ret);
    if (verdict != QUERY_LOOKUP)
        return verdict;
    if (ret->qclass != RR_CLASS_IN)
        return query_reject(ret, RCODE_REFUSED, QUERY_NO_EDE);
    switch (ret->qtype) {
    case RR_TYPE_AXFR:
    case RR_TYPE_IXFR:
        return query_reject(ret, RCODE_REFUSED, EDE_NOT_SUPPORTED);
    case RR_TYPE_MAILA:
    case RR_TYPE_MAILB: // RFC 1035 §3.2.3; as BIND answers them
        return query_reject(ret, RCODE_NOTIMP, QUERY_NO_EDE);
    default:
        return QUERY_LOOKUP;
    }
}
