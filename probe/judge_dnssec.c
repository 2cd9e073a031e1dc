// SPDX-License-Identifier: ISC
// DNSSEC as each server shows it: signatures, how long they still hold, the proof that a name does not exist; and
// whether the parent's DS fits.
#include <string.h>
#include <strings.h>
#include <stdlib.h>

#include "dns/serial.h"
#include "probe/judge.h"

// Signatures that are renewed have more than a half of their life left (the signer), or are near their end because a
// secondary has got nothing new for long. Below this part, somebody should look.
#define LIFE_PART 8
// Of one zone, of one RRset: more than anybody needs. Each pair that may fit costs a verification, and who serves the
// zone says how many there are (CVE-2023-50387).
#define KEYS_MAX       16
#define SIGNATURES_MAX 8
// NSEC3 takes three records to say that a name does not exist (RFC 5155 §7.2.2), NSEC two.
#define PROOFS_MAX 3
// Above that, validators go by no NSEC3 (RFC 9276 §3.2).
#define ITERATIONS_MAX 150
// A name that nobody has.
#define INVENTED "zonebox-check-no-such-name"

// ── Signatures ───────────────────────────────────────────────────────────────────────────────────

static ldns_rr_list *signatures_of(struct judge *judge, const ldns_pkt *reply,
                                   ldns_pkt_section section, const ldns_rr_list *rrset)
{
    const ldns_rr *first = ldns_rr_list_rr(rrset, 0);
    ldns_rr_list *all = judge_rrset(judge, reply, section, judge_name(judge, ldns_rr_owner(first)),
                                    LDNS_RR_TYPE_RRSIG);
    ldns_rr_list *none = judge_list(judge);
    for (size_t i = 0; i < ldns_rr_list_rr_count(all); i++) {
        ldns_rr *rr = ldns_rr_list_rr(all, i);
        if (ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(rr)) == ldns_rr_get_type(first))
            ldns_rr_list_push_rr(none, rr);
    }
    return none;
}

// What the signatures of one RRset are worth.
struct worth {
    const char *wrong; // why not, or NULL: one of them holds
    int64_t until;     // of the one that holds longest
    int64_t life;      // and how long it was made for
};

static void measure(const ldns_rr *signature, int64_t now, struct worth *ret)
{
    int64_t until = serial_time(ldns_rdf2native_int32(ldns_rr_rrsig_expiration(signature)), now);
    if (until > ret->until) {
        ret->until = until;
        ret->life =
            until - serial_time(ldns_rdf2native_int32(ldns_rr_rrsig_inception(signature)), now);
    }
}

static const char *why_bad(ldns_status status)
{
    return status == LDNS_STATUS_CRYPTO_SIG_EXPIRED ? "it has expired"
           : status == LDNS_STATUS_CRYPTO_SIG_NOT_INCEPTED
               ? "it is not valid yet; is the signer's clock right?"
           : status == LDNS_STATUS_CRYPTO_NO_MATCHING_KEYTAG_DNSKEY
               ? "it was not made by a key of the zone"
               : "it does not fit the data";
}

// Each by itself: the time of one that does not hold says nothing.
static struct worth weigh(struct judge *judge, const ldns_rr_list *rrset,
                          const ldns_rr_list *signatures, const ldns_rr_list *keys)
{
    struct worth worth = {.wrong = "there is none"};
    bool holds = false;
    if (ldns_rr_list_rr_count(signatures) > SIGNATURES_MAX) {
        worth.wrong = "there are more than validators try";
        return worth;
    }
    for (size_t i = 0; i < ldns_rr_list_rr_count(signatures); i++) {
        ldns_rr *signature = ldns_rr_list_rr(signatures, i);
        ldns_rr_list *good = ldns_rr_list_new();
        ldns_status status =
            ldns_verify_rrsig_keylist_time(rrset, signature, keys, (time_t)judge->now, good);
        ldns_rr_list_free(good);
        holds = holds || status == LDNS_STATUS_OK;
        if (status == LDNS_STATUS_OK)
            measure(signature, judge->now, &worth);
        else
            worth.wrong = why_bad(status);
    }
    if (holds)
        worth.wrong = NULL;
    return worth;
}

const char *judge_signed(struct judge *judge, const ldns_rr_list *rrset,
                         const ldns_rr_list *signatures, const ldns_rr_list *keys)
{
    return weigh(judge, rrset, signatures, keys).wrong;
}

static const char *date_text(struct judge *judge, int64_t when_seconds)
{
    time_t seconds = (time_t)when_seconds;
    struct tm parts;
    char text[32] = "?";
    if (gmtime_r(&seconds, &parts) != NULL)
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &parts);
    return judge_text(judge, "%s", text);
}

static void blame_signatures(struct judge *judge, const struct judge_server *server,
                             const char *what, const char *why)
{
    verdict_add(judge->verdicts, CHECK_SIGNATURES, VERDICT_WRONG, server->label,
                "the signature of %s: %s; resolvers that validate refuse what this server says",
                what, why);
    verdict_todo(judge->verdicts,
                 "If it is this box: zonebox status says why it does not sign. If it is a "
                 "secondary: see that it gets the signed zone by transfer, and serves it as it is");
}

// The keys as this server has them, with the question asked by TCP where UDP does not work.
static const struct fact *ask_keys(struct judge *judge, const struct judge_server *server)
{
    return facts_dns(judge->facts, &server->address, !server->udp, judge->zone->name,
                     LDNS_RR_TYPE_DNSKEY);
}

static void take_keys(struct judge *judge, struct judge_server *server, const ldns_pkt *reply)
{
    server->keys =
        judge_rrset(judge, reply, LDNS_SECTION_ANSWER, judge->zone->name, LDNS_RR_TYPE_DNSKEY);
    server->signatures = judge_list(judge);
    if (ldns_rr_list_rr_count(server->keys) > 0)
        server->signatures = signatures_of(judge, reply, LDNS_SECTION_ANSWER, server->keys);
}

// *shortest: of all that hold.
static bool judge_server_signatures(struct judge *judge, struct judge_server *server,
                                    struct worth *shortest)
{
    const char *zone = judge->zone->name;
    const struct fact *fact = ask_keys(judge, server);
    if (judge_reply(fact) == REPLY_UNKNOWN)
        verdict_add(judge->verdicts, CHECK_SIGNATURES, VERDICT_UNKNOWN, server->label,
                    "its DNSKEY records are not known: %s", judge_why(judge, fact));
    if (judge_reply(fact) != REPLY_READY)
        return false;
    take_keys(judge, server, fact->packet);
    const struct {
        const char *name;
        const ldns_pkt *reply;
        ldns_rr_list *rrset;
    } parts[] = {
        {"DNSKEY", fact->packet, server->keys},
        {"SOA", server->reply,
         judge_rrset(judge, server->reply, LDNS_SECTION_ANSWER, zone, LDNS_RR_TYPE_SOA)},
    };
    if (ldns_rr_list_rr_count(server->keys) == 0) {
        blame_signatures(judge, server, "DNSKEY", "there is not even a DNSKEY");
        return false;
    }
    if (ldns_rr_list_rr_count(server->keys) > KEYS_MAX) {
        blame_signatures(judge, server, "DNSKEY", "there are more keys than validators try");
        server->keys = NULL;
        return false;
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        ldns_rr_list *signatures =
            signatures_of(judge, parts[i].reply, LDNS_SECTION_ANSWER, parts[i].rrset);
        struct worth worth = weigh(judge, parts[i].rrset, signatures, server->keys);
        if (worth.wrong != NULL) {
            blame_signatures(judge, server, parts[i].name, worth.wrong);
            return false;
        }
        if (shortest->until == 0 || worth.until < shortest->until)
            *shortest = worth;
    }
    return true;
}

static bool is_running_out(const struct judge *judge, const struct worth *worth)
{
    return worth->until - judge->now < worth->life / LIFE_PART;
}

// Those that hold, but not for long; else the server has its time from them.
static void take_time(struct judge *judge, struct judge_server *server, const struct worth *worth)
{
    server->validates = !is_running_out(judge, worth);
    if (!server->validates) {
        verdict_add(judge->verdicts, CHECK_SIGNATURES, VERDICT_WRONG, server->label,
                    "its signatures hold until %s only, and were not renewed: after that, "
                    "resolvers that validate refuse the zone",
                    date_text(judge, worth->until));
        verdict_todo(judge->verdicts,
                     "If it is this box: zonebox status. If it is a "
                     "secondary: see why it gets no new version of %s",
                     judge->zone->name);
    } else if (server->until == 0 || worth->until < server->until) {
        server->until = worth->until;
    }
}

static void judge_signatures(struct judge *judge)
{
    for (size_t i = 0; i < judge->servers.count; i++) {
        struct judge_server *server = &judge->servers.list[i];
        struct worth shortest = {0};
        if (server->serves && judge_server_signatures(judge, server, &shortest))
            take_time(judge, server, &shortest);
    }
}

void judge_signature(struct judge *judge, struct judge_server *server, const ldns_pkt *reply,
                     const ldns_rr_list *rrset, const char *what)
{
    ldns_rr_list *signatures = signatures_of(judge, reply, LDNS_SECTION_ANSWER, rrset);
    struct worth worth = weigh(judge, rrset, signatures, server->keys);
    if (worth.wrong == NULL) {
        take_time(judge, server, &worth);
        return;
    }
    server->validates = false;
    blame_signatures(judge, server, what, worth.wrong);
}

void judge_valid(struct judge *judge)
{
    int64_t until = 0;
    size_t good = 0;
    for (size_t i = 0; i < judge->servers.count; i++) {
        const struct judge_server *server = &judge->servers.list[i];
        if (!server->validates)
            continue;
        good++;
        if (until == 0 || server->until < until)
            until = server->until;
    }
    if (good > 0)
        verdict_add(judge->verdicts, CHECK_SIGNATURES, VERDICT_OK, judge->zone->name,
                    "valid at %zu addresses, until %s at least", good, date_text(judge, until));
}

// ── What does not exist ──────────────────────────────────────────────────────────────────────────

// Is every RRset of that type in the authority section signed by the keys? The signatures come along.
static bool collect_proofs(struct judge *judge, const ldns_pkt *reply, ldns_rr_type type,
                           const ldns_rr_list *keys, ldns_rr_list **ret)
{
    ldns_rr_list *authority = ldns_pkt_authority(reply);
    *ret = judge_list(judge);
    for (size_t i = 0; i < ldns_rr_list_rr_count(authority); i++) {
        ldns_rr *rr = ldns_rr_list_rr(authority, i);
        if (ldns_rr_get_type(rr) != type)
            continue;
        ldns_rr_list *one = judge_rrset(judge, reply, LDNS_SECTION_AUTHORITY,
                                        judge_name(judge, ldns_rr_owner(rr)), type);
        if (ldns_rr_list_rr_count(one) != 1 || ldns_rr_list_rr_count(*ret) == PROOFS_MAX)
            return false; // without data, or more of them than there can be
        rr = ldns_rr_list_rr(one, 0);
        if (type == LDNS_RR_TYPE_NSEC3 && ldns_nsec3_iterations(rr) > ITERATIONS_MAX)
            return false;
        ldns_rr_list *signatures = signatures_of(judge, reply, LDNS_SECTION_AUTHORITY, one);
        if (weigh(judge, one, signatures, keys).wrong != NULL)
            return false;
        ldns_rr_list_push_rr(*ret, rr);
    }
    return ldns_rr_list_rr_count(*ret) > 0;
}

static bool is_proven(struct judge *judge, const ldns_pkt *reply, const char *name,
                      const ldns_rr_list *keys)
{
    ldns_rr_list *proofs;
    ldns_rr *question = ldns_rr_new_frm_type(LDNS_RR_TYPE_A);
    ldns_rr_set_owner(question, ldns_dname_new_frm_str(name));
    bool proven = false;
    if (collect_proofs(judge, reply, LDNS_RR_TYPE_NSEC, keys, &proofs))
        proven = ldns_dnssec_verify_denial(question, proofs, NULL) == LDNS_STATUS_OK;
    else if (collect_proofs(judge, reply, LDNS_RR_TYPE_NSEC3, keys, &proofs))
        proven = ldns_dnssec_verify_denial_nsec3(question, proofs, NULL, LDNS_RCODE_NXDOMAIN,
                                                 LDNS_RR_TYPE_A, false) == LDNS_STATUS_OK;
    ldns_rr_free(question);
    return proven;
}

static void judge_denial_at(struct judge *judge, const struct judge_server *server, size_t *good)
{
    const char *name = judge_text(judge, INVENTED ".%s", judge->zone->name);
    const struct fact *fact =
        facts_dns(judge->facts, &server->address, false, name, LDNS_RR_TYPE_A);
    if (judge_reply(fact) == REPLY_UNKNOWN)
        verdict_add(judge->verdicts, CHECK_DENIAL, VERDICT_UNKNOWN, server->label, "%s",
                    judge_why(judge, fact));
    if (judge_reply(fact) != REPLY_READY)
        return;
    const char *wrong = NULL;
    if (ldns_pkt_ancount(fact->packet) > 0)
        wrong = "is said to exist";
    else if (ldns_pkt_get_rcode(fact->packet) != LDNS_RCODE_NXDOMAIN)
        wrong = "is not said to be missing (NXDOMAIN)";
    else if (judge->zone->is_signed && !is_proven(judge, fact->packet, name, server->keys))
        wrong = "is not proven to be missing by a signed NSEC or NSEC3 record";
    if (wrong == NULL) {
        ++*good;
        return;
    }
    verdict_add(judge->verdicts, CHECK_DENIAL, VERDICT_WRONG, server->label,
                "a name that does not exist (%s) %s", name, wrong);
    verdict_todo(judge->verdicts, "Without that, mail to this zone waits at senders that use "
                                  "DANE. See that the server has the whole signed zone, and an "
                                  "up-to-date program to serve it");
}

// Where a wildcard has no address, a name that it makes has none either, and exists.
static bool has_wildcard(struct judge *judge)
{
    const char *wildcard = judge_text(judge, "*.%s", judge->zone->name);
    for (size_t i = 0; i < judge->zone->rrset_count; i++)
        if (name_is(judge->zone->rrsets[i].name, wildcard))
            return true;
    return false;
}

static void judge_denial(struct judge *judge)
{
    size_t good = 0;
    if (has_wildcard(judge))
        return;
    for (size_t i = 0; i < judge->servers.count; i++) {
        const struct judge_server *server = &judge->servers.list[i];
        // Where signatures are wrong at all, this is no fault of its own.
        if (server->udp && server->serves && (server->validates || !judge->zone->is_signed))
            judge_denial_at(judge, server, &good);
    }
    if (good > 0)
        verdict_add(judge->verdicts, CHECK_DENIAL, VERDICT_OK, judge->zone->name,
                    judge->zone->is_signed ? "what does not exist is proven not to"
                                           : "what does not exist is said not to");
}

void judge_dnssec(struct judge *judge)
{
    if (judge->zone->is_signed)
        judge_signatures(judge);
    else if (judge->zone->mode == EXPECT_EXTERNAL)
        for (size_t i = 0; i < judge->servers.count; i++) {
            struct judge_server *server = &judge->servers.list[i];
            const struct fact *fact = server->serves ? ask_keys(judge, server) : NULL;
            if (judge_reply(fact) == REPLY_READY)
                take_keys(judge, server, fact->packet);
            if (server->keys != NULL && ldns_rr_list_rr_count(server->keys) > KEYS_MAX)
                server->keys = NULL;
        }
    if (judge->zone->mode != EXPECT_EXTERNAL)
        judge_denial(judge);
}
