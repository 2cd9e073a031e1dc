// SPDX-License-Identifier: ISC
// What a change of a TXT RRset could break, told apart by what the texts mean (dns/tag_list.h, dns/spf.h): two records
// of an RRset that are of one family are the old and the new of one thing.
#include "zonegen/diff_judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/spf.h"
#include "dns/tag_list.h"

// Mail is tried again for four to five days (RFC 5321 §4.5.4.1), and its signature is checked when it arrives.
#define MAIL_UNDER_WAY (5U * 86400)

static char *text_of(const ldns_rr *rr)
{
    struct buf text = {0};
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *string = ldns_rr_rdf(rr, i);
        buf_put(&text, ldns_rdf_data(string) + 1, ldns_rdf_size(string) - 1);
    }
    char *ret = xstrdup(buf_text(&text));
    buf_done(&text);
    return ret;
}

// The first text of the family in the RRset, or NULL. The caller frees.
static char *find_text(const char *owner, const struct diff_rrset *rrset, enum txt_family family)
{
    for (size_t i = 0; i < rrset->count; i++) {
        char *text = text_of(rrset->rrs[i]);
        if (txt_family(owner, text, strlen(text)) == family)
            return text;
        free(text);
    }
    return NULL;
}

// ── SPF ──────────────────────────────────────────────────────────────────────────────────────────

static bool spf_has(const struct spf *spf, const struct spf_term *term)
{
    for (size_t i = 0; spf != NULL && i < spf->count; i++) {
        const struct spf_term *other = &spf->terms[i];
        if (other->kind == term->kind && other->qualifier == term->qualifier &&
            other->text_len == term->text_len &&
            strncasecmp(other->text, term->text, term->text_len) == 0)
            return true;
    }
    return false;
}

// The mechanisms that let mail pass here and not there, as "a, b".
static struct buf spf_only_in(const struct spf *in, const struct spf *other)
{
    struct buf list = {0};
    for (size_t i = 0; i < in->count; i++) {
        const struct spf_term *term = &in->terms[i];
        if (term->qualifier == '+' && term->kind != SPF_EXP && term->kind != SPF_OTHER &&
            !spf_has(other, term))
            buf_printf(&list, "%s%.*s", list.len > 0 ? ", " : "", (int)term->text_len, term->text);
    }
    return list;
}

static void judge_spf(struct diff_judgement *judgement, const char *old, const char *new)
{
    struct spf *from = xcalloc(2, sizeof(*from));
    struct spf *to = from + 1;
    if (old != NULL)
        (void)spf_parse(old, strlen(old), from, NULL);
    if (new != NULL)
        (void)spf_parse(new, strlen(new), to, NULL);
    struct buf gone = spf_only_in(from, to);
    struct buf come = spf_only_in(to, from);
    if (new == NULL)
        risk_lasting(judgement, "nothing says any more who may send mail of %s", judgement->name);
    else if (gone.len > 0)
        risk_lasting(judgement, "mail that is sent by way of %s does not pass SPF any more",
                     buf_text(&gone));
    if (new != NULL && to->all == '-' && (old == NULL || from->all != '-'))
        risk_lasting(judgement, "mail of %s from elsewhere fails now, and is refused by many",
                     judgement->name);
    if (come.len > 0 && old != NULL)
        risk_until(judgement, judgement->change->old.ttl,
                   "mail that is sent by way of %s may not pass SPF yet", buf_text(&come));
    buf_done(&come);
    buf_done(&gone);
    free(from);
}

// ── DKIM ─────────────────────────────────────────────────────────────────────────────────────────

static bool same_tag(const char *old, const char *new, const char *name)
{
    struct tag_list lists[2];
    (void)tag_list_parse(old, strlen(old), &lists[0], NULL);
    (void)tag_list_parse(new, strlen(new), &lists[1], NULL);
    const struct tag *a = tag_list_find(&lists[0], name);
    const struct tag *b = tag_list_find(&lists[1], name);
    if (a == NULL || b == NULL)
        return a == b;
    return a->value_len == b->value_len && memcmp(a->value, b->value, a->value_len) == 0;
}

static void judge_dkim(struct diff_judgement *judgement, const char *old, const char *new)
{
    if (old == NULL || (new != NULL &&same_tag(old, new, "p")))
        return;
    risk_until(judgement, MAIL_UNDER_WAY,
               "mail under way that is signed with it cannot be checked any more, and the mail "
               "server must not sign with it");
    if (new != NULL)
        risk_until(judgement, judgement->change->old.ttl,
                   "signatures of the new key fail where the old one is in a cache; a new selector "
                   "has no such gap");
}

// ── DMARC, MTA-STS ───────────────────────────────────────────────────────────────────────────────

static unsigned strictness(const char *text)
{
    static const char *const policies[] = {"none", "quarantine", "reject"};
    struct tag_list list;
    if (text == NULL)
        return 0;
    (void)tag_list_parse(text, strlen(text), &list, NULL);
    const struct tag *policy = tag_list_find(&list, "p");
    for (unsigned i = 0; policy != NULL && i < 3; i++) {
        if (tag_is(policy, policies[i]))
            return i;
    }
    return 0;
}

static void judge_dmarc(struct diff_judgement *judgement, const char *old, const char *new)
{
    static const char *const fate[] = {"is let in", "goes to the junk", "is refused"};
    unsigned before = strictness(old);
    unsigned after = strictness(new);
    if (after > before)
        risk_lasting(judgement, "mail in the domain's name that passes neither SPF nor DKIM %s now",
                     fate[after]);
    else if (after < before)
        risk_lasting(judgement,
                     "mail in the domain's name that passes neither SPF nor DKIM %s from now on",
                     fate[after]);
}

static void judge_mta_sts(struct diff_judgement *judgement, const char *old, const char *new)
{
    if (old != NULL && new == NULL)
        risk_lasting(judgement,
                     "senders keep to the policy that they have until its max_age is over; `mode: "
                     "none` ends it in order (RFC 8461 §8.3)");
    else if (old != NULL && !same_tag(old, new, "id"))
        risk_lasting(judgement,
                     "the web server must have the new policy before this is published (zonegen "
                     "--ds prints it)");
}

// ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

static void judge_other_texts(struct diff_judgement *judgement)
{
    const struct diff_change *change = judgement->change;
    for (size_t i = 0; i < change->old.count; i++) {
        char *text = text_of(change->old.rrs[i]);
        if (!diff_has(&change->new, change->old.rrs[i]) &&
            txt_family(judgement->name, text, strlen(text)) == TXT_OTHER)
            risk_lasting(judgement, "who looks for \"%.40s%s\" does not find it any more", text,
                         strlen(text) > 40 ? "…" : "");
        free(text);
    }
}

static const struct {
    enum txt_family family;
    void (*judge)(struct diff_judgement *judgement, const char *old, const char *new);
} families[] = {
    {TXT_SPF, judge_spf},
    {TXT_DKIM, judge_dkim},
    {TXT_DMARC, judge_dmarc},
    {TXT_MTA_STS, judge_mta_sts},
};

void judge_texts(struct diff_judgement *judgement)
{
    const struct diff_change *change = judgement->change;
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        char *old = find_text(judgement->name, &change->old, families[i].family);
        char *new = find_text(judgement->name, &change->new, families[i].family);
        if ((old != NULL || new != NULL) && (old == NULL || new == NULL || strcmp(old, new) != 0))
            families[i].judge(judgement, old, new);
        free(old);
        free(new);
    }
    judge_other_texts(judgement);
}
