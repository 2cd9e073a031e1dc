// SPDX-License-Identifier: ISC
// MTA-STS (RFC 8461): the TXT record's promise, the policy that the web server of the domain gives out, and whether the
// two and the MX go together.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dns/tag_list.h"
#include "probe/judge.h"

#define MX_MAX 32 // lines with mx of a policy

struct policy {
    const char *version, *mode, *max_age; // "": not there
    const char *mx[MX_MAX];
    size_t mx_count;
};

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────

static void take_line(struct policy *policy, char *line)
{
    char *value = strchr(line, ':');
    if (value == NULL)
        return;
    *value++ = '\0';
    value += strspn(value, " \t");
    for (size_t len = strlen(value); len > 0 && strchr(" \t\r", value[len - 1]) != NULL; len--)
        value[len - 1] = '\0';
    line[strcspn(line, " \t")] = '\0';
    // §3.2: of fields that are there twice, but for mx, the first counts.
    if (strcmp(line, "mx") == 0 && policy->mx_count < MX_MAX)
        policy->mx[policy->mx_count++] = value;
    else if (strcmp(line, "version") == 0 && *policy->version == '\0')
        policy->version = value;
    else if (strcmp(line, "mode") == 0 && *policy->mode == '\0')
        policy->mode = value;
    else if (strcmp(line, "max_age") == 0 && *policy->max_age == '\0')
        policy->max_age = value;
}

static struct policy read_policy(struct judge *judge, const char *text)
{
    struct policy policy = {.version = "", .mode = "", .max_age = ""};
    size_t len = strlen(text);
    char *rest = arena_octets(&judge->arena, len + 1);
    memcpy(rest, text, len + 1);
    while (rest != NULL)
        take_line(&policy, strsep(&rest, "\n"));
    return policy;
}

// RFC 8461 §4.1: "*.example.com" stands for one label.
static bool covers(const char *pattern, const char *host)
{
    if (strncmp(pattern, "*.", 2) == 0) {
        const char *above = name_above(host);
        return above != NULL && name_is(above, pattern + 2);
    }
    return name_is(pattern, host);
}

static bool any_covers(const struct policy *policy, const char *host)
{
    for (size_t i = 0; i < policy->mx_count; i++)
        if (covers(policy->mx[i], host))
            return true;
    return false;
}

// ── Judging ──────────────────────────────────────────────────────────────────────────────────────

static void todo_policy(struct judge *judge, const struct expect_mail *mail)
{
    verdict_todo(judge->verdicts,
                 "Let the web server at https://mta-sts.%s/.well-known/mta-sts.txt give out what "
                 "`zonegen --dump %s` prints as policy",
                 mail->name, judge->zone->name);
}

static void judge_mx(struct judge *judge, const struct expect_mail *mail,
                     const struct policy *policy, const char *subject)
{
    ldns_rr_list *list;
    const char *why;
    if (judge_look(judge, mail->name, LDNS_RR_TYPE_MX, &list, &why) != REPLY_READY)
        return;
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const char *host = judge_name(judge, ldns_rr_rdf(ldns_rr_list_rr(list, i), 1));
        if (any_covers(policy, host))
            continue;
        verdict_add(judge->verdicts, CHECK_MTA_STS, VERDICT_WRONG, subject,
                    "the policy names no mx that covers %s, which the MX record names: senders "
                    "that enforce it do not deliver there",
                    host);
        todo_policy(judge, mail);
    }
}

static void judge_content(struct judge *judge, const struct expect_mail *mail, const char *subject,
                          const char *body)
{
    struct policy seen = read_policy(judge, body);
    struct policy wanted = read_policy(judge, mail->policy);
    if (strcmp(seen.version, "STSv1") != 0 || *seen.mode == '\0' || *seen.max_age == '\0') {
        verdict_add(judge->verdicts, CHECK_MTA_STS, VERDICT_WRONG, subject,
                    "what is given out is no policy: version, mode or max_age is missing");
        todo_policy(judge, mail);
        return;
    }
    size_t before = judge->verdicts->count;
    if (strcmp(seen.mode, wanted.mode) != 0) {
        verdict_add(judge->verdicts, CHECK_MTA_STS, VERDICT_WRONG, subject,
                    "the mode of the policy is %s, but should be %s", seen.mode, wanted.mode);
        todo_policy(judge, mail);
    }
    if (strcmp(seen.max_age, wanted.max_age) != 0) {
        verdict_add(judge->verdicts, CHECK_MTA_STS, VERDICT_WRONG, subject,
                    "the max_age of the policy is %s, but should be %s", seen.max_age,
                    wanted.max_age);
        todo_policy(judge, mail);
    }
    if (strcmp(seen.mode, "none") != 0)
        judge_mx(judge, mail, &seen, subject);
    if (judge->verdicts->count == before)
        verdict_add(judge->verdicts, CHECK_MTA_STS, VERDICT_OK, subject,
                    "the policy is given out, and fits the MX");
}

static void judge_fetch(struct judge *judge, const struct expect_mail *mail,
                        const struct fact *fact, const char *subject)
{
    switch (fact->outcome) {
    case FACT_ANSWERED:
        if (fact->code == 200) {
            judge_content(judge, mail, subject, fact->body);
            return;
        }
        verdict_add(judge->verdicts, CHECK_MTA_STS, VERDICT_WRONG, subject,
                    "the web server answers with %u instead of the policy", fact->code);
        todo_policy(judge, mail);
        return;
    case FACT_UNTRUSTED:
        verdict_add(judge->verdicts, CHECK_MTA_STS, VERDICT_WRONG, subject,
                    "senders do not believe the web server's certificate: %s", fact->words);
        verdict_todo(judge->verdicts, "Get a certificate for mta-sts.%s from a public CA",
                     mail->name);
        return;
    case FACT_BROKEN:
        verdict_add(judge->verdicts, CHECK_MTA_STS, VERDICT_WRONG, subject, "%s", fact->words);
        todo_policy(judge, mail);
        return;
    default:
        verdict_add(judge->verdicts, CHECK_MTA_STS, VERDICT_UNKNOWN, subject,
                    "the policy could not be fetched: %s", fact->words);
        verdict_todo(judge->verdicts,
                     "See that a web server for mta-sts.%s runs and a firewall "
                     "lets port 443 through",
                     mail->name);
        return;
    }
}

void judge_sts(struct judge *judge, const struct expect_mail *mail)
{
    const char *host = judge_text(judge, "mta-sts.%s", mail->name);
    const char *subject = judge_text(judge, "https://%s", host), *why;
    if (mail->policy == NULL || judge->is_lost)
        return;
    ldns_rr_list *list;
    enum judge_reply reply = judge_look(judge, judge_text(judge, "_mta-sts.%s", mail->name),
                                        LDNS_RR_TYPE_TXT, &list, &why);
    size_t count = 0;
    for (size_t i = 0; reply == REPLY_READY && i < ldns_rr_list_rr_count(list); i++) {
        size_t len;
        const char *text = judge_txt(judge, ldns_rr_list_rr(list, i), &len);
        count += txt_family(judge_text(judge, "_mta-sts.%s", mail->name), text, len) == TXT_MTA_STS;
    }
    if (reply == REPLY_READY && count != 1) { // §3.1
        verdict_add(judge->verdicts, CHECK_MTA_STS, VERDICT_WRONG,
                    judge_text(judge, "_mta-sts.%s TXT", mail->name),
                    "there are %zu MTA-STS records instead of one, so that senders look for no "
                    "policy",
                    count);
        verdict_todo(judge->verdicts, "Have exactly the one that `zonegen --dump %s` shows",
                     judge->zone->name);
    }
    const struct fact *fact = facts_policy(judge->facts, host);
    if (fact != NULL)
        judge_fetch(judge, mail, fact, subject);
}
