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

void make_soa(struct zone_maker *maker)
{
    const struct config_box *box = &maker->config->box;
    maker_add(maker, maker->target->name, "SOA",
              "start of authority; zone-signer sets the serial (RFC 1035 §3.3.13)",
              "%s. hostmaster.%s. 1 %d %d %d %u", box->nameservers[0].name, box->hostname,
              SOA_REFRESH, SOA_RETRY, SOA_EXPIRE, maker->config->ttl.negative);
}

void make_ns(struct zone_maker *maker)
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

void make_nameserver_addresses(struct zone_maker *maker)
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

void make_addresses(struct zone_maker *maker)
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
