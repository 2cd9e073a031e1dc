// SPDX-License-Identifier: ISC
#include "rollover_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "signer/keyset_state.h"

int64_t run_now(const struct run *run)
{
    return run->world.now + run->clock;
}

uint64_t run_random(struct run *run, uint64_t below)
{
    return world_random(&run->world, below);
}

// ── Key files, as signer/life.c keeps them ───────────────────────────────────────────────────────

static struct dnskey *file_of(struct run *run, struct dnskey_id id)
{
    for (size_t i = 0; i < run->file_count; i++)
        if (run->files[i].tag == id.tag)
            return &run->files[i];
    return NULL;
}

static void drop_file(struct run *run, size_t index)
{
    memmove(&run->files[index], &run->files[index + 1],
            (--run->file_count - index) * sizeof(run->files[0]));
}

struct dnskey_id run_make_file(struct run *run, enum key_role role, uint8_t algorithm, bool in_use)
{
    assert_true(run->file_count < FILES_MAX && run->world.key_count < 4095);
    uint16_t number = ++run->world.key_count;
    run->world.algorithms[number] = algorithm;
    struct dnskey *file = &run->files[run->file_count++];
    *file = (struct dnskey){.tag = number, .algorithm = algorithm};
    file->flags = role == KEY_ROLE_ZSK ? DNSKEY_FLAGS_ZONE : DNSKEY_FLAGS_SEP;
    file->times.created = run_now(run);
    if (in_use)
        file->times.publish = file->times.activate = run_now(run);
    return (struct dnskey_id){number, algorithm};
}

static void write_time(struct run *run, const struct rollover_event *event)
{
    struct dnskey *file = file_of(run, event->key);
    if (file != NULL)
        rollover_note_times(event->kind, run_now(run), &file->times);
    if (file != NULL && file->times.publish != 0 && file->times.activate == 0)
        file->times.activate =
            run_now(run) + run->policy.dnskey_ttl + run->policy.propagation_delay;
}

void run_purge_files(struct run *run)
{
    for (size_t i = run->file_count; i-- > 0;) {
        const struct dnskey_times *times = &run->files[i].times;
        struct dnskey_id id = {run->files[i].tag, run->files[i].algorithm};
        if (times->remove != 0 && times->remove + 30 * DAY < run_now(run) &&
            keyset_find(&run->set, id) == KEYSET_KEYS_MAX)
            drop_file(run, i);
    }
}

// ── The signer ───────────────────────────────────────────────────────────────────────────────────

void run_numbers(const struct run *run, keyset_mask mask, struct world_keys *ret)
{
    const struct keyset *set = &run->set;
    *ret = (struct world_keys){.count = 0};
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if ((mask & keyset_bit(i)) != 0)
            world_put(ret, set->keys[i].id.tag);
}

bool run_wants_any(const struct run *run)
{
    const struct keyset *set = &run->set;
    bool any_wanted = false;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        any_wanted = any_wanted || set->keys[i].wanted;
    return any_wanted;
}

static void publish(struct run *run)
{
    const struct keyset *set = &run->set;
    struct world_zone zone = {.dnskey_ttl = run->policy.dnskey_ttl,
                              .rrset_ttl = run->policy.largest_ttl};
    run_numbers(run, keyset_dnskeys(set), &zone.dnskeys);
    run_numbers(run, keyset_key_signers(set), &zone.key_signers);
    run_numbers(run, keyset_signers(set), &zone.signers);
    run_numbers(run, set->offered, &zone.cds);
    zone.cds_delete = set->offered == 0 && keyset_is_secure(set) && !run_wants_any(run);
    const struct world_zone *old = world_zone_newest(&run->world);
    if (!world_same(&old->dnskeys, &zone.dnskeys) ||
        !world_same(&old->key_signers, &zone.key_signers) ||
        !world_same(&old->signers, &zone.signers) || !world_same(&old->cds, &zone.cds) ||
        old->cds_delete != zone.cds_delete || old->dnskey_ttl != zone.dnskey_ttl ||
        old->rrset_ttl != zone.rrset_ttl)
        world_publish(&run->world, &zone, run->lag);
}

void run_adopt(struct run *run)
{
    struct dnskey_set files = {run->files, run->file_count};
    uint32_t ttl =
        run->largest_ttl > run->policy.largest_ttl ? run->largest_ttl : run->policy.largest_ttl;
    run->adoptions++;
    if (keyset_adopt(&run->set, &files, ttl, run_now(run)) == 0)
        keyset_begin(&run->set, ttl, run_now(run));
}

void run_step(struct run *run, bool crash)
{
    struct rollover_need need;
    struct rollover_events events = {.count = 0};
    do {
        rollover_step(&run->set, &run->policy, run_now(run), &events, &need);
        if (need.role != 0) {
            struct dnskey_id id =
                run_make_file(run, need.role, need.algorithm, !keyset_is_secure(&run->set));
            assert_true(keyset_add(&run->set, id, need.role, run_now(run)) < KEYSET_KEYS_MAX);
        }
    } while (need.role != 0);
    for (size_t i = 0; i < events.count; i++) {
        write_time(run, &events.list[i]);
        run->dead += events.list[i].kind == ROLLOVER_DEAD ? 1 : 0;
    }
    if (!crash)
        publish(run);
}

void run_reload(struct run *run)
{
    struct buf octets = {0};
    keyset_encode(&run->set, &octets);
    assert_int_equal(keyset_decode(octets.data, octets.len, &run->set), STATUS_OK);
    buf_done(&octets);
}

// ── Looks ────────────────────────────────────────────────────────────────────────────────────────

static bool is_published(const struct run *run, size_t server)
{
    const struct keyset *set = &run->set;
    const struct world_zone *zone = world_zone_of(&run->world, server);
    struct world_keys keys[3];
    run_numbers(run, keyset_dnskeys(set), &keys[0]);
    run_numbers(run, keyset_key_signers(set), &keys[1]);
    run_numbers(run, keyset_signers(set), &keys[2]);
    return world_same(&keys[0], &zone->dnskeys) && world_same(&keys[1], &zone->key_signers) &&
           world_same(&keys[2], &zone->signers);
}

static struct keyset_sight look_at_zone(const struct run *run)
{
    struct keyset_sight sight = {.seen_at = run_now(run),
                                 .revision = run->set.revision,
                                 .propagation_delay = run->policy.propagation_delay};
    for (size_t s = 0; s < WORLD_SERVERS; s++)
        if (run->world.zone.servers[s].silent_till > run->world.now)
            sight.unknown++;
        else if (is_published(run, s))
            sight.ok++;
        else
            sight.wrong++;
    return sight;
}

static keyset_mask slots_of(const struct run *run, const struct world_keys *keys, unsigned *foreign)
{
    keyset_mask mask = 0;
    for (size_t i = 0; i < keys->count; i++) {
        struct dnskey_id id = {keys->list[i], run->world.algorithms[keys->list[i]]};
        size_t slot = keyset_find(&run->set, id);
        mask |= slot < KEYSET_KEYS_MAX ? keyset_bit(slot) : 0;
        *foreign += slot < KEYSET_KEYS_MAX ? 0 : 1;
    }
    return mask;
}

static void add_set(struct keyset_parent_sight *sight, keyset_mask keys, keyset_mask strong,
                    unsigned foreign)
{
    for (size_t i = 0; i < sight->set_count; i++)
        if (sight->sets[i].keys == keys && sight->sets[i].strong == strong &&
            sight->sets[i].foreign == foreign)
            return;
    sight->sets[sight->set_count].keys = keys;
    sight->sets[sight->set_count].strong = strong;
    sight->sets[sight->set_count++].foreign = (uint16_t)foreign;
}

// Has a server, or one that is silent, perhaps, other CDS than are published now?
static bool cds_lags(const struct run *run)
{
    struct world_keys offered;
    bool lags = false;
    run_numbers(run, run->set.offered, &offered);
    for (size_t s = 0; s < WORLD_SERVERS; s++)
        lags = lags || run->world.zone.servers[s].silent_till > run->world.now ||
               !world_same(&world_zone_of(&run->world, s)->cds, &offered);
    return lags;
}

static struct keyset_parent_sight look_at_parent(const struct run *run)
{
    struct keyset_parent_sight sight = {.seen_at = run_now(run),
                                        .propagation_delay = run->policy.parent_propagation_delay,
                                        .cds_lags = cds_lags(run)};
    for (size_t s = 0; s < WORLD_SERVERS; s++) {
        const struct world_ds *ds = world_ds_of(&run->world, s);
        unsigned foreign = ds->foreign, again = 0;
        if (run->world.parent.servers[s].silent_till > run->world.now) {
            sight.unknown++;
            continue;
        }
        sight.ok++;
        keyset_mask keys = slots_of(run, &ds->keys, &foreign);
        keyset_mask strong = slots_of(run, &ds->strong, &again);
        if ((ds->keys.count > 0 || ds->foreign > 0) && ds->ttl > sight.ttl)
            sight.ttl = (uint32_t)ds->ttl;
        add_set(&sight, keys, strong, foreign);
    }
    return sight;
}

void run_look(struct run *run, bool late)
{
    struct keyset_sight zone = look_at_zone(run);
    struct keyset_parent_sight parent = look_at_parent(run);
    if (late) // the answer comes when other things have happened since
        run_step(run, false);
    keyset_see_zone(&run->set, &zone, run_now(run));
    keyset_see_parent(&run->set, &parent, run_now(run));
}
