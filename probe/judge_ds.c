// SPDX-License-Identifier: ISC
// The DS records at the parent, each of its servers asked by itself, against the keys that the zone's servers have.
//
// One DS that fits should be enough (RFC 6840 §5.11): the zone is secure then to most, whatever stands beside it. Each
// DS that fits nothing is reported by itself, since an admin who is told "the chain is broken" and deletes them all
// breaks it; and strict resolvers mind some of these.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "probe/ds_known.h"
#include "probe/judge.h"

static const char *ds_text(struct judge *judge, const ldns_rr *ds)
{
    char *digest = ldns_rdf2str(ldns_rr_rdf(ds, 3));
    const char *text =
        judge_text(judge, "%u %u %u %s", ldns_rdf2native_int16(ldns_rr_rdf(ds, 0)),
                   ldns_rdf2native_int8(ldns_rr_rdf(ds, 1)),
                   ldns_rdf2native_int8(ldns_rr_rdf(ds, 2)), digest != NULL ? digest : "");
    free(digest);
    return text;
}

// Enough to tell one from another.
static const char *ds_name(struct judge *judge, const ldns_rr *ds)
{
    return judge_text(judge, "DS %.24s…", ds_text(judge, ds));
}

// ── Does it fit? ─────────────────────────────────────────────────────────────────────────────────

static bool names_key(const ldns_rr *ds, const ldns_rr *key)
{
    ldns_hash hash = (ldns_hash)ldns_rdf2native_int8(ldns_rr_rdf(ds, 2));
    uint16_t flags = ldns_rdf2native_int16(ldns_rr_dnskey_flags(key));
    if (!(flags & LDNS_KEY_ZONE_KEY) || (flags & LDNS_KEY_REVOKE_KEY))
        return false;
    ldns_rr *made = ldns_key_rr2ds(key, hash);
    bool same = made != NULL;
    for (size_t i = 0; same && i < 4; i++)
        same = ldns_rdf_compare(ldns_rr_rdf(made, i), ldns_rr_rdf(ds, i)) == 0;
    ldns_rr_free(made);
    return same;
}

static bool fits_served(const struct judge *judge, const ldns_rr *ds)
{
    for (size_t i = 0; i < judge->servers.count; i++) {
        const ldns_rr_list *keys = judge->servers.list[i].keys;
        for (size_t k = 0; keys != NULL && k < ldns_rr_list_rr_count(keys); k++)
            if (names_key(ds, ldns_rr_list_rr(keys, k)))
                return true;
    }
    return false;
}

// A key that is announced, but not in the zone yet.
static bool is_expected(const struct judge *judge, const ldns_rr *ds)
{
    char *digest = ldns_rdf2str(ldns_rr_rdf(ds, 3));
    bool found = false;
    for (size_t i = 0; i < judge->zone->ds_count; i++) {
        const struct expect_ds *expected = &judge->zone->ds[i];
        found = found || (expected->tag == ldns_rdf2native_int16(ldns_rr_rdf(ds, 0)) &&
                          expected->algorithm == ldns_rdf2native_int8(ldns_rr_rdf(ds, 1)) &&
                          expected->digest_type == ldns_rdf2native_int8(ldns_rr_rdf(ds, 2)) &&
                          digest != NULL && strcasecmp(expected->digest, digest) == 0);
    }
    free(digest);
    return found;
}

static bool keys_are_known(const struct judge *judge)
{
    for (size_t i = 0; i < judge->servers.count; i++)
        if (judge->servers.list[i].keys != NULL)
            return true;
    return false;
}

// ── Words ────────────────────────────────────────────────────────────────────────────────────────

// SHA-256 is what every registrar takes.
static const char *wanted_ds(struct judge *judge)
{
    for (size_t i = 0; i < judge->zone->ds_count; i++) {
        const struct expect_ds *ds = &judge->zone->ds[i];
        if (ds->digest_type == 2)
            return judge_text(judge, "%u %u %u %s", ds->tag, ds->algorithm, ds->digest_type,
                              ds->digest);
    }
    return "as `zonegen --ds` prints it";
}

static void todo_enter(struct judge *judge)
{
    verdict_todo(judge->verdicts,
                 "At the registrar of %s, not here, enter the DS %s (`zonegen --ds %s` has it in "
                 "every form that registrars ask for)",
                 judge->zone->name, wanted_ds(judge), judge->zone->name);
}

static void judge_none(struct judge *judge, const char *who)
{
    const struct expect_zone *zone = judge->zone;
    ldns_rr_list *keys;
    const char *why;
    if (zone->mode == EXPECT_EXTERNAL || !zone->is_signed) {
        verdict_add(judge->verdicts, CHECK_DS, VERDICT_OK, zone->name,
                    zone->mode == EXPECT_EXTERNAL
                        ? "no DS: the zone is not secured by DNSSEC, so TLSA and SSHFP records in "
                          "it mean nothing to others"
                        : "no DS, as it should be: the zone is not signed");
        return;
    }
    enum judge_reply reply = judge_resolve(judge, judge->parent, LDNS_RR_TYPE_DNSKEY, &keys, &why);
    if (reply == REPLY_READY && ldns_rr_list_rr_count(keys) == 0) {
        verdict_add(judge->verdicts, CHECK_DS, VERDICT_OK, zone->name,
                    "no DS, since %s is not signed itself: this zone cannot be secured there",
                    judge->parent);
        return;
    }
    verdict_add(judge->verdicts, CHECK_DS, VERDICT_WRONG, zone->name,
                "%s: no DS yet. The zone is signed, but nobody can tell: TLSA (DANE) and SSHFP "
                "records in it mean nothing to others. Nothing is broken",
                who);
    todo_enter(judge);
}

// Unsigned, and the parent says otherwise.
static void blame_any(struct judge *judge, const char *who)
{
    verdict_add(judge->verdicts, CHECK_DS, VERDICT_WRONG, judge->zone->name,
                "%s: there is a DS, but the zone is not signed: resolvers that validate refuse "
                "all of it",
                who);
    verdict_todo(judge->verdicts,
                 "Delete every DS of %s at the registrar now (or sign the zone: `dnssec: on`)",
                 judge->zone->name);
}

static void blame_all(struct judge *judge, const ldns_rr_list *list, const char *who)
{
    verdict_add(judge->verdicts, CHECK_DS, VERDICT_WRONG, judge->zone->name,
                "%s: none of the DS there (%s) names a key of the zone: resolvers that validate "
                "refuse all of it",
                who, judge_data(judge, list));
    if (judge->zone->mode == EXPECT_EXTERNAL)
        verdict_todo(judge->verdicts, "Ask who signs the zone for the right DS and enter that at "
                                      "the registrar, or delete the DS there");
    else
        todo_enter(judge);
}

static uint8_t digest_type_of(const ldns_rr *ds)
{
    return ldns_rdf2native_int8(ldns_rr_rdf(ds, 2));
}

static bool is_known(const ldns_rr *ds)
{
    return ds_is_known(ldns_rdf2native_int8(ldns_rr_rdf(ds, 1)), digest_type_of(ds));
}

// Is it of the strongest digest type, with none beside it of that type and its algorithm that fits? Some resolvers look
// at the strongest type only, and at each algorithm there (dns/observe.h).
static bool is_minded(const struct judge *judge, const ldns_rr_list *list, const ldns_rr *ds)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const ldns_rr *other = ldns_rr_list_rr(list, i);
        if (!is_known(other) || digest_type_of(other) < digest_type_of(ds))
            continue;
        if (digest_type_of(other) > digest_type_of(ds) ||
            (fits_served(judge, other) &&
             ldns_rdf_compare(ldns_rr_rdf(other, 1), ldns_rr_rdf(ds, 1)) == 0))
            return false;
    }
    return is_known(ds);
}

static void judge_extra(struct judge *judge, const ldns_rr_list *list, const ldns_rr *ds,
                        const char *who)
{
    uint8_t digest_type = digest_type_of(ds);
    if (!fits_served(judge, ds) && !is_expected(judge, ds)) {
        verdict_add(judge->verdicts, CHECK_DS, VERDICT_WRONG, ds_name(judge, ds),
                    is_minded(judge, list, ds)
                        ? "%s: this DS names no key of the zone, and has another algorithm or a "
                          "stronger digest than the one that does, so that strict resolvers "
                          "refuse the zone"
                        : "%s: this DS names no key of the zone. It does no harm as long as "
                          "another one does",
                    who);
        verdict_todo(judge->verdicts,
                     "Delete this one DS at the registrar, and leave the others: %s",
                     ds_text(judge, ds));
    } else if (digest_type == DS_SHA1) { // RFC 9905
        verdict_add(judge->verdicts, CHECK_DS, VERDICT_WRONG, ds_name(judge, ds),
                    "%s: its digest is SHA-1, which validators no longer believe", who);
        todo_enter(judge);
    }
}

// ── Judging ──────────────────────────────────────────────────────────────────────────────────────

// A resolver goes by the one server that it happens to ask, so that each has to have a key which the DS names, and the
// keys signed by that (RFC 4035 §5.2).
static void judge_chain_at(struct judge *judge, const struct judge_server *server,
                           const ldns_rr_list *list, const char *who)
{
    ldns_rr_list *named = judge_list(judge);
    for (size_t i = 0; i < ldns_rr_list_rr_count(server->keys); i++) {
        ldns_rr *key = ldns_rr_list_rr(server->keys, i);
        bool is_named = false;
        for (size_t k = 0; k < ldns_rr_list_rr_count(list) && !is_named; k++)
            is_named = names_key(ldns_rr_list_rr(list, k), key);
        if (is_named)
            ldns_rr_list_push_rr(named, key);
    }
    const char *why = ldns_rr_list_rr_count(named) == 0 ? "has no key that a DS there names"
                      : judge_signed(judge, server->keys, server->signatures, named) != NULL
                          ? "has DNSKEY records, but not signed by a key that a DS there names"
                          : NULL;
    if (why == NULL)
        return;
    verdict_add(judge->verdicts, CHECK_DS, VERDICT_WRONG, server->label,
                "%s: the server %s: resolvers that validate refuse what it says", who, why);
    verdict_todo(judge->verdicts, "See why that server has another zone than the others: an old "
                                  "copy, or keys of its own");
}

static void judge_chains(struct judge *judge, const ldns_rr_list *list, const char *who)
{
    bool external = judge->zone->mode == EXPECT_EXTERNAL;
    for (size_t i = 0; i < judge->servers.count; i++) {
        const struct judge_server *server = &judge->servers.list[i];
        // Where signatures are wrong at all, that was said.
        if (server->keys != NULL && (server->validates || external))
            judge_chain_at(judge, server, list, who);
    }
}

static void judge_ds_set(struct judge *judge, const ldns_rr_list *list, const char *who)
{
    const struct expect_zone *zone = judge->zone;
    size_t fitting = 0;
    if (ldns_rr_list_rr_count(list) == 0) {
        judge_none(judge, who);
        return;
    }
    if (zone->mode != EXPECT_EXTERNAL && !zone->is_signed) {
        blame_any(judge, who);
        return;
    }
    if (!keys_are_known(judge)) {
        verdict_add(judge->verdicts, CHECK_DS, VERDICT_UNKNOWN, zone->name,
                    "no server says which keys the zone has, so that the DS (%s) cannot be "
                    "compared",
                    judge_data(judge, list));
        return;
    }
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
        fitting += fits_served(judge, ldns_rr_list_rr(list, i));
    if (fitting == 0) {
        blame_all(judge, list, who);
        return;
    }
    verdict_add(judge->verdicts, CHECK_DS, VERDICT_OK, zone->name,
                "%zu DS at the parent %s a key of the zone", fitting,
                fitting == 1 ? "names" : "name");
    judge_chains(judge, list, who);
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
        judge_extra(judge, list, ldns_rr_list_rr(list, i), who);
}

void judge_ds(struct judge *judge)
{
    struct sayings sayings = {0}, silent = {0};
    ldns_rr_list **lists =
        arena_struct(&judge->arena, (judge->parents.count + 1) * sizeof(ldns_rr_list *));
    size_t delegating = 0;
    for (size_t i = 0; i < judge->parents.count; i++) {
        const struct judge_server *server = &judge->parents.list[i];
        const struct fact *fact =
            facts_dns(judge->facts, &server->address, false, judge->zone->name, LDNS_RR_TYPE_DS);
        if (fact == NULL || !server->serves) // that is said of the delegation
            continue;
        if (judge_reply(fact) != REPLY_READY || !ldns_pkt_aa(fact->packet)) {
            sayings_add(judge, &silent,
                        judge_reply(fact) == REPLY_READY ? "an answer without authority (no AA)"
                                                         : judge_why(judge, fact),
                        server->label);
            continue;
        }
        ldns_rr_list *list = judge_rrset(judge, fact->packet, LDNS_SECTION_ANSWER,
                                         judge->zone->name, LDNS_RR_TYPE_DS);
        size_t before = sayings.count;
        sayings_add(judge, &sayings, judge_data(judge, list), server->label);
        if (sayings.count > before)
            lists[before] = list;
        delegating += ldns_pkt_get_rcode(fact->packet) == LDNS_RCODE_NOERROR;
    }
    for (size_t i = 0; i < silent.count; i++) {
        verdict_add(judge->verdicts, CHECK_DS, VERDICT_UNKNOWN, judge->zone->name,
                    "%s: which DS is there is not known: %s", silent.list[i].who,
                    silent.list[i].content);
        verdict_todo(judge->verdicts, "Check again later");
    }
    if (delegating == 0) // nobody could have a DS; the delegation says more
        return;
    for (size_t i = 0; i < sayings.count; i++)
        judge_ds_set(judge, lists[i], sayings.list[i].who);
}
