// SPDX-License-Identifier: ISC
// What the registrar must be told: name servers with glue, and the key. Each registrar asks in a form of its own,
// so all forms are printed.
#include "zonegen/maker.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static const char *algorithm_name(unsigned number)
{
    const ldns_lookup_table *row = ldns_lookup_by_id(ldns_algorithms, (int)number);
    return row != NULL ? row->name : "see the IANA registry";
}

// One key in every form.
static void put_key(const char *name, const ldns_rr *dnskey, uint32_t ttl, struct buf *ret)
{
    unsigned flags = ldns_rdf2native_int16(ldns_rr_dnskey_flags(dnskey));
    unsigned algorithm = ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(dnskey));
    unsigned tag = ldns_calc_keytag(dnskey);
    ldns_rr *ds = ldns_key_rr2ds(dnskey, LDNS_SHA256);
    char *digest = ldns_rdf2str(ldns_rr_rdf(ds, 3));
    char *public = ldns_rdf2str(ldns_rr_rdf(dnskey, 3));
    for (char *c = digest; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    buf_printf(ret,
               "DS record, in one line\n"
               "  %s. %u IN DS %u %u 2 %s\n\n"
               "DS record, field by field\n"
               "  Key tag      %u\n"
               "  Algorithm    %u (%s)\n"
               "  Digest type  2 (SHA-256)\n"
               "  Digest       %s\n\n",
               name, ttl, tag, algorithm, digest, tag, algorithm, algorithm_name(algorithm),
               digest);
    buf_printf(ret,
               "Public key (DNSKEY), for registrars that ask for it instead of the DS\n"
               "  Flags        %u (KSK)\n"
               "  Protocol     3 (always 3)\n"
               "  Algorithm    %u (%s)\n"
               "  Public key   %s\n"
               "  %s. %u IN DNSKEY %u 3 %u %s\n\n",
               flags, algorithm, algorithm_name(algorithm), public, name, ttl, flags, algorithm,
               public);
    free(public);
    free(digest);
    ldns_rr_free(ds);
}

static enum status put_own_keys(const struct inputs *inputs, const struct zonegen_keys *keys,
                                const struct zone_target *target, struct buf *ret,
                                struct error *err)
{
    struct dnskey_set set = {0};
    size_t put = 0;
    enum status status = dnskey_load(keys->dnssec_directory, target->name, false, &set, err);
    for (size_t i = 0; status == STATUS_OK && i < set.count; i++) {
        if (!dnskey_is_sep(set.keys[i].rr))
            continue;
        put_key(target->name, set.keys[i].rr, inputs->config->ttl.standard, ret);
        put++;
    }
    dnskey_set_done(&set);
    if (status == STATUS_OK && put == 0) {
        buf_put_text(ret,
                     "DS record\n  none yet: the key is made when zone-signer first starts\n\n");
        status = error_set(
            err, STATUS_NOT_FOUND,
            "%s: no key yet in %s; zone-signer makes it when it first starts, then ask again",
            target->name, keys->dnssec_directory);
    }
    return status;
}

static enum status put_file_keys(const struct zone_content *content, uint32_t ttl, struct buf *ret,
                                 struct error *err)
{
    size_t put = 0;
    for (size_t i = 0; i < content->record_count; i++) {
        const ldns_rr *rr = content->records[i].rr;
        if (rr == NULL || ldns_rr_get_type(rr) != LDNS_RR_TYPE_DNSKEY || !dnskey_is_sep(rr))
            continue;
        put_key(content->name, rr, ttl, ret);
        put++;
    }
    if (put == 0)
        return error_set(err, STATUS_NOT_FOUND, "%s: the zone file has no key with flags 257",
                         content->name);
    return STATUS_OK;
}

// ── Name servers ─────────────────────────────────────────────────────────────────────────────────

// What all name servers together have: one machine has one IPv4 and one IPv6 address.
struct servers {
    size_t count;
    struct buf addresses;            // of one server, two blanks before each
    char first[2][ADDRESS_TEXT_MAX]; // IPv4, IPv6
    bool apart;                      // two different ones of one family
    bool unknown;                    // a server elsewhere: it is not known here where
};

static void see_address(struct servers *servers, bool v6, const char *text)
{
    char *first = servers->first[v6];
    buf_printf(&servers->addresses, "  %s", text);
    if (first[0] == '\0')
        strncpy(first, text, ADDRESS_TEXT_MAX - 1);
    else if (strcmp(first, text) != 0)
        servers->apart = true;
}

// The addresses of a server: as the zone has them, else as the configuration has them.
static void see_server(struct servers *servers, const struct inputs *inputs,
                       const struct zone_target *target, const struct zone_content *content,
                       const ldns_rdf *name, const char *name_text)
{
    const struct config_box *box = &inputs->config->box;
    buf_clear(&servers->addresses);
    for (size_t i = 0; i < content->record_count; i++) {
        const ldns_rr *rr = content->records[i].rr;
        ldns_rr_type type = rr != NULL ? ldns_rr_get_type(rr) : 0;
        if ((type != LDNS_RR_TYPE_A && type != LDNS_RR_TYPE_AAAA) ||
            ldns_dname_compare(ldns_rr_owner(rr), name) != 0)
            continue;
        char *text = ldns_rdf2str(ldns_rr_rdf(rr, 0));
        see_address(servers, type == LDNS_RR_TYPE_AAAA, text);
        free(text);
    }
    for (size_t i = 0; servers->addresses.len == 0 && i < box->nameserver_count; i++) {
        struct address *addresses = NULL;
        char text[ADDRESS_TEXT_MAX];
        if (strcmp(box->nameservers[i].name, name_text) != 0)
            continue;
        size_t count = nameserver_addresses(inputs, target, &box->nameservers[i], &addresses);
        for (size_t k = 0; k < count; k++)
            see_address(servers, addresses[k].any.sa_family == AF_INET6,
                        address_text(&addresses[k], false, text));
        free(addresses);
    }
    servers->unknown = servers->unknown || servers->addresses.len == 0;
    servers->count++;
}

static void put_server(const struct zone_target *target, struct servers *servers, const char *name,
                       size_t width, struct buf *ret)
{
    if (!name_text_under(name, target->name))
        buf_printf(ret, "  %s\n", name);
    else if (servers->addresses.len > 0)
        buf_printf(ret, "  %-*s%s\n", (int)width, name, buf_text(&servers->addresses));
    else
        buf_printf(ret, "  %s  (lies inside %s and needs an address, but has none)\n", name,
                   target->name);
}

// The name servers of the zone, one after the other from *at on; NULL after the last. Without last dot; to be freed.
static char *next_server(const struct zone_content *content, const ldns_rdf *apex, size_t *at,
                         const ldns_rdf **ret_name)
{
    while (*at < content->record_count) {
        const ldns_rr *rr = content->records[(*at)++].rr;
        if (rr == NULL || ldns_rr_get_type(rr) != LDNS_RR_TYPE_NS ||
            ldns_dname_compare(ldns_rr_owner(rr), apex) != 0)
            continue;
        *ret_name = ldns_rr_rdf(rr, 0);
        char *name = ldns_rdf2str(*ret_name);
        name[strlen(name) - 1] = '\0';
        return name;
    }
    return NULL;
}

static void put_servers(const struct inputs *inputs, const struct zone_target *target,
                        const struct zone_content *content, struct buf *ret)
{
    struct servers servers = {0};
    ldns_rdf *apex = ldns_dname_new_frm_str(target->name);
    const ldns_rdf *name = NULL;
    size_t width = 0;
    buf_put_text(ret,
                 "Name servers (NS); an address behind a name is glue, to be entered with it\n");
    for (size_t at = 0;;) {
        char *text = next_server(content, apex, &at, &name);
        if (text == NULL)
            break;
        width = strlen(text) > width ? strlen(text) : width;
        free(text);
    }
    for (size_t at = 0;;) {
        char *text = next_server(content, apex, &at, &name);
        if (text == NULL)
            break;
        see_server(&servers, inputs, target, content, name, text);
        put_server(target, &servers, text, width, ret);
        free(text);
    }
    if (servers.count == 1)
        buf_put_text(ret,
                     "\nWarning: one name server only. Registries ask for two (RFC 1034 §4.1).\n");
    else if (!servers.unknown && !servers.apart)
        buf_put_text(
            ret,
            "\nWarning: all name servers have one address. When this machine is away, so is the "
            "domain, and some\nregistries refuse it (RFC 2182 §3.1). A secondary elsewhere goes "
            "into box: nameservers:.\n");
    ldns_rdf_deep_free(apex);
    buf_done(&servers.addresses);
}

enum status zonegen_ds(const struct inputs *inputs, const struct zonegen_keys *keys,
                       const struct zone_target *target, struct buf *ret, struct error *err)
{
    struct zone_content *content = NULL;
    enum status status = zonegen_make(inputs, keys, target, &content, err);
    if (status != STATUS_OK)
        return status;
    if (target->parent != NULL)
        buf_printf(ret,
                   "%s: nothing to enter anywhere: %s is served here, too, and delegates it\n\n",
                   target->name, target->parent->name);
    else
        buf_printf(ret, "%s: enter this at its registrar, not here\n\n", target->name);
    if (content->dnssec == CONFIG_DNSSEC_ON) {
        status = put_own_keys(inputs, keys, target, ret, err);
    } else if (content->dnssec == CONFIG_DNSSEC_PRESIGNED) {
        status = put_file_keys(content, inputs->config->ttl.standard, ret, err);
    } else {
        buf_put_text(ret, "DS record\n  none: the zone is not signed (dnssec: off)\n\n");
        status = error_set(err, STATUS_NOT_FOUND,
                           "%s: is not signed (dnssec: off); the registrar must have no DS for it",
                           target->name);
    }
    put_servers(inputs, target, content, ret);
    zone_content_free(content);
    return status;
}
