// SPDX-License-Identifier: ISC
// DMARC as receivers find it: the tree walk of RFC 9989 §4.10, and whether those whom it has reports sent to want them
// (RFC 9990 §4).
#include <string.h>
#include <strings.h>

#include "dns/tag_list.h"
#include "probe/judge.h"

// RFC 9989 §4.10: names asked for one domain; of a longer name, the last seven labels after the name itself.
#define WALK_MAX 8
// Receivers of reports that are looked at.
#define REPORTS_MAX 10

// ── The tree walk ────────────────────────────────────────────────────────────────────────────────

struct policy { // of one name
    bool found;
    char psd; // value of the tag: 'y', 'n', 'u' or NUL
    const char *text;
    size_t len;
    size_t count; // records there
};

static enum judge_reply read_policy(struct judge *judge, const char *name, struct policy *ret,
                                    const char **ret_why)
{
    const char *owner = judge_text(judge, "_dmarc.%s", name);
    ldns_rr_list *list;
    enum judge_reply reply = judge_look(judge, owner, LDNS_RR_TYPE_TXT, &list, ret_why);
    *ret = (struct policy){0};
    for (size_t i = 0; reply == REPLY_READY && i < ldns_rr_list_rr_count(list); i++) {
        size_t len;
        const char *text = judge_txt(judge, ldns_rr_list_rr(list, i), &len);
        if (txt_family(owner, text, len) != TXT_DMARC)
            continue;
        ret->count++;
        ret->text = text;
        ret->len = len;
    }
    struct tag_list tags;
    // More than one, or one that cannot be read, is as good as none.
    if (ret->count != 1 || tag_list_parse(ret->text, ret->len, &tags, NULL) != STATUS_OK)
        return reply;
    const struct tag *psd = tag_list_find(&tags, "psd");
    ret->found = true;
    ret->psd = psd != NULL && psd->value_len == 1 ? psd->value[0] : '\0';
    return reply;
}

static size_t label_count(const char *name)
{
    size_t count = 0;
    for (; name != NULL && strcmp(name, ".") != 0; name = name_above(name))
        count++;
    return count;
}

// RFC 9989 §4.10.2. OPEN and UNKNOWN as in judge_look.
static enum judge_reply organization(struct judge *judge, const char *domain, const char **ret,
                                     const char **ret_why)
{
    const char *highest = domain, *below = domain;
    size_t asked = 0;
    for (const char *name = domain; name != NULL && strcmp(name, ".") != 0;) {
        struct policy policy;
        enum judge_reply reply = read_policy(judge, name, &policy, ret_why);
        if (reply != REPLY_READY)
            return reply;
        asked++;
        if (policy.found && policy.psd == 'y') { // that one is a registry's: the name below it
            *ret = name_is(name, domain) ? domain : below;
            return REPLY_READY;
        }
        if (policy.found)
            highest = name;
        if (policy.found && policy.psd == 'n')
            break;
        below = name;
        name = name_above(name);
        while (asked == 1 && label_count(name) >= WALK_MAX)
            name = name_above(name);
    }
    *ret = highest;
    return REPLY_READY;
}

// ── Reports ──────────────────────────────────────────────────────────────────────────────────────

// The domain of "mailto:dmarc@example.net!10m", or NULL: another kind of URI.
static const char *receiver_of(struct judge *judge, const char *uri, size_t len)
{
    static const char scheme[] = "mailto:";
    if (len < sizeof(scheme) || strncasecmp(uri, scheme, sizeof(scheme) - 1) != 0)
        return NULL;
    const char *at = memchr(uri, '@', len);
    if (at == NULL)
        return NULL;
    size_t rest = len - (size_t)(at + 1 - uri);
    return judge_text(judge, "%.*s",
                      (int)strcspn(judge_text(judge, "%.*s", (int)rest, at + 1), "!?"), at + 1);
}

static void judge_receiver(struct judge *judge, const char *domain, const char *receiver)
{
    const char *ours, *theirs, *why;
    enum judge_reply reply = organization(judge, domain, &ours, &why);
    enum judge_reply other = organization(judge, receiver, &theirs, &why);
    if (reply == REPLY_OPEN || other == REPLY_OPEN)
        return;
    if (reply == REPLY_READY && other == REPLY_READY && name_is(ours, theirs))
        return; // the same organization: nobody has to agree
    const char *owner = judge_text(judge, "%s._report._dmarc.%s", domain, receiver);
    const char *subject = judge_text(judge, "%s to %s", domain, receiver);
    ldns_rr_list *list;
    reply = judge_look(judge, owner, LDNS_RR_TYPE_TXT, &list, &why);
    if (reply == REPLY_UNKNOWN)
        verdict_add(judge->verdicts, CHECK_REPORTS, VERDICT_UNKNOWN, subject, "%s: %s", owner, why);
    if (reply != REPLY_READY)
        return;
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        size_t len;
        const char *text = judge_txt(judge, ldns_rr_list_rr(list, i), &len);
        if (txt_family(owner, text, len) == TXT_REPORT) {
            verdict_add(judge->verdicts, CHECK_REPORTS, VERDICT_OK, subject,
                        "%s agrees to get the reports", receiver);
            return;
        }
    }
    verdict_add(judge->verdicts, CHECK_REPORTS, VERDICT_WRONG, subject,
                "%s does not say that it wants reports about %s, so that none are sent there",
                receiver, domain);
    verdict_todo(judge->verdicts,
                 "Whoever has the zone of %s has to add there: %s. TXT \"v=DMARC1\" (or take "
                 "another address in `dmarc: {reports: …}`)",
                 receiver, owner);
}

static bool is_listed(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (name_is(names[i], name))
            return true;
    return false;
}

static void judge_reports(struct judge *judge, const char *domain, const struct policy *policy)
{
    static const char *const names[] = {"rua", "ruf"};
    struct tag_list tags;
    const char *receivers[REPORTS_MAX];
    size_t count = 0;
    if (tag_list_parse(policy->text, policy->len, &tags, NULL) != STATUS_OK)
        return;
    for (size_t n = 0; n < 2; n++) {
        const struct tag *tag = tag_list_find(&tags, names[n]);
        const char *uri = tag != NULL ? tag->value : NULL;
        for (size_t left = tag != NULL ? tag->value_len : 0; left > 0 && count < REPORTS_MAX;) {
            size_t len = (size_t)((const char *)memchr(uri, ',', left) - uri);
            if (memchr(uri, ',', left) == NULL)
                len = left;
            while (len > 0 && *uri == ' ') {
                uri++;
                len--;
                left--;
            }
            const char *receiver = receiver_of(judge, uri, len);
            if (receiver != NULL && !is_listed(receivers, count, receiver))
                receivers[count++] = receiver;
            left -= len < left ? len + 1 : len;
            uri += len + 1;
        }
    }
    for (size_t i = 0; i < count; i++)
        judge_receiver(judge, domain, receivers[i]);
}

// ── The policy ───────────────────────────────────────────────────────────────────────────────────

static void judge_policy(struct judge *judge, const char *domain, const struct policy *policy)
{
    const char *subject = judge_text(judge, "_dmarc.%s TXT", domain);
    struct error err = {0};
    if (policy->count == 0) {
        verdict_add(judge->verdicts, CHECK_DMARC, VERDICT_WRONG, subject,
                    "there is no DMARC record: anybody can write in the name of %s", domain);
        verdict_todo(judge->verdicts, "Publish the one that `zonegen --dump %s` shows",
                     judge->zone->name);
    } else if (policy->count > 1) {
        verdict_add(judge->verdicts, CHECK_DMARC, VERDICT_WRONG, subject,
                    "there are %zu DMARC records, so that receivers go by none (RFC 9989 §4.10)",
                    policy->count);
        verdict_todo(judge->verdicts, "Leave one of them");
    } else if (txt_check(TXT_DMARC, policy->text, policy->len, &err) != STATUS_OK) {
        verdict_add(judge->verdicts, CHECK_DMARC, VERDICT_WRONG, subject,
                    "receivers cannot read the DMARC record: %s", err.text);
        verdict_todo(judge->verdicts, "Put it right, or let zonegen make it: `zonegen --dump %s`",
                     judge->zone->name);
    } else {
        judge_reports(judge, domain, policy);
    }
}

void judge_dmarc(struct judge *judge, const char *domain)
{
    struct policy policy;
    const char *why, *owner = judge_text(judge, "_dmarc.%s", domain);
    if (expect_find(judge->zone, owner, LDNS_RR_TYPE_TXT) == NULL)
        return; // `dmarc: no`
    if (read_policy(judge, domain, &policy, &why) == REPLY_READY)
        judge_policy(judge, domain, &policy);
}
