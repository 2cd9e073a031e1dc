// SPDX-License-Identifier: ISC
// What must be told elsewhere, in words: name servers with glue, and the key, for the registrar. Each registrar asks in
// a form of its own, so all forms are printed. Then what others must be asked for.
#include "zonegen/zonegen.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/time_text.h"
#include "zonegen/elsewhere.h"
#include "zonegen/maker.h"

static const char *algorithm_name(unsigned number)
{
    const ldns_lookup_table *row = ldns_lookup_by_id(ldns_algorithms, (int)number);
    return row != NULL ? row->name : "see the IANA registry";
}

// ── Keys ─────────────────────────────────────────────────────────────────────────────────────────

static void put_ds(const char *name, const ldns_rr *dnskey, uint32_t ttl, struct buf *ret)
{
    unsigned algorithm = ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(dnskey));
    unsigned tag = ldns_calc_keytag(dnskey);
    char *digest = elsewhere_digest(dnskey, LDNS_SHA256);
    char *longer = elsewhere_digest(dnskey, LDNS_SHA384);
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
               "The same with digest type 4 (SHA-384), only for registrars that insist on it\n"
               "  %s. %u IN DS %u %u 4 %s\n\n",
               name, ttl, tag, algorithm, longer);
    free(longer);
    free(digest);
}

static void put_dnskey(const char *name, const ldns_rr *dnskey, uint32_t ttl, struct buf *ret)
{
    unsigned flags = ldns_rdf2native_int16(ldns_rr_dnskey_flags(dnskey));
    unsigned algorithm = ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(dnskey));
    char *public = ldns_rdf2str(ldns_rr_rdf(dnskey, 3));
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
}

// When the DS is to be entered. Before, resolvers that know the zone without signatures would call it bogus.
static void put_when(const struct offer *offer, struct buf *ret)
{
    char text[TIME_TEXT_MAX];
    const char *time = time_text(offer->time, text);
    switch (offer->state) {
    case OFFER_WAIT:
        if (offer->time != 0)
            buf_printf(ret,
                       "DS: enter after %s, not before\n"
                       "  Until then resolvers may have the zone without signatures, and with this "
                       "DS\n"
                       "  they would refuse all of it, mail too (RFC 7583 §3.3.4).\n\n",
                       time);
        else
            buf_put_text(ret, "DS: do not enter it yet\n"
                              "  First all name servers have to be seen with the signatures, then "
                              "resolvers\n"
                              "  have to forget the zone without them. `zonebox status` says what "
                              "is waited for.\n\n");
        return;
    case OFFER_ENTER:
        buf_put_text(ret, "DS: enter now\n"
                          "  If the registrar has other DS records or keys for the domain, replace "
                          "them by\n"
                          "  what is below.\n\n");
        return;
    case OFFER_IN:
        buf_printf(ret,
                   "DS: entered, nothing to do\n"
                   "  All servers of the parent have what is below, since %s.\n\n",
                   time);
        return;
    case OFFER_REMOVE:
        buf_put_text(ret, "DS: take out now\n"
                          "  Remove every DS record and key of the domain at the registrar, and "
                          "leave the name\n"
                          "  servers as they are: the zone becomes unsigned when no resolver "
                          "expects\n"
                          "  signatures any more, and not before.\n\n");
        return;
    case OFFER_NONE:
        buf_put_text(ret, "DS: none\n"
                          "  The zone is not signed; the registrar must have no DS record and no "
                          "key for it.\n\n");
        return;
    }
}

static void put_no_key(const struct zone_content *content, struct buf *ret)
{
    if (content->dnssec == CONFIG_DNSSEC_ON)
        buf_put_text(ret,
                     "DS record\n  none yet: the key is made when zone-signer first starts\n\n");
    else if (content->dnssec == CONFIG_DNSSEC_OFF)
        buf_put_text(ret, "DS record\n  none: the zone is not signed (dnssec: off)\n\n");
}

// One key in every form. ttl: of the lines; registries set their own.
static void put_keys(const struct elsewhere *elsewhere, uint32_t ttl, struct buf *ret)
{
    const char *name = elsewhere->target->name;
    // Where the zone above is served here, the signer sees to it.
    if (elsewhere->offer != NULL && elsewhere->target->parent == NULL)
        put_when(elsewhere->offer, ret);
    for (size_t i = 0; i < elsewhere->key_count; i++) {
        if (elsewhere->key_count > 1)
            buf_printf(ret, "Key %zu of %zu, with the tag %u; enter all of them\n\n", i + 1,
                       elsewhere->key_count, ldns_calc_keytag(elsewhere->keys[i]));
        put_ds(name, elsewhere->keys[i], ttl, ret);
        put_dnskey(name, elsewhere->keys[i], ttl, ret);
    }
    if (elsewhere->key_count == 0 && elsewhere->offer == NULL)
        put_no_key(elsewhere->content, ret);
}

// ── Name servers ─────────────────────────────────────────────────────────────────────────────────

static void put_server(const struct elsewhere *elsewhere, const struct elsewhere_server *server,
                       size_t width, struct buf *ret)
{
    char text[ADDRESS_TEXT_MAX];
    if (!server->inside) {
        buf_printf(ret, "  %s\n", server->name);
        return;
    }
    if (server->address_count == 0) {
        buf_printf(ret, "  %s  (lies inside %s and needs an address, but has none)\n", server->name,
                   elsewhere->target->name);
        return;
    }
    buf_printf(ret, "  %-*s", (int)width, server->name);
    for (size_t i = 0; i < server->address_count; i++)
        buf_printf(ret, "  %s", address_text(&server->addresses[i], false, text));
    buf_put_text(ret, "\n");
}

static void put_servers(const struct elsewhere *elsewhere, struct buf *ret)
{
    size_t width = 0;
    for (size_t i = 0; i < elsewhere->server_count; i++) {
        size_t len = strlen(elsewhere->servers[i].name);
        width = len > width ? len : width;
    }
    buf_put_text(ret,
                 "Name servers (NS); an address behind a name is glue, to be entered with it\n");
    for (size_t i = 0; i < elsewhere->server_count; i++)
        put_server(elsewhere, &elsewhere->servers[i], width, ret);
    if (elsewhere->server_count == 1)
        buf_put_text(ret,
                     "\nWarning: one name server only. Registries ask for two (RFC 1034 §4.1).\n");
    else if (elsewhere->together)
        buf_put_text(
            ret,
            "\nWarning: all name servers have one address. When this machine is away, so is the "
            "domain, and some\nregistries refuse it (RFC 2182 §3.1). A secondary elsewhere goes "
            "into box: nameservers:.\n");
}

// ── Names of addresses ───────────────────────────────────────────────────────────────────────────

static void put_reverse(const struct elsewhere *elsewhere, struct buf *ret)
{
    const char *hostname = elsewhere->inputs->config->box.hostname;
    char text[ADDRESS_TEXT_MAX];
    if (elsewhere->reverse_count == 0)
        return;
    buf_put_text(ret, "\nReverse names (PTR); many mail servers take no mail from an address "
                      "without the right one\n");
    for (size_t i = 0; i < elsewhere->reverse_count; i++) {
        const struct elsewhere_address *reverse = &elsewhere->reverse[i];
        address_text(&reverse->address, false, text);
        if (reverse->zone == NULL)
            buf_printf(ret,
                       "  Ask the provider of the address to set the reverse name of %s to %s\n",
                       text, hostname);
        else
            buf_printf(ret, "  %s: the record is %s. PTR %s., in %s, which is yours\n", text,
                       reverse->reverse, hostname, reverse->zone);
    }
}

// ── Mail ─────────────────────────────────────────────────────────────────────────────────────────

static void put_reports(const struct elsewhere *elsewhere, struct buf *ret)
{
    for (size_t i = 0; i < elsewhere->report_count; i++) {
        if (i == 0)
            buf_put_text(ret, "\nDMARC reports; they come only when the zone of who gets them has "
                              "this (RFC 9990 §4)\n");
        buf_printf(ret, "  Ask %s for the record %s. TXT \"" REPORT_WELCOME "\"\n",
                   elsewhere->reports[i].domain, elsewhere->reports[i].owner);
    }
}

static void put_policies(const struct elsewhere *elsewhere, struct buf *ret)
{
    for (size_t i = 0; i < elsewhere->policy_count; i++) {
        const struct elsewhere_policy *policy = &elsewhere->policies[i];
        buf_printf(ret,
                   "\nMTA-STS policy; a web server must have this as text/plain before the zone "
                   "is served (RFC 8461 §3.3)\n"
                   "  https://mta-sts.%s/.well-known/mta-sts.txt\n",
                   policy->domain);
        for (const char *line = policy->text; *line != '\0';) {
            size_t len = strcspn(line, "\n");
            buf_printf(ret, "    %.*s\n", (int)len, line);
            line += len + (line[len] != '\0');
        }
    }
}

// ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

static void put_head(const struct zone_target *target, struct buf *ret)
{
    if (target_mode(target) == CONFIG_EXTERNAL)
        buf_printf(ret,
                   "%s: served by others (mode: external): they know its name servers, and its DS "
                   "if they sign it\n",
                   target->name);
    else if (target->parent != NULL)
        buf_printf(
            ret,
            "%s: nothing to enter at a registrar: %s is served here, too, and delegates it\n\n",
            target->name, target->parent->name);
    else
        buf_printf(ret, "%s: enter this at %s, not here%s\n\n", target->name,
                   target_is_reverse(target) ? "the registry that has given you the addresses"
                                             : "its registrar",
                   target_mode(target) == CONFIG_HIDDEN_PRIMARY
                       ? "; the box itself is told nobody (mode: hidden-primary)"
                       : "");
}

enum status zonegen_ds(const struct inputs *inputs, const struct zonegen_keys *keys,
                       const struct zone_target *target, struct buf *ret, struct error *err)
{
    struct zone_content *content = NULL;
    struct elsewhere elsewhere;
    enum status status = zonegen_make(inputs, keys, target, &content, err);
    if (status != STATUS_OK)
        return status;
    status = elsewhere_gather(inputs, keys, target, content, &elsewhere, err);
    put_head(target, ret);
    if (target_mode(target) != CONFIG_EXTERNAL) {
        put_keys(&elsewhere, inputs->config->ttl.standard, ret);
        put_servers(&elsewhere, ret);
    }
    put_reverse(&elsewhere, ret);
    put_reports(&elsewhere, ret);
    put_policies(&elsewhere, ret);
    elsewhere_done(&elsewhere);
    zone_content_free(content);
    return status;
}
