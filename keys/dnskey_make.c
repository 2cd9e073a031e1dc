// SPDX-License-Identifier: ISC
// Makes key files. There is one rule above all: what is there is never replaced, since the parent's
// DS may name it.
#include "keys/dnskey.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "keys/key_files.h"

// 65536 tags, few of them taken: more than a handful of tries in a row means that something is
// wrong.
#define MAKE_TRIES 20

bool dnskey_takes_long(uint8_t algorithm)
{
    const struct key_algorithm *known = key_algorithm(algorithm);
    return known != NULL && strcmp(known->type, "RSA") == 0;
}

enum status dnskey_pair_make(uint8_t algorithm, struct dnskey_pair *ret, struct error *err)
{
    *ret = (struct dnskey_pair){.private = NULL};
    return private_key_generate(algorithm, &ret->private, &ret->public, err);
}

void dnskey_pair_done(struct dnskey_pair *pair)
{
    EVP_PKEY_free(pair->private);
    buf_done(&pair->public);
    *pair = (struct dnskey_pair){.private = NULL};
}

// A key of the directory, as it is or made.
struct making {
    struct dnskey_listing *listing;
    const char *zone;
    const struct dnskey_recipe *recipe;
    struct dnskey_set others; // all of the zone
};

// One try: EXISTS when the key's tag is taken.
static enum status make_one(const struct making *making, int64_t now, struct dnskey *ret,
                            struct error *err)
{
    const struct dnskey_recipe *recipe = making->recipe;
    int64_t start = recipe->in_use ? now : 0;
    const struct dnskey_times times = {.created = now, .publish = start, .activate = start};
    struct dnskey_pair pair = {0};
    enum status status = STATUS_OK;
    if (recipe->pair == NULL) {
        status = dnskey_pair_make(recipe->algorithm, &pair, err);
    } else {
        pair = *recipe->pair;
        *recipe->pair = (struct dnskey_pair){.private = NULL};
    }
    if (status != STATUS_OK)
        return status;
    ldns_rr *rr = key_record(making->zone, recipe->flags, recipe->algorithm, &pair.public);
    if (rr == NULL) {
        dnskey_pair_done(&pair);
        return error_set(err, STATUS_SYNTAX, "%s: not a zone name", making->zone);
    }
    struct dnskey_id id = {ldns_calc_keytag(rr), recipe->algorithm};
    char *base = key_file_base(making->listing->directory, making->zone, id);
    key_set(ret, rr, pair.private, base, &times);
    buf_done(&pair.public);
    free(base);
    status =
        dnskey_set_has_tag(&making->others, id.tag) ? STATUS_EXISTS : key_files_create(ret, err);
    if (status != STATUS_OK)
        dnskey_done(ret);
    return status;
}

static void list_files(struct dnskey_listing *listing, const struct dnskey *key)
{
    const char *slash = strrchr(key->path, '/');
    const char *name = slash != NULL ? slash + 1 : key->path;
    char *private = xasprintf("%.*s.private", (int)(strlen(name) - strlen(".key")), name);
    key_listing_add(listing, name);
    key_listing_add(listing, private);
    free(private);
}

static bool is_taken(const struct dnskey_ids *taken, const struct dnskey *key)
{
    for (size_t i = 0; taken != NULL && i < taken->count; i++)
        if (taken->list[i].tag == key->tag && taken->list[i].algorithm == key->algorithm)
            return true;
    return false;
}

// Made, and never scheduled. What tools without times have made may be in use.
static bool is_spare(const struct making *making, const struct dnskey *key)
{
    const struct dnskey_times *times = &key->times;
    return key->flags == making->recipe->flags && key->algorithm == making->recipe->algorithm &&
           times->created != 0 && times->publish == 0 && times->activate == 0 &&
           times->inactive == 0 && times->remove == 0 && !is_taken(making->recipe->taken, key);
}

// NOT_FOUND without words: there is none.
static enum status take_spare(const struct making *making, struct dnskey *ret, struct error *err)
{
    const struct dnskey *spare = NULL;
    for (size_t i = 0; spare == NULL && i < making->others.count; i++)
        if (is_spare(making, &making->others.keys[i]))
            spare = &making->others.keys[i];
    if (spare == NULL)
        return STATUS_NOT_FOUND;
    const struct dnskey_id id = {spare->tag, spare->algorithm};
    const struct dnskey_ids one = {&id, 1};
    struct dnskey_set set = {0};
    enum status status = dnskey_load_known(making->listing, making->zone, &one, true, &set, err);
    if (status != STATUS_OK || set.count != 1) {
        dnskey_set_done(&set);
        return status != STATUS_OK ? status
                                   : error_set(err, STATUS_STATE, "%s: key %u is there twice",
                                               making->listing->directory, id.tag);
    }
    *ret = set.keys[0];
    free(set.keys);
    return STATUS_OK;
}

enum status dnskey_make_listed(struct dnskey_listing *listing, const char *zone,
                               const struct dnskey_recipe *recipe, int64_t now, struct dnskey *ret,
                               struct error *err)
{
    struct making making = {listing, zone, recipe, {0}};
    enum status status = directory_make(listing->directory, 0700, err);
    if (status == STATUS_OK)
        status = dnskey_complete(listing, zone, NULL, err);
    if (status == STATUS_OK)
        status = dnskey_load_listed(listing, zone, false, &making.others, err);
    if (status != STATUS_OK)
        return status;
    status = recipe->pair == NULL ? take_spare(&making, ret, err) : STATUS_NOT_FOUND;
    if (status == STATUS_NOT_FOUND && recipe->pair != NULL) {
        status = make_one(&making, now, ret, err);
    } else if (status == STATUS_NOT_FOUND && !recipe->no_new) {
        status = STATUS_EXISTS;
        for (int i = 0; status == STATUS_EXISTS && i < MAKE_TRIES; i++)
            status = make_one(&making, now, ret, err);
        if (status == STATUS_EXISTS)
            status = error_set(err, STATUS_CRYPTO, "%s: no free key tag after %d tries", zone,
                               MAKE_TRIES);
    }
    if (status == STATUS_OK)
        list_files(listing, ret);
    dnskey_set_done(&making.others);
    return status;
}
