// SPDX-License-Identifier: ISC
// A zone as a master file (RFC 1035 §5) for people and for every tool that reads one: one comment above the records
// that share a reason, owners relative to $ORIGIN, columns.
#include "zonegen/zonegen.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define OWNER_WIDTH_MIN 8
#define OWNER_WIDTH_MAX 32 // a longer owner pushes its own line only
#define TYPE_WIDTH      6

// The owner as it stands behind $ORIGIN. The caller frees.
static char *relative_owner(const ldns_rdf *owner, const char *apex)
{
    char *text = ldns_rdf2str(owner);
    size_t len = strlen(text);
    size_t apex_len = strlen(apex);
    if (len == apex_len + 1 && strncasecmp(text, apex, apex_len) == 0) {
        memcpy(text, "@", sizeof("@"));
        return text;
    }
    if (len > apex_len + 2 && text[len - apex_len - 2] == '.' &&
        strncasecmp(text + len - apex_len - 1, apex, apex_len) == 0)
        text[len - apex_len - 2] = '\0';
    if (text[0] != '@' && text[0] != '$')
        return text;
    // At the start of a line these mean something else; ldns does not escape them.
    char *escaped = xasprintf("\\%s", text);
    free(text);
    return escaped;
}

static size_t owner_width(const struct zone_content *content)
{
    size_t width = OWNER_WIDTH_MIN;
    for (size_t i = 0; i < content->record_count; i++) {
        if (content->records[i].rr == NULL)
            continue;
        char *owner = relative_owner(ldns_rr_owner(content->records[i].rr), content->name);
        size_t len = strlen(owner);
        if (len > width && len <= OWNER_WIDTH_MAX)
            width = len;
        free(owner);
    }
    return width;
}

// A TXT of several strings is one string a line, so that it can be read and compared.
static void put_rdata(const ldns_rr *rr, size_t indent, struct buf *ret)
{
    size_t count = ldns_rr_rd_count(rr);
    bool lines = ldns_rr_get_type(rr) == LDNS_RR_TYPE_TXT && count > 1;
    for (size_t i = 0; i < count; i++) {
        char *text = ldns_rdf2str(ldns_rr_rdf(rr, i));
        if (lines && i > 0)
            buf_printf(ret, "\n%*s", (int)indent + 2, "");
        else
            buf_put_text(ret, i > 0 ? " " : lines ? "( " : "");
        buf_put_text(ret, text);
        free(text);
    }
    buf_put_text(ret, lines ? " )\n" : "\n");
}

static void put_record(const struct zone_content *content, const ldns_rr *rr, size_t width,
                       struct buf *ret)
{
    char *owner = relative_owner(ldns_rr_owner(rr), content->name);
    char *type = ldns_rr_type2str(ldns_rr_get_type(rr));
    size_t start = ret->len;
    buf_printf(ret, "%-*s %6u IN %-*s ", (int)width, owner, ldns_rr_ttl(rr), TYPE_WIDTH, type);
    put_rdata(rr, ret->len - start, ret);
    free(type);
    free(owner);
}

static void put_head(const struct zone_content *content, struct buf *ret)
{
    static const char *const states[] = {
        [CONFIG_DNSSEC_ON] = "signed by zone-signer before it is served",
        [CONFIG_DNSSEC_OFF] = "served unsigned (dnssec: off)",
        [CONFIG_DNSSEC_PRESIGNED] = "served as it is (dnssec: presigned)",
    };
    size_t missing = 0;
    for (size_t i = 0; i < content->record_count; i++)
        missing += content->records[i].rr == NULL;
    buf_printf(ret, ";; ── %s ──\n;; %zu records", content->name, content->record_count - missing);
    if (missing > 0)
        buf_printf(ret, " and %zu missing", missing);
    buf_printf(ret, ", %s\n\n$ORIGIN %s.\n", states[content->dnssec], content->name);
}

void zone_content_dump(const struct zone_content *content, struct buf *ret)
{
    size_t width = owner_width(content);
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
        put_record(content, record->rr, width, ret);
    }
}
