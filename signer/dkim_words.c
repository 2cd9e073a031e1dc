// SPDX-License-Identifier: ISC
#include "signer/dkim_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "signer/dkim.h"
#include "signer/dkim_ask.h"

static const struct dkim_watch *find_watch(const struct zone *zone, const char *owner)
{
    for (size_t i = 0; i < zone->dkim->watch_count; i++)
        if (strcmp(zone->dkim->watches[i].owner, owner) == 0)
            return &zone->dkim->watches[i];
    return NULL;
}

static char *seen_words(const struct dkim_watch *watch)
{
    if (watch == NULL || watch->looked_at == 0)
        return xstrdup("nobody has looked yet");
    unsigned all = watch->ok + watch->wrong + watch->unknown;
    if (watch->wrong > 0)
        return xasprintf("%u of %u servers do not have it", (unsigned)watch->wrong, all);
    return xasprintf("%u of %u servers could not be asked", (unsigned)watch->unknown, all);
}

static char *pending_words(const struct zone *zone, const struct dkim_key *key, const char *owner,
                           bool probed)
{
    const struct dkim_watch *watch = find_watch(zone, owner);
    if (!probed)
        return xasprintf("nobody can look whether %s is published (probe: no), so nobody signs "
                         "with it",
                         owner);
    if (key->announced != 0 && watch != NULL && dkim_watch_sees(watch))
        return xasprintf("%s is published; what resolvers have kept has to run out", owner);
    char *seen = seen_words(watch);
    char *words = xasprintf("waits until %s is published where %s is served: zonegen --dump "
                            "--style paste %s (%s)",
                            owner, zone->name, zone->name, seen);
    free(seen);
    return words;
}

char *dkim_words(const struct zone *zone, const struct dkim_domain *domain,
                 const struct dkim_key *key, bool probed)
{
    if (!zone_is_external(zone) || key->trouble != NULL || dkim_is_foreign(key))
        return NULL;
    char *owner = xasprintf("%s._domainkey.%s", key->selector, domain->name);
    char *words = NULL;
    if (key->state == DKIM_PENDING)
        words = pending_words(zone, key, owner, probed);
    else if (key->state == DKIM_RETIRING)
        words = xasprintf("leave %s as it is where %s is served, for the mail on its way", owner,
                          zone->name);
    else if (key->state == DKIM_REVOKED)
        words = xasprintf("replace %s where %s is served by the one with an empty p= (zonegen "
                          "--dump --style paste %s), or delete it",
                          owner, zone->name, zone->name);
    free(owner);
    return words;
}

char *dkim_unsigned_words(const struct zone *zone, bool probed)
{
    for (size_t i = 0; zone->dkim != NULL && i < zone->dkim->count; i++) {
        const struct dkim_domain *domain = &zone->dkim->list[i];
        const struct dkim_key *pending = NULL;
        for (size_t k = 0; k < domain->set.count && pending == NULL; k++)
            if (domain->set.list[k].trouble == NULL && domain->set.list[k].state == DKIM_PENDING)
                pending = &domain->set.list[k];
        if (pending == NULL || dkim_signer(&domain->set, DKIM_RSA) != NULL ||
            dkim_signer(&domain->set, DKIM_ED25519) != NULL)
            continue;
        char *words = dkim_words(zone, domain, pending, probed);
        char *line = xasprintf("the mail of %s is not signed with DKIM yet: %s", domain->name,
                               words != NULL ? words : "its keys are pending");
        free(words);
        return line;
    }
    return NULL;
}

const char *dkim_step_words(const struct zone *zone, enum dkim_action action)
{
    if (!zone_is_external(zone))
        return NULL;
    switch (action) {
    case DKIM_MAKE:
        return "publish its record where the domain is served: zonegen --dump --style paste";
    case DKIM_REVOKE:
        return "replace its record where the domain is served by the one with an empty p=: zonegen "
               "--dump --style paste";
    case DKIM_REMOVE:
        return "delete its record where the domain is served";
    default:
        return NULL;
    }
}
