// SPDX-License-Identifier: ISC
#include "server/respond.h"

#include <time.h>

#include "dns/wire.h"
#include "server/answer.h"
#include "server/question.h"
#include "server/reply.h"

#define TC_OCTET 2 // of the header, RFC 1035 §4.1.1
#define TC_BIT   0x02

static size_t limit_of(const struct query *query, enum transport transport, size_t out_cap)
{
    size_t limit = transport == TRANSPORT_UDP ? reply_limit_udp(query) : DNS_MESSAGE_MAX;
    return limit < out_cap ? limit : out_cap;
}

static size_t reply_error(struct exchange *exchange, const struct query *query, uint16_t rcode,
                          uint16_t ede, size_t limit)
{
    exchange->outcome.kind = OUTCOME_ERROR;
    exchange->outcome.rcode = rcode;
    return reply_write_error(query, rcode, ede, exchange->out, limit);
}

// The golden ratio spreads the nodes of a zone over all numbers.
static uint64_t source_of(const struct image *image, const struct answer *answer)
{
    bool denied = answer->kind == OUTCOME_NXDOMAIN || answer->kind == OUTCOME_NODATA;
    uint64_t node = denied ? 0 : 1 + (uint64_t)answer->source;
    return image->header->checksum ^ node * 0x9e3779b97f4a7c15ULL;
}

static size_t answer_query(const struct responder *responder, const struct query *query,
                           struct exchange *exchange, size_t limit)
{
    struct answer answer;
    const struct image *image;
    switch (zones_find(responder->zones, &query->name.key, query->qtype == RR_TYPE_DS, &image)) {
    case ZONES_NONE:
        return reply_error(exchange, query, RCODE_REFUSED, EDE_NOT_AUTHORITATIVE, limit);
    case ZONES_BROKEN:
        return reply_error(exchange, query, RCODE_SERVFAIL, EDE_INVALID_DATA, limit);
    case ZONES_NOT_READY:
        return reply_error(exchange, query, RCODE_SERVFAIL, EDE_NOT_READY, limit);
    case ZONES_FOUND:
        break;
    }
    answer_make(image, query, &answer);
    exchange->outcome.kind = answer.kind;
    exchange->outcome.rcode = answer.rcode;
    exchange->outcome.source = source_of(image, &answer);
    return reply_write(image, query, &answer, exchange->out, limit);
}

static void respond_one(const struct responder *responder, enum transport transport,
                        struct exchange *exchange)
{
    struct query query;
    enum query_verdict verdict = question_read(exchange->octets, exchange->len, &query);
    exchange->outcome = (struct outcome){.kind = OUTCOME_DROPPED};
    exchange->out_len = 0;
    if (verdict == QUERY_DROP)
        return;
    size_t limit = limit_of(&query, transport, exchange->out_cap);
    if (query.question_len > 0)
        exchange->outcome.qtype = query.qtype;
    exchange->outcome.edns = query.edns;
    exchange->outcome.dnssec_ok = query.dnssec_ok;
    exchange->out_len = verdict == QUERY_REPLY
                            ? reply_error(exchange, &query, query.rcode, query.ede, limit)
                            : answer_query(responder, &query, exchange, limit);
    exchange->outcome.truncated = (exchange->out[TC_OCTET] & TC_BIT) != 0;
}

void respond_begin(struct responder *responder)
{
    responder->now = (uint32_t)time(NULL);
    zones_begin(responder->zones);
}

void respond_end(struct responder *responder)
{
    zones_end(responder->zones);
}

void respond(const struct responder *responder, enum transport transport,
             struct exchange *exchanges, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        respond_one(responder, transport, &exchanges[i]);
}
