// SPDX-License-Identifier: ISC
// What every zone has: start of authority, name servers, and the addresses of the names in it.
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

// Timers of the SOA. A secondary gives up the zone (expire) before the last signature it may hold runs out: signatures
// are renewed with at least seven days left.
#define SOA_REFRESH 14400
#define SOA_RETRY   3600
#define SOA_EXPIRE  604800

static bool is_external(const struct zone_maker *maker)
{
    return maker->target->domain != NULL && maker->target->domain->mode == CONFIG_EXTERNAL;
}

// Who serves an external zone has these already, and they are not ours to say.
void make_soa(struct zone_maker *maker)
{
    const struct config_nameserver *servers = NULL;
    (void)target_nameservers(maker->config, maker->target, &servers);
    if (is_external(maker))
        return;
    maker_add(maker, maker->target->name, "SOA",
              "start of authority; zone-signer sets the serial (RFC 1035 §3.3.13)",
              "%s. hostmaster.%s. 1 %d %d %d %u", servers[0].name, maker->config->box.hostname,
              SOA_REFRESH, SOA_RETRY, SOA_EXPIRE, maker->ttl->negative);
}

void make_ns(struct zone_maker *maker)
{
    const struct config_nameserver *servers = NULL;
    size_t count = target_nameservers(maker->config, maker->target, &servers);
    const char *why = maker->target->parent == NULL
                          ? "name servers; the registrar must have the same (RFC 1034 §4.2.1)"
                          : "name servers; the zone above has the same (RFC 1034 §4.2.2)";
    if (is_external(maker))
        return;
    for (size_t i = 0; i < count; i++)
        maker_add(maker, maker->target->name, "NS", why, "%s.", servers[i].name);
}

static void add_addresses(struct zone_maker *maker, const char *owner,
                          const struct address *addresses, size_t count, const char *why)
{
    char text[ADDRESS_TEXT_MAX];
    for (size_t i = 0; i < count; i++)
        maker_add(maker, owner, addresses[i].any.sa_family == AF_INET ? "A" : "AAAA", why, "%s",
                  address_text(&addresses[i], false, text));
}

void make_box_addresses(struct zone_maker *maker, const char *owner, const char *why)
{
    struct address *addresses = NULL;
    size_t count = box_addresses(maker->inputs, &addresses);
    add_addresses(maker, owner, addresses, count, why);
    if (count == 0 && target_holds(maker->target, owner))
        maker_missing(
            maker, owner, "A",
            "this machine has no address that the Internet can reach; write the public one "
            "into the configuration: box: addresses:");
    free(addresses);
}

void make_nameserver_addresses(struct zone_maker *maker)
{
    const struct zone_target *target = maker->target;
    for (size_t i = 0; i < target->server_count; i++) {
        const struct config_nameserver *server = target->servers[i];
        struct address *addresses = NULL;
        size_t count = nameserver_addresses(maker->inputs, target, server, &addresses);
        add_addresses(maker, server->name, addresses, count,
                      "addresses of the name servers, which stand above this zone as glue, too "
                      "(RFC 1034 §4.2.1)");
        if (count == 0)
            maker_missing(maker, server->name, "A",
                          "a name server has no address; write it into the configuration: "
                          "nameservers: [{name: %s, addresses: […]}]",
                          server->name);
        free(addresses);
    }
}

#define HOST_WHY                                                                                   \
    "addresses of this machine; the mail exchanger must have its own, not an alias "               \
    "(RFC 2181 §10.3)"
#define DOMAIN_WHY "addresses of the domain itself (RFC 1035 §3.4.1, RFC 3596)"
#define WWW_WHY    "addresses of the web site (RFC 1035 §3.4.1, RFC 3596)"

// Those of the domain: its own, or none, or the box's.
static void add_own(struct zone_maker *maker, const char *owner, const char *why)
{
    const struct config_domain *domain = maker->domain;
    struct address *addresses = NULL;
    if (domain->no_addresses)
        return;
    if (domain->address_count == 0) {
        make_box_addresses(maker, owner, why);
        return;
    }
    size_t count = copy_addresses(domain->addresses, domain->address_count, &addresses);
    add_addresses(maker, owner, addresses, count, why);
    free(addresses);
}

void make_addresses(struct zone_maker *maker)
{
    const struct config_domain *domain = maker->domain;
    bool is_host = strcmp(maker->name, maker->config->box.hostname) == 0;
    if (is_host) // the machine's own, whatever else is served under that name
        make_box_addresses(maker, maker->name, HOST_WHY);
    else if (domain != NULL)
        add_own(maker, maker->name, DOMAIN_WHY);
    if (domain != NULL && domain->www) {
        char *www = xasprintf("www.%s", maker->name);
        add_own(maker, www, WWW_WHY);
        free(www);
    }
}

void make_host_addresses(struct zone_maker *maker)
{
    make_box_addresses(maker, maker->config->box.hostname, HOST_WHY);
}

void note_addresses(struct zone_maker *maker)
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
