// SPDX-License-Identifier: ISC
#include "zonegen/elsewhere.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "zonegen/maker.h"

enum config_mode target_mode(const struct zone_target *target)
{
    return target->domain != NULL ? target->domain->mode : CONFIG_AUTHORITATIVE;
}

// A name without its last dot. The caller frees.
static char *plain_name(const ldns_rdf *name)
{
    char *text = ldns_rdf2str(name);
    size_t len = strlen(text);
    if (len > 1)
        text[len - 1] = '\0';
    return text;
}

char *elsewhere_digest(const ldns_rr *dnskey, ldns_hash hash)
{
    ldns_rr *ds = ldns_key_rr2ds(dnskey, hash);
    if (ds == NULL)
        return NULL;
    char *digest = ldns_rdf2str(ldns_rr_rdf(ds, 3));
    for (char *c = digest; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    ldns_rr_free(ds);
    return digest;
}

// ── Keys ─────────────────────────────────────────────────────────────────────────────────────────

static void add_key(struct elsewhere *elsewhere, size_t *cap, const ldns_rr *dnskey)
{
    elsewhere->keys =
        array_grow(elsewhere->keys, cap, elsewhere->key_count, sizeof(*elsewhere->keys));
    elsewhere->keys[elsewhere->key_count++] = ldns_rr_clone(dnskey);
}

// As the signer says: it knows which of the keys are for the parent, and whether any is.
static enum status gather_offered_keys(struct elsewhere *elsewhere, struct error *err)
{
    size_t cap = 0;
    for (size_t i = 0; i < elsewhere->offer->key_count; i++)
        add_key(elsewhere, &cap, elsewhere->offer->keys[i]);
    if (elsewhere->offer->state != OFFER_NONE)
        return STATUS_OK;
    return error_set(err, STATUS_NOT_FOUND,
                     "%s: is not signed now; the registrar must have no DS for it",
                     elsewhere->target->name);
}

static enum status gather_own_keys(struct elsewhere *elsewhere, const struct zonegen_keys *keys,
                                   struct error *err)
{
    const char *name = elsewhere->target->name;
    struct dnskey_set set = {0};
    size_t cap = 0;
    if (elsewhere->offer != NULL)
        return gather_offered_keys(elsewhere, err);
    enum status status = keys->listing != NULL
                             ? dnskey_load_listed(keys->listing, name, false, &set, err)
                             : dnskey_load(keys->dnssec_directory, name, false, &set, err);
    for (size_t i = 0; status == STATUS_OK && i < set.count; i++) {
        if (dnskey_is_sep(set.keys[i].rr))
            add_key(elsewhere, &cap, set.keys[i].rr);
    }
    dnskey_set_done(&set);
    if (status != STATUS_OK || elsewhere->key_count > 0)
        return status;
    return error_set(
        err, STATUS_NOT_FOUND,
        "%s: no key yet in %s; zone-signer makes it when it first starts, then ask again", name,
        keys->dnssec_directory);
}

static enum status gather_file_keys(struct elsewhere *elsewhere, struct error *err)
{
    const struct zone_content *content = elsewhere->content;
    size_t cap = 0;
    for (size_t i = 0; i < content->record_count; i++) {
        const ldns_rr *rr = content->records[i].rr;
        if (rr != NULL && ldns_rr_get_type(rr) == LDNS_RR_TYPE_DNSKEY && dnskey_is_sep(rr))
            add_key(elsewhere, &cap, rr);
    }
    if (elsewhere->key_count > 0)
        return STATUS_OK;
    return error_set(err, STATUS_NOT_FOUND, "%s: the zone file has no key with flags 257",
                     content->name);
}

static enum status gather_keys(struct elsewhere *elsewhere, const struct zonegen_keys *keys,
                               struct error *err)
{
    if (target_mode(elsewhere->target) == CONFIG_EXTERNAL)
        return STATUS_OK; // who serves it signs it, and has the keys
    elsewhere->offer =
        keys->offers != NULL ? offers_find(keys->offers, elsewhere->target->name) : NULL;
    if (elsewhere->content->dnssec == CONFIG_DNSSEC_ON)
        return gather_own_keys(elsewhere, keys, err);
    if (elsewhere->content->dnssec == CONFIG_DNSSEC_PRESIGNED)
        return gather_file_keys(elsewhere, err);
    return error_set(err, STATUS_NOT_FOUND,
                     "%s: is not signed (dnssec: off); the registrar must have no DS for it",
                     elsewhere->target->name);
}

// ── Name servers ─────────────────────────────────────────────────────────────────────────────────

static void add_address(struct elsewhere_server *server, const char *text)
{
    struct address address;
    if (address_parse(text, 0, &address, NULL) != STATUS_OK)
        return;
    server->addresses =
        xreallocarray(server->addresses, server->address_count + 1, sizeof(*server->addresses));
    server->addresses[server->address_count++] = address;
}

// As the zone has them, else as the configuration has them.
static void gather_addresses(const struct elsewhere *elsewhere, const struct owners *owners,
                             const ldns_rdf *name, struct elsewhere_server *server)
{
    const struct zone_content *content = elsewhere->content;
    const struct config_box *box = &elsewhere->inputs->config->box;
    const struct config_domain *domain = elsewhere->target->domain;
    bool own = domain != NULL && domain->nameserver_count > 0;
    const struct config_nameserver *configured = own ? domain->nameservers : box->nameservers;
    size_t count = own ? domain->nameserver_count : box->nameserver_count;
    size_t *list = NULL;
    size_t records = owners_list(owners, content->records, name, &list);
    for (size_t i = 0; i < records; i++) {
        const ldns_rr *rr = content->records[list[i]].rr;
        ldns_rr_type type = ldns_rr_get_type(rr);
        if (type != LDNS_RR_TYPE_A && type != LDNS_RR_TYPE_AAAA)
            continue;
        char *text = ldns_rdf2str(ldns_rr_rdf(rr, 0));
        add_address(server, text);
        free(text);
    }
    free(list);
    for (size_t i = 0; server->address_count == 0 && i < count; i++) {
        if (strcmp(configured[i].name, server->name) == 0)
            server->address_count = nameserver_addresses(elsewhere->inputs, elsewhere->target,
                                                         &configured[i], &server->addresses);
    }
}

static void gather_servers(struct elsewhere *elsewhere, const struct owners *owners)
{
    const struct zone_content *content = elsewhere->content;
    ldns_rdf *apex = ldns_dname_new_frm_str(content->name);
    size_t cap = 0;
    for (size_t i = 0; i < content->record_count; i++) {
        const ldns_rr *rr = content->records[i].rr;
        if (rr == NULL || ldns_rr_get_type(rr) != LDNS_RR_TYPE_NS ||
            ldns_dname_compare(ldns_rr_owner(rr), apex) != 0)
            continue;
        elsewhere->servers = array_grow(elsewhere->servers, &cap, elsewhere->server_count,
                                        sizeof(*elsewhere->servers));
        struct elsewhere_server *server = &elsewhere->servers[elsewhere->server_count++];
        *server = (struct elsewhere_server){.name = plain_name(ldns_rr_rdf(rr, 0))};
        server->inside = name_text_under(server->name, content->name);
        gather_addresses(elsewhere, owners, ldns_rr_rdf(rr, 0), server);
    }
    ldns_rdf_deep_free(apex);
}

// One machine has one IPv4 and one IPv6 address: do they name more than that? Of a server elsewhere that is not known.
static bool are_together(const struct elsewhere *elsewhere)
{
    const struct address *first[2] = {NULL, NULL}; // IPv4, IPv6
    for (size_t i = 0; i < elsewhere->server_count; i++) {
        const struct elsewhere_server *server = &elsewhere->servers[i];
        if (server->address_count == 0)
            return false;
        for (size_t k = 0; k < server->address_count; k++) {
            const struct address *address = &server->addresses[k];
            const struct address **seen = &first[address->any.sa_family == AF_INET6];
            if (*seen != NULL && !address_equal(*seen, address))
                return false;
            *seen = address;
        }
    }
    return true;
}

// ── Names of addresses ───────────────────────────────────────────────────────────────────────────

static void gather_reverse(struct elsewhere *elsewhere)
{
    const struct config *config = elsewhere->inputs->config;
    struct address *addresses = NULL;
    if (!target_holds(elsewhere->target, config->box.hostname))
        return;
    size_t count = box_addresses(elsewhere->inputs, &addresses);
    elsewhere->reverse = xcalloc(count + 1, sizeof(*elsewhere->reverse));
    for (size_t i = 0; i < count; i++) {
        struct elsewhere_address *reverse = &elsewhere->reverse[elsewhere->reverse_count++];
        bool v6 = addresses[i].any.sa_family == AF_INET6;
        char text[ADDRESS_TEXT_MAX];
        ldns_rdf *rdf = ldns_rdf_new_frm_str(v6 ? LDNS_RDF_TYPE_AAAA : LDNS_RDF_TYPE_A,
                                             address_text(&addresses[i], false, text));
        ldns_rdf *name = ldns_rdf_address_reverse(rdf);
        reverse->address = addresses[i];
        reverse->reverse = plain_name(name);
        const struct zone_target *zone = target_of(elsewhere->target, reverse->reverse);
        reverse->zone = zone != NULL ? zone->name : NULL;
        ldns_rdf_deep_free(name);
        ldns_rdf_deep_free(rdf);
    }
    free(addresses);
}

// ── Mail ─────────────────────────────────────────────────────────────────────────────────────────

// From the first report of a name on, for others have other owners.
static bool has_report(const struct elsewhere *elsewhere, size_t first, const char *owner)
{
    for (size_t i = first; i < elsewhere->report_count; i++) {
        if (strcmp(elsewhere->reports[i].owner, owner) == 0)
            return true;
    }
    return false;
}

// What zones of ours must say they say by themselves.
static void gather_report(struct elsewhere *elsewhere, size_t first, const char *name,
                          const char *uri)
{
    const struct zone_target *target = elsewhere->target;
    char domain[REPORT_DOMAIN_MAX];
    if (!report_domain(uri, domain) || target_of(target, domain) != NULL ||
        !report_is_foreign(target, name, domain))
        return;
    char *owner = xasprintf("%s._report._dmarc.%s", name, domain);
    if (has_report(elsewhere, first, owner)) {
        free(owner);
        return;
    }
    elsewhere->reports = array_grow(elsewhere->reports, &elsewhere->report_cap,
                                    elsewhere->report_count, sizeof(*elsewhere->reports));
    elsewhere->reports[elsewhere->report_count++] =
        (struct elsewhere_report){.owner = owner, .domain = xstrdup(domain)};
}

static void gather_dmarc(struct elsewhere *elsewhere, const char *name,
                         const struct config_dmarc *dmarc)
{
    size_t first = elsewhere->report_count;
    for (size_t i = 0; dmarc->enabled && i < dmarc->report_count; i++)
        gather_report(elsewhere, first, name, dmarc->reports[i].text);
    for (size_t i = 0; dmarc->enabled && i < dmarc->failure_count; i++)
        gather_report(elsewhere, first, name, dmarc->failures[i].text);
}

static void gather_policy(struct elsewhere *elsewhere, const struct owners *owners,
                          const struct config_domain *domain)
{
    struct buf text = {0};
    if (zonegen_mta_sts_policy(elsewhere->content, owners, domain, &text)) {
        elsewhere->policies = array_grow(elsewhere->policies, &elsewhere->policy_cap,
                                         elsewhere->policy_count, sizeof(*elsewhere->policies));
        elsewhere->policies[elsewhere->policy_count++] =
            (struct elsewhere_policy){.domain = domain->name, .text = xstrdup(buf_text(&text))};
    }
    buf_done(&text);
}

// The host name has a policy of its own where it is no domain with mail.
static void gather_host(struct elsewhere *elsewhere)
{
    const struct zone_target *target = elsewhere->target;
    const struct config_box *box = &elsewhere->inputs->config->box;
    bool has_policy = target_holds(target, box->hostname) &&
                      (target->domain == NULL || target->domain->zone_file == NULL);
    for (size_t i = 0; i <= target->inside_count; i++) {
        const struct config_domain *domain = i == 0 ? target->domain : target->inside[i - 1];
        if (domain != NULL && domain->has_mail && strcmp(domain->name, box->hostname) == 0)
            has_policy = false;
    }
    if (has_policy)
        gather_dmarc(elsewhere, box->hostname, &box->mail.dmarc);
}

static void gather_mail(struct elsewhere *elsewhere, const struct owners *owners)
{
    const struct zone_target *target = elsewhere->target;
    gather_host(elsewhere);
    for (size_t i = 0; i <= target->inside_count; i++) {
        const struct config_domain *domain = i == 0 ? target->domain : target->inside[i - 1];
        if (domain == NULL || !domain->has_mail || domain->zone_file != NULL)
            continue;
        gather_dmarc(elsewhere, domain->name, &domain->mail->dmarc);
        gather_policy(elsewhere, owners, domain);
    }
}

enum status elsewhere_gather(const struct inputs *inputs, const struct zonegen_keys *keys,
                             const struct zone_target *target, const struct zone_content *content,
                             struct elsewhere *ret, struct error *err)
{
    *ret = (struct elsewhere){.inputs = inputs, .target = target, .content = content};
    struct owners owners = {0};
    owners_follow(&owners, content->records, content->record_count);
    gather_servers(ret, &owners);
    ret->together = are_together(ret);
    gather_reverse(ret);
    gather_mail(ret, &owners);
    owners_done(&owners);
    return gather_keys(ret, keys, err);
}

void elsewhere_done(struct elsewhere *elsewhere)
{
    for (size_t i = 0; i < elsewhere->key_count; i++)
        ldns_rr_free(elsewhere->keys[i]);
    for (size_t i = 0; i < elsewhere->server_count; i++) {
        free(elsewhere->servers[i].name);
        free(elsewhere->servers[i].addresses);
    }
    for (size_t i = 0; i < elsewhere->reverse_count; i++)
        free(elsewhere->reverse[i].reverse);
    for (size_t i = 0; i < elsewhere->report_count; i++) {
        free(elsewhere->reports[i].owner);
        free(elsewhere->reports[i].domain);
    }
    for (size_t i = 0; i < elsewhere->policy_count; i++)
        free(elsewhere->policies[i].text);
    free(elsewhere->reports);
    free(elsewhere->policies);
    free(elsewhere->keys);
    free(elsewhere->servers);
    free(elsewhere->reverse);
    *elsewhere = (struct elsewhere){0};
}
