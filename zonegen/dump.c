// SPDX-License-Identifier: ISC
// A zone as a master file (RFC 1035 §5) for people and for every tool that reads one: one comment above the records
// that share a reason, owners relative to $ORIGIN, columns.
#include "zonegen/zonegen.h"

#include <stdlib.h>
#include <string.h>

#include "base/time_text.h"
#include "zonegen/rdata_text.h"
#include "zonegen/text.h"

#define OWNER_WIDTH_MIN 8
#define OWNER_WIDTH_MAX 32 // a longer owner pushes its own line only
#define TYPE_WIDTH      6

static size_t owner_width(const struct zone_content *content, const ldns_rdf *apex)
{
    size_t width = OWNER_WIDTH_MIN;
    struct buf owner = {0};
    for (size_t i = 0; i < content->record_count; i++) {
        if (content->records[i].rr == NULL)
            continue;
        buf_clear(&owner);
        text_put_owner(&owner, ldns_rr_owner(content->records[i].rr), apex);
        if (owner.len > width && owner.len <= OWNER_WIDTH_MAX)
            width = owner.len;
    }
    buf_done(&owner);
    return width;
}

static void put_blanks(struct buf *ret, size_t count)
{
    memset(buf_extend(ret, count), ' ', count);
}

// A TXT of several strings is one string a line, so that it can be read and compared.
static void put_rdata(const ldns_rr *rr, size_t indent, struct buf *ret)
{
    size_t count = ldns_rr_rd_count(rr);
    bool lines = ldns_rr_get_type(rr) == LDNS_RR_TYPE_TXT && count > 1;
    for (size_t i = 0; i < count; i++) {
        if (lines && i > 0) {
            buf_put_u8(ret, '\n');
            put_blanks(ret, indent + 2);
        } else {
            buf_put_text(ret, i > 0 ? " " : lines ? "( " : "");
        }
        text_put_rdf(ret, ldns_rr_rdf(rr, i));
    }
    buf_put_text(ret, lines ? " )\n" : "\n");
}

static void put_record(const ldns_rr *rr, const ldns_rdf *apex, size_t width, struct buf *ret)
{
    char type[16];
    bool plain = rdata_is_plain(rr, type);
    size_t start = ret->len;
    text_put_owner(ret, ldns_rr_owner(rr), apex);
    if (ret->len - start < width)
        put_blanks(ret, width - (ret->len - start));
    buf_printf(ret, " %6u IN %-*s ", ldns_rr_ttl(rr), TYPE_WIDTH, type);
    if (plain) {
        put_rdata(rr, ret->len - start, ret);
    } else {
        rdata_print_generic(rr, ret);
        buf_put_text(ret, "\n");
    }
}

static const char *destiny(const struct zone_content *content)
{
    static const char *const states[] = {
        [CONFIG_DNSSEC_ON] = "signed by zone-signer before it is served",
        [CONFIG_DNSSEC_OFF] = "served unsigned (dnssec: off)",
        [CONFIG_DNSSEC_PRESIGNED] = "served as it is (dnssec: presigned)",
    };
    if (content->domain != NULL && content->domain->mode == CONFIG_EXTERNAL)
        return "for the name servers of others, which have SOA and NS themselves (mode: external)";
    return states[content->dnssec];
}

// What the signer will do, in the words of the configuration.
static void put_policy(const struct config_dnssec_policy *policy, struct buf *ret)
{
    const char *algorithm = config_algorithm_word(policy->algorithm);
    buf_printf(ret, "\n;; signed: %s, %s, %s", algorithm,
               policy->split_keys ? "two keys (KSK and ZSK)" : "one key (CSK)",
               policy->nsec3 ? "NSEC3" : "NSEC");
}

// What the parent should have; `zonegen --ds` says more.
static void put_offer(const struct offer *offer, struct buf *ret)
{
    char time[TIME_TEXT_MAX];
    time_text(offer->time, time);
    switch (offer->state) {
    case OFFER_NONE:
        buf_put_text(ret, "\n;; DS at the parent: none, it is not signed now");
        return;
    case OFFER_WAIT:
        buf_printf(ret, "\n;; DS at the parent: enter %s%s", offer->time != 0 ? "after " : "later",
                   offer->time != 0 ? time : "");
        return;
    case OFFER_ENTER:
        buf_put_text(ret, "\n;; DS at the parent: enter now");
        return;
    case OFFER_IN:
        buf_printf(ret, "\n;; DS at the parent: in, since %s", time);
        return;
    case OFFER_REMOVE:
        buf_put_text(ret, "\n;; DS at the parent: take out now");
        return;
    }
}

static void put_head(const struct zone_content *content, struct buf *ret)
{
    bool is_external = content->domain != NULL && content->domain->mode == CONFIG_EXTERNAL;
    size_t missing = 0;
    for (size_t i = 0; i < content->record_count; i++)
        missing += content->records[i].rr == NULL;
    buf_printf(ret, ";; ── %s ──\n;; %zu records", content->name, content->record_count - missing);
    if (missing > 0)
        buf_printf(ret, " and %zu missing", missing);
    buf_printf(ret, ", %s", destiny(content));
    if (content->domain != NULL && content->domain->mode == CONFIG_HIDDEN_PRIMARY)
        buf_put_text(ret, ",\n;; to the world by its name servers alone (mode: hidden-primary)");
    if (content->dnssec == CONFIG_DNSSEC_ON && !is_external)
        put_policy(content->policy, ret);
    if (content->offer != NULL)
        put_offer(content->offer, ret);
    buf_printf(ret, "\n\n$ORIGIN %s.\n", content->name);
}

void zone_content_dump(const struct zone_content *content, struct buf *ret)
{
    ldns_rdf *apex = ldns_dname_new_frm_str(content->name);
    size_t width = owner_width(content, apex);
    const char *why = "";
    put_head(content, ret);
    for (size_t i = 0; i < content->record_count; i++) {
        const struct zone_record *record = &content->records[i];
        if (record->rr == NULL) {
            buf_printf(ret, "\n; missing: %s — %s\n", record->missing, record->why);
            why = "";
            continue;
        }
        if (strcmp(record->why, why) != 0)
            buf_printf(ret, "\n; %s\n", record->why);
        why = record->why;
        put_record(record->rr, apex, width, ret);
    }
    ldns_rdf_deep_free(apex);
}
