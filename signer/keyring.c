// SPDX-License-Identifier: ISC
#include "signer/keyring.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

static bool set_has(const struct dnskey_set *set, const struct dnskey_id *key)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->keys[i].tag == key->tag && set->keys[i].algorithm == key->algorithm)
            return true;
    return false;
}

enum keyring_verdict keyring_decide(const struct keyring_past *past, const struct dnskey_set *found)
{
    const struct zone_state *state = past->state;
    bool knows = state->mode == STATE_SIGNED && state->key_count > 0;
    if (knows) {
        // Keys may come and go in a rollover by the admin's hand; one that is known must have stayed.
        for (size_t i = 0; i < state->key_count; i++)
            if (set_has(found, &state->keys[i]))
                return KEYRING_USE;
        return KEYRING_REFUSE;
    }
    if (found->count > 0)
        return KEYRING_USE;
    return past->published_signed || state->lost ? KEYRING_REFUSE : KEYRING_MAKE;
}

enum status keyring_open(const char *directory, struct keyring *ret, struct error *err)
{
    *ret = (struct keyring){.directory = xstrdup(directory)};
    return dnskey_listing_read(directory, &ret->listing, err);
}

void keyring_done(struct keyring *keyring)
{
    dnskey_listing_done(&keyring->listing);
    free(keyring->directory);
    *keyring = (struct keyring){0};
}

enum status keyring_refresh(struct keyring *keyring, struct error *err)
{
    struct dnskey_listing listing = {0};
    enum status status = dnskey_listing_read(keyring->directory, &listing, err);
    if (status != STATUS_OK)
        return status;
    dnskey_listing_done(&keyring->listing);
    keyring->listing = listing;
    return STATUS_OK;
}

static enum status refuse(const struct keyring *keyring, const char *zone,
                          const struct zone_state *state, struct error *err)
{
    struct buf tags = {0};
    for (size_t i = 0; i < state->key_count; i++)
        buf_printf(&tags, "%sK%s.+%03u+%05u", i > 0 ? ", " : "", zone, state->keys[i].algorithm,
                   state->keys[i].tag);
    enum status status = error_set(
        err, STATUS_STATE,
        "%s: the key files of the zone are gone (%s); no new key is made, since it would not "
        "match "
        "the DS at the parent: put the files back from the backup",
        keyring->directory, tags.len > 0 ? buf_text(&tags) : "the published zone is signed");
    buf_done(&tags);
    return status;
}

// Puts a new .key file into the sorted listing, so that the zone's next turn finds it. With it comes its .private file.
static void list_file(struct dnskey_listing *listing, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    size_t at = listing->count;
    while (at > 0 && strcasecmp(listing->names[at - 1], name) > 0)
        at--;
    int base_len = (int)(strlen(name) - strlen(".key"));
    listing->names = xreallocarray(listing->names, listing->count + 2, sizeof(*listing->names));
    memmove(&listing->names[at + 2], &listing->names[at],
            (listing->count - at) * sizeof(*listing->names));
    listing->names[at] = xstrdup(name);
    listing->names[at + 1] = xasprintf("%.*s.private", base_len, name);
    listing->count += 2;
}

static enum status make_key(struct keyring *keyring, const char *zone, int64_t now,
                            struct dnskey_set *ret, struct error *err)
{
    struct dnskey *key = xcalloc(1, sizeof(*key));
    enum status status = dnskey_make_listed(&keyring->listing, zone, now, key, err);
    if (status != STATUS_OK) {
        free(key);
        return status;
    }
    list_file(&keyring->listing, key->path);
    *ret = (struct dnskey_set){.keys = key, .count = 1};
    return STATUS_OK;
}

enum status keyring_get(struct keyring *keyring, const char *zone, const struct keyring_past *past,
                        int64_t now, struct dnskey_set *ret, struct error *err)
{
    *ret = (struct dnskey_set){0};
    enum status status = dnskey_load_listed(&keyring->listing, zone, false, ret, err);
    if (status != STATUS_OK)
        return status;
    enum keyring_verdict verdict = keyring_decide(past, ret);
    if (verdict == KEYRING_USE)
        return STATUS_OK;
    dnskey_set_done(ret);
    *ret = (struct dnskey_set){0};
    if (verdict == KEYRING_REFUSE)
        return refuse(keyring, zone, past->state, err);
    return make_key(keyring, zone, now, ret, err);
}

enum status keyring_get_known(const struct keyring *keyring, const char *zone,
                              const struct zone_state *state, struct dnskey_set *ret,
                              struct error *err)
{
    struct dnskey_ids known = {state->keys, state->key_count};
    enum status status = dnskey_load_known(&keyring->listing, zone,
                                           state->key_count > 0 ? &known : NULL, true, ret, err);
    if (status == STATUS_OK && ret->count == 0)
        return refuse(keyring, zone, state, err);
    return status;
}

enum status keyring_unlock(struct keyring *keyring, const char *zone, struct dnskey_set *set,
                           struct error *err)
{
    bool locked = false;
    for (size_t i = 0; i < set->count; i++)
        locked = locked || set->keys[i].private == NULL;
    if (!locked)
        return STATUS_OK;
    struct dnskey_set unlocked = {0};
    enum status status = dnskey_load_listed(&keyring->listing, zone, true, &unlocked, err);
    if (status != STATUS_OK)
        return status;
    dnskey_set_done(set);
    *set = unlocked;
    return STATUS_OK;
}

void keyring_remember(const struct dnskey_set *set, struct zone_state *state)
{
    state->key_count = set->count < STATE_KEYS_MAX ? set->count : STATE_KEYS_MAX;
    for (size_t i = 0; i < state->key_count; i++)
        state->keys[i] = (struct dnskey_id){set->keys[i].tag, set->keys[i].algorithm};
}
