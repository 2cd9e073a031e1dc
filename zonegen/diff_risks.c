// SPDX-License-Identifier: ISC
// The table: type of record → what a change of it could break. A cache may have taken the old answer a moment before
// the change, so it is counted on for its whole TTL (RFC 2181 §5.2).
#include "zonegen/diff_judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

__attribute__((format(printf, 3, 0))) static void
add_risk(struct diff_judgement *judgement, int64_t until, const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0)
        abort(); // as base/alloc.h does when memory ends
    *judgement->risks =
        xreallocarray(*judgement->risks, *judgement->risk_count + 1, sizeof(**judgement->risks));
    (*judgement->risks)[(*judgement->risk_count)++] =
        (struct diff_risk){.text = text, .until = until};
}

void risk_until(struct diff_judgement *judgement, uint32_t ttl, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_risk(judgement, judgement->context->now + ttl, format, args);
    va_end(args);
}

void risk_lasting(struct diff_judgement *judgement, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_risk(judgement, 0, format, args);
    va_end(args);
}

char *rdf_text(const ldns_rdf *rdf)
{
    char *text = ldns_rdf2str(rdf);
    size_t len = strlen(text);
    if (ldns_rdf_get_type(rdf) == LDNS_RDF_TYPE_DNAME && len > 1)
        text[len - 1] = '\0';
    return text;
}

// ── What is gone, what has come ──────────────────────────────────────────────────────────────────

// The values of one field that the one RRset has and the other has not, as "a, b". Empty: none. Release with buf_done.
static struct buf only_in(const struct diff_rrset *in, const struct diff_rrset *other, size_t field)
{
    struct buf list = {0};
    for (size_t i = 0; i < in->count; i++) {
        const ldns_rdf *value = ldns_rr_rdf(in->rrs[i], field);
        bool there = false;
        for (size_t k = 0; !there && k < other->count; k++)
            there = ldns_rdf_compare(value, ldns_rr_rdf(other->rrs[k], field)) == 0;
        for (size_t k = 0; !there && k < i; k++) // said already
            there = ldns_rdf_compare(value, ldns_rr_rdf(in->rrs[k], field)) == 0;
        if (there)
            continue;
        char *text = rdf_text(value);
        buf_printf(&list, "%s%s", list.len > 0 ? ", " : "", text);
        free(text);
    }
    return list;
}

static bool is_apex(const struct diff_judgement *judgement)
{
    return strcmp(judgement->name, judgement->context->zone) == 0;
}

// Is the name one of the zone's own name servers, before or after?
static bool is_nameserver(const struct diff_judgement *judgement)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(judgement->servers); i++) {
        const ldns_rr *ns = ldns_rr_list_rr(judgement->servers, i);
        if (ldns_dname_compare(ldns_rr_rdf(ns, 0), judgement->change->owner) == 0)
            return true;
    }
    return false;
}

// The caller frees the list alone.
static ldns_rr_list *apex_servers(const struct diff_context *context, const struct diff *diff)
{
    const ldns_rr_list *sides[] = {diff->old.records, diff->new.records};
    ldns_rr_list *servers = ldns_rr_list_new();
    ldns_rdf *apex = ldns_dname_new_frm_str(context->zone);
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < ldns_rr_list_rr_count(sides[i]); k++) {
            ldns_rr *rr = ldns_rr_list_rr(sides[i], k);
            if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_NS &&
                ldns_dname_compare(ldns_rr_owner(rr), apex) == 0)
                ldns_rr_list_push_rr(servers, rr);
        }
    }
    ldns_rdf_deep_free(apex);
    return servers;
}

// ── Judges, one type each ────────────────────────────────────────────────────────────────────────

static void judge_mx(struct diff_judgement *judgement)
{
    const struct diff_change *change = judgement->change;
    struct buf gone = only_in(&change->old, &change->new, 1);
    if (gone.len > 0)
        risk_until(judgement, change->old.ttl,
                   "senders still bring mail to %s; keep it taking mail for %s", buf_text(&gone),
                   judgement->name);
    if (change->kind == DIFF_REMOVED)
        risk_lasting(judgement,
                     "without MX, mail goes to the addresses of %s itself (RFC 5321 §5.1)",
                     judgement->name);
    buf_done(&gone);
}

static void judge_address(struct diff_judgement *judgement)
{
    const struct diff_change *change = judgement->change;
    struct buf gone = only_in(&change->old, &change->new, 0);
    struct buf come = only_in(&change->new, &change->old, 0);
    if (gone.len > 0)
        risk_until(judgement, change->old.ttl,
                   "who knows %s already goes on to %s; keep it working", judgement->name,
                   buf_text(&gone));
    if ((gone.len > 0 || come.len > 0) && is_nameserver(judgement) &&
        !judgement->context->delegated_here)
        risk_lasting(
            judgement,
            "it is a name server: its glue at the registrar must change, too (zonegen --ds)");
    if (come.len > 0 && strcmp(judgement->name, judgement->context->hostname) == 0)
        risk_lasting(judgement,
                     "mail from %s is refused by many until its reverse name is %s (zonegen --ds)",
                     buf_text(&come), judgement->name);
    buf_done(&come);
    buf_done(&gone);
}

static void judge_apex_ns(struct diff_judgement *judgement)
{
    const struct diff_change *change = judgement->change;
    struct buf gone = only_in(&change->old, &change->new, 0);
    struct buf come = only_in(&change->new, &change->old, 0);
    if (gone.len > 0)
        risk_until(judgement, change->old.ttl,
                   "resolvers go on asking %s: it must serve the zone%s", buf_text(&gone),
                   judgement->context->delegated_here
                       ? ""
                       : ", and for as long as the registrar names it");
    if ((gone.len > 0 || come.len > 0) && !judgement->context->delegated_here)
        risk_lasting(judgement, "the registrar must be told the same name servers (zonegen --ds)");
    buf_done(&come);
    buf_done(&gone);
}

static void judge_ns(struct diff_judgement *judgement)
{
    const struct diff_change *change = judgement->change;
    if (is_apex(judgement)) {
        judge_apex_ns(judgement);
        return;
    }
    struct buf gone = only_in(&change->old, &change->new, 0);
    struct buf come = only_in(&change->new, &change->old, 0);
    if (gone.len > 0)
        risk_until(judgement, change->old.ttl,
                   "resolvers go on asking %s for %s and all below it: it must serve that",
                   buf_text(&gone), judgement->name);
    if (come.len > 0)
        risk_lasting(judgement, "%s must serve %s already, or nothing at and below it is found",
                     buf_text(&come), judgement->name);
    buf_done(&come);
    buf_done(&gone);
}

static void judge_ds(struct diff_judgement *judgement)
{
    const struct diff_change *change = judgement->change;
    struct buf gone = only_in(&change->old, &change->new, 0);
    struct buf come = only_in(&change->new, &change->old, 0);
    if (come.len > 0)
        risk_lasting(judgement,
                     "%s must be served with the key %s by all its name servers already; for "
                     "validators it is bogus otherwise",
                     judgement->name, buf_text(&come));
    if (gone.len > 0)
        risk_until(judgement, change->old.ttl, "%s must stay signed with the key %s",
                   judgement->name, buf_text(&gone));
    buf_done(&come);
    buf_done(&gone);
}

static void judge_tlsa(struct diff_judgement *judgement)
{
    const struct diff_change *change = judgement->change;
    struct buf gone = only_in(&change->old, &change->new, 3);
    struct buf come = only_in(&change->new, &change->old, 3);
    bool some_stay = false;
    for (size_t i = 0; i < change->old.count; i++)
        some_stay = some_stay || diff_has(&change->new, change->old.rrs[i]);
    if (change->kind == DIFF_REMOVED)
        risk_until(judgement, change->old.ttl,
                   "who has the old records accepts only these keys: the server must keep one of "
                   "them, or mail by DANE waits");
    else if (change->kind == DIFF_CHANGED && !some_stay)
        risk_until(judgement, change->old.ttl,
                   "no key is in both the old and the new records: whichever the server has, part "
                   "of the senders refuse it, and their mail waits");
    else if (gone.len > 0)
        risk_lasting(judgement, "the server must not use the key %s any more", buf_text(&gone));
    if (come.len > 0 && (some_stay || change->kind == DIFF_ADDED))
        risk_until(judgement, 2 * change->new.ttl,
                   "the server must not use the key %s yet, unless it does already (RFC 7671 §8.1)",
                   buf_text(&come));
    buf_done(&come);
    buf_done(&gone);
}

static void judge_sshfp(struct diff_judgement *judgement)
{
    const struct diff_change *change = judgement->change;
    struct buf gone = only_in(&change->old, &change->new, 2);
    if (gone.len > 0)
        risk_until(judgement, change->old.ttl,
                   "ssh clients that know the old fingerprints do not trust a host key that is not "
                   "among them, and ask");
    buf_done(&gone);
}

static void judge_srv(struct diff_judgement *judgement)
{
    const struct diff_change *change = judgement->change;
    struct buf gone = only_in(&change->old, &change->new, 3);
    struct buf ports = only_in(&change->old, &change->new, 2);
    if (gone.len > 0)
        risk_until(judgement, change->old.ttl,
                   "clients go on to %s; those set up by it keep it for good", buf_text(&gone));
    else if (ports.len > 0)
        risk_until(judgement, change->old.ttl,
                   "clients go on to port %s; those set up by it keep it for good",
                   buf_text(&ports));
    buf_done(&ports);
    buf_done(&gone);
}

static void judge_alias(struct diff_judgement *judgement)
{
    const struct diff_change *change = judgement->change;
    struct buf gone = only_in(&change->old, &change->new, 0);
    if (gone.len > 0)
        risk_until(judgement, change->old.ttl,
                   "who knows %s as an alias goes on to %s; keep it working", judgement->name,
                   buf_text(&gone));
    buf_done(&gone);
}

static void judge_caa(struct diff_judgement *judgement)
{
    const struct diff_change *change = judgement->change;
    struct buf gone = only_in(&change->old, &change->new, 2);
    if (change->kind == DIFF_ADDED)
        risk_lasting(
            judgement,
            "certificates for %s and all below it come only from whom this names (RFC 8659 "
            "§3); is the CA of each among them?",
            judgement->name);
    else if (change->kind == DIFF_CHANGED && gone.len > 0)
        risk_lasting(judgement, "a renewal that needs %s is refused", buf_text(&gone));
    buf_done(&gone);
}

static void judge_other(struct diff_judgement *judgement)
{
    const struct diff_change *change = judgement->change;
    for (size_t i = 0; i < change->old.count; i++) {
        if (diff_has(&change->new, change->old.rrs[i]))
            continue;
        risk_until(judgement, change->old.ttl, "caches go on with the old data");
        return;
    }
}

static void judge_soa(struct diff_judgement *judgement)
{
    (void)judgement; // its timers are for secondaries, which read them with the zone
}

static const struct {
    ldns_rr_type type;
    void (*judge)(struct diff_judgement *judgement);
} judges[] = {
    {LDNS_RR_TYPE_A, judge_address},   {LDNS_RR_TYPE_AAAA, judge_address},
    {LDNS_RR_TYPE_NS, judge_ns},       {LDNS_RR_TYPE_DS, judge_ds},
    {LDNS_RR_TYPE_MX, judge_mx},       {LDNS_RR_TYPE_TXT, judge_texts},
    {LDNS_RR_TYPE_TLSA, judge_tlsa},   {LDNS_RR_TYPE_SSHFP, judge_sshfp},
    {LDNS_RR_TYPE_SRV, judge_srv},     {LDNS_RR_TYPE_CNAME, judge_alias},
    {LDNS_RR_TYPE_DNAME, judge_alias}, {LDNS_RR_TYPE_CAA, judge_caa},
    {LDNS_RR_TYPE_SOA, judge_soa},
};

static void judge_ttl(struct diff_judgement *judgement)
{
    const struct diff_change *change = judgement->change;
    if (change->kind != DIFF_CHANGED || change->old.ttl <= change->new.ttl)
        return;
    risk_until(
        judgement, change->old.ttl,
        "caches still count down the old TTL; only then does a change show within the new one");
}

static void judge_change(struct diff_judgement *judgement)
{
    void (*judge)(struct diff_judgement *) = judge_other;
    for (size_t i = 0; i < sizeof(judges) / sizeof(judges[0]); i++) {
        if (judges[i].type == judgement->change->type)
            judge = judges[i].judge;
    }
    judge(judgement);
    judge_ttl(judgement);
}

// ── The zone as a whole ──────────────────────────────────────────────────────────────────────────

static uint32_t largest_ttl(const ldns_rr_list *records, ldns_rr_type type)
{
    uint32_t ttl = 0;
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(records, i);
        if ((type == 0 || ldns_rr_get_type(rr) == type) && ldns_rr_ttl(rr) > ttl)
            ttl = ldns_rr_ttl(rr);
    }
    return ttl;
}

#define SOA_MINIMUM 6

// For how long caches keep that something is not there: RFC 2308 §5.
static uint32_t negative_ttl(const ldns_rr_list *records)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(records, i);
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SOA)
            continue;
        uint32_t minimum = ldns_rdf2native_int32(ldns_rr_rdf(rr, SOA_MINIMUM));
        return minimum < ldns_rr_ttl(rr) ? minimum : ldns_rr_ttl(rr);
    }
    return 0;
}

static void judge_removed_zone(struct diff_judgement *judgement)
{
    const struct diff *diff = judgement->diff;
    if (judgement->context->delegated_here) {
        risk_until(judgement, largest_ttl(diff->old.records, LDNS_RR_TYPE_NS),
                   "resolvers go on asking for it as a zone of its own, and are refused");
        return;
    }
    risk_lasting(judgement,
                 "it is refused from now on, with all names in it; the delegation at the registrar "
                 "must go first, or lead elsewhere%s",
                 diff->old.is_signed ? ", and so must the DS" : "");
    risk_until(judgement, largest_ttl(diff->old.records, 0), "caches may still have records of it");
}

static void judge_signing(struct diff_judgement *judgement)
{
    const struct diff *diff = judgement->diff;
    if (!diff->old.is_signed || diff->new.is_signed)
        return;
    risk_lasting(judgement,
                 "it is not signed any more: while %s has a DS for it, and for the TTL of that DS "
                 "afterwards, it is bogus for validators; take the DS away first, and wait",
                 judgement->context->delegated_here ? "the zone above" : "the registrar");
}

static void judge_new_names(struct diff_judgement *judgement)
{
    const struct diff *diff = judgement->diff;
    size_t count = 0;
    for (size_t i = 0; i < diff->change_count; i++)
        count += diff->changes[i].kind == DIFF_ADDED;
    if (count > 0)
        risk_until(judgement, negative_ttl(diff->old.records),
                   "who has asked for what is new here (%zu RRset%s) may go on hearing that there "
                   "is none",
                   count, count == 1 ? "" : "s");
}

static void judge_zone(struct diff_judgement *judgement)
{
    const struct diff *diff = judgement->diff;
    if (diff->kind == DIFF_REMOVED) {
        judge_removed_zone(judgement);
        return;
    }
    if (diff->kind == DIFF_ADDED && !judgement->context->delegated_here)
        risk_lasting(judgement, "nobody asks here before the registrar is told (zonegen --ds)");
    if (diff->kind != DIFF_CHANGED)
        return;
    judge_signing(judgement);
    judge_new_names(judgement);
}

void diff_judge(const struct diff_context *context, struct diff *diff)
{
    struct diff_judgement judgement = {
        .context = context, .diff = diff, .servers = apex_servers(context, diff)};
    for (size_t i = 0; i < diff->change_count; i++) {
        struct diff_change *change = &diff->changes[i];
        judgement.change = change;
        judgement.risks = &change->risks;
        judgement.risk_count = &change->risk_count;
        judgement.name = rdf_text(change->owner);
        judge_change(&judgement);
        free(judgement.name);
    }
    judgement.change = NULL;
    judgement.risks = &diff->risks;
    judgement.risk_count = &diff->risk_count;
    judgement.name = diff->zone;
    judge_zone(&judgement);
    ldns_rr_list_free(judgement.servers);
}
