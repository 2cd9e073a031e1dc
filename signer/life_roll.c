// SPDX-License-Identifier: ISC
// The orders to replace a zone's keys, to go back to unsigned, to leave this box, and to take the last two back.
#include <string.h>

#include "config/config.h"
#include "signer/life_order.h"
#include "signer/life_status.h"
#include "signer/publisher.h"

// ── May it be? ───────────────────────────────────────────────────────────────────────────────────

// Whatever the order: are there keys that it can be about?
static enum status check_zone(const struct life_order *order, struct error *err)
{
    const struct zone *zone = order->zone;
    if (zone_dnssec(zone) == CONFIG_DNSSEC_PRESIGNED)
        return error_set(err, STATUS_STATE,
                         "the zone file of %s is signed already (dnssec: presigned); who signs it "
                         "has its keys",
                         zone->name);
    if (zone_dnssec(zone) == CONFIG_DNSSEC_OFF)
        return error_set(err, STATUS_STATE,
                         "%s is not to be signed (`dnssec: no` in the configuration)%s", zone->name,
                         order->set.begun
                             ? " and is on its way there; `zonebox status` says how far"
                             : "; it has no keys");
    if (!order->set.begun)
        return error_set(err, STATUS_STATE,
                         "%s was not published yet; `zonebox status` says whether something is "
                         "wrong",
                         zone->name);
    return STATUS_OK;
}

static const char *command_of(enum keyset_order order)
{
    return order == KEYSET_MOVE ? "move" : "retire";
}

static bool is_of_roles(const struct keyset_key *key, enum key_role roles)
{
    return key->role != 0 && (key->role & roles) != 0;
}

// The key that takes the place of one of these, while it does, or NULL.
static const struct keyset_key *find_successor(const struct keyset *set, enum key_role roles)
{
    const struct keyset_key *next = NULL;
    bool leaving = false;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        if (!is_of_roles(&set->keys[i], roles))
            continue;
        leaving = leaving || !set->keys[i].wanted;
        next = set->keys[i].wanted && !set->keys[i].spent ? &set->keys[i] : next;
    }
    return leaving ? next : NULL;
}

// Has the order just been given? The next step follows it.
static bool is_pending(const struct keyset *set, enum key_role roles)
{
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (is_of_roles(&set->keys[i], roles) && set->keys[i].wanted && set->keys[i].spent)
            return true;
    return false;
}

static size_t free_slots(const struct keyset *set)
{
    size_t count = 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        count += set->keys[i].role == 0 ? 1 : 0;
    return count;
}

// ── Rolling ──────────────────────────────────────────────────────────────────────────────────────

struct roll {
    enum key_role roles;
    uint8_t algorithm; // 0: as the policy has it
    bool compromised;
};

static enum status read_roll(const json_t *request, struct roll *ret, struct error *err)
{
    static const struct {
        const char *word;
        enum key_role roles;
    } words[] = {{"all", KEY_ROLE_CSK}, {"ksk", KEY_ROLE_KSK}, {"zsk", KEY_ROLE_ZSK}};
    const char *role = json_string_value(json_object_get(request, "role"));
    const json_t *algorithm = json_object_get(request, "algorithm");
    *ret = (struct roll){.roles = role == NULL ? KEY_ROLE_CSK : 0};
    for (size_t i = 0; role != NULL && i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(role, words[i].word) == 0)
            ret->roles = words[i].roles;
    if (ret->roles == 0)
        return error_set(err, STATUS_SYNTAX, "role: all, ksk or zsk");
    ret->compromised = json_is_true(json_object_get(request, "compromised"));
    if (algorithm == NULL || json_is_null(algorithm))
        return STATUS_OK;
    json_int_t number = json_integer_value(algorithm);
    if (number <= 0 || number > UINT8_MAX || config_algorithm_word((uint8_t)number) == NULL)
        return error_set(err, STATUS_RANGE, "no keys of such an algorithm are made here");
    ret->algorithm = (uint8_t)number;
    if (ret->roles != KEY_ROLE_CSK)
        return error_set(err, STATUS_SYNTAX,
                         "another algorithm is for all keys: leave out --ksk and --zsk");
    return STATUS_OK;
}

static enum status check_roll(const struct life_order *order, const struct roll *roll,
                              struct error *err)
{
    const char *zone = order->zone->name;
    const struct keyset *set = &order->set;
    if (set->order != KEYSET_NO_ORDER)
        return error_set(err, STATUS_STATE,
                         "%s is on its way to be unsigned; `zonebox %s --undo %s` takes that back",
                         zone, command_of(set->order), zone);
    if (roll->roles == KEY_ROLE_ZSK && !order->policy.split_keys)
        return error_set(err, STATUS_STATE,
                         "%s has one key for all (a CSK) and no ZSK; roll it without --zsk", zone);
    const struct keyset_key *next = find_successor(set, roll->roles);
    // Whoever got one key may have got the next, too; and what is begun may go on to another algorithm.
    bool other = roll->compromised ||
                 (roll->algorithm != 0 && next != NULL && roll->algorithm != next->id.algorithm);
    if (next != NULL && !other)
        return error_set(err, STATUS_EXISTS,
                         "%s is in a rollover already, to key %u; `zonebox status %s` says what it "
                         "waits for",
                         zone, next->id.tag, zone);
    if (is_pending(set, roll->roles) && !other)
        return error_set(err, STATUS_EXISTS, "that is ordered already");
    // With no room for the next ones the zone would have no keys that are wanted.
    if (free_slots(set) < 2)
        return error_set(err, STATUS_RANGE,
                         "%s has too many keys on their way out; try again when some are gone",
                         zone);
    return STATUS_OK;
}

static json_t *tags_of(const struct keyset *set, enum key_role roles)
{
    json_t *list = json_array();
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (set->keys[i].wanted && is_of_roles(&set->keys[i], roles))
            json_array_append_new(list, json_integer(set->keys[i].id.tag));
    return list;
}

enum status life_roll(struct life_order *order, struct error *err)
{
    struct roll roll;
    enum status status = read_roll(order->request, &roll, err);
    if (status == STATUS_OK)
        status = check_zone(order, err);
    if (status == STATUS_OK)
        status = check_roll(order, &roll, err);
    if (status != STATUS_OK)
        return status;
    json_object_set_new(order->reply, "replaces", tags_of(&order->set, roll.roles));
    rollover_order_roll(&order->set, &order->policy, roll.roles, roll.algorithm, roll.compromised,
                        order->now);
    return STATUS_OK;
}

// ── Going back to unsigned ───────────────────────────────────────────────────────────────────────

static void tell_zone(const struct life_order *order)
{
    json_object_set_new(order->reply, "ns-ttl", json_integer(life_ns_ttl(order->zone)));
}

static enum status leave(struct life_order *order, enum keyset_order kind, struct error *err)
{
    const char *zone = order->zone->name;
    enum status status = check_zone(order, err);
    if (status != STATUS_OK)
        return status;
    if (order->set.order == kind)
        return error_set(err, STATUS_EXISTS,
                         "that is ordered already; `zonebox status %s` says how far it is, "
                         "`zonebox %s --undo %s` takes it back",
                         zone, command_of(kind), zone);
    tell_zone(order);
    rollover_order_retire(&order->set, kind, order->now);
    return STATUS_OK;
}

enum status life_retire(struct life_order *order, struct error *err)
{
    return leave(order, KEYSET_RETIRE, err);
}

enum status life_move(struct life_order *order, struct error *err)
{
    bool unsigned_ever = zone_dnssec(order->zone) == CONFIG_DNSSEC_OFF && !order->set.begun;
    if (!unsigned_ever)
        return leave(order, KEYSET_MOVE, err);
    tell_zone(order);
    order->nothing = true;
    json_object_set_new(order->reply, "nothing", json_true());
    return STATUS_OK;
}

enum status life_resume(struct life_order *order, struct error *err)
{
    enum status status = check_zone(order, err);
    if (status != STATUS_OK)
        return status;
    if (order->set.order == KEYSET_NO_ORDER)
        return error_set(err, STATUS_STATE, "there is nothing to take back: %s is to stay signed",
                         order->zone->name);
    rollover_order_retire(&order->set, KEYSET_NO_ORDER, order->now);
    return STATUS_OK;
}
