// SPDX-License-Identifier: ISC
// Names that have no mail say so, or others write mail in their name: null MX (RFC 7505), SPF -all (RFC 7208), DMARC
// reject (RFC 9989). That is every name with addresses that nothing says mail is for, and every domain with `mail: no`.
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/name.h"
#include "dns/spf.h"

#define WHY                                                                                        \
    "names without mail say so: null MX (RFC 7505 §3), SPF (RFC 7208 §10.1.2) and DMARC "        \
    "(RFC 9989) that let nobody send"

static void add_silence(struct zone_maker *maker, const char *name)
{
    maker_add(maker, name, "MX", WHY, "0 .");
    maker_add_text(maker, name, WHY, "v=spf1 -all");
    if (name[0] == '*' && name[1] == '.')
        return; // a wildcard is no name that something could be below (RFC 4592 §2.1.1)
    char *owner = xasprintf("_dmarc.%s", name);
    maker_add_text(maker, owner, WHY, "v=DMARC1; p=reject");
    free(owner);
}

// ── Names with addresses ─────────────────────────────────────────────────────────────────────────

// Does the SPF record let anybody send? One that cannot be read says at least that somebody wanted that.
static bool lets_send(const ldns_rr *txt)
{
    struct buf text = {0};
    struct spf spf;
    for (size_t i = 0; i < ldns_rr_rd_count(txt); i++) {
        const ldns_rdf *string = ldns_rr_rdf(txt, i);
        buf_put(&text, ldns_rdf_data(string) + 1, ldns_rdf_size(string) - 1);
    }
    const char *octets = buf_text(&text);
    bool lets = spf_is(octets, text.len) &&
                (spf_parse(octets, text.len, &spf, NULL) != STATUS_OK || spf.count != 1 ||
                 spf.terms[0].kind != SPF_ALL || spf.all != '-');
    buf_done(&text);
    return lets;
}

// The records at a name, newest first: *at is OWNERS_NONE for the first, then left alone; NULL after the last.
static const ldns_rr *next_at(struct zone_maker *maker, const ldns_rdf *name, size_t *at)
{
    const struct zone_record *records = maker->content->records;
    *at = owners_find(&maker->owners, records, name, *at);
    return *at != OWNERS_NONE ? records[*at].rr : NULL;
}

static bool is_null_mx(const ldns_rr *mx)
{
    return ldns_rdf_size(ldns_rr_rdf(mx, 1)) == 1; // the root
}

static bool has_mail(struct zone_maker *maker, const ldns_rdf *name)
{
    const struct zone_content *content = maker->content;
    const ldns_rr *rr;
    owners_follow(&maker->owners, content->records, content->record_count);
    for (size_t at = OWNERS_NONE; (rr = next_at(maker, name, &at)) != NULL;) {
        ldns_rr_type type = ldns_rr_get_type(rr);
        if ((type == LDNS_RR_TYPE_MX && !is_null_mx(rr)) ||
            (type == LDNS_RR_TYPE_TXT && lets_send(rr)))
            return true;
    }
    return false;
}

// A domain without mail: it and all keys that somebody could claim. Not when custom records are about mail after all.
static void silence_parked(struct zone_maker *maker, const struct config_domain *domain)
{
    if (domain == NULL || domain->has_mail ||
        strcmp(domain->name, maker->config->box.hostname) == 0)
        return; // a machine has mail of its own to send
    ldns_rdf *name = ldns_dname_new_frm_str(domain->name);
    char *owner = xasprintf("*._domainkey.%s", domain->name);
    if (name != NULL && !has_mail(maker, name)) {
        maker_turn_to(maker, domain);
        add_silence(maker, domain->name);
        maker_add_text(maker, owner,
                       "DKIM: every key of this domain is void (RFC 6376 §3.6.1: empty p=)",
                       "v=DKIM1; p=");
    }
    free(owner);
    ldns_rdf_deep_free(name);
}

// What lies below a zone cut is left out by maker_add.
static void silence_name(struct zone_maker *maker, const ldns_rdf *name)
{
    struct name canonical;
    char text[NAME_TEXT_MAX];
    if (name_from_wire(ldns_rdf_data(name), ldns_rdf_size(name), &canonical) != STATUS_OK)
        return;
    for (size_t i = 0; i < canonical.len; i++) // lengths of labels are no letters
        canonical.wire[i] = name_lower(canonical.wire[i]);
    name_to_text(canonical.wire, text);
    text[strlen(text) - 1] = '\0'; // the last dot
    if (strcmp(text, maker->config->box.hostname) != 0 && !has_mail(maker, name))
        add_silence(maker, text);
}

static void silence_addresses(struct zone_maker *maker)
{
    const struct zone_content *content = maker->content;
    const ldns_rdf *last = NULL; // addresses of a name come together, mostly
    for (size_t i = 0, count = content->record_count; i < count; i++) {
        const ldns_rr *rr = content->records[i].rr; // the array moves as it grows
        ldns_rr_type type = rr != NULL ? ldns_rr_get_type(rr) : 0;
        if (type != LDNS_RR_TYPE_A && type != LDNS_RR_TYPE_AAAA)
            continue;
        const ldns_rdf *name = ldns_rr_owner(rr);
        if (last == NULL || !name_equal(ldns_rdf_data(last), ldns_rdf_data(name)))
            silence_name(maker, name);
        last = name;
    }
}

void make_silent(struct zone_maker *maker)
{
    const struct zone_target *target = maker->target;
    if (!target_is_reverse(target)) {
        silence_parked(maker, target->domain);
        for (size_t i = 0; i < target->inside_count; i++)
            silence_parked(maker, target->inside[i]);
        maker_turn_to(maker, target->domain);
    }
    silence_addresses(maker);
}
