// SPDX-License-Identifier: ISC
// Reverse zones: the names of this machine's addresses (RFC 1035 §3.5, RFC 3596 §2.5). Receivers of mail want the
// address to have a name, and the name to have the address.
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

bool target_is_reverse(const struct zone_target *target)
{
    return name_text_under(target->name, "in-addr.arpa") ||
           name_text_under(target->name, "ip6.arpa");
}

#define REVERSE_MAX 80 // 32 nibbles with dots, "ip6.arpa"

static void reverse_name(const struct address *address, char ret[REVERSE_MAX])
{
    char *at = ret;
    if (address->any.sa_family == AF_INET) {
        const uint8_t *octets = (const uint8_t *)&address->v4.sin_addr;
        snprintf(ret, REVERSE_MAX, "%u.%u.%u.%u.in-addr.arpa", octets[3], octets[2], octets[1],
                 octets[0]);
        return;
    }
    for (size_t i = sizeof(address->v6.sin6_addr); i-- > 0;)
        at += snprintf(at, 5, "%x.%x.", address->v6.sin6_addr.s6_addr[i] & 15u,
                       address->v6.sin6_addr.s6_addr[i] >> 4u);
    memcpy(at, "ip6.arpa", sizeof("ip6.arpa"));
}

static void add_names(struct zone_maker *maker, const struct address *addresses, size_t count,
                      const char *name, const char *why)
{
    char owner[REVERSE_MAX];
    for (size_t i = 0; i < count; i++) {
        reverse_name(&addresses[i], owner);
        maker_add(maker, owner, "PTR", why, "%s.", name);
    }
}

static bool is_in(const struct address *list, size_t count, const struct address *address)
{
    for (size_t i = 0; i < count; i++) {
        if (address_equal(&list[i], address))
            return true;
    }
    return false;
}

// An address has one name: the host's, where it is the machine's own.
static void add_servers(struct zone_maker *maker, const struct address *own, size_t own_count)
{
    const struct config_box *box = &maker->config->box;
    for (size_t i = 0; i < box->nameserver_count; i++) {
        const struct config_nameserver *server = &box->nameservers[i];
        for (size_t k = 0; k < server->address_count; k++) {
            if (!is_in(own, own_count, &server->addresses[k].address))
                add_names(maker, &server->addresses[k].address, 1, server->name,
                          "the name of a name server's address (RFC 1035 §3.5)");
        }
    }
}

void make_ptr(struct zone_maker *maker)
{
    struct address *own = NULL;
    size_t count = box_addresses(maker->inputs, &own);
    add_names(maker, own, count, maker->config->box.hostname,
              "the name of this machine's address; receivers of mail look whether the two fit "
              "(RFC 1035 §3.5, RFC 3596 §2.5)");
    add_servers(maker, own, count);
    free(own);
}
