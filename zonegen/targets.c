// SPDX-License-Identifier: ISC
// Which zones there are, how they nest, and which addresses they publish.
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static bool has_zone_for(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->domain_count; i++) {
        if (name_text_under(name, config->domains[i].name))
            return true;
    }
    return false;
}

// Orders names label by label from the root down, so that what lies below a name follows it directly.
static int compare_names(const char *a, const char *b)
{
    const char *a_end = a + strlen(a);
    const char *b_end = b + strlen(b);
    for (;;) {
        const char *a_label = memrchr(a, '.', (size_t)(a_end - a));
        const char *b_label = memrchr(b, '.', (size_t)(b_end - b));
        const char *a_start = a_label != NULL ? a_label + 1 : a;
        const char *b_start = b_label != NULL ? b_label + 1 : b;
        size_t a_len = (size_t)(a_end - a_start);
        size_t b_len = (size_t)(b_end - b_start);
        int order = memcmp(a_start, b_start, a_len < b_len ? a_len : b_len);
        if (order != 0 || a_len != b_len)
            return order != 0 ? order : (a_len < b_len ? -1 : 1);
        if (a_label == NULL || b_label == NULL)
            return (a_label != NULL) - (b_label != NULL);
        a_end = a_label;
        b_end = b_label;
    }
}

static int compare_targets(const void *a, const void *b)
{
    return compare_names((*(struct zone_target *const *)a)->name,
                         (*(struct zone_target *const *)b)->name);
}

// Sets parents and children. `room` has a place per target; every target is a child of at most one.
static void nest(struct zone_target *targets, size_t count, const struct zone_target **room)
{
    struct zone_target **sorted = xcalloc(count, sizeof(struct zone_target *));
    for (size_t i = 0; i < count; i++)
        sorted[i] = &targets[i];
    qsort(sorted, count, sizeof(struct zone_target *), compare_targets);
    for (size_t i = 1; i < count; i++) {
        // The zone before it, or one above that: no other can enclose it.
        const struct zone_target *above = sorted[i - 1];
        while (above != NULL && !name_text_under(sorted[i]->name, above->name))
            above = above->parent;
        sorted[i]->parent = above;
    }
    for (size_t i = 0; i < count; i++) {
        if (sorted[i]->parent != NULL)
            targets[sorted[i]->parent - targets].child_count++;
    }
    for (size_t i = 0; i < count; i++) {
        targets[i].children = room;
        room += targets[i].child_count;
        targets[i].child_count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (sorted[i]->parent == NULL)
            continue;
        struct zone_target *above = &targets[sorted[i]->parent - targets];
        above->children[above->child_count++] = sorted[i];
    }
    free(sorted);
}

size_t zonegen_targets(const struct config *config, struct zone_target **ret)
{
    bool own = !has_zone_for(config, config->box.hostname);
    size_t count = config->domain_count + own;
    size_t size = sizeof(struct zone_target) + sizeof(struct zone_target *);
    struct zone_target *targets = xcalloc(count, size);
    if (own)
        targets[0].name = config->box.hostname;
    for (size_t i = 0; i < config->domain_count; i++) {
        targets[own + i].name = config->domains[i].name;
        targets[own + i].domain = &config->domains[i];
    }
    nest(targets, count, (const struct zone_target **)(void *)(targets + count));
    *ret = targets;
    return count;
}

const struct zone_target *zonegen_target_find(const struct zone_target *targets, size_t count,
                                              const char *name)
{
    size_t len = strlen(name);
    if (len > 1 && name[len - 1] == '.')
        len--;
    for (size_t i = 0; i < count; i++) {
        if (strlen(targets[i].name) == len && strncasecmp(targets[i].name, name, len) == 0)
            return &targets[i];
    }
    return NULL;
}

const struct zone_target *target_top(const struct zone_target *target)
{
    while (target->parent != NULL)
        target = target->parent;
    return target;
}

static size_t copy_configured(const struct config_address *addresses, size_t count,
                              struct address **ret)
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
        return copy_configured(box->addresses, box->address_count, ret);
    size_t count = 0;
    *ret = xcalloc(inputs->found_count + 1, sizeof(struct address));
    for (size_t i = 0; i < inputs->found_count; i++) {
        // A private address says nothing to the world, and tells it what is behind the NAT.
        if (address_scope(&inputs->found[i]) == ADDRESS_GLOBAL)
            (*ret)[count++] = inputs->found[i];
    }
    return count;
}

size_t nameserver_addresses(const struct inputs *inputs, const struct zone_target *target,
                            const struct config_nameserver *server, struct address **ret)
{
    if (server->address_count > 0)
        return copy_configured(server->addresses, server->address_count, ret);
    const struct config *config = inputs->config;
    if (name_text_under(server->name, target_top(target)->name) ||
        name_text_under(server->name, config->box.hostname) || has_zone_for(config, server->name))
        return box_addresses(inputs, ret);
    *ret = NULL;
    return 0;
}
