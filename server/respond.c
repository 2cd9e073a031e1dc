// SPDX-License-Identifier: ISC
#include "server/respond.h"

#include <time.h>

#include "dns/wire.h"
#include "server/answer.h"
#include "server/options.h"
#include "server/reply.h"

#define TC_OCTET 2 // of the header, RFC 1035 §4.1.1
#define TC_BIT   0x02

// Queries whose steps overlap: more than a processor can wait for at once, and few enough for what they
// leave behind to stay in the first two levels of the cache.
#define RESPOND_TOGETHER 32

static size_t limit_of(const struct query *query, enum transport transport, size_t out_cap)
{
    size_t limit = transport == TRANSPORT_UDP ? reply_limit_udp(query) : DNS_MESSAGE_MAX;
    return limit < out_cap ? limit : out_cap;
}

// What is known of a query while it is answered: each step adds to it.
struct work {
    const struct responder *responder;
    struct exchange *exchange;
    size_t limit; // octets of the reply
    struct query query;
    struct opt opt;
    struct zones_search zone;
    const struct image *image; // of its zone
    struct image_search node;  // in that
    struct answer answer;
};

static size_t reply_error(const struct work *work, uint16_t rcode, uint16_t ede)
{
    struct exchange *exchange = work->exchange;
    exchange->outcome.kind = OUTCOME_ERROR;
    exchange->outcome.rcode = rcode;
    return reply_write_error(&work->query, rcode, ede, &work->opt, exchange->out, work->limit);
}

// The golden ratio spreads the nodes of a zone over all numbers. A zone's own is where its image lies: its id would be
// one more thing to wait for.
static uint64_t source_of(const struct image *image, const struct answer *answer)
{
    bool denied = answer->kind == OUTCOME_NXDOMAIN || answer->kind == OUTCOME_NODATA;
    uint64_t node = denied ? 0 : 1 + (uint64_t)answer->source;
    return (uintptr_t)image->header ^ node * 0x9e3779b97f4a7c15ULL;
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

// ── The steps ────────────────────────────────────────────────────────────────────────────────────

// Octets → question. False when nothing is to be looked up: the reply is written, or there is none.
static bool read_query(const struct responder *responder, enum transport transport,
                       struct work *work)
{
    struct exchange *exchange = work->exchange;
    struct query *query = &work->query;
    enum query_verdict verdict = options_read(responder, exchange->octets, exchange->len, query);
    exchange->outcome = (struct outcome){.kind = OUTCOME_DROPPED};
    exchange->out_len = 0;
    if (verdict == QUERY_DROP)
        return false;
    work->responder = responder;
    work->limit = limit_of(query, transport, exchange->out_cap);
    exchange->outcome.cookie =
        (uint8_t)options_answer(responder, transport, exchange->client, query, &work->opt);
    if (query->question_len > 0)
        exchange->outcome.qtype = query->qtype;
    exchange->outcome.edns = query->edns;
    exchange->outcome.dnssec_ok = query->dnssec_ok;
    if (verdict == QUERY_REPLY) {
        exchange->out_len = answer_without_zone(work);
        return false;
    }
    zones_search_begin(responder->zones, &query->name.key, query->qtype == RR_TYPE_DS, &work->zone);
    return true;
}

// Question → image of its zone. False when it has none: the reply is written.
static bool take_zone(struct work *work)
{
    struct exchange *exchange = work->exchange;
    switch (zones_search_end(work->responder->zones, &work->zone, &work->image)) {
    case ZONES_NONE:
        exchange->out_len = reply_error(work, RCODE_REFUSED, EDE_NOT_AUTHORITATIVE);
        return false;
    case ZONES_BROKEN:
        exchange->out_len = reply_error(work, RCODE_SERVFAIL, EDE_INVALID_DATA);
        return false;
    case ZONES_NOT_READY:
        exchange->out_len = reply_error(work, RCODE_SERVFAIL, EDE_NOT_READY);
        return false;
    case ZONES_FOUND:
        break;
    }
    answer_search(work->image, &work->query.name, &work->node);
    return true;
}

// Image and question → references to RRsets.
static void find_answer(struct work *work)
{
    const struct answer *answer = &work->answer;
    zones_hand(work->responder->zones, work->image);
    answer_make_found(work->image, &work->query, &work->node, &work->answer);
    for (unsigned i = 0; i < answer->answer_count; i++)
        __builtin_prefetch(answer->answers[i].rrset);
    for (unsigned i = 0; i < answer->authority_count; i++)
        __builtin_prefetch(answer->authority[i].rrset);
}

// The octets of what is referred to, and the owners' nodes where those are called as in the zone.
static void prefetch_octets(const struct work *work)
{
    const struct image *image = work->image;
    const struct answer *answer = &work->answer;
    for (unsigned i = 0; i < answer->authority_count; i++) {
        const struct reference *reference = &answer->authority[i];
        __builtin_prefetch(&image->nodes[reference->rrset->node]);
        image_prefetch_wire(image, reference->rrset, (reference->parts & PART_SIGS) != 0);
    }
    for (unsigned i = 0; i < answer->answer_count; i++) {
        const struct reference *reference = &answer->answers[i];
        image_prefetch_wire(image, reference->rrset, (reference->parts & PART_SIGS) != 0);
    }
}

static void prefetch_owners(const struct work *work)
{
    const struct image *image = work->image;
    const struct answer *answer = &work->answer;
    for (unsigned i = 0; i < answer->authority_count; i++) {
        const struct image_node *node = &image->nodes[answer->authority[i].rrset->node];
        __builtin_prefetch(image_node_key(image, node));
        __builtin_prefetch(image_node_name(image, node));
    }
}

// References → octets.
static void write_reply(struct work *work)
{
    struct exchange *exchange = work->exchange;
    const struct answer *answer = &work->answer;
    exchange->outcome.kind = answer->kind;
    exchange->outcome.rcode = answer->rcode;
    exchange->outcome.source = source_of(work->image, answer);
    zones_hand(work->responder->zones, work->image);
    exchange->out_len =
        reply_write(work->image, &work->query, answer, &work->opt, exchange->out, work->limit);
}

// Takes all queries through one step before the next: each step asks memory for what the next one
// reads, so that the queries wait for it together.
static void respond_together(const struct responder *responder, enum transport transport,
                             struct exchange *exchanges, unsigned count)
{
    // Of the process, since it has one thread, and nothing of a batch outlives this function. Links
    // are seldom touched.
    static struct work works[RESPOND_TOGETHER];
    static struct answer_link links[RESPOND_TOGETHER][ANSWER_LINKS_MAX + 1];
    struct work *open[RESPOND_TOGETHER];
    unsigned read = 0, found = 0;
    for (unsigned i = 0; i < count; i++) {
        works[i].exchange = &exchanges[i];
        works[i].answer.links = links[i];
        if (read_query(responder, transport, &works[i]))
            open[read++] = &works[i];
    }
    for (unsigned i = 0; i < read; i++)
        zones_search_go_on(responder->zones, &open[i]->zone);
    for (unsigned i = 0; i < read; i++)
        if (take_zone(open[i]))
            open[found++] = open[i];
    for (unsigned i = 0; i < found; i++)
        image_prefetch_cell(open[i]->image, &open[i]->node);
    for (unsigned i = 0; i < found; i++)
        image_search_cell(open[i]->image, &open[i]->node);
    for (unsigned i = 0; i < found; i++)
        image_search_node(open[i]->image, &open[i]->node);
    for (unsigned i = 0; i < found; i++)
        find_answer(open[i]);
    zones_hand(responder->zones, NULL);
    for (unsigned i = 0; i < found; i++)
        prefetch_octets(open[i]);
    for (unsigned i = 0; i < found; i++)
        prefetch_owners(open[i]);
    for (unsigned i = 0; i < found; i++)
        write_reply(open[i]);
    zones_hand(responder->zones, NULL);
    for (unsigned i = 0; i < count; i++)
        exchanges[i].outcome.truncated =
            exchanges[i].out_len > 0 && (exchanges[i].out[TC_OCTET] & TC_BIT) != 0;
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
    for (unsigned i = 0; i < count; i += RESPOND_TOGETHER) {
        unsigned left = count - i;
        respond_together(responder, transport, exchanges + i,
                         left < RESPOND_TOGETHER ? left : RESPOND_TOGETHER);
    }
}
