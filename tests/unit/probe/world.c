// SPDX-License-Identifier: ISC
#include "tests/unit/probe/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

static ldns_rr_list *read_records(const char *text)
{
    ldns_rr_list *list = ldns_rr_list_new();
    char *copy = xstrdup(text), *rest = copy;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        ldns_rr *rr = NULL;
        if (*line == '\0')
            continue;
        if (ldns_rr_new_frm_str(&rr, line, 300, NULL, NULL) != LDNS_STATUS_OK)
            fail_msg("no record: %s", line);
        ldns_rr_list_push_rr(list, rr);
    }
    free(copy);
    return list;
}

static bool is_at(const ldns_rr *rr, const char *name)
{
    char *owner = ldns_rdf2str(ldns_rr_owner(rr));
    bool at = name_is(owner, name);
    free(owner);
    return at;
}

// Copies what fits into a section. Returns how many.
static size_t copy(ldns_pkt *packet, ldns_pkt_section section, const ldns_rr_list *from,
                   const char *name, ldns_rr_type type)
{
    size_t count = 0;
    for (size_t i = 0; i < ldns_rr_list_rr_count(from); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(from, i);
        if (is_at(rr, name) && ldns_rr_get_type(rr) == type) {
            ldns_pkt_push_rr(packet, section, ldns_rr_clone(rr));
            count++;
        } else if (is_at(rr, name) && ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG &&
                   ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(rr)) == type) {
            ldns_pkt_push_rr(packet, section, ldns_rr_clone(rr));
        }
    }
    return count;
}

static bool exists(const ldns_rr_list *list, const char *name)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        char *owner = ldns_rdf2str(ldns_rr_owner(ldns_rr_list_rr(list, i)));
        bool inside = name_is_inside(owner, name);
        free(owner);
        if (inside)
            return true;
    }
    return false;
}

// The highest cut at or above the name, in the zone.
static const char *cut_above(const ldns_rr_list *list, const char *zone, const char *name,
                             ldns_rr_type type)
{
    const char *found = NULL;
    for (const char *at = name; at != NULL && !name_is(at, zone); at = name_above(at))
        for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
            if (ldns_rr_get_type(ldns_rr_list_rr(list, i)) == LDNS_RR_TYPE_NS &&
                is_at(ldns_rr_list_rr(list, i), at) &&
                !(type == LDNS_RR_TYPE_DS && name_is(at, name)))
                found = at;
    return found;
}

static void refer(ldns_pkt *packet, const ldns_rr_list *list, const char *cut)
{
    copy(packet, LDNS_SECTION_AUTHORITY, list, cut, LDNS_RR_TYPE_NS);
    const ldns_rr_list *names = ldns_pkt_authority(packet);
    for (size_t i = 0; i < ldns_rr_list_rr_count(names); i++) {
        char *name = ldns_rdf2str(ldns_rr_rdf(ldns_rr_list_rr(names, i), 0));
        copy(packet, LDNS_SECTION_ADDITIONAL, list, name, LDNS_RR_TYPE_A);
        copy(packet, LDNS_SECTION_ADDITIONAL, list, name, LDNS_RR_TYPE_AAAA);
        free(name);
    }
}

// With every proof that there is.
static void deny(ldns_pkt *packet, const ldns_rr_list *list)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_NSEC)
            continue;
        char *owner = ldns_rdf2str(ldns_rr_owner(rr));
        copy(packet, LDNS_SECTION_AUTHORITY, list, owner, LDNS_RR_TYPE_NSEC);
        free(owner);
    }
}

// Is "name" or "name TYPE" asked for?
static bool is_about(const struct fact_dns *question, const char *what)
{
    if (what == NULL)
        return false;
    char *type = ldns_rr_type2str(question->type);
    char *asked = xasprintf("%s %s", question->name, type);
    bool about = name_is(question->name, what) || strcmp(asked, what) == 0;
    free(asked);
    free(type);
    return about;
}

static ldns_pkt *new_packet(bool edns)
{
    ldns_pkt *packet = ldns_pkt_new();
    ldns_pkt_set_qr(packet, true);
    if (edns)
        ldns_pkt_set_edns_udp_size(packet, 1232);
    return packet;
}

static ldns_pkt *answer(const struct world_server *server, const struct fact_dns *question)
{
    ldns_pkt *packet = new_packet(!server->no_edns);
    ldns_pkt_set_ra(packet, server->recursive);
    if (server->lame || !name_is_inside(question->name, server->zone)) {
        ldns_pkt_set_rcode(packet, LDNS_RCODE_REFUSED);
        return packet;
    }
    ldns_rr_list *list = read_records(server->records);
    const char *cut = cut_above(list, server->zone, question->name, question->type);
    if (cut != NULL) {
        refer(packet, list, cut);
    } else {
        ldns_pkt_set_aa(packet, !server->no_authority);
        if (copy(packet, LDNS_SECTION_ANSWER, list, question->name, question->type) == 0)
            copy(packet, LDNS_SECTION_ANSWER, list, question->name, LDNS_RR_TYPE_CNAME);
        if (!exists(list, question->name)) {
            ldns_pkt_set_rcode(packet, LDNS_RCODE_NXDOMAIN);
            deny(packet, list);
        }
    }
    ldns_rr_list_deep_free(list);
    return packet;
}

// What the first of the servers has whose zone lies deepest.
static const struct world_server *deepest(const struct world *world, const char *name)
{
    const struct world_server *found = NULL;
    for (size_t i = 0; i < world->server_count; i++) {
        const struct world_server *server = &world->servers[i];
        if (name_is_inside(name, server->zone) &&
            (found == NULL || strlen(server->zone) > strlen(found->zone)))
            found = server;
    }
    return found;
}

static ldns_pkt *resolve(const struct world *world, const struct fact_dns *question)
{
    ldns_pkt *packet = new_packet(true);
    ldns_rr_list *more = read_records(world->elsewhere != NULL ? world->elsewhere : "");
    const struct world_server *server = deepest(world, question->name);
    if (copy(packet, LDNS_SECTION_ANSWER, more, question->name, question->type) == 0 &&
        server != NULL) {
        ldns_rr_list *list = read_records(server->records);
        if (copy(packet, LDNS_SECTION_ANSWER, list, question->name, question->type) == 0)
            copy(packet, LDNS_SECTION_ANSWER, list, question->name, LDNS_RR_TYPE_CNAME);
        ldns_rr_list_deep_free(list);
    }
    ldns_rr_list_deep_free(more);
    return packet;
}

static void settle_dns(const struct world *world, struct fact *fact)
{
    const struct fact_dns *question = &fact->dns;
    if (question->server.any.sa_family == AF_UNSPEC) {
        if (world->resolver_silent || is_about(question, world->dead))
            fact_fail(fact, FACT_SILENT, "no answer");
        else
            fact_answer_dns(fact, resolve(world, question));
        return;
    }
    char text[ADDRESS_TEXT_MAX];
    address_text(&question->server, false, text);
    for (size_t i = 0; i < world->server_count; i++) {
        const struct world_server *server = &world->servers[i];
        if (strcmp(server->address, text) != 0)
            continue;
        if ((question->tcp ? server->tcp_silent : server->udp_silent) ||
            is_about(question, server->silent_about))
            fact_fail(fact, FACT_SILENT, "no answer");
        else if (question->tcp ? server->tcp_refused : server->udp_refused)
            fact_fail(fact, FACT_UNREACHABLE, "connection refused");
        else
            fact_answer_dns(fact, answer(server, question));
        return;
    }
    fact_fail(fact, FACT_SILENT, "no answer");
}

static void settle_tls(const struct world *world, struct fact *fact)
{
    if (world->tls != FACT_ANSWERED) {
        fact_fail(fact, world->tls, "as told");
    } else if (fact->tls.key == FACT_KEY_RSA) {
        fact_fail(fact, FACT_NO_SUCH_KEY, "");
    } else {
        fact_add_certificate(fact, (const uint8_t *)"der", 3, (const uint8_t *)world->spki,
                             strlen(world->spki));
        fact_answer(fact);
    }
}

static void settle_policy(const struct world *world, struct fact *fact)
{
    if (world->https == FACT_ANSWERED)
        fact_answer_policy(fact, world->code, world->policy, strlen(world->policy));
    else
        fact_fail(fact, world->https, "as told");
}

bool world_settle(const struct world *world, struct facts *facts, size_t *begun)
{
    struct fact *fact;
    size_t before = *begun;
    for (; (fact = facts_wanted(facts, *begun)) != NULL; ++*begun) {
        if (fact->kind == FACT_DNS)
            settle_dns(world, fact);
        else if (fact->kind == FACT_TLS)
            settle_tls(world, fact);
        else
            settle_policy(world, fact);
    }
    return *begun > before;
}

void world_judge(const struct world *world, const char *json, struct verdicts *ret)
{
    json_t *all;
    struct expect_zone *zone;
    struct error err = {0};
    struct facts *facts = facts_new();
    size_t begun = 0, rounds = 0;
    bool open = true;
    if (expect_parse(json, strlen(json), &all, &err) != STATUS_OK ||
        expect_zone_read(all, 0, &zone, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    while (open) {
        verdicts_clear(ret);
        judge_zone(zone, facts, WORLD_NOW, ret, &open);
        assert_int_equal(world_settle(world, facts, &begun), open);
        assert_true(++rounds < 40);
    }
    expect_zone_free(zone);
    facts_free(facts);
    json_decref(all);
}
