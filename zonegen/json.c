// SPDX-License-Identifier: ISC
#include "zonegen/json.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/alloc.h"
#include "zonegen/maker.h"

// ── Values ───────────────────────────────────────────────────────────────────────────────────────

// Paths and certificates may have octets that are no UTF-8, which JSON cannot carry.
static json_t *text_value(const char *text)
{
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    char *copy = xstrdup(text);
    for (char *c = copy; *c != '\0'; c++) {
        if ((unsigned char)*c > 127)
            *c = '?';
    }
    value = json_string(copy);
    free(copy);
    return value;
}

// For a text that was allocated for the purpose.
static json_t *text_taken(char *text)
{
    json_t *value = text_value(text);
    free(text);
    return value;
}

// Takes value over.
static void set(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        abort(); // as base/alloc.h does when memory ends
}

static void append(json_t *list, json_t *value)
{
    if (json_array_append_new(list, value) != 0)
        abort();
}

// Without the last dot.
static json_t *name_value(const ldns_rdf *name)
{
    char *text = ldns_rdf2str(name);
    size_t len = strlen(text);
    if (len > 1)
        text[len - 1] = '\0';
    return text_taken(text);
}

static json_t *address_value(const struct address *address)
{
    char text[ADDRESS_TEXT_MAX];
    return text_value(address_text(address, false, text));
}

static json_t *address_list(const struct address *addresses, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        append(list, address_value(&addresses[i]));
    return list;
}

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

// Takes zone over.
static void put_zone(struct json_output *json, json_t *zone)
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
    set(zone, "name", text_value(name));
    set(zone, "error", text_value(why));
    put_zone(json, zone);
}

// ── A zone ───────────────────────────────────────────────────────────────────────────────────────

static json_t *key_values(const struct elsewhere *elsewhere)
{
    json_t *list = json_array();
    for (size_t i = 0; i < elsewhere->key_count; i++) {
        const ldns_rr *rr = elsewhere->keys[i];
        json_t *key = json_object();
        set(key, "tag", json_integer(ldns_calc_keytag(rr)));
        set(key, "flags", json_integer(ldns_rdf2native_int16(ldns_rr_dnskey_flags(rr))));
        set(key, "protocol", json_integer(ldns_rdf2native_int8(ldns_rr_dnskey_protocol(rr))));
        set(key, "algorithm", json_integer(ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(rr))));
        set(key, "public-key", text_taken(ldns_rdf2str(ldns_rr_rdf(rr, 3))));
        append(list, key);
    }
    return list;
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
        set(ds, "tag", json_integer(ldns_calc_keytag(rr)));
        set(ds, "algorithm", json_integer(ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(rr))));
        set(ds, "digest-type", json_integer(types[i % 2].number));
        set(ds, "digest", text_taken(elsewhere_digest(rr, types[i % 2].hash)));
        append(list, ds);
    }
    return list;
}

static json_t *server_values(const struct elsewhere *elsewhere)
{
    json_t *list = json_array();
    for (size_t i = 0; i < elsewhere->server_count; i++) {
        const struct elsewhere_server *from = &elsewhere->servers[i];
        json_t *server = json_object();
        set(server, "name", text_value(from->name));
        set(server, "addresses", address_list(from->addresses, from->address_count));
        set(server, "glue", json_boolean(from->inside));
        append(list, server);
    }
    return list;
}

static const char *source_of(const struct zone_content *content)
{
    return content->domain != NULL && content->domain->zone_file != NULL ? "file" : "generated";
}

static char *rdata_text(const ldns_rr *rr)
{
    struct buf text = {0};
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        char *part = ldns_rdf2str(ldns_rr_rdf(rr, i));
        buf_printf(&text, "%s%s", i > 0 ? " " : "", part);
        free(part);
    }
    char *ret = xstrdup(buf_text(&text));
    buf_done(&text);
    return ret;
}

static json_t *record_values(const struct zone_content *content)
{
    json_t *list = json_array();
    for (size_t i = 0; i < content->record_count; i++) {
        const struct zone_record *from = &content->records[i];
        if (from->rr == NULL)
            continue;
        json_t *record = json_object();
        set(record, "name", name_value(ldns_rr_owner(from->rr)));
        set(record, "ttl", json_integer(ldns_rr_ttl(from->rr)));
        set(record, "type", text_taken(ldns_rr_type2str(ldns_rr_get_type(from->rr))));
        set(record, "data", text_taken(rdata_text(from->rr)));
        set(record, "why", text_value(from->why));
        set(record, "source", text_value(source_of(content)));
        append(list, record);
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
        set(gap, "name", json_stringn(from->missing, (size_t)(blank - from->missing) - 1));
        set(gap, "type", text_value(blank + 1));
        set(gap, "why", text_value(from->why));
        append(list, gap);
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
        set(note, "error", json_boolean(from->error));
        set(note, "text", text_value(from->text));
        if (from->input != NULL)
            set(note, "input", text_value(from->input));
        append(list, note);
    }
    return list;
}

// ── Mail ─────────────────────────────────────────────────────────────────────────────────────────

// The selectors whose keys the zone has for the domain: what stands before _domainkey.DOMAIN.
static json_t *selector_values(const struct zone_content *content, const char *domain)
{
    json_t *list = json_array();
    char *tail = xasprintf("._domainkey.%s.", domain);
    size_t tail_len = strlen(tail);
    for (size_t i = 0; i < content->record_count; i++) {
        const ldns_rr *rr = content->records[i].rr;
        if (rr == NULL || ldns_rr_get_type(rr) != LDNS_RR_TYPE_TXT)
            continue;
        char *owner = ldns_rdf2str(ldns_rr_owner(rr));
        size_t len = strlen(owner);
        if (len > tail_len && strcasecmp(owner + len - tail_len, tail) == 0 && owner[0] != '*') {
            owner[len - tail_len] = '\0';
            append(list, text_value(owner));
        }
        free(owner);
    }
    free(tail);
    return list;
}

static void append_mail_domain(json_t *list, const struct zone_content *content,
                               const struct config_domain *domain)
{
    if (domain == NULL || !domain->has_mail)
        return;
    json_t *mail = json_object();
    set(mail, "name", text_value(domain->name));
    set(mail, "selectors", selector_values(content, domain->name));
    append(list, mail);
}

static json_t *mail_values(const struct elsewhere *elsewhere)
{
    const struct zone_target *target = elsewhere->target;
    json_t *list = json_array();
    append_mail_domain(list, elsewhere->content, target->domain);
    for (size_t i = 0; i < target->inside_count; i++)
        append_mail_domain(list, elsewhere->content, target->inside[i]);
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
        append(addresses, address_value(&from->address));
        set(name, "address", address_value(&from->address));
        set(name, "name", text_value(from->reverse));
        if (from->zone != NULL)
            set(name, "zone", text_value(from->zone));
        append(reverse, name);
    }
    for (size_t i = 0; i < box->tls_port_count; i++)
        append(ports, json_integer(box->tls_ports[i]));
    set(host, "name", text_value(box->hostname));
    set(host, "addresses", addresses);
    set(host, "reverse", reverse);
    set(host, "tls-ports", ports);
    return host;
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
    set(zone, "name", text_value(target->name));
    if (domain != NULL && domain->unicode != NULL)
        set(zone, "unicode", text_value(domain->unicode));
    set(zone, "mode", text_value(modes[target_mode(target)]));
    set(zone, "dnssec", text_value(dnssec[elsewhere->content->dnssec]));
    if (target->parent != NULL)
        set(zone, "parent", text_value(target->parent->name));
    set(zone, "mail", json_boolean(domain != NULL && domain->has_mail));
    set(zone, "nameservers", server_values(elsewhere));
    set(zone, "ds", ds_values(elsewhere));
    set(zone, "dnskey", key_values(elsewhere));
    if (with_records) {
        set(zone, "records", record_values(elsewhere->content));
        set(zone, "missing", missing_values(elsewhere->content));
        set(zone, "notes", note_values(elsewhere->content, now));
    }
    set(zone, "mail-domains", mail_values(elsewhere));
    if (target_holds(target, elsewhere->inputs->config->box.hostname))
        set(zone, "host", host_value(elsewhere));
    put_zone(json, zone);
}
