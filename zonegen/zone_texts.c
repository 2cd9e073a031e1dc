// SPDX-License-Identifier: ISC
// The rules about TXT records that mail reads: one of a kind at a name, and such that their readers understand them.
#include "zonegen/custom.h"
#include "zonegen/zone_check.h"

#include <string.h>

#include "dns/spf.h"

// A second record of these makes readers ignore both, or fail (RFC 7208 §4.5, RFC 9989 §4.10, RFC 6376 §3.6.2.2,
// RFC 8461 §3.1, RFC 8460 §3).
static bool is_alone(enum txt_family family)
{
    return family != TXT_OTHER && family != TXT_REPORT;
}

// What works, and is hardly meant.
static void check_all(const struct zone_check *check, const struct view_record *record,
                      const struct spf *spf)
{
    size_t at = 0;
    while (at < spf->count && spf->terms[at].kind != SPF_ALL)
        at++;
    if (at < spf->count && spf->terms[at].qualifier == '+')
        zone_check_note(check, record,
                        "SPF with \"+all\", which lets anybody send; write -all or ~all");
    for (size_t i = at + 1; i < spf->count; i++) {
        if (spf->terms[i].kind < SPF_REDIRECT) {
            zone_check_note(check, record,
                            "SPF with \"%.*s\" behind \"all\", where nobody reads it (RFC 7208 "
                            "§5.1)",
                            (int)spf->terms[i].text_len, spf->terms[i].text);
            return;
        }
    }
}

static void check_spf(const struct zone_check *check, const struct view_record *record,
                      const struct buf *text)
{
    struct spf spf;
    struct error err = {0};
    if (!spf_is((const char *)text->data, text->len)) {
        zone_check_tell(check, record, RULE_ODD,
                        "SPF without a blank behind \"v=spf1\": strings are joined without one "
                        "(RFC 7208 §3.3), so put the whole text into one pair of quotes");
        return;
    }
    if (spf_parse((const char *)text->data, text->len, &spf, &err) != STATUS_OK)
        zone_check_tell(check, record, RULE_ODD,
                        "SPF that every receiver refuses, and the mail with it: %s (RFC 7208 §4.6)",
                        err.text);
    else if (spf.lookups > SPF_LOOKUPS_MAX)
        zone_check_tell(check, record, RULE_ODD,
                        "SPF with %u terms that cost a look-up; receivers stop at %d and refuse "
                        "the mail (RFC 7208 §4.6.4)",
                        spf.lookups, SPF_LOOKUPS_MAX);
    else
        check_all(check, record, &spf);
}

static const char *const usual_owners[] = {
    [TXT_DMARC] = "_dmarc.DOMAIN",
    [TXT_DKIM] = "SELECTOR._domainkey.DOMAIN",
    [TXT_MTA_STS] = "_mta-sts.DOMAIN",
    [TXT_TLS_RPT] = "_smtp._tls.DOMAIN",
};

// A text that says what it is, at a name where nobody looks for such a thing.
static void check_owner(const struct zone_check *check, const struct view_record *record,
                        const struct buf *text)
{
    if (text->len == 0)
        return;
    enum txt_family claim = txt_claim((const char *)text->data, text->len);
    if (claim >= TXT_DMARC && claim <= TXT_TLS_RPT)
        zone_check_note(check, record, "a text of %s, which nobody looks for here; its name is %s",
                        txt_family_name(claim), usual_owners[claim]);
}

static void check_text(const struct zone_check *check, const struct view_record *record,
                       enum txt_family family, const struct buf *text)
{
    struct error err = {0};
    if (family == TXT_OTHER)
        check_owner(check, record, text);
    else if (family == TXT_SPF)
        check_spf(check, record, text);
    else if (txt_check(family, (const char *)text->data, text->len, &err) != STATUS_OK)
        zone_check_note(check, record, "%s that its readers do not understand: %s",
                        txt_family_name(family), err.text);
}

// Most names have one text at most, and there is nothing to say of what was made here.
static bool is_alone_and_ours(const struct zone_view *view, size_t from, size_t to)
{
    size_t texts = 0;
    for (size_t i = from; i < to; i++) {
        const struct view_record *record = &view->records[i];
        if (ldns_rr_get_type(record->rr) != LDNS_RR_TYPE_TXT)
            continue;
        if (++texts > 1 || record->place.file != NULL)
            return false;
    }
    return true;
}

void zone_check_texts(const struct zone_check *check, size_t from, size_t to)
{
    const struct view_record *first[TXT_REPORT + 1] = {0};
    struct buf text = {0};
    if (!check->is_file && is_alone_and_ours(check->view, from, to))
        return;
    for (size_t i = from; i < to; i++) {
        const struct view_record *record = &check->view->records[i];
        if (ldns_rr_get_type(record->rr) != LDNS_RR_TYPE_TXT)
            continue;
        buf_clear(&text);
        enum txt_family family = custom_txt_family(record->rr, &text);
        if (record->place.file != NULL || check->is_file)
            check_text(check, record, family, &text);
        if (!is_alone(family))
            continue;
        if (first[family] == NULL)
            first[family] = record;
        else
            zone_check_tell(check, zone_check_culprit(record, first[family]), RULE_ODD,
                            "a second %s record at this name, which makes both void; the other is "
                            "in line %u",
                            txt_family_name(family), first[family]->place.line);
    }
    buf_done(&text);
}
