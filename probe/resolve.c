// SPDX-License-Identifier: ISC
#include "probe/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/types.h"
#include "probe/records.h"

// ── One question ─────────────────────────────────────────────────────────────────────────────────

struct question {
    struct name name;
    uint16_t type;
    bool validated;
    void (*done)(void *data, const struct resolve_answer *answer);
    void *data;
};

// The alias at owner, if there is one.
static bool find_alias(const ldns_rr_list *records, const struct name *owner, struct name *ret)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(records, i);
        if (record_is(rr, owner->wire, RR_TYPE_CNAME) && record_name(ldns_rr_rdf(rr, 0), ret))
            return true;
    }
    return false;
}

static bool has(const ldns_rr_list *records, const struct name *owner, uint16_t type)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++)
        if (record_is(ldns_rr_list_rr(records, i), owner->wire, type))
            return true;
    return false;
}

static enum resolve_outcome read_packet(const struct question *question,
                                        struct resolve_answer *answer)
{
    const ldns_rr_list *records = ldns_pkt_answer(answer->packet);
    ldns_pkt_rcode rcode = ldns_pkt_get_rcode(answer->packet);
    struct name target;
    if (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN)
        return RESOLVE_UNKNOWN;
    for (unsigned aliases = 0; aliases < RESOLVE_ALIASES_MAX; aliases++) {
        if (has(records, &answer->canonical, question->type))
            return RESOLVE_FOUND;
        if (!find_alias(records, &answer->canonical, &target))
            return RESOLVE_NONE;
        answer->canonical = target;
    }
    return RESOLVE_UNKNOWN;
}

static void on_answer(void *data, struct ask_answer *got)
{
    struct question *question = data;
    struct resolve_answer answer = {.canonical = question->name, .packet = got->packet};
    answer.outcome = got->packet != NULL ? read_packet(question, &answer) : RESOLVE_UNKNOWN;
    if (got->packet == NULL)
        snprintf(answer.text, sizeof(answer.text), "the resolver: %.100s", got->text);
    else if (answer.outcome == RESOLVE_UNKNOWN)
        snprintf(answer.text, sizeof(answer.text), "the resolver: rcode %d",
                 (int)ldns_pkt_get_rcode(got->packet));
    answer.secure = question->validated && got->packet != NULL && ldns_pkt_ad(got->packet);
    question->done(question->data, &answer);
    free(question);
}

static void ask(const struct resolver *resolver, const uint8_t *name,
                const struct question *question)
{
    struct question *own = xmalloc(sizeof(*own));
    *own = *question;
    own->name.len = (uint8_t)name_wire_len(name);
    memcpy(own->name.wire, name, own->name.len);
    struct ask_question ask = {.server = resolver->address,
                               .name = own->name.wire,
                               .type = own->type,
                               .transport = ASK_UDP,
                               .recursive = true,
                               .validated = own->validated};
    asker_ask(resolver->asker, &ask, on_answer, own);
}

void resolve(const struct resolver *resolver, const uint8_t *name, uint16_t type,
             void (*done)(void *data, const struct resolve_answer *answer), void *data)
{
    struct question question = {.type = type, .done = done, .data = data};
    ask(resolver, name, &question);
}

void resolve_validated(const struct resolver *resolver, const uint8_t *name, uint16_t type,
                       void (*done)(void *data, const struct resolve_answer *answer), void *data)
{
    struct question question = {.type = type, .validated = true, .done = done, .data = data};
    ask(resolver, name, &question);
}

// ── Addresses ────────────────────────────────────────────────────────────────────────────────────

struct lookup {
    struct resolve_addresses result;
    uint16_t port;
    unsigned pending;
    unsigned unknown; // families
    void (*done)(void *data, const struct resolve_addresses *addresses);
    void *data;
};

static bool is_listed(const struct address *list, size_t count, const struct address *address)
{
    for (size_t i = 0; i < count; i++)
        if (address_equal(&list[i], address))
            return true;
    return false;
}

static void add_address(struct resolve_addresses *result, const struct address *address)
{
    bool reachable = address_scope(address) == ADDRESS_GLOBAL;
    struct address *list = reachable ? result->list : result->unreachable;
    size_t *count = reachable ? &result->count : &result->unreachable_count;
    if (is_listed(list, *count, address))
        return;
    if (*count == RESOLVE_ADDRESSES_MAX)
        result->more = true;
    else
        list[(*count)++] = *address;
}

static void add_family(struct lookup *lookup, const struct resolve_answer *answer)
{
    const ldns_rr_list *records = ldns_pkt_answer(answer->packet);
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(records, i);
        struct address address;
        if (record_is(rr, answer->canonical.wire, (uint16_t)ldns_rr_get_type(rr)) &&
            record_address(rr, lookup->port, &address))
            add_address(&lookup->result, &address);
        else if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME)
            lookup->result.alias = true;
    }
}

static void on_family(void *data, const struct resolve_answer *answer)
{
    struct lookup *lookup = data;
    struct resolve_addresses *result = &lookup->result;
    if (answer->outcome == RESOLVE_UNKNOWN) {
        lookup->unknown++;
        memcpy(result->text, answer->text, sizeof(result->text));
    } else {
        add_family(lookup, answer);
    }
    if (--lookup->pending > 0)
        return;
    bool found = result->count + result->unreachable_count > 0;
    result->partial = lookup->unknown > 0;
    result->outcome = found ? RESOLVE_FOUND : lookup->unknown > 0 ? RESOLVE_UNKNOWN : RESOLVE_NONE;
    lookup->done(lookup->data, result);
    free(lookup);
}

void resolve_addresses(const struct resolver *resolver, const uint8_t *name, uint16_t port,
                       void (*done)(void *data, const struct resolve_addresses *addresses),
                       void *data)
{
    struct lookup *lookup = xcalloc(1, sizeof(*lookup));
    *lookup = (struct lookup){.port = port, .pending = 2, .done = done, .data = data};
    resolve(resolver, name, RR_TYPE_A, on_family, lookup);
    resolve(resolver, name, RR_TYPE_AAAA, on_family, lookup);
}
