// SPDX-License-Identifier: ISC
// The custom records of a zone: where they come from, which are taken, how they are found again.
#include "zonegen/custom.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "zonegen/rdata_text.h"

void custom_free(struct custom *custom)
{
    if (custom == NULL)
        return;
    for (size_t i = 0; i < custom->count; i++) {
        if (!custom->records[i].handed)
            ldns_rr_free(custom->records[i].rr);
    }
    ldns_rr_list_deep_free(custom->tlsa);
    free(custom->records);
    free(custom->heads);
    free(custom);
}

// ── What may be written ──────────────────────────────────────────────────────────────────────────

static const struct {
    uint16_t type;
    const char *words;
} reserved[] = {
    {LDNS_RR_TYPE_SOA, "zonebox keeps the SOA itself; its times are in `ttl:`"},
    {LDNS_RR_TYPE_DNSKEY, "keys are published from the key files of the state"},
    {LDNS_RR_TYPE_CDS, "zonebox publishes it itself, while keys change"},
    {LDNS_RR_TYPE_CDNSKEY, "zonebox publishes it itself, while keys change"},
    {LDNS_RR_TYPE_RRSIG, "signing makes it"},
    {LDNS_RR_TYPE_NSEC, "signing makes it"},
    {LDNS_RR_TYPE_NSEC3, "signing makes it"},
    {LDNS_RR_TYPE_NSEC3PARAM, "signing makes it"},
    {LDNS_RR_TYPE_ZONEMD, "it is a digest over the whole zone, which changes with every signature"},
    {LDNS_RR_TYPE_SIG, "obsolete (RFC 3755 §3); signing makes RRSIG"},
    {LDNS_RR_TYPE_NXT, "obsolete (RFC 3755 §3); signing makes NSEC"},
    {LDNS_RR_TYPE_MD, "obsolete (RFC 1035 §3.3.4); MX is what mail goes by"},
    {LDNS_RR_TYPE_MF, "obsolete (RFC 1035 §3.3.5); MX is what mail goes by"},
    {LDNS_RR_TYPE_NSAP_PTR, "obsolete; PTR does that (RFC 1706 §6)"},
    {LDNS_RR_TYPE_SPF, "obsolete (RFC 7208 §3.1); an SPF record is a TXT"},
    {LDNS_RR_TYPE_NULL, "not for zones (RFC 1035 §3.3.10)"},
};

// Types that only messages have (RFC 6895 §3.1).
static bool is_meta(uint16_t type)
{
    return type == LDNS_RR_TYPE_OPT || (type >= 128 && type <= 255);
}

const char *custom_refuse_type(uint16_t type)
{
    if (is_meta(type))
        return "a type that only messages have";
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (reserved[i].type == type)
            return reserved[i].words;
    }
    return NULL;
}

static const char *refuse_at_apex(uint16_t type)
{
    if (type == LDNS_RR_TYPE_NS)
        return "the zone's own name servers are written as `nameservers:`, which makes their "
               "addresses and what the registrar needs, too";
    if (type == LDNS_RR_TYPE_DS)
        return "stands in the zone above, at the registrar's; `zonegen --ds` prints it";
    return NULL;
}

static const char server_words[] = "the addresses of a name server are written there: nameservers: "
                                   "[{name: …, addresses: […]}]";

// Addresses that are known by another option; nothing works when they are elsewhere. owner here and below: as the names
// of the configuration, which have no escapes.
static const char *refuse_address(const struct zone_maker *maker, const char *owner)
{
    const struct config_box *box = &maker->config->box;
    if (strcmp(owner, box->hostname) == 0)
        return "the addresses of this machine are written as box: addresses:";
    for (size_t i = 0; i < box->nameserver_count; i++) {
        if (strcmp(owner, box->nameservers[i].name) == 0)
            return server_words;
    }
    const struct config_domain *domain = maker->target->domain;
    for (size_t i = 0; domain != NULL && i < domain->nameserver_count; i++) {
        if (strcmp(owner, domain->nameservers[i].name) == 0)
            return server_words;
    }
    return NULL;
}

// A delegation or DNAME takes all below it away.
static const char *refuse_cut(const struct zone_maker *maker, const char *owner)
{
    const struct config_box *box = &maker->config->box;
    if (owner[0] == '*' && owner[1] == '.')
        return "a wildcard cannot be delegated, nor have a DNAME (RFC 4592 §4.2, §4.4)";
    if (name_text_under(box->hostname, owner))
        return "this machine's own name would be delegated away with it";
    for (size_t i = 0; i < box->nameserver_count; i++) {
        if (name_text_under(box->nameservers[i].name, owner))
            return "a name server of the zone itself would be delegated away with it";
    }
    for (size_t i = 0; i < maker->target->inside_count; i++) {
        if (name_text_under(maker->target->inside[i]->name, owner))
            return "a domain with `zone: parent` would be delegated away with it";
    }
    return NULL;
}

static const char *refuse_by_name(const struct zone_maker *maker, const char *owner, uint16_t type,
                                  bool at_apex)
{
    switch (type) {
    case LDNS_RR_TYPE_A:
    case LDNS_RR_TYPE_AAAA:
    case LDNS_RR_TYPE_CNAME:
        return refuse_address(maker, owner);
    case LDNS_RR_TYPE_NS:
    case LDNS_RR_TYPE_DNAME:
        return at_apex ? NULL : refuse_cut(maker, owner);
    default:
        return NULL;
    }
}

// The zone of ours below this one that the name in it belongs to, or NULL. As text a dot inside of a label looks like
// one between labels, so the zone may be one above what is found by it.
static const struct zone_target *child_of(const struct zone_target *target,
                                          const struct name *owner, const char *text)
{
    struct name name;
    const struct zone_target *zone = target_of(target, text);
    while (zone != NULL && (name_from_text(zone->name, &name, NULL) != STATUS_OK ||
                            !name_is_under(owner->wire, name.wire)))
        zone = zone->parent;
    return zone != NULL && strcmp(zone->name, target->name) != 0 ? zone : NULL;
}

static bool refuse(struct zone_maker *maker, const struct name *owner, const ldns_rr *rr,
                   const struct zone_place *place)
{
    const struct zone_target *target = maker->target;
    uint16_t type = (uint16_t)ldns_rr_get_type(rr);
    struct name apex;
    char text[NAME_TEXT_MAX];
    if (name_from_text(target->name, &apex, NULL) != STATUS_OK)
        return false;
    name_to_text(owner->wire, text);
    text[strlen(text) - 1] = '\0'; // as the configuration has names
    bool inside = name_is_under(owner->wire, apex.wire);
    const struct zone_target *child = inside ? child_of(target, owner, text) : NULL;
    bool at_apex = name_equal(owner->wire, apex.wire);
    const char *words = at_apex ? refuse_at_apex(type) : NULL;
    if (words == NULL)
        words = refuse_by_name(maker, text, type, at_apex);
    if (words == NULL && inside && child == NULL)
        return false;
    char *title = record_title(rr);
    if (!inside)
        maker_refuse(maker, place,
                     "%s: lies outside of the zone %s; does a name lack its last dot, or have one "
                     "too many?",
                     title, target->name);
    else if (child != NULL)
        maker_refuse(maker, place,
                     "%s: %s is a zone of its own here, which is delegated by itself; write the "
                     "record into its `records:`",
                     title, child->name);
    else
        maker_refuse(maker, place, "%s: %s", title, words);
    free(title);
    return true;
}

// ── Keeping and finding ──────────────────────────────────────────────────────────────────────────

static size_t hash_owner(const ldns_rdf *owner)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); // FNV-1a
    const uint8_t *octets = ldns_rdf_data(owner);
    for (size_t i = 0; i < ldns_rdf_size(owner); i++)
        hash = (hash ^ name_lower(octets[i])) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32);
}

static void link_record(struct custom *custom, size_t index)
{
    size_t *head =
        &custom->heads[hash_owner(ldns_rr_owner(custom->records[index].rr)) % custom->head_count];
    custom->records[index].next = *head;
    *head = index + 1;
}

static void relink(struct custom *custom)
{
    free(custom->heads);
    custom->head_count = 2 * custom->cap;
    custom->heads = xcalloc(custom->head_count, sizeof(*custom->heads));
    for (size_t i = 0; i < custom->count; i++)
        link_record(custom, i);
}

void custom_keep(struct zone_maker *maker, const struct name *owner, ldns_rr *rr,
                 const struct custom_record *written)
{
    struct custom *custom = maker->custom;
    ldns_rr_type type = ldns_rr_get_type(rr);
    if (refuse(maker, owner, rr, &written->place)) {
        ldns_rr_free(rr);
        return;
    }
    size_t cap = custom->cap;
    custom->records =
        array_grow(custom->records, &custom->cap, custom->count, sizeof(*custom->records));
    custom->records[custom->count] = *written;
    custom->records[custom->count++].rr = rr;
    custom->cuts = custom->cuts || type == LDNS_RR_TYPE_NS || type == LDNS_RR_TYPE_DNAME;
    if (custom->cap != cap)
        relink(custom);
    else
        link_record(custom, custom->count - 1);
}

// From the chain's element `index` (plus one) on, the first with the owner.
static const struct custom_record *find(const struct custom *custom, size_t index,
                                        const ldns_rdf *owner)
{
    for (; index > 0; index = custom->records[index - 1].next) {
        const struct custom_record *record = &custom->records[index - 1];
        if (record->rr != NULL &&
            name_equal(ldns_rdf_data(ldns_rr_owner(record->rr)), ldns_rdf_data(owner)))
            return record;
    }
    return NULL;
}

const struct custom_record *custom_first(const struct custom *custom, const ldns_rdf *owner)
{
    if (custom->count == 0)
        return NULL;
    return find(custom, custom->heads[hash_owner(owner) % custom->head_count], owner);
}

const struct custom_record *custom_next(const struct custom *custom,
                                        const struct custom_record *record)
{
    return find(custom, record->next, ldns_rr_owner(record->rr));
}

bool custom_has(const struct zone_maker *maker, const char *owner, const char *type)
{
    struct name name;
    if (maker->custom == NULL || maker->custom->count == 0 ||
        name_from_text(owner, &name, NULL) != STATUS_OK)
        return false;
    ldns_rdf *rdf = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, name.len, name.wire);
    const struct custom_record *record = custom_first(maker->custom, rdf);
    while (record != NULL && (uint16_t)ldns_rr_get_type(record->rr) != rdata_type(type) &&
           ldns_rr_get_type(record->rr) != LDNS_RR_TYPE_CNAME)
        record = custom_next(maker->custom, record);
    ldns_rdf_deep_free(rdf);
    return record != NULL;
}

// ── Sources ──────────────────────────────────────────────────────────────────────────────────────

static void read_records(struct zone_maker *maker, struct custom_source *source,
                         const struct config_record *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        source->file = config_zone_place(maker->config, &records[i].place).file;
        custom_read_record(maker, source, &records[i]);
    }
}

static void read_file(struct zone_maker *maker, struct custom_source *source,
                      const struct config_domain *domain)
{
    const struct input_file *file = inputs_file(maker->inputs, domain->records_file);
    const struct zone_place place = config_zone_place(maker->config, &domain->records_file_place);
    source->file = domain->records_file;
    if (file != NULL && file->octets != NULL)
        custom_read_file(maker, source, file->octets, file->len);
    else
        maker_refuse(maker, &place, "records-file: %s",
                     file != NULL ? file->error.text : "the file was not read");
}

static void read_domain(struct zone_maker *maker, const struct config_domain *domain)
{
    struct custom_source source = {.ttl = domain->ttl};
    if (name_from_text(domain->name, &source.origin, NULL) != STATUS_OK)
        return;
    read_records(maker, &source, domain->records, domain->record_count);
    if (domain->records_file != NULL)
        read_file(maker, &source, domain);
}

enum status custom_read(struct zone_maker *maker)
{
    const struct config *config = maker->config;
    const struct zone_target *target = maker->target;
    struct custom_source source = {
        .ttl = target->domain != NULL ? target->domain->ttl : &config->ttl,
        .everywhere = true,
    };
    size_t refused = maker->refused;
    if (name_from_text(target->name, &source.origin, NULL) != STATUS_OK)
        return STATUS_OK;
    maker->custom = xcalloc(1, sizeof(*maker->custom));
    read_records(maker, &source, config->records, config->record_count);
    if (target->domain != NULL)
        read_domain(maker, target->domain);
    for (size_t i = 0; i < target->inside_count; i++)
        read_domain(maker, target->inside[i]);
    return maker->refused == refused ? STATUS_OK : STATUS_SYNTAX;
}
