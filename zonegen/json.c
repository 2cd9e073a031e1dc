// SPDX-License-Identifier: ISC
#include "zonegen/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "zonegen/json_values.h"
#include "zonegen/maker.h"

// ── Layout ───────────────────────────────────────────────────────────────────────────────────────

static void put_value(struct buf *ret, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
    if (text == NULL)
        abort();
    buf_put_text(ret, text);
    free(text);
}

// A list of objects has a line for each; everything else is one line.
static void put_member(struct buf *ret, const char *key, const json_t *value)
{
    buf_printf(ret, "    \"%s\": ", key);
    if (!json_is_array(value) || !json_is_object(json_array_get(value, 0))) {
        put_value(ret, value);
        return;
    }
    size_t index;
    const json_t *item;
    json_array_foreach(value, index, item)
    {
        buf_put_text(ret, index == 0 ? "[\n      " : ",\n      ");
        put_value(ret, item);
    }
    buf_put_text(ret, "\n    ]");
}

void json_put_zone(struct json_output *json, json_t *zone)
{
    const char *key;
    json_t *value;
    bool first = true;
    buf_put_text(json->text, json->zone_count++ > 0 ? ",\n  {\n" : "\n  {\n");
    json_object_foreach(zone, key, value)
    {
        if (!first)
            buf_put_text(json->text, ",\n");
        first = false;
        put_member(json->text, key, value);
    }
    buf_put_text(json->text, "\n  }");
    json_decref(zone);
}

void json_begin(struct json_output *json, const char *hostname)
{
    buf_printf(json->text, "{\"format\": %d, \"hostname\": \"%s\", \"zones\": [",
               ZONEGEN_JSON_FORMAT, hostname);
}

void json_end(struct json_output *json)
{
    buf_put_text(json->text, json->zone_count > 0 ? "\n]}\n" : "]}\n");
}

void json_failed(struct json_output *json, const char *name, const char *why)
{
    json_t *zone = json_object();
    json_value_set(zone, "name", json_value_text(name));
    json_value_set(zone, "error", json_value_text(why));
    json_put_zone(json, zone);
}

// ── A zone ───────────────────────────────────────────────────────────────────────────────────────

static json_t *address_list(const struct address *addresses, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_value_append(list, json_value_address(&addresses[i]));
    return list;
}

static json_t *key_values(const struct elsewhere *elsewhere)
{
    json_t *list = json_array();
    for (size_t i = 0; i < elsewhere->key_count; i++) {
        const ldns_rr *rr = elsewhere->keys[i];
        json_t *key = json_object();
        json_value_set(key, "tag", json_integer(ldns_calc_keytag(rr)));
        json_value_set(key, "flags", json_integer(ldns_rdf2native_int16(ldns_rr_dnskey_flags(rr))));
        json_value_set(key, "protocol",
                       json_integer(ldns_rdf2native_int8(ldns_rr_dnskey_protocol(rr))));
        json_value_set(key, "algorithm",
                       json_integer(ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(rr))));
        json_value_set(key, "public-key", json_value_taken(ldns_rdf2str(ldns_rr_rdf(rr, 3))));
        json_value_append(list, key);
    }
    return list;
}

// {"state": "wait", "time": 1795339200} (keys/offer.h)
static json_t *offer_value(const struct offer *offer)
{
    json_t *value = json_object();
    json_value_set(value, "state", json_value_text(offer_state_name(offer->state)));
    json_value_set(value, "time", offer->time != 0 ? json_integer(offer->time) : json_null());
    return value;
}

static json_t *ds_values(const struct elsewhere *elsewhere)
{
    static const struct {
        int number;
        ldns_hash hash;
    } types[] = {{2, LDNS_SHA256}, {4, LDNS_SHA384}};
    json_t *list = json_array();
    for (size_t i = 0; i < 2 * elsewhere->key_count; i++) {
        const ldns_rr *rr = elsewhere->keys[i / 2];
        json_t *ds = json_object();
        json_value_set(ds, "tag", json_integer(ldns_calc_keytag(rr)));
        json_value_set(ds, "algorithm",
                       json_integer(ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(rr))));
        json_value_set(ds, "digest-type", json_integer(types[i % 2].number));
        json_value_set(ds, "digest", json_value_taken(elsewhere_digest(rr, types[i % 2].hash)));
        json_value_append(list, ds);
    }
    return list;
}

static json_t *server_values(const struct elsewhere *elsewhere)
{
    json_t *list = json_array();
    for (size_t i = 0; i < elsewhere->server_count; i++) {
        const struct elsewhere_server *from = &elsewhere->servers[i];
        json_t *server = json_object();
        json_value_set(server, "name", json_value_text(from->name));
        json_value_set(server, "addresses", address_list(from->addresses, from->address_count));
        json_value_set(server, "glue", json_boolean(from->inside));
        json_value_append(list, server);
    }
    return list;
}

static const char *source_of(const struct zone_content *content, const struct zone_record *record)
{
    if (record->place.file == NULL)
        return "generated";
    return content->domain != NULL && content->domain->zone_file != NULL ? "file" : "custom";
}

static json_t *record_values(const struct zone_content *content)
{
    json_t *list = json_array();
    for (size_t i = 0; i < content->record_count; i++) {
        const struct zone_record *from = &content->records[i];
        if (from->rr == NULL)
            continue;
        json_t *record = json_object();
        json_value_set(record, "name", json_value_name(ldns_rr_owner(from->rr)));
        json_value_set(record, "ttl", json_integer(ldns_rr_ttl(from->rr)));
        json_value_set(record, "type", json_value_type(from->rr));
        json_value_set(record, "data", json_value_rdata(from->rr));
        json_value_set(record, "why", json_value_text(from->why));
        json_value_set(record, "source", json_value_text(source_of(content, from)));
        json_value_append(list, record);
    }
    return list;
}

static json_t *missing_values(const struct zone_content *content)
{
    json_t *list = json_array();
    for (size_t i = 0; i < content->record_count; i++) {
        const struct zone_record *from = &content->records[i];
        if (from->rr != NULL)
            continue;
        // "owner. TYPE" (zonegen.h)
        const char *blank = strrchr(from->missing, ' ');
        json_t *gap = json_object();
        json_value_set(gap, "name",
                       json_stringn(from->missing, (size_t)(blank - from->missing) - 1));
        json_value_set(gap, "type", json_value_text(blank + 1));
        json_value_set(gap, "why", json_value_text(from->why));
        json_value_append(list, gap);
    }
    return list;
}

static json_t *note_values(const struct zone_content *content, int64_t now)
{
    json_t *list = json_array();
    for (size_t i = 0; i < content->note_count; i++) {
        const struct zone_note *from = &content->notes[i];
        if (!zone_note_holds(from, now) || zone_note_repeats(content, i))
            continue;
        json_t *note = json_object();
        json_value_set(note, "error", json_boolean(from->error));
        json_value_set(note, "text", json_value_text(from->text));
        if (from->input != NULL)
            json_value_set(note, "input", json_value_text(from->input));
        json_value_append(list, note);
    }
    return list;
}

// ── Mail ─────────────────────────────────────────────────────────────────────────────────────────

// A domain with mail, and the selectors whose keys the zone has for it: what stands before _domainkey.DOMAIN.
struct mail_domain {
    const char *name;
    json_t *selectors;
};

static int compare_domains(const void *a, const void *b)
{
    return strcmp(((const struct mail_domain *)a)->name, ((const struct mail_domain *)b)->name);
}

#define DKIM_LABEL "._domainkey."

// All domains at once, so that many in one zone take one look at its records. domains are sorted.
static void fill_selectors(const struct zone_content *content, const struct mail_domain *domains,
                           size_t count)
{
    for (size_t i = 0; i < content->record_count; i++) {
        const ldns_rr *rr = content->records[i].rr;
        if (rr == NULL || ldns_rr_get_type(rr) != LDNS_RR_TYPE_TXT)
            continue;
        ldns_rdf *name = ldns_rdf_clone(ldns_rr_owner(rr));
        ldns_dname2canonical(name);
        char *owner = ldns_rdf2str(name);
        char *label = owner[0] != '*' ? strstr(owner, DKIM_LABEL) : NULL;
        for (char *next = label; next != NULL; next = strstr(label + 1, DKIM_LABEL))
            label = next; // a selector may have the label, too
        if (label != NULL) {
            const struct mail_domain key = {.name = label + strlen(DKIM_LABEL)};
            owner[strlen(owner) - 1] = '\0'; // the last dot
            const struct mail_domain *found =
                bsearch(&key, domains, count, sizeof(*domains), compare_domains);
            *label = '\0';
            if (found != NULL)
                json_value_append(found->selectors, json_value_text(owner));
        }
        free(owner);
        ldns_rdf_deep_free(name);
    }
}

// Policies stand in the order of the domains; *policy is the next one.
static void append_mail_domain(json_t *list, const struct elsewhere *elsewhere,
                               const struct config_domain *domain, size_t *policy)
{
    if (domain == NULL || !domain->has_mail)
        return;
    json_t *mail = json_object();
    json_value_set(mail, "name", json_value_text(domain->name));
    json_value_set(mail, "selectors", json_array());
    if (*policy < elsewhere->policy_count &&
        strcmp(elsewhere->policies[*policy].domain, domain->name) == 0)
        json_value_set(mail, "mta-sts-policy",
                       json_value_text(elsewhere->policies[(*policy)++].text));
    json_value_append(list, mail);
}

static json_t *mail_values(const struct elsewhere *elsewhere)
{
    const struct zone_target *target = elsewhere->target;
    json_t *list = json_array();
    size_t policy = 0;
    append_mail_domain(list, elsewhere, target->domain, &policy);
    for (size_t i = 0; i < target->inside_count; i++)
        append_mail_domain(list, elsewhere, target->inside[i], &policy);
    size_t count = json_array_size(list);
    struct mail_domain *domains = xcalloc(count + 1, sizeof(*domains));
    for (size_t i = 0; i < count; i++) {
        const json_t *mail = json_array_get(list, i);
        domains[i] = (struct mail_domain){json_string_value(json_object_get(mail, "name")),
                                          json_object_get(mail, "selectors")};
    }
    qsort(domains, count, sizeof(*domains), compare_domains);
    fill_selectors(elsewhere->content, domains, count);
    free(domains);
    return list;
}

static json_t *report_values(const struct elsewhere *elsewhere)
{
    json_t *list = json_array();
    for (size_t i = 0; i < elsewhere->report_count; i++) {
        json_t *report = json_object();
        json_value_set(report, "name", json_value_text(elsewhere->reports[i].owner));
        json_value_set(report, "text", json_value_text(REPORT_WELCOME));
        json_value_set(report, "ask", json_value_text(elsewhere->reports[i].domain));
        json_value_append(list, report);
    }
    return list;
}

// The host is told in the zone that has its records.
static json_t *host_value(const struct elsewhere *elsewhere)
{
    const struct config_box *box = &elsewhere->inputs->config->box;
    json_t *host = json_object();
    json_t *addresses = json_array();
    json_t *reverse = json_array();
    json_t *ports = json_array();
    for (size_t i = 0; i < elsewhere->reverse_count; i++) {
        const struct elsewhere_address *from = &elsewhere->reverse[i];
        json_t *name = json_object();
        json_value_append(addresses, json_value_address(&from->address));
        json_value_set(name, "address", json_value_address(&from->address));
        json_value_set(name, "name", json_value_text(from->reverse));
        if (from->zone != NULL)
            json_value_set(name, "zone", json_value_text(from->zone));
        json_value_append(reverse, name);
    }
    for (size_t i = 0; i < box->tls_port_count; i++)
        json_value_append(ports, json_integer(box->tls_ports[i]));
    json_value_set(host, "name", json_value_text(box->hostname));
    json_value_set(host, "addresses", addresses);
    json_value_set(host, "reverse", reverse);
    json_value_set(host, "tls-ports", ports);
    return host;
}

// How the signer signs it, in the words of the configuration; times are seconds, null: never.
static json_t *policy_value(const struct config_dnssec_policy *policy)
{
    const struct {
        const char *name;
        uint32_t seconds;
    } lifetimes[] = {{"ksk-lifetime", policy->ksk_lifetime},
                     {"zsk-lifetime", policy->zsk_lifetime}},
      times[] = {{"propagation-delay", policy->propagation_delay},
                 {"parent-propagation-delay", policy->parent_propagation_delay},
                 {"signature-lifetime", policy->signature_lifetime},
                 {"signature-refresh", policy->signature_refresh}};
    json_t *value = json_object();
    json_value_set(value, "algorithm", json_value_text(config_algorithm_word(policy->algorithm)));
    json_value_set(value, "keys", json_value_text(policy->split_keys ? "ksk+zsk" : "csk"));
    for (size_t i = 0; i < 2; i++)
        json_value_set(value, lifetimes[i].name,
                       lifetimes[i].seconds != 0 ? json_integer(lifetimes[i].seconds)
                                                 : json_null());
    json_value_set(value, "ksk-rollover",
                   json_value_text(policy->double_ds ? "double-ds" : "double-signature"));
    json_value_set(value, "denial", json_value_text(policy->nsec3 ? "nsec3" : "nsec"));
    json_value_set(value, "cds", json_boolean(policy->cds));
    for (size_t i = 0; i < 4; i++)
        json_value_set(value, times[i].name, json_integer(times[i].seconds));
    return value;
}

void json_zone(struct json_output *json, const struct elsewhere *elsewhere, bool with_records,
               int64_t now)
{
    static const char *const modes[] = {
        [CONFIG_AUTHORITATIVE] = "authoritative",
        [CONFIG_HIDDEN_PRIMARY] = "hidden-primary",
        [CONFIG_EXTERNAL] = "external",
    };
    static const char *const dnssec[] = {
        [CONFIG_DNSSEC_ON] = "on",
        [CONFIG_DNSSEC_OFF] = "off",
        [CONFIG_DNSSEC_PRESIGNED] = "presigned",
    };
    const struct zone_target *target = elsewhere->target;
    const struct config_domain *domain = target->domain;
    json_t *zone = json_object();
    json_value_set(zone, "name", json_value_text(target->name));
    if (domain != NULL && domain->unicode != NULL)
        json_value_set(zone, "unicode", json_value_text(domain->unicode));
    json_value_set(zone, "mode", json_value_text(modes[target_mode(target)]));
    json_value_set(zone, "dnssec", json_value_text(dnssec[elsewhere->content->dnssec]));
    if (elsewhere->content->dnssec == CONFIG_DNSSEC_ON && target_mode(target) != CONFIG_EXTERNAL)
        json_value_set(zone, "policy", policy_value(target->policy));
    if (elsewhere->offer != NULL)
        json_value_set(zone, "ds-state", offer_value(elsewhere->offer));
    if (target->parent != NULL)
        json_value_set(zone, "parent", json_value_text(target->parent->name));
    json_value_set(zone, "mail", json_boolean(domain != NULL && domain->has_mail));
    json_value_set(zone, "nameservers", server_values(elsewhere));
    json_value_set(zone, "ds", ds_values(elsewhere));
    json_value_set(zone, "dnskey", key_values(elsewhere));
    if (with_records) {
        json_value_set(zone, "records", record_values(elsewhere->content));
        json_value_set(zone, "missing", missing_values(elsewhere->content));
        json_value_set(zone, "notes", note_values(elsewhere->content, now));
    }
    json_value_set(zone, "mail-domains", mail_values(elsewhere));
    json_value_set(zone, "reports-elsewhere", report_values(elsewhere));
    if (target_holds(target, elsewhere->inputs->config->box.hostname))
        json_value_set(zone, "host", host_value(elsewhere));
    json_put_zone(json, zone);
}
