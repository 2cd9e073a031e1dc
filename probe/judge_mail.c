// SPDX-License-Identifier: ISC
// What the records of a mail domain come to, beyond being those that the configuration makes: does its MX lead
// somewhere, may this box send for it, would receivers understand its texts.
#include <stdlib.h>
#include <string.h>

#include "dns/spf.h"
#include "dns/tag_list.h"
#include "probe/judge_spf.h"

// ── MX ───────────────────────────────────────────────────────────────────────────────────────────

static void judge_mx_target(struct judge *judge, const char *subject, const char *host)
{
    ldns_rr_list *alias;
    const char *why;
    struct address *addresses;
    size_t count;
    enum judge_reply reply = judge_look(judge, host, LDNS_RR_TYPE_CNAME, &alias, &why);
    if (reply == REPLY_READY && ldns_rr_list_rr_count(alias) > 0) { // RFC 2181 §10.3
        verdict_add(judge->verdicts, CHECK_MX, VERDICT_WRONG, subject,
                    "%s is an alias (CNAME), which the name in an MX may not be", host);
        verdict_todo(judge->verdicts, "Name in the MX what the alias leads to: %s",
                     judge_data(judge, alias));
        return;
    }
    if (judge->is_lost && name_is_inside(host, judge->zone->name))
        return;
    if (judge_addresses(judge, host, 25, &addresses, &count) == REPLY_READY && count == 0) {
        verdict_add(judge->verdicts, CHECK_MX, VERDICT_WRONG, subject,
                    "%s has no address that the world can reach", host);
        verdict_todo(judge->verdicts, "Give %s an A or AAAA record", host);
    }
}

static void judge_mx(struct judge *judge, const struct expect_mail *mail)
{
    ldns_rr_list *list;
    const char *why, *subject = judge_text(judge, "%s MX", mail->name);
    if (judge_look(judge, mail->name, LDNS_RR_TYPE_MX, &list, &why) != REPLY_READY)
        return; // said with the records
    for (size_t i = 0; i < ldns_rr_list_rr_count(list) && i < JUDGE_NAMES_MAX; i++) {
        const char *host = judge_name(judge, ldns_rr_rdf(ldns_rr_list_rr(list, i), 1));
        if (strcmp(host, ".") != 0)
            judge_mx_target(judge, subject, host);
    }
}

// ── SPF ──────────────────────────────────────────────────────────────────────────────────────────

// Where the zones that are checked do not hold the host, the world's word for its addresses is taken.
static size_t host_addresses(struct judge *judge, struct address **ret)
{
    const struct expect_host *host = &judge->zone->host;
    size_t count = 0;
    if (host->address_count > 0) {
        *ret = host->addresses;
        return host->address_count;
    }
    return judge_addresses(judge, host->name, 53, ret, &count) != REPLY_OPEN ? count : 0;
}

static void blame_record(struct judge *judge, const char *domain, const char *whose,
                         const struct spf_check *check)
{
    verdict_add(judge->verdicts, CHECK_SPF, VERDICT_WRONG, judge_text(judge, "%s SPF", domain),
                "%s cannot be judged by it: %s", whose, check->why);
    verdict_todo(judge->verdicts,
                 "See `spf:` in the configuration and custom records at %s; what it includes must "
                 "have one sound SPF record",
                 domain);
}

// Nobody's address (RFC 1112 §4). What SPF says of it, it says of any stranger, and nothing ends the evaluation early.
#define STRANGER "240.0.0.1"

// Returns whether the record was found to be no good.
static bool judge_spf_for_strangers(struct judge *judge, const char *domain)
{
    struct address stranger;
    const char *subject = judge_text(judge, "%s SPF", domain);
    if (address_parse(STRANGER, 25, &stranger, NULL) != STATUS_OK)
        abort();
    struct spf_check check = {
        .judge = judge,
        .address = &stranger,
        .sender = domain,
        .helo = judge->zone->host.name,
        .why = "",
    };
    enum spf_result result = spf_check_host(&check, domain);
    if (result == SPF_TEMPERROR) {
        verdict_add(judge->verdicts, CHECK_SPF, VERDICT_UNKNOWN, subject,
                    "what it says to its end is not known: %s", check.why);
    } else if (result == SPF_PERMERROR) {
        blame_record(judge, domain, "mail of others", &check);
    } else if (result == SPF_PASS) {
        verdict_add(judge->verdicts, CHECK_SPF, VERDICT_WRONG, subject,
                    "anybody in the world may send in the name of %s, by %s", domain, check.why);
        verdict_todo(judge->verdicts,
                     "End the SPF record of %s with -all, and include nobody who lets all in",
                     domain);
    }
    return result == SPF_PERMERROR;
}

static void judge_spf_for(struct judge *judge, const char *domain, const struct address *address,
                          struct sayings *passed)
{
    char text[ADDRESS_TEXT_MAX];
    const char *from = judge_text(judge, "%s", address_text(address, false, text));
    struct spf_check check = {
        .judge = judge,
        .address = address,
        .sender = domain,
        .helo = judge->zone->host.name,
        .why = "",
    };
    enum spf_result result = spf_check_host(&check, domain);
    const char *subject = judge_text(judge, "%s SPF", domain);
    switch (result) {
    case SPF_RESULT_OPEN:
        return;
    case SPF_PASS:
        sayings_add(judge, passed, check.why, from);
        return;
    case SPF_TEMPERROR:
        verdict_add(judge->verdicts, CHECK_SPF, VERDICT_UNKNOWN, subject,
                    "whether %s may send is not known: %s", from, check.why);
        return;
    case SPF_PERMERROR:
    case SPF_NONE:
        blame_record(judge, domain, from, &check);
        return;
    default:
        verdict_add(judge->verdicts, CHECK_SPF, VERDICT_WRONG, subject,
                    "mail from this box's address %s is not covered: %s comes from %s", from,
                    spf_result_text(result), check.why);
        verdict_todo(judge->verdicts, "Let the SPF record of %s name the box: mx, a:%s or ip%d:%s",
                     domain, judge->zone->host.name, address->any.sa_family == AF_INET ? 4 : 6,
                     from);
        return;
    }
}

static void judge_spf(struct judge *judge, const char *domain)
{
    struct address *addresses = NULL;
    struct sayings passed = {0};
    size_t count = host_addresses(judge, &addresses);
    bool no_good = judge_spf_for_strangers(judge, domain);
    for (size_t i = 0; i < count && !no_good; i++)
        judge_spf_for(judge, domain, &addresses[i], &passed);
    for (size_t i = 0; i < passed.count; i++)
        verdict_add(judge->verdicts, CHECK_SPF, VERDICT_OK, judge_text(judge, "%s SPF", domain),
                    "%s may send, by %s", passed.list[i].who, passed.list[i].content);
}

// The configuration has a record of that family there, or the domain is judged without.
static bool expects(struct judge *judge, const char *owner, enum txt_family family)
{
    const struct expect_rrset *rrset = expect_find(judge->zone, owner, LDNS_RR_TYPE_TXT);
    for (size_t i = 0; rrset != NULL && i < ldns_rr_list_rr_count(rrset->records); i++) {
        size_t len;
        const char *text = judge_txt(judge, ldns_rr_list_rr(rrset->records, i), &len);
        if (txt_family(owner, text, len) == family)
            return true;
    }
    return false;
}

// ── Texts ────────────────────────────────────────────────────────────────────────────────────────

static void judge_text_at(struct judge *judge, enum check_kind check, enum txt_family family,
                          const char *owner)
{
    ldns_rr_list *list;
    const char *why;
    struct error err = {0};
    size_t count = 0;
    const char *subject = judge_text(judge, "%s TXT", owner);
    if (!expects(judge, owner, family) ||
        judge_look(judge, owner, LDNS_RR_TYPE_TXT, &list, &why) != REPLY_READY)
        return;
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        size_t len;
        const char *text = judge_txt(judge, ldns_rr_list_rr(list, i), &len);
        if (txt_family(owner, text, len) != family)
            continue;
        count++;
        if (txt_check(family, text, len, &err) == STATUS_OK)
            continue;
        verdict_add(judge->verdicts, check, VERDICT_WRONG, subject,
                    "receivers cannot read this %s record: %s", txt_family_name(family), err.text);
        verdict_todo(judge->verdicts, "Put it right, or let zonegen make it: `zonegen --dump %s`",
                     judge->zone->name);
    }
    if (count < 2)
        return;
    verdict_add(judge->verdicts, check, VERDICT_WRONG, subject,
                "there are %zu %s records, so that receivers go by none", count,
                txt_family_name(family));
    verdict_todo(judge->verdicts, "Leave one of them");
}

static void judge_texts(struct judge *judge, const struct expect_mail *mail)
{
    for (size_t i = 0; i < mail->selector_count; i++)
        judge_text_at(judge, CHECK_DKIM, TXT_DKIM,
                      judge_text(judge, "%s._domainkey.%s", mail->selectors[i], mail->name));
    judge_text_at(judge, CHECK_TLS_RPT, TXT_TLS_RPT,
                  judge_text(judge, "_smtp._tls.%s", mail->name));
}

void judge_mail(struct judge *judge)
{
    const struct expect_zone *zone = judge->zone;
    bool host_is_domain = false;
    if (judge_witness(judge) == NULL)
        return; // nobody serves the zone: said already, and nothing could be told from caches
    for (size_t i = 0; i < zone->mail_count; i++) {
        const struct expect_mail *mail = &zone->mails[i];
        host_is_domain = host_is_domain || name_is(mail->name, zone->host.name);
        judge_mx(judge, mail);
        if (expects(judge, mail->name, TXT_SPF))
            judge_spf(judge, mail->name);
        judge_texts(judge, mail);
        judge_dmarc(judge, mail->name);
        judge_sts(judge, mail);
    }
    // Its own name is what it says in EHLO, and what bounces are judged by (RFC 7208 §2.3).
    if (!zone->has_host || host_is_domain)
        return;
    if (expects(judge, zone->host.name, TXT_SPF))
        judge_spf(judge, zone->host.name);
    judge_dmarc(judge, zone->host.name);
}
