// SPDX-License-Identifier: ISC
// Which zones there are, how they nest, and what each must know of the others, so that making one looks at no other.
#include "zonegen/maker.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

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

// ── All zones by name ────────────────────────────────────────────────────────────────────────────

struct zone_index {
    struct zone_target *targets;
    struct zone_target **sorted; // as compare_names has them
    size_t count;
    const struct config_nameserver **servers; // each name once, as strcmp has them
    size_t server_count;
};

// The zone of ours that encloses the name: the last that does not come behind it, or one above that.
static struct zone_target *enclosing(const struct zone_index *index, const char *name)
{
    size_t low = 0;
    size_t high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_names(index->sorted[middle]->name, name) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    const struct zone_target *zone = low > 0 ? index->sorted[low - 1] : NULL;
    while (zone != NULL && !name_text_under(name, zone->name))
        zone = zone->parent;
    return zone != NULL ? &index->targets[zone - index->targets] : NULL;
}

const struct zone_target *target_of(const struct zone_target *any, const char *name)
{
    return enclosing(any->index, name);
}

bool target_holds(const struct zone_target *target, const char *name)
{
    if (target->child_count == 0)
        return name_text_under(name, target->name);
    const struct zone_target *zone = target_of(target, name);
    return zone != NULL && strcmp(zone->name, target->name) == 0;
}

static int compare_server(const void *name, const void *server)
{
    return strcmp(name, (*(const struct config_nameserver *const *)server)->name);
}

const struct config_nameserver *target_server(const struct zone_target *any, const char *name)
{
    const struct zone_index *index = any->index;
    const struct config_nameserver **found =
        bsearch(name, index->servers, index->server_count, sizeof(*index->servers), compare_server);
    return found != NULL && (*found)->address_count > 0 ? *found : NULL;
}

// ── Where reports go ─────────────────────────────────────────────────────────────────────────────

#define MAILTO "mailto:"

bool report_domain(const char *uri, char ret[REPORT_DOMAIN_MAX])
{
    const char *at = strchr(uri, '@');
    if (strncasecmp(uri, MAILTO, strlen(MAILTO)) != 0 || at == NULL)
        return false;
    size_t len = strcspn(at + 1, "?!,"); // header fields (RFC 6068 §2), the size of old (RFC 7489)
    if (len > 0 && at[len] == '.')
        len--;
    if (len == 0 || len >= REPORT_DOMAIN_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        ret[i] = (char)tolower((unsigned char)at[1 + i]);
    ret[len] = '\0';
    return true;
}

bool report_is_foreign(const struct zone_target *any, const char *name, const char *domain)
{
    const struct zone_target *from = target_of(any, name);
    const struct zone_target *to = target_of(any, domain);
    if (name_text_under(name, domain) || name_text_under(domain, name))
        return false;
    return from == NULL || to == NULL || target_top(from) != target_top(to);
}

// ── How they are found ───────────────────────────────────────────────────────────────────────────

// What is being put together. Lists that grow with the targets are counted in a first round and filled in a second.
struct draft {
    const struct config *config;
    struct zone_index *index;
    bool filling;
};

// Sets the order, and each zone's parent.
static void nest(struct zone_index *index)
{
    for (size_t i = 0; i < index->count; i++)
        index->sorted[i] = &index->targets[i];
    qsort(index->sorted, index->count, sizeof(struct zone_target *), compare_targets);
    for (size_t i = 1; i < index->count; i++) {
        // The zone before it, or one above that: no other can enclose it.
        const struct zone_target *above = index->sorted[i - 1];
        while (above != NULL && !name_text_under(index->sorted[i]->name, above->name))
            above = above->parent;
        index->sorted[i]->parent = above;
    }
}

// The same as another index of the same zones has it.
static void nest_as(struct zone_index *index, const struct zone_index *other)
{
    for (size_t i = 0; i < index->count; i++) {
        const struct zone_target *above = other->targets[i].parent;
        index->sorted[i] = &index->targets[other->sorted[i] - other->targets];
        index->targets[i].parent = above != NULL ? &index->targets[above - other->targets] : NULL;
    }
}

static void find_children(struct draft *draft)
{
    struct zone_index *index = draft->index;
    for (size_t i = 0; i < index->count; i++) {
        const struct zone_target *zone = index->sorted[i];
        if (zone->parent == NULL)
            continue;
        struct zone_target *above = &index->targets[zone->parent - index->targets];
        if (draft->filling)
            above->children[above->child_count] = zone;
        above->child_count++;
    }
}

static void find_inside(struct draft *draft)
{
    const struct config *config = draft->config;
    for (size_t i = 0; i < config->domain_count; i++) {
        const struct config_domain *domain = &config->domains[i];
        struct zone_target *zone = domain->in_parent ? enclosing(draft->index, domain->name) : NULL;
        if (zone == NULL)
            continue;
        if (draft->filling)
            zone->inside[zone->inside_count] = domain;
        zone->inside_count++;
    }
}

static void find_servers(struct draft *draft)
{
    const struct zone_index *index = draft->index;
    for (size_t i = 0; i < index->server_count; i++) {
        struct zone_target *zone = enclosing(index, index->servers[i]->name);
        if (zone == NULL)
            continue;
        if (draft->filling)
            zone->servers[zone->server_count] = index->servers[i];
        zone->server_count++;
    }
}

static void add_reporter(struct draft *draft, const char *name, const struct config_mail *mail,
                         const struct config_text *address)
{
    char domain[REPORT_DOMAIN_MAX];
    if (!report_domain(address->text, domain) ||
        !report_is_foreign(draft->index->targets, name, domain))
        return;
    struct zone_target *zone = enclosing(draft->index, domain);
    if (zone == NULL)
        return;
    if (draft->filling)
        zone->reporters[zone->reporter_count] = (struct zone_reporter){.name = name, .mail = mail};
    zone->reporter_count++;
}

static void add_reports(struct draft *draft, const char *name, const struct config_mail *mail)
{
    const struct config_dmarc *dmarc = &mail->dmarc;
    for (size_t i = 0; dmarc->enabled && i < dmarc->report_count; i++)
        add_reporter(draft, name, mail, &dmarc->reports[i]);
    for (size_t i = 0; dmarc->enabled && i < dmarc->failure_count; i++)
        add_reporter(draft, name, mail, &dmarc->failures[i]);
}

static void find_reporters(struct draft *draft)
{
    const struct config *config = draft->config;
    add_reports(draft, config->box.hostname, &config->box.mail);
    for (size_t i = 0; i < config->domain_count; i++) {
        const struct config_domain *domain = &config->domains[i];
        if (domain->has_mail && domain->zone_file == NULL)
            add_reports(draft, domain->name, domain->mail);
    }
}

static void find_all(struct draft *draft)
{
    find_children(draft);
    find_inside(draft);
    find_servers(draft);
    find_reporters(draft);
}

// Name servers by name, those with addresses first.
static int compare_servers(const void *a, const void *b)
{
    const struct config_nameserver *left = *(const struct config_nameserver *const *)a;
    const struct config_nameserver *right = *(const struct config_nameserver *const *)b;
    int order = strcmp(left->name, right->name);
    if (order == 0)
        order = (left->address_count == 0) - (right->address_count == 0);
    if (order == 0)
        order = (left->place.file > right->place.file) - (left->place.file < right->place.file);
    return order != 0
               ? order
               : (left->place.line > right->place.line) - (left->place.line < right->place.line);
}

// Does the box serve a zone by its own name servers to the world? Where none is, what they would be called by default
// is no name of anything.
static bool box_serves(const struct config *config)
{
    bool host_inside = false; // the host name lies in a domain, and has no zone of its own
    for (size_t i = 0; i < config->domain_count; i++) {
        const struct config_domain *domain = &config->domains[i];
        if (domain->mode == CONFIG_AUTHORITATIVE && !domain->in_parent &&
            domain->nameserver_count == 0)
            return true;
        host_inside = host_inside || name_text_under(config->box.hostname, domain->name);
    }
    return !host_inside;
}

// All that are written anywhere, and the box's own, each name once. The caller frees.
static const struct config_nameserver **list_servers(const struct config *config, size_t *ret_count)
{
    size_t count = config->box.nameserver_count;
    for (size_t i = 0; i < config->domain_count; i++)
        count += config->domains[i].nameserver_count;
    const struct config_nameserver **list = xcalloc(count, sizeof(*list));
    const bool serves = box_serves(config);
    size_t at = 0;
    for (size_t i = 0; i < config->box.nameserver_count; i++) {
        const struct config_nameserver *server = &config->box.nameservers[i];
        if (server->place.line > 0 || serves)
            list[at++] = server;
    }
    for (size_t i = 0; i < config->domain_count; i++) {
        for (size_t k = 0; k < config->domains[i].nameserver_count; k++)
            list[at++] = &config->domains[i].nameservers[k];
    }
    qsort(list, at, sizeof(*list), compare_servers);
    size_t kept = 0;
    for (size_t i = 0; i < at; i++) {
        if (kept == 0 || strcmp(list[kept - 1]->name, list[i]->name) != 0)
            list[kept++] = list[i];
    }
    *ret_count = kept;
    return list;
}

// ── One block ────────────────────────────────────────────────────────────────────────────────────

// Gives every target its lists in the block, as long as the first round counted; the second fills them. All parts
// are made of pointers, so that each is aligned behind the other.
static void place_lists(struct zone_index *index, uint8_t *room)
{
    for (size_t i = 0; i < index->count; i++) {
        struct zone_target *target = &index->targets[i];
        target->children = (const struct zone_target **)(void *)room;
        room += target->child_count * sizeof(*target->children);
        target->inside = (const struct config_domain **)(void *)room;
        room += target->inside_count * sizeof(*target->inside);
        target->servers = (const struct config_nameserver **)(void *)room;
        room += target->server_count * sizeof(*target->servers);
        target->reporters = (struct zone_reporter *)(void *)room;
        room += target->reporter_count * sizeof(*target->reporters);
        target->child_count = target->inside_count = 0;
        target->server_count = target->reporter_count = 0;
    }
}

static size_t lists_size(const struct zone_index *index)
{
    size_t size = 0;
    for (size_t i = 0; i < index->count; i++) {
        const struct zone_target *target = &index->targets[i];
        size +=
            (target->child_count + target->inside_count + target->server_count) * sizeof(void *) +
            target->reporter_count * sizeof(struct zone_reporter);
    }
    return size;
}

static struct zone_target host_target(const struct config *config)
{
    return (struct zone_target){
        .name = config->box.hostname,
        .dnssec = config->signing,
        .policy = &config->dnssec,
        .ttl = &config->ttl,
    };
}

static struct zone_target domain_target(const struct config_domain *domain)
{
    return (struct zone_target){
        .name = domain->name,
        .domain = domain,
        .dnssec = domain->dnssec,
        .policy = domain->policy,
        .ttl = domain->ttl,
    };
}

static void list_targets(const struct config *config, struct zone_target *targets, size_t *count)
{
    bool covered = false;
    const char *hostname = config->box.hostname;
    for (size_t i = 0; !covered && i < config->domain_count; i++)
        covered =
            !config->domains[i].in_parent && name_text_under(hostname, config->domains[i].name);
    *count = 0;
    if (!covered)
        targets[(*count)++] = host_target(config);
    for (size_t i = 0; i < config->domain_count; i++)
        if (!config->domains[i].in_parent)
            targets[(*count)++] = domain_target(&config->domains[i]);
}

// Puts the block together, with room for the targets' own lists as they were counted in another one; NULL: none yet.
static struct zone_index *lay_out(const struct config *config,
                                  const struct config_nameserver *const *servers,
                                  size_t server_count, const struct zone_index *counted)
{
    size_t most = config->domain_count + 1, lists = counted != NULL ? lists_size(counted) : 0;
    size_t size = most * (sizeof(struct zone_target) + sizeof(struct zone_target *)) +
                  server_count * sizeof(*servers) + sizeof(struct zone_index) + lists;
    struct zone_target *targets = xcalloc(1, size);
    struct zone_index *index = (struct zone_index *)(void *)(targets + most);
    *index = (struct zone_index){.targets = targets, .server_count = server_count};
    index->sorted = (struct zone_target **)(void *)(index + 1);
    index->servers = (const struct config_nameserver **)(void *)(index->sorted + most);
    if (server_count > 0)
        memcpy(index->servers, servers, server_count * sizeof(*servers));
    list_targets(config, targets, &index->count);
    for (size_t i = 0; i < index->count; i++)
        targets[i].index = index;
    if (counted != NULL)
        nest_as(index, counted);
    else
        nest(index);
    return index;
}

size_t zonegen_targets(const struct config *config, struct zone_target **ret)
{
    size_t server_count = 0;
    const struct config_nameserver **servers = list_servers(config, &server_count);
    struct draft draft = {.config = config, .index = lay_out(config, servers, server_count, NULL)};
    find_all(&draft);
    struct zone_index *counted = draft.index;
    draft.index = lay_out(config, servers, server_count, counted);
    draft.filling = true;
    for (size_t i = 0; i < counted->count; i++) {
        struct zone_target *target = &draft.index->targets[i];
        target->child_count = counted->targets[i].child_count;
        target->inside_count = counted->targets[i].inside_count;
        target->server_count = counted->targets[i].server_count;
        target->reporter_count = counted->targets[i].reporter_count;
    }
    place_lists(draft.index, (uint8_t *)(draft.index->servers + server_count));
    find_all(&draft);
    uint64_t all_servers = servers_digest(draft.index->targets, servers, server_count);
    for (size_t i = 0; i < draft.index->count; i++) {
        struct zone_target *target = &draft.index->targets[i];
        target->digest = target_digest(config, target, all_servers);
    }
    free(counted->targets);
    free(servers);
    *ret = draft.index->targets;
    return draft.index->count;
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
