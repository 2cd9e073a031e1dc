// SPDX-License-Identifier: ISC
// Each RRset of the zone, as the configuration makes it, against what each server has.
#include <string.h>

#include "dns/tag_list.h"
#include "probe/judge.h"

// RRsets asked for, of a zone: each costs a question to every server.
#define RRSETS_MAX 500

// ── What is what ─────────────────────────────────────────────────────────────────────────────────

static enum check_kind check_of_text(enum txt_family family)
{
    static const enum check_kind checks[] = {
        [TXT_OTHER] = CHECK_RECORDS,  [TXT_SPF] = CHECK_SPF,         [TXT_DMARC] = CHECK_DMARC,
        [TXT_DKIM] = CHECK_DKIM,      [TXT_MTA_STS] = CHECK_MTA_STS, [TXT_TLS_RPT] = CHECK_TLS_RPT,
        [TXT_REPORT] = CHECK_REPORTS,
    };
    return checks[family];
}

static enum txt_family family_of(struct judge *judge, const char *owner, const ldns_rr *rr)
{
    size_t len;
    const char *text = judge_txt(judge, rr, &len);
    return txt_family(owner, text, len);
}

// That of the first text that has one.
static enum check_kind check_of(struct judge *judge, const struct expect_rrset *rrset)
{
    enum check_kind check = CHECK_RECORDS;
    switch ((int)rrset->type) {
    case LDNS_RR_TYPE_A:
    case LDNS_RR_TYPE_AAAA:
        return CHECK_ADDRESS;
    case LDNS_RR_TYPE_MX:
        return CHECK_MX;
    case LDNS_RR_TYPE_TLSA:
        return CHECK_TLSA;
    case LDNS_RR_TYPE_CAA:
        return CHECK_CAA;
    case LDNS_RR_TYPE_TXT:
        for (size_t i = 0; i < ldns_rr_list_rr_count(rrset->records) && check == CHECK_RECORDS; i++)
            check =
                check_of_text(family_of(judge, rrset->name, ldns_rr_list_rr(rrset->records, i)));
        return check;
    default:
        return CHECK_RECORDS;
    }
}

static bool is_below_cut(const struct judge *judge, const struct expect_rrset *rrset)
{
    const struct expect_zone *zone = judge->zone;
    for (const char *name = rrset->name; name != NULL && !name_is(name, zone->name);
         name = name_above(name))
        if (expect_find(zone, name, LDNS_RR_TYPE_NS) != NULL)
            return !(name_is(name, rrset->name) && rrset->type == LDNS_RR_TYPE_DS);
    return false;
}

// Judged elsewhere, or not the zone's to say.
static bool is_asked(const struct judge *judge, const struct expect_rrset *rrset)
{
    bool apex = name_is(rrset->name, judge->zone->name);
    if (rrset->type == LDNS_RR_TYPE_SOA || rrset->type == LDNS_RR_TYPE_DNSKEY ||
        rrset->type == LDNS_RR_TYPE_RRSIG || rrset->type == LDNS_RR_TYPE_NSEC ||
        rrset->type == LDNS_RR_TYPE_NSEC3 || rrset->type == LDNS_RR_TYPE_NSEC3PARAM)
        return false;
    return !(apex && rrset->type == LDNS_RR_TYPE_NS) && !is_below_cut(judge, rrset);
}

// ── Comparing ────────────────────────────────────────────────────────────────────────────────────

static bool same_tags(const char *a, size_t a_len, const char *b, size_t b_len)
{
    struct tag_list one, other;
    if (tag_list_parse(a, a_len, &one, NULL) != STATUS_OK ||
        tag_list_parse(b, b_len, &other, NULL) != STATUS_OK || one.count != other.count)
        return false;
    for (size_t i = 0; i < one.count; i++) {
        char *name = strndupa(one.tags[i].name, one.tags[i].name_len);
        const struct tag *tag = tag_list_find(&other, name);
        if (tag == NULL || tag->value_len != one.tags[i].value_len ||
            memcmp(tag->value, one.tags[i].value, tag->value_len) != 0)
            return false;
    }
    return true;
}

static bool same_text(struct judge *judge, enum txt_family family, const ldns_rr *a,
                      const ldns_rr *b)
{
    size_t a_len, b_len;
    const char *one = judge_txt(judge, a, &a_len), *other = judge_txt(judge, b, &b_len);
    if (a_len == b_len && memcmp(one, other, a_len) == 0)
        return true;
    return family != TXT_OTHER && family != TXT_SPF && same_tags(one, a_len, other, b_len);
}

// With others' servers, other texts may stand beside ours, and tags in another order; but of a family there is one.
static bool has_texts(struct judge *judge, const struct expect_rrset *rrset,
                      const ldns_rr_list *found)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(rrset->records); i++) {
        const ldns_rr *wanted = ldns_rr_list_rr(rrset->records, i);
        enum txt_family family = family_of(judge, rrset->name, wanted);
        size_t same = 0, kin = 0;
        for (size_t k = 0; k < ldns_rr_list_rr_count(found); k++) {
            const ldns_rr *rr = ldns_rr_list_rr(found, k);
            kin += family_of(judge, rrset->name, rr) == family;
            same += same_text(judge, family, wanted, rr);
        }
        if (same == 0 || (family != TXT_OTHER && kin > 1))
            return false;
    }
    return true;
}

static bool is_right(struct judge *judge, const struct expect_rrset *rrset,
                     const ldns_rr_list *found)
{
    if (rrset->type == LDNS_RR_TYPE_TXT && judge->zone->mode == EXPECT_EXTERNAL)
        return has_texts(judge, rrset, found);
    return judge_same(rrset->records, found);
}

// ── Judging ──────────────────────────────────────────────────────────────────────────────────────

static const char *type_text(struct judge *judge, ldns_rr_type type)
{
    char *text = ldns_rr_type2str(type);
    const char *ret = judge_text(judge, "%s", text != NULL ? text : "?");
    free(text);
    return ret;
}

static void blame(struct judge *judge, const struct expect_rrset *rrset, enum check_kind check,
                  const struct saying *saying)
{
    const char *type = type_text(judge, rrset->type);
    const char *wanted = judge_data(judge, rrset->records);
    verdict_add(judge->verdicts, check, VERDICT_WRONG,
                judge_text(judge, "%s %s", rrset->name, type), "%s: %s, but should be %s",
                saying->who, saying->content, wanted);
    if (judge->zone->mode == EXPECT_EXTERNAL)
        verdict_todo(judge->verdicts,
                     "At who serves %s, enter %s %s as `zonegen --dump --style paste %s` prints it",
                     judge->zone->name, rrset->name, type, judge->zone->name);
    else
        verdict_todo(judge->verdicts,
                     "See why that server has another zone than the configuration makes: "
                     "zonebox status, and on a secondary its log");
}

static const struct fact *ask(struct judge *judge, const struct judge_server *server,
                              const struct expect_rrset *rrset)
{
    return facts_dns(judge->facts, &server->address, !server->udp, rrset->name, rrset->type);
}

// Returns whether all said what they should.
static void judge_rrset_at_all(struct judge *judge, const struct expect_rrset *rrset)
{
    struct sayings wrong = {0};
    enum check_kind check = check_of(judge, rrset);
    const char *subject = judge_text(judge, "%s %s", rrset->name, type_text(judge, rrset->type));
    size_t right = 0;
    for (size_t i = 0; i < judge->servers.count; i++) {
        const struct judge_server *server = &judge->servers.list[i];
        if (!server->serves || server->stale)
            continue; // said already, and explains all else
        const struct fact *fact = ask(judge, server, rrset);
        if (judge_reply(fact) == REPLY_UNKNOWN)
            verdict_add(judge->verdicts, check, VERDICT_UNKNOWN, subject, "%s: %s", server->label,
                        judge_why(judge, fact));
        if (judge_reply(fact) != REPLY_READY)
            continue;
        ldns_rr_list *found =
            judge_rrset(judge, fact->packet, LDNS_SECTION_ANSWER, rrset->name, rrset->type);
        if (is_right(judge, rrset, found))
            right++;
        else
            sayings_add(judge, &wrong, judge_data(judge, found), server->label);
    }
    for (size_t i = 0; i < wrong.count; i++)
        blame(judge, rrset, check, &wrong.list[i]);
    if (wrong.count == 0 && right > 0)
        verdict_add(judge->verdicts, check, VERDICT_OK, subject, "as it should be at %zu %s", right,
                    right == 1 ? "address" : "addresses");
}

// What mail needs comes first, should there be too many. Calls `look` for each; returns how many are left.
static size_t for_each(struct judge *judge,
                       void (*look)(struct judge *judge, const struct expect_rrset *rrset))
{
    const struct expect_zone *zone = judge->zone;
    size_t asked = 0, left = 0;
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < zone->rrset_count; i++) {
            const struct expect_rrset *rrset = &zone->rrsets[i];
            bool later = rrset->type != LDNS_RR_TYPE_MX && rrset->type != LDNS_RR_TYPE_TXT &&
                         rrset->type != LDNS_RR_TYPE_TLSA;
            if (later != (round == 1) || !is_asked(judge, rrset))
                continue;
            if (asked == RRSETS_MAX) {
                left++;
                continue;
            }
            asked++;
            look(judge, rrset);
        }
    return left;
}

void judge_records(struct judge *judge)
{
    size_t left = for_each(judge, judge_rrset_at_all);
    if (left > 0)
        verdict_add(judge->verdicts, CHECK_RECORDS, VERDICT_UNKNOWN, judge->zone->name,
                    "%zu more RRsets were not compared: the zone has more than are asked for",
                    left);
}

// ── Their signatures ─────────────────────────────────────────────────────────────────────────────

// Of what is as it should be: of anything else it was said that it is not, and that is what the admin has to see to.
static void judge_signatures_at_all(struct judge *judge, const struct expect_rrset *rrset)
{
    const char *what = judge_text(judge, "%s %s", rrset->name, type_text(judge, rrset->type));
    for (size_t i = 0; i < judge->servers.count; i++) {
        struct judge_server *server = &judge->servers.list[i];
        const struct fact *fact =
            server->validates && !server->stale ? ask(judge, server, rrset) : NULL;
        if (judge_reply(fact) != REPLY_READY)
            continue;
        ldns_rr_list *found =
            judge_rrset(judge, fact->packet, LDNS_SECTION_ANSWER, rrset->name, rrset->type);
        if (ldns_rr_list_rr_count(found) > 0 && is_right(judge, rrset, found))
            judge_signature(judge, server, fact->packet, found, what);
    }
}

void judge_record_signatures(struct judge *judge)
{
    for_each(judge, judge_signatures_at_all);
    judge_valid(judge);
}
