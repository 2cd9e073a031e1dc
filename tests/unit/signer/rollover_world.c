// SPDX-License-Identifier: ISC
#include "rollover_world.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool world_has(const struct world_keys *keys, uint16_t key)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->list[i] == key)
            return true;
    return false;
}

void world_put(struct world_keys *keys, uint16_t key)
{
    if (world_has(keys, key))
        return;
    assert(keys->count < WORLD_LIST);
    keys->list[keys->count++] = key;
}

void world_drop(struct world_keys *keys, uint16_t key)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->list[i] == key)
            keys->list[i] = keys->list[--keys->count];
}

bool world_same(const struct world_keys *a, const struct world_keys *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; i < a->count; i++)
        same = same && world_has(b, a->list[i]);
    return same;
}

// ── Chance ───────────────────────────────────────────────────────────────────────────────────────

uint64_t world_random(struct world *world, uint64_t below)
{
    world->random += UINT64_C(0x9e3779b97f4a7c15); // splitmix64
    uint64_t x = world->random;
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (x ^ (x >> 31)) % below;
}

bool world_chance(struct world *world, unsigned percent)
{
    return world_random(world, 100) < percent;
}

// ── Servers ──────────────────────────────────────────────────────────────────────────────────────

static struct world_version *version_of(struct world_servers *servers, uint64_t number)
{
    for (size_t i = 0; i < servers->count; i++)
        if (servers->past[i].number == number)
            return &servers->past[i];
    return NULL;
}

static const struct world_version *had_by(const struct world_servers *servers, size_t server)
{
    for (size_t i = 0; i < servers->count; i++)
        if (servers->past[i].number == servers->servers[server].number)
            return &servers->past[i];
    return NULL;
}

static bool is_served(const struct world_servers *servers, uint64_t number)
{
    for (size_t s = 0; s < WORLD_SERVERS; s++)
        if (servers->servers[s].number == number)
            return true;
    return false;
}

static void take_newest(struct world_servers *servers, size_t server, int64_t now)
{
    struct world_version *old = version_of(servers, servers->servers[server].number);
    servers->servers[server].number = servers->last;
    servers->servers[server].due_at = INT64_MAX;
    if (old != NULL && !is_served(servers, old->number))
        old->served_until = now;
    struct world_version *newest = version_of(servers, servers->last);
    newest->served_until = INT64_MAX;
}

// How long any part of a version may be kept.
static int64_t kept_for(const struct world *world, const struct world_servers *servers,
                        const struct world_version *version)
{
    if (servers == &world->parent)
        return version->ds.ttl;
    return version->zone.dnskey_ttl > version->zone.rrset_ttl ? version->zone.dnskey_ttl
                                                              : version->zone.rrset_ttl;
}

static void forget(const struct world *world, struct world_servers *servers)
{
    size_t kept = 0;
    for (size_t i = 0; i < servers->count; i++) {
        const struct world_version *version = &servers->past[i];
        bool cached = version->served_until == INT64_MAX ||
                      version->served_until + kept_for(world, servers, version) >= world->now;
        if (cached || i + 1 == servers->count)
            servers->past[kept++] = servers->past[i];
    }
    servers->count = kept;
}

static void bring(struct world *world, struct world_servers *servers, struct world_version *version,
                  int64_t lag)
{
    forget(world, servers);
    assert(servers->count < WORLD_PAST);
    version->number = ++servers->last;
    version->served_until = INT64_MAX;
    servers->past[servers->count++] = *version;
    take_newest(servers, 0, world->now);
    for (size_t s = 1; s < WORLD_SERVERS; s++) {
        int64_t due_at = world->now + (lag > 0 ? (int64_t)world_random(world, (uint64_t)lag) : 0);
        if (due_at < servers->servers[s].due_at)
            servers->servers[s].due_at = due_at;
    }
    world->changed = true;
}

void world_publish(struct world *world, const struct world_zone *zone, int64_t lag)
{
    struct world_version version = {.zone = *zone};
    bring(world, &world->zone, &version, lag);
}

void world_enter(struct world *world, const struct world_ds *ds, int64_t lag)
{
    struct world_version version = {.ds = *ds};
    bring(world, &world->parent, &version, lag);
}

uint64_t world_zone_number(const struct world *world, size_t server)
{
    return world->zone.servers[server].number;
}

const struct world_zone *world_zone_of(const struct world *world, size_t server)
{
    return &had_by(&world->zone, server)->zone;
}

const struct world_ds *world_ds_of(const struct world *world, size_t server)
{
    return &had_by(&world->parent, server)->ds;
}

const struct world_zone *world_zone_newest(const struct world *world)
{
    return world_zone_of(world, 0);
}

const struct world_ds *world_ds_newest(const struct world *world)
{
    return world_ds_of(world, 0);
}

static void go(struct world *world, struct world_servers *servers)
{
    for (size_t s = 0; s < WORLD_SERVERS; s++)
        if (servers->servers[s].due_at <= world->now) {
            take_newest(servers, s, servers->servers[s].due_at);
            world->changed = true;
        }
    forget(world, servers);
}

void world_go(struct world *world, int64_t now)
{
    world->now = now;
    go(world, &world->zone);
    go(world, &world->parent);
}

void world_heal(struct world *world)
{
    struct world_servers *kinds[] = {&world->zone, &world->parent};
    for (size_t k = 0; k < 2; k++)
        for (size_t s = 0; s < WORLD_SERVERS; s++) {
            kinds[k]->servers[s].silent_till = 0;
            if (kinds[k]->servers[s].number != kinds[k]->last)
                kinds[k]->servers[s].due_at = world->now;
        }
    world_go(world, world->now);
}

void world_begin(struct world *world, uint64_t seed, int64_t now, int64_t ttl)
{
    *world = (struct world){.random = seed, .now = now};
    struct world_zone zone = {.dnskey_ttl = ttl, .rrset_ttl = ttl};
    struct world_ds ds = {.ttl = ttl};
    world_publish(world, &zone, 0);
    world_enter(world, &ds, 0);
    world_heal(world);
}

// ── The validator ────────────────────────────────────────────────────────────────────────────────

// Is a key of this algorithm (0: of any) in all of these?
static bool is_in_all(const struct world *world, uint8_t algorithm,
                      const struct world_keys *const sets[], size_t count)
{
    for (size_t i = 0; i < sets[0]->count; i++) {
        uint16_t key = sets[0]->list[i];
        bool in = algorithm == 0 || world->algorithms[key] == algorithm;
        for (size_t s = 1; s < count; s++)
            in = in && world_has(sets[s], key);
        if (in)
            return true;
    }
    return false;
}

// A chain by this algorithm: a DS names a key of the DNSKEY RRset that signs it (RFC 4035 §5.2), and a key of that
// RRset has signed the answer (§5.3.1).
static bool has_chain(const struct world *world, uint8_t algorithm, const struct world_keys *ds,
                      const struct world_zone *keys, const struct world_zone *answer)
{
    const struct world_keys *const entry[] = {ds, &keys->dnskeys, &keys->key_signers};
    const struct world_keys *const rest[] = {&keys->dnskeys, &answer->signers};
    return is_in_all(world, algorithm, entry, 3) && is_in_all(world, algorithm, rest, 2);
}

// With one good chain of any algorithm (RFC 6840 §5.11), or, as some validators ask against downgrades, with one for
// each algorithm of the DS, and from the DS with the strongest digest alone.
static const char *is_bogus(const struct world *world, const struct world_ds *ds,
                            const struct world_zone *keys, const struct world_zone *answer)
{
    const struct world_keys *const ways[] = {&ds->keys, &ds->strong};
    for (size_t w = 0; w < 2; w++) {
        if (ways[w]->count == 0)
            continue;
        if (!has_chain(world, 0, ways[w], keys, answer))
            return w == 0 ? "no chain at all" : "no chain from the strongest digest";
        for (size_t i = 0; i < ways[w]->count; i++)
            if (!has_chain(world, world->algorithms[ways[w]->list[i]], ways[w], keys, answer))
                return "no chain by an algorithm of the DS";
    }
    return NULL;
}

static bool is_cached(const struct world *world, const struct world_version *version, int64_t ttl)
{
    return version->served_until == INT64_MAX || version->served_until + ttl >= world->now;
}

static size_t put_keys(char *to, size_t size, const char *name, const struct world_keys *keys)
{
    size_t len = (size_t)snprintf(to, size, " %s{", name);
    for (size_t i = 0; i < keys->count; i++)
        len += (size_t)snprintf(to + len, size - len, "%s%u", i > 0 ? " " : "", keys->list[i]);
    return len + (size_t)snprintf(to + len, size - len, "}");
}

static void found(struct world *world, const char *what, const struct world_ds *ds,
                  const struct world_zone *keys, const struct world_zone *answer)
{
    if (world->bogus++ > 0)
        return;
    size_t len = (size_t)snprintf(world->why, 64, "%s:", what);
    char *to = world->why;
    len += put_keys(to + len, 100, "DS", &ds->keys);
    len += put_keys(to + len, 100, "strong", &ds->strong);
    len += put_keys(to + len, 100, "DNSKEY", &keys->dnskeys);
    len += put_keys(to + len, 100, "signed by", &keys->key_signers);
    put_keys(to + len, 100, "answer signed by", &answer->signers);
}

static void judge_zone(struct world *world, const struct world_ds *ds)
{
    const struct world_servers *zone = &world->zone;
    for (size_t k = 0; k < zone->count; k++) {
        const struct world_zone *keys = &zone->past[k].zone;
        if (!is_cached(world, &zone->past[k], keys->dnskey_ttl))
            continue;
        for (size_t a = 0; a < zone->count; a++) {
            const struct world_zone *answer = &zone->past[a].zone;
            if (!is_cached(world, &zone->past[a], answer->rrset_ttl))
                continue;
            const char *what = is_bogus(world, ds, keys, answer);
            world->judged++;
            if (what != NULL)
                found(world, what, ds, keys, answer);
        }
    }
}

void world_judge(struct world *world)
{
    if (!world->changed)
        return;
    world->changed = false;
    const struct world_servers *parent = &world->parent;
    for (size_t d = 0; d < parent->count; d++)
        if (is_cached(world, &parent->past[d], parent->past[d].ds.ttl) &&
            !parent->past[d].ds.is_fault)
            judge_zone(world, &parent->past[d].ds);
}
