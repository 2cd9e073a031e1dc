// SPDX-License-Identifier: ISC
// A zone of ours below another zone of ours: the parent delegates it by itself, since no registrar does.
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/time_text.h"

// What the maker's zone says about the child already: in a zone that comes from a file that counts.
struct present {
    bool ns;
    bool ds;
    bool below; // something at or below the child's apex that a delegation would hide
};

static struct present look_for(const struct zone_content *content, const char *child)
{
    struct present present = {0};
    ldns_rdf *apex = ldns_dname_new_frm_str(child);
    for (size_t i = 0; apex != NULL && i < content->record_count; i++) {
        const ldns_rr *rr = content->records[i].rr;
        if (rr == NULL)
            continue;
        bool same = ldns_dname_compare(ldns_rr_owner(rr), apex) == 0;
        if (!same && !ldns_dname_is_subdomain(ldns_rr_owner(rr), apex))
            continue;
        ldns_rr_type type = ldns_rr_get_type(rr);
        present.ns = present.ns || (same && type == LDNS_RR_TYPE_NS);
        present.ds = present.ds || (same && type == LDNS_RR_TYPE_DS);
        present.below = true;
    }
    ldns_rdf_deep_free(apex);
    return present;
}

// ── Name servers and glue ────────────────────────────────────────────────────────────────────────

#define NS_WHY   "delegation: this name is a zone of its own, served here, too (RFC 1034 §4.2.1)"
#define GLUE_WHY "glue: the name servers of the delegated zone lie inside it (RFC 9471)"
#define DS_WHY   "delegation signer: the key of the delegated zone (RFC 4034 §5, RFC 4509)"

static void add_glue(struct zone_maker *maker, const struct zone_target *child,
                     const struct config_nameserver *server)
{
    struct address *addresses = NULL;
    char text[ADDRESS_TEXT_MAX];
    size_t count = nameserver_addresses(maker->inputs, child, server, &addresses);
    for (size_t i = 0; i < count; i++)
        maker_add_cut(maker, server->name, addresses[i].any.sa_family == AF_INET ? "A" : "AAAA",
                      GLUE_WHY, "%s", address_text(&addresses[i], false, text));
    free(addresses);
}

static void delegate_configured(struct zone_maker *maker, const struct zone_target *child)
{
    const struct config_nameserver *servers = NULL;
    size_t count = target_nameservers(maker->config, child, &servers);
    for (size_t i = 0; i < count; i++)
        maker_add_cut(maker, child->name, "NS", NS_WHY, "%s.", servers[i].name);
    for (size_t i = 0; i < count; i++) {
        if (name_text_under(servers[i].name, child->name))
            add_glue(maker, child, &servers[i]);
    }
}

static void add_copy(struct zone_maker *maker, const ldns_rr *rr, const char *why)
{
    ldns_rr *copy = ldns_rr_clone(rr);
    ldns_dname2canonical(ldns_rr_owner(copy));
    char *text = ldns_rdf2str(ldns_rr_owner(copy));
    char *type = ldns_rr_type2str(ldns_rr_get_type(copy));
    char *rdata = ldns_rdf2str(ldns_rr_rdf(copy, 0));
    text[strlen(text) - 1] = '\0';
    maker_add_cut(maker, text, type, why, "%s", rdata);
    free(rdata);
    free(type);
    free(text);
    ldns_rr_free(copy);
}

// NS as the child's own zone file has them, and the addresses there of those that lie in it.
static void delegate_as_file(struct zone_maker *maker, const ldns_rdf *apex,
                             const struct zone_file_record *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ldns_rr_get_type(records[i].rr) == LDNS_RR_TYPE_NS &&
            ldns_dname_compare(ldns_rr_owner(records[i].rr), apex) == 0)
            add_copy(maker, records[i].rr, NS_WHY);
    }
    for (size_t i = 0; i < count; i++) {
        if (ldns_rr_get_type(records[i].rr) != LDNS_RR_TYPE_NS ||
            ldns_dname_compare(ldns_rr_owner(records[i].rr), apex) != 0)
            continue;
        for (size_t k = 0; k < count; k++) {
            ldns_rr_type type = ldns_rr_get_type(records[k].rr);
            if ((type == LDNS_RR_TYPE_A || type == LDNS_RR_TYPE_AAAA) &&
                ldns_dname_compare(ldns_rr_owner(records[k].rr), ldns_rr_rdf(records[i].rr, 0)) ==
                    0)
                add_copy(maker, records[k].rr, GLUE_WHY);
        }
    }
}

// ── DS ───────────────────────────────────────────────────────────────────────────────────────────

static void add_ds(struct zone_maker *maker, const struct zone_target *child, const ldns_rr *dnskey)
{
    ldns_rr *ds = ldns_key_rr2ds(dnskey, LDNS_SHA256);
    if (ds == NULL)
        return;
    char *digest = ldns_rdf2str(ldns_rr_rdf(ds, 3));
    maker_add_cut(maker, child->name, "DS", DS_WHY, "%u %u 2 %s", ldns_calc_keytag(dnskey),
                  ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(dnskey)), digest);
    free(digest);
    ldns_rr_free(ds);
}

// As the signer has left word: the keys are in it, so that nobody needs to read their files.
static void delegate_offered(struct zone_maker *maker, const struct zone_target *child,
                             const struct offer *offer)
{
    char text[TIME_TEXT_MAX];
    bool now = offer->state == OFFER_ENTER || offer->state == OFFER_IN;
    for (size_t i = 0; now && i < offer->key_count; i++)
        add_ds(maker, child, offer->keys[i]);
    if (offer->state == OFFER_WAIT && offer->time != 0)
        maker_missing(maker, child->name, "DS",
                      "caches may have %s without signatures until %s; zone-signer adds it then",
                      child->name, time_text(offer->time, text));
    else if (offer->state == OFFER_WAIT)
        maker_missing(
            maker, child->name, "DS",
            "%s was not seen signed at all its name servers yet; zone-signer adds it when "
            "its TTL is over",
            child->name);
}

static void add_offered_ds(struct zone_maker *maker, const struct zone_target *child,
                           const ldns_rr *dnskey)
{
    const struct zonegen_keys *keys = maker->keys;
    if (keys->is_offered == NULL || keys->is_offered(keys->context, child, dnskey))
        add_ds(maker, child, dnskey);
    else
        maker_missing(maker, child->name, "DS",
                      "caches may have %s without signatures by its key %u", child->name,
                      ldns_calc_keytag(dnskey));
}

static void delegate_signed(struct zone_maker *maker, const struct zone_target *child)
{
    const struct zonegen_keys *keys = maker->keys;
    const struct offer *offer =
        keys->offers != NULL ? offers_find(keys->offers, child->name) : NULL;
    if (keys->is_offered == NULL && offer != NULL) {
        delegate_offered(maker, child, offer);
        return;
    }
    struct dnskey_set set = {0};
    struct error err = {0};
    enum status status = keys->listing != NULL
                             ? dnskey_load_listed(keys->listing, child->name, false, &set, &err)
                             : dnskey_load(keys->dnssec_directory, child->name, false, &set, &err);
    size_t added = 0;
    for (size_t i = 0; status == STATUS_OK && i < set.count; i++) {
        if (!dnskey_is_sep(set.keys[i].rr))
            continue;
        add_offered_ds(maker, child, set.keys[i].rr);
        added++;
    }
    if (status != STATUS_OK) {
        maker_missing(maker, child->name, "DS", "the key of the delegated zone cannot be used: %s",
                      display_path(maker->config, err.text));
        maker_note(maker, true, NULL, "DS of %s: %s", child->name, err.text);
    } else if (added == 0) {
        maker_missing(
            maker, child->name, "DS",
            "the delegated zone has no key yet; zone-signer makes it when it first starts "
            "(RFC 4034 §5)");
    }
    dnskey_set_done(&set);
}

// ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

// A zone that comes from a file says itself who serves it and, presigned, with which keys.
// False: the file cannot be used.
static bool delegate_file(struct zone_maker *maker, const struct zone_target *child, bool with_ns,
                          bool with_ds)
{
    const struct input_file *file = inputs_file(maker->inputs, child->domain->zone_file);
    struct zone_file_record *records = NULL;
    size_t count = 0;
    struct error err = {0};
    if (file == NULL || file->octets == NULL ||
        zone_file_parse(file, child->name, child->domain->ttl->standard, &records, &count, &err) !=
            STATUS_OK) {
        const char *words = file == NULL           ? "the zone file was not read"
                            : file->octets == NULL ? file->error.text
                                                   : err.text;
        maker_missing(maker, child->name, "NS",
                      "the zone file of the delegated zone cannot be used: %s",
                      display_path(maker->config, words));
        maker_note(maker, true, child->domain->zone_file, "delegation of %s: %s", child->name,
                   words);
        return false;
    }
    ldns_rdf *apex = ldns_dname_new_frm_str(child->name);
    if (with_ns)
        delegate_as_file(maker, apex, records, count);
    for (size_t i = 0; with_ds && i < count; i++) {
        if (ldns_rr_get_type(records[i].rr) == LDNS_RR_TYPE_DNSKEY && dnskey_is_sep(records[i].rr))
            add_ds(maker, child, records[i].rr);
    }
    ldns_rdf_deep_free(apex);
    zone_file_records_free(records, count);
    return true;
}

// Others serve it: who, the configuration says or nobody, and its key is theirs.
static void delegate_external(struct zone_maker *maker, const struct zone_target *child,
                              bool with_ns, bool with_ds)
{
    bool known = child->domain->nameserver_count > 0;
    if (with_ns && known)
        delegate_configured(maker, child);
    else if (with_ns)
        maker_missing(maker, child->name, "NS",
                      "others serve it (mode: external); name its servers in the configuration: "
                      "nameservers:");
    if (with_ds && known)
        maker_missing(maker, child->name, "DS",
                      "others sign it (mode: external), if anybody does; add the DS that they "
                      "give you as a custom record");
}

static void delegate(struct zone_maker *maker, const struct zone_target *child, bool with_ns,
                     bool with_ds)
{
    enum config_dnssec dnssec = child->dnssec;
    bool from_file = child->domain != NULL && child->domain->zone_file != NULL;
    if (child->domain != NULL && child->domain->mode == CONFIG_EXTERNAL) {
        delegate_external(maker, child, with_ns, with_ds);
        return;
    }
    if (from_file && (with_ns || dnssec == CONFIG_DNSSEC_PRESIGNED) &&
        !delegate_file(maker, child, with_ns, with_ds && dnssec == CONFIG_DNSSEC_PRESIGNED))
        return; // a DS alone delegates nothing
    if (!from_file && with_ns)
        delegate_configured(maker, child);
    if (with_ds && dnssec == CONFIG_DNSSEC_ON)
        delegate_signed(maker, child);
}

void make_delegations(struct zone_maker *maker)
{
    const struct zone_target *target = maker->target;
    bool is_file = target->domain != NULL && target->domain->zone_file != NULL;
    enum config_dnssec dnssec = maker->content->dnssec;
    for (size_t i = 0; i < target->child_count; i++) {
        const struct zone_target *child = target->children[i];
        struct present present = {0};
        if (is_file)
            present = look_for(maker->content, child->name);
        if (is_file && !present.ns && (present.below || dnssec != CONFIG_DNSSEC_ON)) {
            // What is served as it is stays so, and records of the admin are never hidden.
            maker_note(maker, false, target->domain->zone_file,
                       "%s: %s is served here as a zone of its own, but not delegated in this "
                       "file; add NS "
                       "records for it%s",
                       target->domain->zone_file, child->name,
                       present.below ? " in the place of what it has there" : "");
            continue;
        }
        if (is_file && dnssec != CONFIG_DNSSEC_ON)
            continue;
        delegate(maker, child, !present.ns, dnssec == CONFIG_DNSSEC_ON && !present.ds);
    }
}
