// SPDX-License-Identifier: ISC
// The records of a generated zone: one maker per topic, in the order of the dump. What each record must say is decided
// here; how it gets into the zone in content.c.
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/alloc.h"
#include "keys/dkim.h"

// Timers of the SOA. A secondary gives up the zone (expire) before the last signature it may hold runs out: signatures
// are renewed with at least seven days left.
#define SOA_REFRESH 14400
#define SOA_RETRY   3600
#define SOA_EXPIRE  604800

static void make_soa(struct zone_maker *maker)
{
    const struct config_box *box = &maker->config->box;
    maker_add(maker, maker->target->name, "SOA",
              "start of authority; zone-signer sets the serial (RFC 1035 §3.3.13)",
              "%s. hostmaster.%s. 1 %d %d %d %u", box->nameservers[0].name, box->hostname,
              SOA_REFRESH, SOA_RETRY, SOA_EXPIRE, maker->config->ttl.negative);
}

static void make_ns(struct zone_maker *maker)
{
    const struct config_box *box = &maker->config->box;
    const char *why = maker->target->parent == NULL
                          ? "name servers; the registrar must have the same (RFC 1034 §4.2.1)"
                          : "name servers; the zone above has the same (RFC 1034 §4.2.2)";
    for (size_t i = 0; i < box->nameserver_count; i++)
        maker_add(maker, maker->target->name, "NS", why, "%s.", box->nameservers[i].name);
}

static void add_addresses(struct zone_maker *maker, const char *owner,
                          const struct address *addresses, size_t count, const char *why)
{
    char text[ADDRESS_TEXT_MAX];
    for (size_t i = 0; i < count; i++)
        maker_add(maker, owner, addresses[i].any.sa_family == AF_INET ? "A" : "AAAA", why, "%s",
                  address_text(&addresses[i], false, text));
    if (count == 0 && target_holds(maker->target, owner))
        maker_missing(
            maker, owner, "A",
            "this machine has no address that the Internet can reach; write the public one "
            "into the configuration: box: addresses:");
}

static void make_nameserver_addresses(struct zone_maker *maker)
{
    const struct config_box *box = &maker->config->box;
    for (size_t i = 0; i < box->nameserver_count; i++) {
        struct address *addresses = NULL;
        if (!target_holds(maker->target, box->nameservers[i].name))
            continue;
        size_t count =
            nameserver_addresses(maker->inputs, maker->target, &box->nameservers[i], &addresses);
        add_addresses(maker, box->nameservers[i].name, addresses, count,
                      "addresses of the name servers, which stand above this zone as glue, too "
                      "(RFC 1034 §4.2.1)");
        free(addresses);
    }
}

static void make_addresses(struct zone_maker *maker)
{
    struct address *addresses = NULL;
    size_t count = box_addresses(maker->inputs, &addresses);
    const char *hostname = maker->config->box.hostname;
    const char *name = maker->target->name;
    const char *host_why =
        "addresses of this machine; the mail exchanger must have its own, not an alias "
        "(RFC 2181 §10.3)";
    if (maker->target->domain != NULL) {
        char *www = xasprintf("www.%s", name);
        add_addresses(maker, name, addresses, count,
                      strcmp(name, hostname) == 0
                          ? host_why
                          : "addresses of the domain itself (RFC 1035 §3.4.1, RFC 3596)");
        add_addresses(maker, www, addresses, count,
                      "addresses of the web site (RFC 1035 §3.4.1, RFC 3596)");
        free(www);
    }
    add_addresses(maker, hostname, addresses, count, host_why);
    free(addresses);
}

static void make_mx(struct zone_maker *maker)
{
    maker_add(maker, maker->target->name, "MX",
              "mail for the domain comes to this machine (RFC 5321 §5.1)", "10 %s.",
              maker->config->box.hostname);
}

static void make_spf(struct zone_maker *maker)
{
    maker_add(maker, maker->target->name, "TXT",
              "SPF: only the mail exchanger sends mail of this domain (RFC 7208)",
              "\"v=spf1 mx -all\"");
}

#define TXT_STRING_MAX 255 // RFC 1035 §3.3: one length octet

// A TXT of any length, cut into strings that a verifier joins again (RFC 6376 §3.6.2.2).
static char *quoted_strings(const char *text)
{
    struct buf quoted = {0};
    for (size_t len = strlen(text), at = 0; at < len; at += TXT_STRING_MAX)
        buf_printf(&quoted, "%s\"%.*s\"", at > 0 ? " " : "", TXT_STRING_MAX, text + at);
    char *ret = xstrdup(buf_text(&quoted));
    buf_done(&quoted);
    return ret;
}

static void add_dkim(struct zone_maker *maker, const char *owner, const struct buf *der)
{
    char *base64 = xmalloc((der->len + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)base64, der->data, (int)der->len);
    char *text = xasprintf("v=DKIM1; k=rsa; h=sha256; p=%s", base64);
    char *quoted = quoted_strings(text);
    maker_add(maker, owner, "TXT",
              "DKIM: the key that signatures of outgoing mail are checked with (RFC 6376 §3.6.1, "
              "RFC 8301)",
              "%s", quoted);
    free(quoted);
    free(text);
    free(base64);
}

static void make_dkim(struct zone_maker *maker)
{
    const struct config_box *box = &maker->config->box;
    const char *name = maker->target->name;
    if (!box->dkim)
        return;
    struct buf der = {0};
    struct error err = {0};
    char *owner = xasprintf("%s._domainkey.%s", box->dkim_selector, name);
    enum status status =
        dkim_load_public(maker->keys->dkim_directory, name, box->dkim_selector, &der, &err);
    if (status == STATUS_OK) {
        add_dkim(maker, owner, &der);
    } else if (status == STATUS_NOT_FOUND) {
        maker_missing(
            maker, owner, "TXT",
            "there is no DKIM key yet; zone-signer makes it when it first starts (RFC 6376)");
    } else {
        char *path =
            xasprintf("%s/%s/%s.pub", maker->keys->dkim_directory, name, box->dkim_selector);
        maker_missing(maker, owner, "TXT", "the DKIM key cannot be used: %s",
                      display_path(maker->config, err.text));
        maker_note(maker, true, path, "DKIM key: %s", err.text);
        free(path);
    }
    free(owner);
    buf_done(&der);
}

static void make_dmarc(struct zone_maker *maker)
{
    char *owner = xasprintf("_dmarc.%s", maker->target->name);
    maker_add(
        maker, owner, "TXT",
        "DMARC: quarantine what fails SPF and DKIM, refuse names that do not exist (RFC 9989)",
        "\"v=DMARC1; p=quarantine; sp=quarantine; np=reject\"");
    free(owner);
}

static void note_addresses(struct zone_maker *maker)
{
    const struct config_box *box = &maker->config->box;
    if (!target_holds(maker->target, box->hostname)) // once is enough
        return;
    for (size_t i = 0; i < box->address_count; i++) {
        const struct config_address *address = &box->addresses[i];
        char text[ADDRESS_TEXT_MAX];
        struct error err = {0};
        if (address_scope(&address->address) == ADDRESS_GLOBAL)
            continue;
        (void)config_complain(
            maker->config, address->place, &err,
            "box: addresses: %s is published, but cannot be reached from the Internet",
            address_text(&address->address, false, text));
        maker_note(maker, false, NULL, "%s", err.text);
    }
}

enum zone_use { FOR_HOST = 1, FOR_DOMAIN = 2 };

static const struct {
    unsigned zones; // enum zone_use
    void (*make)(struct zone_maker *maker);
} makers[] = {
    {FOR_HOST | FOR_DOMAIN, make_soa},
    {FOR_HOST | FOR_DOMAIN, make_ns},
    {FOR_HOST | FOR_DOMAIN, make_nameserver_addresses},
    {FOR_HOST | FOR_DOMAIN, make_addresses},
    {FOR_DOMAIN, make_mx},
    {FOR_DOMAIN, make_spf},
    {FOR_DOMAIN, make_dkim},
    {FOR_DOMAIN, make_dmarc},
    {FOR_HOST | FOR_DOMAIN, make_tlsa},
    {FOR_HOST | FOR_DOMAIN, make_sshfp},
    {FOR_HOST | FOR_DOMAIN, make_delegations},
};

enum status zonegen_make(const struct inputs *inputs, const struct zonegen_keys *keys,
                         const struct zone_target *target, struct zone_content **ret,
                         struct error *err)
{
    struct zone_maker maker = zone_maker(inputs, keys, target);
    enum status status = STATUS_OK;
    if (target->domain != NULL && target->domain->zone_file != NULL) {
        status = zone_file_make(&maker, err);
    } else {
        unsigned use = target->domain == NULL ? FOR_HOST : FOR_DOMAIN;
        for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
            if (makers[i].zones & use)
                makers[i].make(&maker);
        }
    }
    if (status != STATUS_OK) {
        zone_content_free(maker.content);
        return status;
    }
    note_addresses(&maker);
    *ret = maker.content;
    return STATUS_OK;
}
