// SPDX-License-Identifier: ISC
#include "server/respond.h"

#include <time.h>

#include "dns/wire.h"
#include "server/answer.h"
#include "server/options.h"
#include "server/reply.h"

#define TC_OCTET 2 // of the header, RFC 1035 §4.1.1
#define TC_BIT   0x02

static size_t limit_of(const struct query *query, enum transport transport, size_t out_cap)
{
    size_t limit = transport == TRANSPORT_UDP ? reply_limit_udp(query) : DNS_MESSAGE_MAX;
    return limit < out_cap ? limit : out_cap;
}

// What is known of a query while it is answered.
struct work {
    const struct responder *responder;
    struct exchange *exchange;
    size_t limit; // octets of the reply
    struct query query;
    struct opt opt;
};

static size_t reply_error(const struct work *work, uint16_t rcode, uint16_t ede)
{
    struct exchange *exchange = work->exchange;
    exchange->outcome.kind = OUTCOME_ERROR;
    exchange->outcome.rcode = rcode;
    return reply_write_error(&work->query, rcode, ede, &work->opt, exchange->out, work->limit);
}

// The golden ratio spreads the nodes of a zone over all numbers.
static uint64_t source_of(const struct image *image, const struct answer *answer)
{
    bool denied = answer->kind == OUTCOME_NXDOMAIN || answer->kind == OUTCOME_NODATA;
    uint64_t node = denied ? 0 : 1 + (uint64_t)answer->source;
    return image->header->checksum ^ node * 0x9e3779b97f4a7c15ULL;
}

static size_t answer_query(const struct work *work)
{
    struct answer answer;
    const struct image *image;
    const struct query *query = &work->query;
    struct exchange *exchange = work->exchange;
    switch (
        zones_find(work->responder->zones, &query->name.key, query->qtype == RR_TYPE_DS, &image)) {
    case ZONES_NONE:
        return reply_error(work, RCODE_REFUSED, EDE_NOT_AUTHORITATIVE);
    case ZONES_BROKEN:
        return reply_error(work, RCODE_SERVFAIL, EDE_INVALID_DATA);
    case ZONES_NOT_READY:
        return reply_error(work, RCODE_SERVFAIL, EDE_NOT_READY);
    case ZONES_FOUND:
        break;
    }
    answer_make(image, query, &answer);
    exchange->outcome.kind = answer.kind;
    exchange->outcome.rcode = answer.rcode;
    exchange->outcome.source = source_of(image, &answer);
    return reply_write(image, query, &answer, &work->opt, exchange->out, work->limit);
}

// What is not looked up in any zone.
static size_t answer_without_zone(const struct work *work)
{
    const struct query *query = &work->query;
    const char *text = identity_answer(&work->responder->identity, query);
    if (text == NULL)
        return reply_error(work, query->rcode, query->ede);
    work->exchange->outcome.kind = OUTCOME_ERROR;
    work->exchange->outcome.rcode = RCODE_NOERROR;
    return reply_write_text(query, text, &work->opt, work->exchange->out, work->limit);
}

static void respond_one(const struct responder *responder, enum transport transport,
                        struct exchange *exchange)
{
    struct work work;
    struct query *query = &work.query;
    enum query_verdict verdict = options_read(responder, exchange->octets, exchange->len, query);
    exchange->outcome = (struct outcome){.kind = OUTCOME_DROPPED};
    exchange->out_len = 0;
    if (verdict == QUERY_DROP)
        return;
    work.responder = responder;
    work.exchange = exchange;
    work.limit = limit_of(query, transport, exchange->out_cap);
    exchange->outcome.cookie =
        (uint8_t)options_answer(responder, transport, exchange->client, query, &work.opt);
    if (query->question_len > 0)
        exchange->outcome.qtype = query->qtype;
    exchange->outcome.edns = query->edns;
    exchange->outcome.dnssec_ok = query->dnssec_ok;
    exchange->out_len = verdict == QUERY_REPLY ? answer_without_zone(&work) : answer_query(&work);
    exchange->outcome.truncated = (exchange->out[TC_OCTET] & TC_BIT) != 0;
}

void respond_begin(struct responder *responder)
{
    responder->now = (uint32_t)time(NULL);
    if (responder->cookies != NULL)
        cookies_turn(responder->cookies, responder->now);
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
