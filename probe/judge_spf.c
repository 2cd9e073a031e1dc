// SPDX-License-Identifier: ISC
#include "probe/judge_spf.h"

#include <string.h>

#include "dns/spf.h"
#include "probe/spf_macro.h"

// RFC 7208 §4.6.4: names behind one mx or ptr; look-ups that lead to nothing.
#define NAMES_MAX 10
#define VOIDS_MAX 2

// What one term came to.
enum match { MATCH_OPEN, MATCH_YES, MATCH_NO, MATCH_TEMPORARY, MATCH_PERMANENT };

static enum match fail(struct spf_check *check, enum match match, const char *why)
{
    check->why = why;
    return match;
}

// ── Look-ups ─────────────────────────────────────────────────────────────────────────────────────

// YES: there are records; NO: none, which counts.
static enum match look(struct spf_check *check, const char *name, ldns_rr_type type,
                       ldns_rr_list **ret)
{
    const char *why;
    enum judge_reply reply = judge_look(check->judge, name, type, ret, &why);
    if (reply == REPLY_OPEN)
        return MATCH_OPEN;
    if (reply == REPLY_UNKNOWN)
        return fail(check, MATCH_TEMPORARY, judge_text(check->judge, "%s: %s", name, why));
    if (ldns_rr_list_rr_count(*ret) > 0)
        return MATCH_YES;
    if (++check->voids > VOIDS_MAX)
        return fail(check, MATCH_PERMANENT,
                    "more than two look-ups of its terms lead to nothing (RFC 7208 §4.6.4)");
    return MATCH_NO;
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static const uint8_t *octets_of(const struct address *address)
{
    return address->any.sa_family == AF_INET ? (const uint8_t *)&address->v4.sin_addr
                                             : address->v6.sin6_addr.s6_addr;
}

// Has the host an address in the same network as the client? A missing record counts for `a`, not for each of mx
// (§4.6.4).
static enum match match_host(struct spf_check *check, const struct spf_term *term, const char *host,
                             bool counts)
{
    bool v4 = check->address->any.sa_family == AF_INET;
    ldns_rr_list *list;
    unsigned before = check->voids;
    enum match match = look(check, host, v4 ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA, &list);
    if (!counts && match != MATCH_OPEN && match != MATCH_TEMPORARY) {
        check->voids = before;
        match = ldns_rr_list_rr_count(list) > 0 ? MATCH_YES : MATCH_NO;
    }
    if (match != MATCH_YES)
        return match;
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        struct address address;
        judge_address(ldns_rr_list_rr(list, i), 53, &address);
        if (address.any.sa_family == check->address->any.sa_family &&
            same_prefix(octets_of(&address), octets_of(check->address),
                        v4 ? term->prefix4 : term->prefix6))
            return MATCH_YES;
    }
    return MATCH_NO;
}

static enum match match_mx(struct spf_check *check, const struct spf_term *term, const char *domain)
{
    ldns_rr_list *list;
    enum match match = look(check, domain, LDNS_RR_TYPE_MX, &list), found = MATCH_NO;
    if (match != MATCH_YES)
        return match;
    if (ldns_rr_list_rr_count(list) > NAMES_MAX)
        return fail(check, MATCH_PERMANENT, "more than ten MX records behind one mx");
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const char *host = judge_name(check->judge, ldns_rr_rdf(ldns_rr_list_rr(list, i), 1));
        match = match_host(check, term, host, false);
        if (match == MATCH_YES || match == MATCH_TEMPORARY)
            return match;
        if (match == MATCH_OPEN) // the others are wanted at the same time
            found = MATCH_OPEN;
    }
    return found;
}

// §5.5: validated names of the client's address.
static enum match match_ptr(struct spf_check *check, const struct spf_term *term,
                            const char *domain)
{
    struct address *addresses;
    size_t count, found;
    ldns_rr_list *list;
    enum match match =
        look(check, judge_reverse_name(check->judge, check->address), LDNS_RR_TYPE_PTR, &list);
    if (match != MATCH_YES || term->kind != SPF_PTR)
        return match == MATCH_TEMPORARY ? MATCH_NO : match;
    const char **names = judge_names(check->judge, list, &count);
    for (size_t i = 0; i < count && i < NAMES_MAX; i++) {
        if (!name_is_inside(names[i], domain))
            continue;
        if (judge_addresses(check->judge, names[i], address_port(check->address), &addresses,
                            &found) == REPLY_OPEN)
            return MATCH_OPEN;
        for (size_t k = 0; k < found; k++)
            if (address_equal(&addresses[k], check->address))
                return MATCH_YES;
    }
    return MATCH_NO;
}

// ── Terms ────────────────────────────────────────────────────────────────────────────────────────

static const char *target_of(struct spf_check *check, const struct spf_term *term,
                             const char *domain)
{
    if (term->domain_len == 0)
        return domain;
    struct spf_macro macro = {
        .local = "postmaster",
        .sender = check->sender,
        .domain = domain,
        .helo = check->helo,
        .address = check->address,
    };
    struct buf text = {0};
    const char *name = NULL;
    if (spf_macro_expand(&macro, term->domain, term->domain_len, &text))
        name = judge_text(check->judge, "%s", buf_text(&text));
    buf_done(&text);
    return name;
}

static enum match match_include(struct spf_check *check, const char *target)
{
    const char *before = check->why;
    switch (spf_check_host(check, target)) { // §5.2
    case SPF_RESULT_OPEN:
        return MATCH_OPEN;
    case SPF_PASS:
        return MATCH_YES;
    case SPF_TEMPERROR:
        return MATCH_TEMPORARY;
    case SPF_PERMERROR:
        return MATCH_PERMANENT;
    case SPF_NONE:
        return fail(check, MATCH_PERMANENT,
                    judge_text(check->judge, "include:%s leads to no SPF record", target));
    default:
        check->why = before;
        return MATCH_NO;
    }
}

static enum match match_term(struct spf_check *check, const struct spf_term *term,
                             const char *domain)
{
    bool v4 = check->address->any.sa_family == AF_INET;
    ldns_rr_list *list;
    if (spf_costs_lookup(term) && ++check->lookups > SPF_LOOKUPS_MAX)
        return fail(check, MATCH_PERMANENT,
                    "it takes more than ten look-ups (RFC 7208 §4.6.4), so that receivers give up");
    const char *target =
        term->kind == SPF_IP4 || term->kind == SPF_IP6 ? domain : target_of(check, term, domain);
    if (target == NULL)
        return fail(check, MATCH_PERMANENT, "a term leads to no name");
    switch (term->kind) {
    case SPF_ALL:
        return MATCH_YES;
    case SPF_IP4:
        return v4 && same_prefix(term->address, octets_of(check->address), term->prefix4)
                   ? MATCH_YES
                   : MATCH_NO;
    case SPF_IP6:
        return !v4 && same_prefix(term->address, octets_of(check->address), term->prefix6)
                   ? MATCH_YES
                   : MATCH_NO;
    case SPF_A:
        return match_host(check, term, target, true);
    case SPF_MX:
        return match_mx(check, term, target);
    case SPF_PTR:
        return match_ptr(check, term, target);
    case SPF_EXISTS:
        return look(check, target, LDNS_RR_TYPE_A, &list);
    case SPF_INCLUDE:
        return match_include(check, target);
    default: // modifiers match nothing
        return MATCH_NO;
    }
}

static enum spf_result result_of(char qualifier)
{
    switch (qualifier) {
    case '-':
        return SPF_FAIL;
    case '~':
        return SPF_SOFTFAIL;
    case '?':
        return SPF_NEUTRAL;
    default:
        return SPF_PASS;
    }
}

// ── Records ──────────────────────────────────────────────────────────────────────────────────────

// §4.5: exactly one.
static enum spf_result find_record(struct spf_check *check, const char *domain, struct spf *ret)
{
    ldns_rr_list *list;
    const char *why, *found = NULL;
    size_t found_len = 0, count = 0;
    struct error err = {0};
    enum judge_reply reply = judge_look(check->judge, domain, LDNS_RR_TYPE_TXT, &list, &why);
    if (reply == REPLY_OPEN)
        return SPF_RESULT_OPEN;
    if (reply == REPLY_UNKNOWN) {
        check->why = judge_text(check->judge, "%s: %s", domain, why);
        return SPF_TEMPERROR;
    }
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        size_t len;
        const char *text = judge_txt(check->judge, ldns_rr_list_rr(list, i), &len);
        if (!spf_is(text, len))
            continue;
        found = text;
        found_len = len;
        count++;
    }
    if (count == 0) {
        check->why = judge_text(check->judge, "%s has no SPF record", domain);
        return SPF_NONE;
    }
    if (count > 1) {
        check->why = judge_text(
            check->judge, "%s has %zu SPF records, so that receivers go by none", domain, count);
        return SPF_PERMERROR;
    }
    if (spf_parse(found, found_len, ret, &err) != STATUS_OK) {
        check->why = judge_text(check->judge, "the SPF record of %s: %s", domain, err.text);
        return SPF_PERMERROR;
    }
    return SPF_PASS;
}

static const struct spf_term *redirect_of(const struct spf *spf)
{
    for (size_t i = 0; i < spf->count; i++)
        if (spf->terms[i].kind == SPF_REDIRECT)
            return &spf->terms[i];
    return NULL;
}

static enum spf_result follow_redirect(struct spf_check *check, const struct spf_term *term,
                                       const char *domain)
{
    const char *target = target_of(check, term, domain);
    if (++check->lookups > SPF_LOOKUPS_MAX || target == NULL) {
        check->why = "its redirects lead nowhere";
        return SPF_PERMERROR;
    }
    enum spf_result result = spf_check_host(check, target); // §6.1
    return result == SPF_NONE ? SPF_PERMERROR : result;
}

enum spf_result spf_check_host(struct spf_check *check, const char *domain)
{
    struct spf *spf = arena_struct(&check->judge->arena, sizeof(*spf));
    enum spf_result result = find_record(check, domain, spf);
    if (result != SPF_PASS)
        return result;
    for (size_t i = 0; i < spf->count; i++) {
        const struct spf_term *term = &spf->terms[i];
        if (term->kind == SPF_REDIRECT || term->kind == SPF_EXP || term->kind == SPF_OTHER)
            continue;
        switch (match_term(check, term, domain)) {
        case MATCH_OPEN:
            return SPF_RESULT_OPEN;
        case MATCH_YES:
            check->why =
                judge_text(check->judge, "\"%.*s\" of %s", (int)term->text_len, term->text, domain);
            return result_of(term->qualifier);
        case MATCH_TEMPORARY:
            return SPF_TEMPERROR;
        case MATCH_PERMANENT:
            return SPF_PERMERROR;
        case MATCH_NO:
            break;
        }
    }
    const struct spf_term *redirect = redirect_of(spf);
    if (redirect != NULL)
        return follow_redirect(check, redirect, domain);
    check->why = judge_text(check->judge, "no term of %s says anything of it", domain);
    return SPF_NEUTRAL;
}

const char *spf_result_text(enum spf_result result)
{
    static const char *const texts[] = {
        [SPF_RESULT_OPEN] = "open",    [SPF_NONE] = "none",           [SPF_NEUTRAL] = "neutral",
        [SPF_PASS] = "pass",           [SPF_FAIL] = "fail",           [SPF_SOFTFAIL] = "softfail",
        [SPF_TEMPERROR] = "temperror", [SPF_PERMERROR] = "permerror",
    };
    return texts[result];
}
