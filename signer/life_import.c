// SPDX-License-Identifier: ISC
// The order to take keys that were brought along in place of those a zone has.
#include <jansson.h>

#include "config/config.h"
#include "signer/life_order.h"
#include "signer/publisher.h"

#define IMPORT_KEYS_MAX 2 // a KSK and a ZSK

struct brought {
    struct dnskey_id id;
    uint16_t flags;
    enum key_role role;
};

static bool number_of(const json_t *key, const char *name, unsigned most, unsigned *ret)
{
    const json_t *value = json_object_get(key, name);
    json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
    *ret = (unsigned)number;
    return number >= 0 && number <= (json_int_t)most;
}

// The policy says which keys a zone has: one that does not fit would be on its way out at once.
static enum status judge(const struct life_order *order, struct brought *key, struct error *err)
{
    const char *zone = order->zone->name;
    bool split = order->policy.split_keys;
    if (key->id.algorithm != order->policy.algorithm) {
        const char *word = config_algorithm_word(key->id.algorithm);
        return error_set(err, STATUS_RANGE,
                         "%s: its keys are of algorithm %u, as dnssec: algorithm says, and key %u "
                         "is of %u (%s): say that there first",
                         zone, order->policy.algorithm, key->id.tag, key->id.algorithm,
                         word != NULL ? word : "which no zone here can have");
    }
    if (key->flags == DNSKEY_FLAGS_ZONE && !split)
        return error_set(err, STATUS_RANGE,
                         "%s: it has one key for all (dnssec: keys: csk), and key %u is a ZSK: say "
                         "`keys: ksk+zsk` first, or bring the KSK alone",
                         zone, key->id.tag);
    key->role = key->flags == DNSKEY_FLAGS_ZONE ? KEY_ROLE_ZSK
                : split                         ? KEY_ROLE_KSK
                                                : KEY_ROLE_CSK;
    return STATUS_OK;
}

static enum status read_keys(const struct life_order *order, struct brought keys[IMPORT_KEYS_MAX],
                             size_t *ret_count, struct error *err)
{
    const json_t *list = json_object_get(order->request, "keys");
    size_t count = json_array_size(list);
    if (count == 0)
        return error_set(err, STATUS_RANGE,
                         "%s: by their times none of these keys is in use, and it has its own",
                         order->zone->name);
    if (count > IMPORT_KEYS_MAX)
        return error_set(err, STATUS_RANGE,
                         "%s: one key of each role is taken, and these are %zu: name the files of "
                         "those in use alone",
                         order->zone->name, count);
    for (size_t i = 0; i < count; i++) {
        const json_t *key = json_array_get(list, i);
        unsigned tag, algorithm, flags;
        if (!number_of(key, "tag", UINT16_MAX, &tag) ||
            !number_of(key, "algorithm", UINT8_MAX, &algorithm) ||
            !number_of(key, "flags", UINT16_MAX, &flags))
            return error_set(err, STATUS_SYNTAX, "a key is told by tag, algorithm and flags");
        keys[i] = (struct brought){{(uint16_t)tag, (uint8_t)algorithm}, (uint16_t)flags, 0};
        enum status status = judge(order, &keys[i], err);
        if (status != STATUS_OK)
            return status;
    }
    if (count == 2 && keys[0].role == keys[1].role)
        return error_set(err, STATUS_RANGE,
                         "%s: keys %u and %u are for the same: name the files of one of them",
                         order->zone->name, keys[0].id.tag, keys[1].id.tag);
    *ret_count = count;
    return STATUS_OK;
}

// What the files say of before and elsewhere is over: here the key is new.
static enum status take_files(const struct life_order *order, const struct brought *brought,
                              struct error *err)
{
    struct keyring *keyring = &order->publisher->keyring;
    struct dnskey_set files = {0};
    const struct dnskey_ids one = {&brought->id, 1};
    enum status status =
        dnskey_load_known(&keyring->listing, order->zone->name, &one, true, &files, err);
    struct dnskey *key = status == STATUS_OK ? dnskey_set_find(&files, brought->id) : NULL;
    if (status == STATUS_OK && (key == NULL || key->flags != brought->flags))
        status = error_set(err, STATUS_NOT_FOUND, "%s: there are no files of key %u in %s",
                           order->zone->name, brought->id.tag, keyring->directory);
    if (status == STATUS_OK && keyset_find(&order->set, brought->id) == KEYSET_KEYS_MAX) {
        key->times = (struct dnskey_times){.created = key->times.created != 0 ? key->times.created
                                                                              : order->now};
        status = dnskey_write_times(key, err);
    }
    dnskey_set_done(&files);
    return status;
}

enum status life_import(struct life_order *order, struct error *err)
{
    struct brought keys[IMPORT_KEYS_MAX];
    size_t count = 0;
    const char *zone = order->zone->name;
    enum status status = STATUS_OK;
    json_object_set_new(order->reply, "adopted", json_boolean(!order->set.begun));
    if (zone_dnssec(order->zone) == CONFIG_DNSSEC_PRESIGNED)
        return error_set(err, STATUS_STATE, "%s: its zone file is signed already, not here", zone);
    if (!order->dry)
        status = keyring_refresh(&order->publisher->keyring, err);
    if (status != STATUS_OK || !order->set.begun)
        return status;
    if (!order->policy.is_signed)
        return error_set(err, STATUS_STATE, "%s: it is about to be unsigned, as `dnssec: no` says",
                         zone);
    status = read_keys(order, keys, &count, err);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        if (!order->dry)
            status = take_files(order, &keys[i], err);
        if (status != STATUS_OK)
            break;
        status = rollover_order_import(&order->set, keys[i].id, keys[i].role, order->now);
        if (status != STATUS_OK)
            status = error_set(err, status,
                               "%s: key %u cannot be taken: it is known in another role or as "
                               "compromised, or too many keys are on their way out",
                               zone, keys[i].id.tag);
    }
    return status;
}
