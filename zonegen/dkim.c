// SPDX-License-Identifier: ISC
// The public keys that signatures of outgoing mail are checked with (RFC 6376): all that are in the domain's directory,
// by their states.
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "keys/dkim.h"

static const char *reference(const struct dkim_key *key)
{
    return key->algorithm == DKIM_ED25519 ? "RFC 6376 §3.6.1, RFC 8463"
                                          : "RFC 6376 §3.6.1, RFC 8301";
}

static char *why(const struct dkim_key *key)
{
    static const char *const words[] = {
        [DKIM_PENDING] = "DKIM: the next key; nobody signs with it before its record is known "
                         "everywhere",
        [DKIM_ACTIVE] = "DKIM: the key that signatures of outgoing mail are checked with",
        [DKIM_RETIRING] = "DKIM: the key before; mail that is on its way was signed with it",
        [DKIM_REVOKED] = "DKIM: a former key, revoked; what is signed with it counts for nothing",
    };
    return xasprintf("%s (%s)", words[key->state], reference(key));
}

static void add_key(struct zone_maker *maker, const struct dkim_key *key)
{
    char *owner = xasprintf("%s._domainkey.%s", key->selector, maker->name);
    char *text = dkim_record_text(key);
    char *reason = why(key);
    maker_add_text(maker, owner, reason, "%s", text);
    free(reason);
    free(text);
    free(owner);
}

static void tell_trouble(struct zone_maker *maker, const char *selector, const char *trouble)
{
    char *owner =
        xasprintf("%s%s_domainkey.%s", selector, selector[0] != '\0' ? "." : "", maker->name);
    char *path =
        xasprintf("%s/%s%s%s%s", maker->keys->dkim_directory, maker->name,
                  selector[0] != '\0' ? "/" : "", selector, selector[0] != '\0' ? ".pub" : "");
    const char *words = display_path(maker->config, trouble);
    maker_missing(maker, owner, "TXT", "the DKIM key cannot be used: %s", words);
    maker_note(maker, true, path, "DKIM key: %s", trouble);
    free(path);
    free(owner);
}

// With `dkim: no` keys that were in use run out; those of somebody who signs elsewhere are not published at all.
static bool is_published(const struct zone_maker *maker, const struct dkim_key *key)
{
    if (key->trouble == NULL && key->state == DKIM_REMOVED)
        return false;
    return maker->domain->dkim || !(dkim_is_foreign(key) || key->state == DKIM_PENDING);
}

static void tell_lack(struct zone_maker *maker)
{
    char *owner = xasprintf("_domainkey.%s", maker->name);
    maker_missing(maker, owner, "TXT",
                  "there is no DKIM key yet; zone-signer makes it when it first starts (RFC 6376)");
    free(owner);
}

static const struct dkim_set *find_known(const struct zone_maker *maker)
{
    for (size_t i = 0; i < maker->keys->dkim_count; i++)
        if (strcmp(maker->keys->dkim[i].name, maker->name) == 0)
            return &maker->keys->dkim[i].set;
    return NULL;
}

void make_dkim(struct zone_maker *maker)
{
    struct dkim_set own = {0};
    struct error err = {0};
    bool any = false; // that mail can be, or could be, signed with
    const struct dkim_set *set = find_known(maker);
    if (set == NULL) {
        set = &own;
        if (dkim_load(maker->keys->dkim_directory, maker->name, &own, &err) != STATUS_OK)
            tell_trouble(maker, "", err.text);
    }
    for (size_t i = 0; i < set->count; i++) {
        const struct dkim_key *key = &set->list[i];
        if (!is_published(maker, key))
            continue;
        any = any || key->trouble != NULL || key->state <= DKIM_ACTIVE;
        if (key->trouble != NULL)
            tell_trouble(maker, key->selector, key->trouble);
        else
            add_key(maker, key);
    }
    if (!any && maker->domain->dkim && err.text[0] == '\0')
        tell_lack(maker);
    dkim_set_done(&own);
}
