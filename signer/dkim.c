// SPDX-License-Identifier: ISC
#include "signer/dkim.h"

#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "dns/observe.h"
#include "dns/types.h"
#include "signer/dkim_ask.h"
#include "signer/dkim_words.h"
#include "signer/publish.h"

// A plan is asked again after its steps. It comes to an end after three or four; this is for one that does not.
#define TURNS_MAX 8

// ── What is known of a zone's keys ───────────────────────────────────────────────────────────────

void zone_dkim_free(struct zone_dkim *dkim)
{
    if (dkim == NULL)
        return;
    for (size_t i = 0; i < dkim->count; i++) {
        free(dkim->list[i].name);
        dkim_set_done(&dkim->list[i].set);
    }
    for (size_t i = 0; i < dkim->watch_count; i++)
        free(dkim->watches[i].owner);
    free(dkim->watches);
    free(dkim->list);
    free(dkim);
}

void zone_dkim_slim(struct zone_dkim *dkim)
{
    if (dkim == NULL || !dkim->is_whole)
        return;
    dkim->is_whole = false;
    for (size_t i = 0; i < dkim->count; i++) {
        struct dkim_set *set = &dkim->list[i].set;
        for (size_t k = 0; k < set->count; k++) {
            free(set->list[k].p);
            set->list[k].p = NULL;
            set->list[k].p_len = 0;
        }
    }
}

int64_t zone_dkim_next(const struct zone_dkim *dkim)
{
    return dkim != NULL ? dkim->next : INT64_MAX;
}

// What was seen of the record of this key, or NULL.
static const struct dkim_watch *find_watch(const struct zone_dkim *dkim,
                                           const struct dkim_watch *like)
{
    for (size_t i = 0; dkim != NULL && i < dkim->watch_count; i++)
        if (strcmp(dkim->watches[i].owner, like->owner) == 0 &&
            memcmp(dkim->watches[i].digest, like->digest, sizeof(like->digest)) == 0)
            return &dkim->watches[i];
    return NULL;
}

// The caller frees the owner.
static struct dkim_watch watch_on(const char *domain, const struct dkim_key *key)
{
    struct dkim_watch watch = {
        .owner = xasprintf("%s._domainkey.%s", key->selector, domain),
        .since = key->created,
    };
    char *text = dkim_record_text(key);
    size_t len = observe_text((uint8_t *)text, strlen(text));
    ldns_sha256((const unsigned char *)text, (unsigned)len, watch.digest);
    free(text);
    return watch;
}

static bool is_watched(const struct dkim_key *key)
{
    return key->trouble == NULL && key->state == DKIM_PENDING;
}

// Goes on watching for the records of others' zones, with what was seen before.
static void watch(struct zone_dkim *dkim, const struct zone_dkim *before, const char *domain,
                  const struct dkim_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (!is_watched(&set->list[i]))
            continue;
        struct dkim_watch fresh = watch_on(domain, &set->list[i]);
        const struct dkim_watch *known = find_watch(before, &fresh);
        char *owner = fresh.owner;
        dkim->watches = xreallocarray(dkim->watches, dkim->watch_count + 1, sizeof(*dkim->watches));
        dkim->watches[dkim->watch_count] = known != NULL ? *known : fresh;
        dkim->watches[dkim->watch_count++].owner = owner;
    }
}

// Takes the set over.
static void remember(struct zone_dkim *dkim, const char *domain, struct dkim_set *set)
{
    dkim->list = xreallocarray(dkim->list, dkim->count + 1, sizeof(*dkim->list));
    dkim->list[dkim->count++] = (struct dkim_domain){xstrdup(domain), *set};
    *set = (struct dkim_set){0};
}

// ── One domain ───────────────────────────────────────────────────────────────────────────────────

struct keeping {
    const struct build_context *context;
    struct zone *zone;
    const char *domain;
    const struct image *image; // what is published, or NULL
    struct dkim_policy policy;
    struct dkim_set set;
    struct dkim_orders *orders;
    size_t first_order; // of this domain
    int64_t next;
};

static const struct image_node *find_node(const struct keeping *keeping, const char *owner)
{
    struct name name;
    struct name_key key;
    if (keeping->image == NULL || name_from_text(owner, &name, NULL) != STATUS_OK)
        return NULL;
    name_key(name.wire, &key);
    size_t apex_len = keeping->zone->key.len;
    return image_find(keeping->image, key.octets + apex_len, (size_t)(key.len - apex_len));
}

static bool is_published(const struct keeping *keeping, const char *selector)
{
    char *owner = xasprintf("%s._domainkey.%s", selector, keeping->domain);
    const struct image_node *node = find_node(keeping, owner);
    free(owner);
    return node != NULL && image_rrset(keeping->image, node, RR_TYPE_TXT) != NULL;
}

// Where others serve the zone, what signed once counts as published there: the admin is told to leave it.
static void see(const struct keeping *keeping, struct dkim_key *key)
{
    if (!zone_is_external(keeping->zone)) {
        key->is_published = is_published(keeping, key->selector);
        return;
    }
    key->is_published = key->trouble == NULL && key->state != DKIM_PENDING;
    if (!is_watched(key))
        return;
    struct dkim_watch like = watch_on(keeping->domain, key);
    const struct dkim_watch *seen = find_watch(keeping->zone->dkim, &like);
    key->is_published = seen != NULL && dkim_watch_sees(seen);
    key->is_missed = seen != NULL && dkim_watch_misses(seen);
    free(like.owner);
}

static char *file_of(const struct keeping *keeping, const char *selector)
{
    return xasprintf("%s/%s/%s.pub", keeping->context->dkim_directory, keeping->domain, selector);
}

// A file that was complained about is good again.
static void praise(const struct keeping *keeping)
{
    for (size_t i = 0;
         i < keeping->set.count && lastgood_has_complaints(keeping->context->lastgood); i++) {
        const struct dkim_key *key = &keeping->set.list[i];
        char *path = file_of(keeping, key->selector);
        if (key->trouble == NULL && lastgood_is_bad(keeping->context->lastgood, path))
            lastgood_is_good(keeping->context->lastgood, path);
        free(path);
    }
}

static void sweep(const struct keeping *keeping)
{
    char *path = path_join(keeping->context->dkim_directory, keeping->domain);
    file_sweep(path);
    free(path);
}

// Reads the domain's keys, with public files for all that have a private one.
static enum status load(struct keeping *keeping, struct error *err)
{
    const char *directory = keeping->context->dkim_directory;
    bool changed = false;
    struct error bad = {0};
    enum status status = dkim_load(directory, keeping->domain, &keeping->set, err);
    // For the first time: who was here before may have been killed.
    if (keeping->set.is_left && keeping->zone->dkim == NULL)
        sweep(keeping);
    if (status == STATUS_OK &&
        dkim_complete(directory, keeping->domain, &keeping->set, &changed, &bad) != STATUS_OK)
        lastgood_complain(keeping->context->lastgood, keeping->domain, bad.text);
    else if (status == STATUS_OK && lastgood_is_bad(keeping->context->lastgood, keeping->domain))
        lastgood_is_good(keeping->context->lastgood, keeping->domain);
    if (status == STATUS_OK && changed) {
        dkim_set_done(&keeping->set);
        status = dkim_load(directory, keeping->domain, &keeping->set, err);
    }
    for (size_t i = 0; i < keeping->set.count; i++)
        see(keeping, &keeping->set.list[i]);
    return status;
}

// The mail server may still sign with keys that are gone here: their records stay until somebody decides.
static enum status check_loss(const struct keeping *keeping, struct error *err)
{
    if (keeping->set.exists || keeping->policy.algorithms == 0)
        return STATUS_OK;
    char *owner = xasprintf("_domainkey.%s", keeping->domain);
    bool published = find_node(keeping, owner) != NULL;
    free(owner);
    if (!published)
        return STATUS_OK;
    return error_set(err, STATUS_STATE,
                     "%s/%s: the directory of the DKIM keys is gone and keys are published; put it "
                     "back from the backup, or make it empty for new keys",
                     keeping->context->dkim_directory, keeping->domain);
}

static bool is_ordered(const struct keeping *keeping, enum dkim_algorithm algorithm)
{
    for (size_t i = keeping->first_order; i < keeping->orders->count; i++)
        if (keeping->orders->list[i].algorithm == algorithm)
            return true;
    return false;
}

static void order(struct keeping *keeping, enum dkim_algorithm algorithm)
{
    struct dkim_orders *orders = keeping->orders;
    if (is_ordered(keeping, algorithm))
        return;
    const char *prefix = keeping->context->inputs->config->box.dkim_selector;
    orders->list = array_grow(orders->list, &orders->cap, orders->count, sizeof(*orders->list));
    orders->list[orders->count++] = (struct dkim_order){
        .zone = keeping->zone,
        .domain = xstrdup(keeping->domain),
        .selector = dkim_selector(&keeping->set, prefix, algorithm, keeping->context->now),
        .algorithm = algorithm,
    };
}

static enum status change(struct keeping *keeping, const struct dkim_step *step, struct error *err)
{
    struct dkim_key *key = &keeping->set.list[step->key];
    const char *directory = keeping->context->dkim_directory;
    dkim_apply(step, key, keeping->context->now);
    enum status status = step->action == DKIM_REMOVE && key->made
                             ? dkim_delete(directory, keeping->domain, key, err)
                             : dkim_save(directory, keeping->domain, key, err);
    bool quiet = step->action == DKIM_RESTAMP ||
                 (step->action == DKIM_ANNOUNCE && !zone_is_external(keeping->zone));
    if (status == STATUS_OK && !quiet)
        log_event(LOG_LEVEL_NOTICE, "dkim-key", "domain", keeping->domain, "selector",
                  key->selector, "state", dkim_state_name(key->state), "reason", step->why, "todo",
                  dkim_step_words(keeping->zone, step->action), NULL);
    return status;
}

// Takes the keys out that were deleted.
static void forget_deleted(struct dkim_set *set)
{
    size_t kept = 0;
    for (size_t i = 0; i < set->count; i++) {
        struct dkim_key *key = &set->list[i];
        if (key->made && key->state == DKIM_REMOVED) {
            free(key->selector);
            free(key->p);
            free(key->trouble);
        } else {
            set->list[kept++] = *key;
        }
    }
    set->count = kept;
}

static enum status run_plan(struct keeping *keeping, const struct dkim_plan *plan, bool *ret_more,
                            struct error *err)
{
    enum status status = STATUS_OK;
    *ret_more = false;
    for (size_t i = 0; status == STATUS_OK && i < plan->count; i++) {
        if (plan->steps[i].action == DKIM_MAKE) {
            order(keeping, plan->steps[i].algorithm);
            continue;
        }
        // The tables could not be written: who signs with the key may not have been told.
        if (plan->steps[i].action == DKIM_REVOKE && keeping->context->dkim_held) {
            keeping->next = keeping->context->now + PUBLISH_RETRY_S;
            continue;
        }
        *ret_more = true;
        status = change(keeping, &plan->steps[i], err);
    }
    forget_deleted(&keeping->set);
    return status;
}

static enum status keep_domain(struct keeping *keeping, struct error *err)
{
    struct dkim_plan plan;
    enum status status = load(keeping, err);
    if (status == STATUS_OK)
        status = check_loss(keeping, err);
    bool more = status == STATUS_OK;
    for (int turn = 0; more && turn < TURNS_MAX; turn++) {
        dkim_plan(&keeping->set, &keeping->policy, keeping->context->now, &plan);
        keeping->next = plan.next;
        status = run_plan(keeping, &plan, &more, err);
        more = more && status == STATUS_OK;
    }
    if (status == STATUS_OK)
        praise(keeping);
    return status;
}

// ── Who signs ────────────────────────────────────────────────────────────────────────────────────

static const char *signer_name(const struct dkim_set *set, enum dkim_algorithm algorithm)
{
    const struct dkim_key *key = dkim_signer(set, algorithm);
    return key != NULL ? key->selector : "";
}

// Would the tables of the mail server say the same of both?
static bool same_signers(const struct zone_dkim *a, const struct zone_dkim *b)
{
    if (a == NULL || a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct dkim_set *old = &a->list[i].set;
        const struct dkim_set *new = &b->list[i].set;
        if (strcmp(a->list[i].name, b->list[i].name) != 0 || old->count != new->count ||
            strcmp(signer_name(old, DKIM_RSA), signer_name(new, DKIM_RSA)) != 0 ||
            strcmp(signer_name(old, DKIM_ED25519), signer_name(new, DKIM_ED25519)) != 0)
            return false;
    }
    return true;
}

// ── All of a zone ────────────────────────────────────────────────────────────────────────────────

static enum dkim_sight sight_of(const struct keeping *keeping)
{
    if (!zone_is_external(keeping->zone))
        return DKIM_SEEN_HERE;
    return keeping->context->inputs->config->probe.enabled ? DKIM_SEEN_BY_PROBE : DKIM_UNSEEN;
}

static struct dkim_policy policy_of(const struct keeping *keeping,
                                    const struct config_domain *domain)
{
    const struct config_mail *mail = domain->mail;
    bool wanted = domain->dkim && domain->has_mail;
    return (struct dkim_policy){
        .sight = sight_of(keeping),
        .algorithms = wanted ? mail->dkim_algorithms : 0,
        .lifetime = mail->dkim_lifetime,
        .ttl = domain->ttl->txt,
    };
}

static enum status keep(struct keeping *keeping, const struct config_domain *domain,
                        struct zone_dkim *known, struct error *err)
{
    keeping->domain = domain->name;
    keeping->policy = policy_of(keeping, domain);
    keeping->next = INT64_MAX;
    keeping->first_order = keeping->orders->count;
    enum status status = keep_domain(keeping, err);
    if (keeping->next < known->next)
        known->next = keeping->next;
    if (keeping->policy.sight == DKIM_SEEN_BY_PROBE)
        watch(known, keeping->zone->dkim, domain->name, &keeping->set);
    if (keeping->set.count > 0)
        remember(known, domain->name, &keeping->set);
    dkim_set_done(&keeping->set);
    return status;
}

enum status dkim_keep(const struct build_context *context, struct zone *zone,
                      struct dkim_orders *orders, struct error *err)
{
    const struct zone_target *target = zone->target;
    struct image image;
    if (target->domain == NULL || target->domain->zone_file != NULL) {
        *context->dkim_changed = *context->dkim_changed || zone->dkim != NULL;
        zone_dkim_free(zone->dkim); // of a zone that was made here before
        zone->dkim = NULL;
        return STATUS_OK;
    }
    struct keeping keeping = {.context = context, .zone = zone, .orders = orders};
    if (!context->distrust && build_open(context->serve, &zone->key, &image, NULL) == STATUS_OK)
        keeping.image = &image;
    struct zone_dkim *known = xcalloc(1, sizeof(*known));
    known->next = INT64_MAX;
    known->is_whole = true;
    enum status status = keep(&keeping, target->domain, known, err);
    for (size_t i = 0; i < target->inside_count; i++) { // what is wrong with one stops no other
        struct error own = {0};
        enum status result = keep(&keeping, target->inside[i], known, &own);
        if (result != STATUS_OK && status == STATUS_OK)
            status = error_set(err, result, "%s", own.text);
    }
    if (status != STATUS_OK && zone->dkim != NULL) {
        zone_dkim_free(known); // what was known holds until it is seen again
        return status;
    }
    *context->dkim_changed = *context->dkim_changed || !same_signers(zone->dkim, known);
    zone_dkim_free(zone->dkim);
    zone->dkim = known;
    return status;
}

// ── Orders ───────────────────────────────────────────────────────────────────────────────────────

void dkim_order_run(struct dkim_order *order)
{
    order->status = dkim_pair_make(order->algorithm, &order->pair, &order->err);
}

enum status dkim_order_store(const char *directory, const struct dkim_order *order, int64_t now,
                             struct error *err)
{
    if (order->status != STATUS_OK)
        return error_set(err, order->status, "%s", order->err.text);
    enum status status =
        dkim_store(directory, order->domain, order->selector, &order->pair, now, err);
    if (status == STATUS_OK)
        log_event(LOG_LEVEL_NOTICE, "dkim-key-made", "domain", order->domain, "selector",
                  order->selector, "todo", dkim_step_words(order->zone, DKIM_MAKE), NULL);
    return status;
}

void dkim_orders_clear(struct dkim_orders *orders)
{
    for (size_t i = 0; i < orders->count; i++) {
        free(orders->list[i].domain);
        free(orders->list[i].selector);
        dkim_pair_done(&orders->list[i].pair);
    }
    orders->count = 0;
}
