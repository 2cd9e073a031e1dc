// SPDX-License-Identifier: ISC
// The zone above: what its servers, each asked by itself, say about who serves ours, and where.
#include <string.h>

#include "base/alloc.h"
#include "probe/judge.h"

// ── Who is the parent ────────────────────────────────────────────────────────────────────────────

// Returns whether all are known.
static bool add_all_addresses(struct judge *judge, const char *name)
{
    struct address *addresses;
    size_t count;
    enum judge_reply reply = judge_addresses(judge, name, 53, &addresses, &count);
    for (size_t i = 0; i < count; i++)
        judge_add_server(judge, &judge->parents, name, &addresses[i], false);
    return reply != REPLY_UNKNOWN;
}

static void add_parents(struct judge *judge, const ldns_rr_list *list, bool *ret_all)
{
    size_t count;
    const char **names = judge_names(judge, list, &count);
    *ret_all = true;
    for (size_t i = 0; i < count; i++) {
        if (add_all_addresses(judge, names[i]))
            continue;
        *ret_all = false;
        verdict_add(judge->verdicts, CHECK_PARENT, VERDICT_UNKNOWN, judge->parent,
                    "not all addresses of %s are known: the resolver does not say", names[i]);
    }
}

// The nearest name above that has NS records is a zone's. Returns whether it is known, its servers in judge->parents,
// and whether these are all.
static bool find_parent(struct judge *judge, bool *ret_all)
{
    for (const char *name = name_above(judge->zone->name); name != NULL; name = name_above(name)) {
        ldns_rr_list *list;
        const char *why;
        enum judge_reply reply = judge_resolve(judge, name, LDNS_RR_TYPE_NS, &list, &why);
        if (reply == REPLY_UNKNOWN) {
            verdict_add(judge->verdicts, CHECK_PARENT, VERDICT_UNKNOWN, name,
                        "it is not known who serves the zone above: %s", why);
            verdict_todo(judge->verdicts, "See that the resolver of this box runs and reaches the "
                                          "Internet (zonebox status), then check again");
        }
        if (reply != REPLY_READY)
            return false;
        if (ldns_rr_list_rr_count(list) == 0 ||
            !name_is(judge_name(judge, ldns_rr_owner(ldns_rr_list_rr(list, 0))), name))
            continue;
        judge->parent = name;
        add_parents(judge, list, ret_all);
        return true;
    }
    return false;
}

// ── What its servers say ─────────────────────────────────────────────────────────────────────────

// The NS set in a referral, or in an answer where the parent's servers are the zone's own.
static ldns_rr_list *delegation_of(struct judge *judge, const ldns_pkt *reply)
{
    ldns_rr_list *list =
        judge_rrset(judge, reply, LDNS_SECTION_ANSWER, judge->zone->name, LDNS_RR_TYPE_NS);
    if (ldns_rr_list_rr_count(list) > 0)
        return list;
    return judge_rrset(judge, reply, LDNS_SECTION_AUTHORITY, judge->zone->name, LDNS_RR_TYPE_NS);
}

// A referral, or the word of who has the zone above (AA) that there is none. Who has neither does not serve that zone,
// and what it says of ours counts as little as silence.
static enum judge_reply parent_reply(struct judge *judge, const struct fact *fact)
{
    enum judge_reply reply = judge_reply(fact);
    if (reply != REPLY_READY || ldns_pkt_aa(fact->packet) ||
        ldns_rr_list_rr_count(delegation_of(judge, fact->packet)) > 0)
        return reply;
    return REPLY_UNKNOWN;
}

static void judge_silence(struct judge *judge, size_t answered, bool all)
{
    struct sayings silent = {0};
    for (size_t i = 0; i < judge->parents.count; i++) {
        const struct judge_server *server = &judge->parents.list[i];
        const struct fact *fact =
            facts_dns(judge->facts, &server->address, false, judge->zone->name, LDNS_RR_TYPE_NS);
        // Without a route to one family of addresses, half of the world is out of reach, and no fault of anybody there.
        bool no_route = fact != NULL && fact->outcome == FACT_NO_ROUTE && answered > 0;
        if (parent_reply(judge, fact) == REPLY_UNKNOWN && !no_route)
            sayings_add(judge, &silent,
                        judge_reply(fact) == REPLY_READY ? "an answer without authority (no AA)"
                                                         : judge_why(judge, fact),
                        server->label);
    }
    for (size_t i = 0; i < silent.count; i++) {
        verdict_add(judge->verdicts, CHECK_PARENT, VERDICT_UNKNOWN, judge->parent, "%s: %s",
                    silent.list[i].who, silent.list[i].content);
        verdict_todo(judge->verdicts, "Check again later; what these servers of the zone above "
                                      "say is not in the other verdicts");
    }
    if (silent.count == 0 && answered > 0 && all)
        verdict_add(judge->verdicts, CHECK_PARENT, VERDICT_OK, judge->parent,
                    "all its servers answer");
}

static const char *expected_names(struct judge *judge)
{
    const struct expect_zone *zone = judge->zone;
    const char **names = arena_struct(&judge->arena, (zone->server_count + 1) * sizeof(*names));
    for (size_t i = 0; i < zone->server_count; i++)
        names[i] = judge_text(judge, "%s", zone->servers[i].name);
    return judge_join(judge, names, zone->server_count);
}

static void judge_delegation(struct judge *judge, const struct saying *saying)
{
    const struct expect_zone *zone = judge->zone;
    const char *wanted = expected_names(judge);
    bool external = zone->mode == EXPECT_EXTERNAL;
    if (*saying->content == '\0') {
        verdict_add(judge->verdicts, CHECK_DELEGATION, VERDICT_WRONG, judge->parent,
                    "%s: the zone is not delegated, so that nobody in the world finds it",
                    saying->who);
        verdict_todo(judge->verdicts,
                     "Register the domain, and enter its name servers at the "
                     "registrar: %s",
                     external ? "your provider's" : wanted);
    } else if (external || strcmp(saying->content, wanted) == 0) {
        verdict_add(judge->verdicts, CHECK_DELEGATION, VERDICT_OK, judge->parent, "delegated to %s",
                    saying->content);
    } else {
        verdict_add(judge->verdicts, CHECK_DELEGATION, VERDICT_WRONG, judge->parent,
                    "%s: delegated to %s, but the name servers of the configuration are %s",
                    saying->who, saying->content, wanted);
        verdict_todo(judge->verdicts,
                     "Enter these name servers at the registrar, and no others: "
                     "%s (or change `nameservers:`)",
                     wanted);
    }
}

// ── Glue ─────────────────────────────────────────────────────────────────────────────────────────

static const char *glue_in(struct judge *judge, const ldns_pkt *reply, const char *name)
{
    static const ldns_rr_type types[] = {LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA};
    const char *texts[JUDGE_ADDRESSES_MAX];
    size_t count = 0;
    for (size_t t = 0; t < 2; t++) {
        ldns_rr_list *list = judge_rrset(judge, reply, LDNS_SECTION_ADDITIONAL, name, types[t]);
        for (size_t i = 0; i < ldns_rr_list_rr_count(list) && count < JUDGE_ADDRESSES_MAX; i++) {
            struct address address;
            char text[ADDRESS_TEXT_MAX];
            judge_address(ldns_rr_list_rr(list, i), 53, &address);
            texts[count++] = judge_text(judge, "%s", address_text(&address, false, text));
        }
    }
    return judge_join(judge, texts, count);
}

static const char *expected_addresses(struct judge *judge, const struct expect_server *server)
{
    const char **texts = arena_struct(&judge->arena, (server->address_count + 1) * sizeof(*texts));
    for (size_t i = 0; i < server->address_count; i++) {
        char text[ADDRESS_TEXT_MAX];
        texts[i] = judge_text(judge, "%s", address_text(&server->addresses[i], false, text));
    }
    return judge_join(judge, texts, server->address_count);
}

// A name server inside the zone is found by its glue alone.
static void judge_glue(struct judge *judge, const struct expect_server *server)
{
    struct sayings sayings = {0};
    const char *wanted = expected_addresses(judge, server);
    for (size_t i = 0; i < judge->parents.count; i++) {
        const struct judge_server *from = &judge->parents.list[i];
        const struct fact *fact =
            facts_dns(judge->facts, &from->address, false, judge->zone->name, LDNS_RR_TYPE_NS);
        if (judge_reply(fact) != REPLY_READY || ldns_pkt_aa(fact->packet))
            continue;
        size_t count;
        bool named = false;
        const char **names = judge_names(judge, delegation_of(judge, fact->packet), &count);
        for (size_t k = 0; k < count; k++)
            named = named || name_is(names[k], server->name);
        if (named) // else the delegation is wrong already
            sayings_add(judge, &sayings, glue_in(judge, fact->packet, server->name), from->label);
    }
    for (size_t i = 0; i < sayings.count; i++) {
        const struct saying *saying = &sayings.list[i];
        if (strcmp(saying->content, wanted) == 0) {
            verdict_add(judge->verdicts, CHECK_GLUE, VERDICT_OK, server->name, "%s", wanted);
            continue;
        }
        verdict_add(judge->verdicts, CHECK_GLUE, VERDICT_WRONG, server->name,
                    "%s: the address of %s there is %s, but should be %s", saying->who,
                    server->name, *saying->content != '\0' ? saying->content : "missing", wanted);
        verdict_todo(judge->verdicts, "Enter it at the registrar, as host or glue record: %s %s",
                     server->name, wanted);
    }
}

void judge_parent(struct judge *judge)
{
    struct sayings sayings = {0};
    const struct expect_zone *zone = judge->zone;
    size_t answered = 0;
    bool all;
    if (!find_parent(judge, &all))
        return;
    for (size_t i = 0; i < judge->parents.count; i++) {
        struct judge_server *server = &judge->parents.list[i];
        const struct fact *fact =
            facts_dns(judge->facts, &server->address, false, zone->name, LDNS_RR_TYPE_NS);
        if (parent_reply(judge, fact) != REPLY_READY)
            continue;
        server->serves = true;
        size_t count;
        const char **names = judge_names(judge, delegation_of(judge, fact->packet), &count);
        if (count >= judge->delegated_count) {
            judge->delegated = names;
            judge->delegated_count = count;
        }
        sayings_add(judge, &sayings, judge_join(judge, names, count), server->label);
        answered++;
    }
    judge->is_lost = answered > 0 && judge->delegated_count == 0;
    if (judge->parents.count == 0 && all)
        verdict_add(judge->verdicts, CHECK_PARENT, VERDICT_UNKNOWN, judge->parent,
                    "the addresses of its servers are not known");
    judge_silence(judge, answered, all);
    for (size_t i = 0; i < sayings.count; i++)
        judge_delegation(judge, &sayings.list[i]);
    for (size_t i = 0; i < zone->server_count; i++)
        if (zone->servers[i].address_count > 0 && name_is_inside(zone->servers[i].name, zone->name))
            judge_glue(judge, &zone->servers[i]);
}
