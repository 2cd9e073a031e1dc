// SPDX-License-Identifier: ISC
#include "server/respond.h"

#include "server/answer.h"
#include "server/question.h"
#include "server/reply.h"

static size_t limit_of(const struct query *query, enum transport transport, size_t out_cap)
{
    size_t limit = transport == TRANSPORT_UDP ? reply_limit_udp(query) : DNS_MESSAGE_MAX;
    return limit < out_cap ? limit : out_cap;
}

size_t server_respond(struct zones *zones, const uint8_t *octets, size_t len,
                      enum transport transport, uint8_t *out, size_t out_cap)
{
    struct query query;
    struct answer answer;
    const struct image *image;
    enum query_verdict verdict = question_read(octets, len, &query);
    if (verdict == QUERY_DROP)
        return 0;
    size_t limit = limit_of(&query, transport, out_cap);
    if (verdict == QUERY_REPLY)
        return reply_write_error(&query, query.rcode, query.ede, out, limit);

    switch (zones_find(zones, &query.name.key, query.qtype == RR_TYPE_DS, &image)) {
    case ZONES_NONE:
        return reply_write_error(&query, RCODE_REFUSED, EDE_NOT_AUTHORITATIVE, out, limit);
    case ZONES_BROKEN:
        return reply_write_error(&query, RCODE_SERVFAIL, EDE_INVALID_DATA, out, limit);
    case ZONES_NOT_READY:
        return reply_write_error(&query, RCODE_SERVFAIL, EDE_NOT_READY, out, limit);
    case ZONES_FOUND:
        break;
    }
    answer_make(image, &query, &answer);
    return reply_write(image, &query, &answer, out, limit);
}
