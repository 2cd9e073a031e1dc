// SPDX-License-Identifier: ISC
// Which addresses are published: what is bound may be others (NAT).
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

size_t copy_addresses(const struct config_address *addresses, size_t count, struct address **ret)
{
    *ret = xcalloc(count, sizeof(struct address));
    for (size_t i = 0; i < count; i++)
        (*ret)[i] = addresses[i].address;
    return count;
}

size_t box_addresses(const struct inputs *inputs, struct address **ret)
{
    const struct config_box *box = &inputs->config->box;
    if (box->address_count > 0)
        return copy_addresses(box->addresses, box->address_count, ret);
    size_t count = 0;
    *ret = xcalloc(inputs->found_count + 1, sizeof(struct address));
    for (size_t i = 0; i < inputs->found_count; i++) {
        // A private address says nothing to the world, and tells it what is behind the NAT.
        if (address_scope(&inputs->found[i]) == ADDRESS_GLOBAL)
            (*ret)[count++] = inputs->found[i];
    }
    return count;
}

static bool is_of_box(const struct config_box *box, const char *name)
{
    for (size_t i = 0; i < box->nameserver_count; i++) {
        if (strcmp(box->nameservers[i].name, name) == 0)
            return true;
    }
    return false;
}

size_t target_nameservers(const struct config *config, const struct zone_target *target,
                          const struct config_nameserver **ret)
{
    const struct config_domain *domain = target->domain;
    bool own = domain != NULL && domain->nameserver_count > 0;
    *ret = own ? domain->nameservers : config->box.nameservers;
    return own ? domain->nameserver_count : config->box.nameserver_count;
}

size_t nameserver_addresses(const struct inputs *inputs, const struct zone_target *target,
                            const struct config_nameserver *server, struct address **ret)
{
    const struct config_nameserver *known = target_server(target, server->name);
    const struct zone_target *zone = target_of(target, server->name);
    if (server->address_count == 0 && known != NULL)
        server = known; // written with its addresses elsewhere
    if (server->address_count > 0)
        return copy_addresses(server->addresses, server->address_count, ret);
    *ret = NULL;
    if (zone == NULL)
        return 0;
    // A hidden primary is not among the servers of its zone, unless they are the box's.
    if (zone->domain != NULL && zone->domain->mode == CONFIG_HIDDEN_PRIMARY &&
        !is_of_box(&inputs->config->box, server->name))
        return 0;
    return box_addresses(inputs, ret);
}
