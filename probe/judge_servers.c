// SPDX-License-Identifier: ISC
// The zone's servers, each at each of its addresses: do they answer, for the zone, by UDP and by TCP, and with the same
// version of it?
#include <string.h>

#include "dns/serial.h"
#include "probe/judge.h"

// While a change may still be on its way to secondaries, who has not got it yet does nothing wrong. Serials are Unix
// times (docs/decisions/003), so that the age of the newest is known.
#define SERIAL_GRACE_S 60

// ── Who they are ─────────────────────────────────────────────────────────────────────────────────

static void add_name(struct judge *judge, const char *name, bool ours)
{
    struct address *addresses;
    size_t count;
    enum judge_reply reply = judge_addresses(judge, name, 53, &addresses, &count);
    for (size_t i = 0; i < count; i++)
        judge_add_server(judge, &judge->servers, name, &addresses[i], ours);
    if (reply == REPLY_UNKNOWN) {
        verdict_add(judge->verdicts, CHECK_SERVER, VERDICT_UNKNOWN, name,
                    "%s: the resolver does not say",
                    count > 0 ? "not all its addresses are known" : "its addresses are not known");
    } else if (reply == REPLY_READY && count == 0) {
        verdict_add(judge->verdicts, CHECK_SERVER, VERDICT_WRONG, name,
                    "this name server has no address that the world can reach");
        verdict_todo(judge->verdicts,
                     "Give %s an A or AAAA record in its zone, or name another server", name);
    }
}

static void find_servers(struct judge *judge)
{
    const struct expect_zone *zone = judge->zone;
    for (size_t i = 0; i < zone->server_count; i++) {
        const struct expect_server *server = &zone->servers[i];
        for (size_t k = 0; k < server->address_count; k++)
            judge_add_server(judge, &judge->servers, server->name, &server->addresses[k], true);
        if (server->address_count == 0)
            add_name(judge, server->name, true);
    }
    for (size_t i = 0; i < judge->delegated_count; i++) {
        bool known = false;
        for (size_t k = 0; k < zone->server_count; k++)
            known = known || name_is(zone->servers[k].name, judge->delegated[i]);
        if (!known)
            add_name(judge, judge->delegated[i], false);
    }
}

// ── Answers ──────────────────────────────────────────────────────────────────────────────────────

static bool has_soa(struct judge *judge, const ldns_pkt *reply)
{
    return ldns_pkt_get_rcode(reply) == LDNS_RCODE_NOERROR && ldns_pkt_aa(reply) &&
           ldns_rr_list_rr_count(judge_rrset(judge, reply, LDNS_SECTION_ANSWER, judge->zone->name,
                                             LDNS_RR_TYPE_SOA)) > 0;
}

// What a server that does not serve the zone says instead.
static const char *say_lame(struct judge *judge, const struct fact *fact)
{
    if (ldns_pkt_get_rcode(fact->packet) != LDNS_RCODE_NOERROR)
        return judge_why(judge, fact);
    return ldns_pkt_aa(fact->packet) ? "no SOA record" : "an answer without authority (no AA)";
}

static void say_todo_for_server(struct judge *judge, const struct judge_server *server)
{
    if (server->ours)
        verdict_todo(judge->verdicts,
                     "If it is this box: zonebox status. If it is a secondary: see that it is set "
                     "up for %s and may transfer it from here; its log says why not",
                     judge->zone->name);
    else
        verdict_todo(judge->verdicts, "Take %s out of the name servers at the registrar",
                     server->name);
}

static void judge_lame(struct judge *judge, const struct judge_server *server, const char *way,
                       const struct fact *fact)
{
    verdict_add(judge->verdicts, CHECK_SERVER, VERDICT_WRONG, server->label,
                "does not serve %s: it answers with %s%s", judge->zone->name, say_lame(judge, fact),
                way);
    say_todo_for_server(judge, server);
}

static void judge_udp(struct judge *judge, struct judge_server *server, const struct fact *udp,
                      const struct fact *tcp)
{
    if (udp->outcome == FACT_ANSWERED) {
        server->serves = has_soa(judge, udp->packet);
        if (server->serves)
            server->reply = udp->packet;
        if (server->serves)
            verdict_add(judge->verdicts, CHECK_SERVER, VERDICT_OK, server->label,
                        "answers with authority");
        else
            judge_lame(judge, server, "", udp);
        return;
    }
    bool heard = tcp->outcome == FACT_ANSWERED; // so there is a route
    bool wrong = udp->outcome == FACT_BROKEN || (udp->outcome == FACT_UNREACHABLE && heard);
    verdict_add(judge->verdicts, CHECK_SERVER, wrong ? VERDICT_WRONG : VERDICT_UNKNOWN,
                server->label, "%s: %s", heard ? "by UDP, though TCP works" : "by UDP and TCP",
                udp->words);
    verdict_todo(judge->verdicts,
                 heard ? "See that a firewall there lets UDP port 53 through, both ways"
                       : "Check again later, also from another network; if it stays so, see that "
                         "the server runs and a firewall lets port 53 through");
    if (heard && has_soa(judge, tcp->packet)) {
        server->serves = true;
        server->reply = tcp->packet;
    }
}

static void judge_tcp(struct judge *judge, const struct judge_server *server,
                      const struct fact *udp, const struct fact *tcp)
{
    if (tcp->outcome == FACT_ANSWERED) {
        bool fine = has_soa(judge, tcp->packet);
        if (fine)
            verdict_add(judge->verdicts, CHECK_TCP, VERDICT_OK, server->label, "answers by TCP");
        else if (!server->udp)
            judge_lame(judge, server, " by TCP", tcp);
        else if (server->serves) {
            verdict_add(judge->verdicts, CHECK_TCP, VERDICT_WRONG, server->label,
                        "answers by TCP with %s, unlike by UDP", say_lame(judge, tcp));
            verdict_todo(judge->verdicts,
                         "See that the same server, or its like, is behind UDP "
                         "and TCP at %s",
                         server->label);
        }
        return;
    }
    if (udp->outcome != FACT_ANSWERED)
        return; // said already
    // Somebody is there: who refuses TCP, or hangs up, is not out of reach.
    bool wrong = tcp->outcome != FACT_SILENT;
    verdict_add(judge->verdicts, CHECK_TCP, wrong ? VERDICT_WRONG : VERDICT_UNKNOWN, server->label,
                "by TCP: %s", tcp->words);
    verdict_todo(judge->verdicts, "See that the server there takes TCP on port 53 and that a "
                                  "firewall lets it through (RFC 7766): large answers and "
                                  "transfers need it");
}

static void judge_edns(struct judge *judge, const struct judge_server *server,
                       const struct fact *fact)
{
    if (fact->outcome != FACT_ANSWERED)
        return;
    if (ldns_pkt_edns(fact->packet)) {
        verdict_add(judge->verdicts, CHECK_EDNS, VERDICT_OK, server->label, "knows EDNS");
        return;
    }
    verdict_add(judge->verdicts, CHECK_EDNS, VERDICT_WRONG, server->label,
                "does not know EDNS, or something on the way takes it out: no DNSSEC without it");
    verdict_todo(judge->verdicts,
                 "Update the server at %s, and look for a firewall that changes DNS messages",
                 server->label);
}

// Who asks others on behalf of anybody is used for attacks, and can be fed with lies. It is asked for something that it
// does not serve.
static void judge_recursion(struct judge *judge, const struct judge_server *server)
{
    if (judge->parent == NULL)
        return;
    const struct fact *fact =
        facts_recursion(judge->facts, &server->address, judge->parent, LDNS_RR_TYPE_SOA);
    if (fact == NULL)
        return;
    if (fact->outcome != FACT_ANSWERED) {
        verdict_add(judge->verdicts, CHECK_RECURSION, VERDICT_UNKNOWN, server->label,
                    "whether it recurses for strangers is not known: %s", fact->words);
        verdict_todo(judge->verdicts, "Check again later");
        return;
    }
    bool offers = ldns_pkt_ra(fact->packet) ||
                  (!ldns_pkt_aa(fact->packet) && ldns_pkt_ancount(fact->packet) > 0);
    if (!offers) {
        verdict_add(judge->verdicts, CHECK_RECURSION, VERDICT_OK, server->label,
                    "does not recurse for strangers");
        return;
    }
    verdict_add(judge->verdicts, CHECK_RECURSION, VERDICT_WRONG, server->label,
                "offers recursion to strangers: it is open to abuse for attacks on others");
    verdict_todo(judge->verdicts,
                 "Turn recursion off at %s, or let it in for your own networks "
                 "only",
                 server->label);
}

static void judge_server(struct judge *judge, struct judge_server *server)
{
    const char *zone = judge->zone->name;
    const struct fact *udp =
        facts_dns(judge->facts, &server->address, false, zone, LDNS_RR_TYPE_SOA);
    const struct fact *tcp =
        facts_dns(judge->facts, &server->address, true, zone, LDNS_RR_TYPE_SOA);
    if (udp == NULL || tcp == NULL)
        return;
    server->udp = udp->outcome == FACT_ANSWERED;
    server->tcp = tcp->outcome == FACT_ANSWERED;
    judge_udp(judge, server, udp, tcp);
    judge_tcp(judge, server, udp, tcp);
    judge_edns(judge, server, server->udp ? udp : tcp);
    if (server->udp)
        judge_recursion(judge, server);
    if (server->reply != NULL)
        server->soa = ldns_rr_list_rr(
            judge_rrset(judge, server->reply, LDNS_SECTION_ANSWER, zone, LDNS_RR_TYPE_SOA), 0);
}

// ── The zone's own NS ────────────────────────────────────────────────────────────────────────────

static void judge_ns(struct judge *judge)
{
    const struct expect_zone *zone = judge->zone;
    const struct expect_rrset *expected = expect_find(zone, zone->name, LDNS_RR_TYPE_NS);
    struct sayings sayings = {0};
    if (expected == NULL)
        return;
    size_t count;
    const char **names = judge_names(judge, expected->records, &count);
    const char *wanted = judge_join(judge, names, count);
    for (size_t i = 0; i < judge->servers.count; i++) {
        const struct judge_server *server = &judge->servers.list[i];
        if (!server->serves || !server->udp)
            continue;
        const struct fact *fact =
            facts_dns(judge->facts, &server->address, false, zone->name, LDNS_RR_TYPE_NS);
        if (judge_reply(fact) != REPLY_READY)
            continue;
        names = judge_names(
            judge,
            judge_rrset(judge, fact->packet, LDNS_SECTION_ANSWER, zone->name, LDNS_RR_TYPE_NS),
            &count);
        sayings_add(judge, &sayings, judge_join(judge, names, count), server->label);
    }
    for (size_t i = 0; i < sayings.count; i++) {
        const struct saying *saying = &sayings.list[i];
        if (strcmp(saying->content, wanted) == 0) {
            verdict_add(judge->verdicts, CHECK_NS, VERDICT_OK, zone->name, "%s", wanted);
            continue;
        }
        verdict_add(judge->verdicts, CHECK_NS, VERDICT_WRONG, zone->name,
                    "%s: the zone's own NS records are %s, but should be %s", saying->who,
                    *saying->content != '\0' ? saying->content : "missing", wanted);
        verdict_todo(judge->verdicts, "See why that server has another zone than the "
                                      "configuration makes: an old copy, or a file of its own");
    }
}

// ── Serials ──────────────────────────────────────────────────────────────────────────────────────

static uint32_t serial_of(const struct judge_server *server)
{
    return ldns_rdf2native_int32(ldns_rr_rdf(server->soa, 2));
}

static void judge_serials(struct judge *judge)
{
    const struct judge_server *newest = NULL;
    size_t behind = 0;
    for (size_t i = 0; i < judge->servers.count; i++) {
        const struct judge_server *server = &judge->servers.list[i];
        if (server->soa != NULL &&
            (newest == NULL || serial_is_later(serial_of(server), serial_of(newest))))
            newest = server;
    }
    if (newest == NULL)
        return;
    int64_t age = judge->now - (int64_t)serial_of(newest);
    bool fresh = age < SERIAL_GRACE_S && age > -SERIAL_GRACE_S;
    for (size_t i = 0; i < judge->servers.count; i++) {
        struct judge_server *server = &judge->servers.list[i];
        if (server->soa == NULL || serial_of(server) == serial_of(newest))
            continue;
        server->stale = true;
        behind++;
        verdict_add(judge->verdicts, CHECK_SERIAL, fresh ? VERDICT_UNKNOWN : VERDICT_WRONG,
                    server->label, "has serial %u, and %s has %u%s", serial_of(server),
                    newest->label, serial_of(newest),
                    fresh ? ", which is less than a minute old" : "");
        if (fresh)
            verdict_todo(judge->verdicts, "Check again in a minute");
        else
            verdict_todo(judge->verdicts,
                         "See that %s gets NOTIFY from the primary and may transfer %s from it; "
                         "its log says why not",
                         server->label, judge->zone->name);
    }
    if (behind == 0)
        verdict_add(judge->verdicts, CHECK_SERIAL, VERDICT_OK, judge->zone->name,
                    "all have serial %u", serial_of(newest));
}

// Somebody else's servers: only whether anybody answers.
static void judge_foreign(struct judge *judge)
{
    struct verdicts aside = {0}, *verdicts = judge->verdicts;
    size_t serving = 0;
    judge->verdicts = &aside;
    for (size_t i = 0; i < judge->servers.count; i++) {
        judge_server(judge, &judge->servers.list[i]);
        serving += judge->servers.list[i].serves;
    }
    judge->verdicts = verdicts;
    verdicts_clear(&aside);
    if (serving > 0)
        verdict_add(verdicts, CHECK_SERVER, VERDICT_OK, judge->zone->name,
                    "%zu of %zu servers answer with authority", serving, judge->servers.count);
    else if (judge->servers.count > 0)
        verdict_add(verdicts, CHECK_SERVER, VERDICT_UNKNOWN, judge->zone->name,
                    "none of its %zu servers gives an answer with authority", judge->servers.count);
}

void judge_servers(struct judge *judge)
{
    find_servers(judge);
    if (judge->zone->mode == EXPECT_EXTERNAL) {
        judge_foreign(judge);
        return;
    }
    for (size_t i = 0; i < judge->servers.count; i++)
        judge_server(judge, &judge->servers.list[i]);
    judge_ns(judge);
    judge_serials(judge);
}
