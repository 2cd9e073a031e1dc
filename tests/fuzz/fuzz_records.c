// SPDX-License-Identifier: ISC
// Configurations, made into zones. Whatever is accepted: SOA first where there is one, each name in its zone, nothing
// beside a CNAME, one TTL a set, and TXT records of mail that their readers understand, one of a family at a name.
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "config/surroundings.h"
#include "dns/tag_list.h"
#include "zonegen/zonegen.h"

#define DOMAINS_MAX 8   // zones of one input that are looked at
#define RECORDS_MAX 400 // of one zone, since all are compared with all

static const struct zonegen_keys keys = {.dnssec_directory = "/nonexistent/keys",
                                         .dkim_directory = "/nonexistent/dkim"};

static enum txt_family family_of(const ldns_rr *rr, struct buf *text)
{
    char *owner = ldns_rdf2str(ldns_rr_owner(rr));
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
        buf_put(text, ldns_rdf_data(ldns_rr_rdf(rr, i)) + 1, ldns_rdf_size(ldns_rr_rdf(rr, i)) - 1);
    enum txt_family family = txt_family(owner, buf_text(text), text->len);
    free(owner);
    return family;
}

static void check_text(const struct zone_record *record)
{
    struct buf text = {0};
    struct error err = {0};
    enum txt_family family = family_of(record->rr, &text);
    if (record->place.file == NULL) // ours
        MUST(family != TXT_OTHER &&
             txt_check(family, buf_text(&text), text.len, &err) == STATUS_OK);
    buf_done(&text);
}

static bool same_family(const ldns_rr *a, const ldns_rr *b)
{
    struct buf a_text = {0};
    struct buf b_text = {0};
    enum txt_family family = family_of(a, &a_text);
    bool same = family != TXT_OTHER && family == family_of(b, &b_text);
    buf_done(&a_text);
    buf_done(&b_text);
    return same;
}

// Two records at one name.
static void check_pair(const ldns_rr *a, const ldns_rr *b)
{
    ldns_rr_type type = ldns_rr_get_type(a);
    MUST(type != LDNS_RR_TYPE_CNAME && ldns_rr_get_type(b) != LDNS_RR_TYPE_CNAME); // RFC 2181 §10.1
    if (type != ldns_rr_get_type(b))
        return;
    MUST(ldns_rr_ttl(a) == ldns_rr_ttl(b)); // RFC 2181 §5.2
    MUST(type != LDNS_RR_TYPE_TXT || !same_family(a, b));
}

static void check_content(const struct zone_content *content)
{
    ldns_rdf *apex = ldns_dname_new_frm_str(content->name);
    bool external = content->domain != NULL && content->domain->mode == CONFIG_EXTERNAL;
    for (size_t i = 0; i < content->record_count && i < RECORDS_MAX; i++) {
        const ldns_rr *rr = content->records[i].rr;
        MUST(content->records[i].why[0] != '\0');
        if (rr == NULL)
            continue;
        const ldns_rdf *owner = ldns_rr_owner(rr);
        MUST((ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA) == (i == 0 && !external));
        MUST(ldns_dname_compare(owner, apex) == 0 || ldns_dname_is_subdomain(owner, apex));
        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_TXT)
            check_text(&content->records[i]);
        for (size_t k = 0; k < i; k++) {
            if (content->records[k].rr != NULL &&
                ldns_dname_compare(ldns_rr_owner(content->records[k].rr), owner) == 0)
                check_pair(content->records[k].rr, rr);
        }
    }
    ldns_rdf_deep_free(apex);
}

static void check_zone(const struct inputs *inputs, const struct zone_target *target)
{
    struct zone_content *content = NULL;
    struct buf text = {0};
    struct error err = {0};
    if (target->domain != NULL && target->domain->zone_file != NULL)
        return; // fuzz_zonegen has those
    if (zonegen_make(inputs, &keys, target, &content, &err) == STATUS_OK) {
        check_content(content);
        zone_content_dump(content, &text);
        MUST(memchr(text.data, '\0', text.len) == NULL);
    } else {
        MUST(err.text[0] != '\0');
    }
    zone_content_free(content);
    buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static const struct surroundings nothing_found = {.directory = "/etc/zonebox",
                                                      .has_included = true};
    static char path[] = "/z.yaml";
    struct inputs inputs = {.config_path = path};
    struct config_errors errors = {0};
    struct zone_target *targets = NULL;
    char *text = malloc(len + 1);
    MUST(text != NULL);
    memcpy(text, octets, len);
    text[len] = '\0';
    if (config_parse_in(&nothing_found, path, text, len, &inputs.config, &errors) == STATUS_OK) {
        size_t count = zonegen_targets(inputs.config, &targets);
        for (size_t i = 0; i < count && i < DOMAINS_MAX; i++)
            check_zone(&inputs, &targets[i]);
        free(targets);
        config_free(inputs.config);
    }
    free(text);
    return 0;
}
