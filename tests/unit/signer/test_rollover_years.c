// SPDX-License-Identifier: ISC
// Ten years of a zone's keys, in a world where nothing can be relied on (rollover_world.h): servers lag, the
// parent's too, whoever enters DS is late or wrong, nobody can be asked for weeks, the policy changes at any time,
// the signer crashes, loses its state, and its clock jumps. No cache must ever find the zone bogus; and when the
// world is well for two months, everything must be as it was wanted.
//
//   test_rollover_years                a few seeds, as ctest runs it
//   test_rollover_years COUNT [FIRST]  as many as you like, from that seed on; tells of each that fails
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rollover_run.h"

#define YEAR  (365 * DAY)
#define WELL  (60 * DAY) // how long the world is well at a time
#define SEEDS 40

enum registrar { ROBOT, DILIGENT, SLOW, REGISTRARS };

struct years {
    struct run run;
    int64_t jumped_at, latest; // the signer's clock: when, and the latest time that it ever had
    int64_t largest_ttl_at;
    int64_t blind_till; // nobody can be asked
    bool well;
    enum registrar registrar;
    struct world_keys acted; // what the registrar is about to enter
    bool pending;
    int64_t act_at;
    const char *missing; // when the world had been well: what was not as it was wanted
};

static uint64_t any(struct years *years, uint64_t below)
{
    return run_random(&years->run, below);
}

// Something that happens so often, on average; dt is how long a step takes.
static bool happens(struct years *years, int64_t every, int64_t dt)
{
    return any(years, (uint64_t)every) < (uint64_t)dt;
}

// ── Policies ─────────────────────────────────────────────────────────────────────────────────────

static void change_policy(struct years *years)
{
    static const uint8_t algorithms[] = {8, 13, 15};
    static const uint32_t ttls[] = {300, 3600, 4 * 3600, 86400};
    static const uint32_t lifetimes[] = {0, 120 * 86400, 400 * 86400};
    struct rollover_policy *policy = &years->run.policy;
    switch (any(years, 7)) {
    case 0:
        policy->is_signed = any(years, 3) != 0;
        break;
    case 1:
        policy->algorithm = algorithms[any(years, 3)];
        break;
    case 2:
        policy->split_keys = !policy->split_keys;
        break;
    case 3:
        policy->double_ds = !policy->double_ds;
        break;
    case 4:
        policy->dnskey_ttl = ttls[any(years, 4)];
        break;
    case 5:
        policy->largest_ttl = ttls[any(years, 4)];
        break;
    default:
        policy->ksk_lifetime = lifetimes[any(years, 3)];
        policy->zsk_lifetime = lifetimes[any(years, 3)];
    }
    if (policy->largest_ttl < policy->dnskey_ttl)
        policy->largest_ttl = policy->dnskey_ttl;
}

// ── Who enters DS ────────────────────────────────────────────────────────────────────────────────

static void enter(struct years *years, const struct world_keys *offered, bool leaves_old,
                  unsigned foreign, bool fault)
{
    const struct world_ds *old = world_ds_newest(&years->run.world);
    struct world_ds ds = {.keys = *offered, .foreign = foreign, .ttl = old->ttl};
    if (leaves_old)
        for (size_t i = 0; i < old->keys.count; i++)
            world_put(&ds.keys, old->keys.list[i]);
    // What was left was there with SHA-384 as well, and what is new has SHA-256 alone.
    bool stronger =
        !world_same(&old->strong, &old->keys) || (old->keys.count > 0 && any(years, 2) == 0);
    ds.strong = leaves_old && stronger ? old->strong : ds.keys;
    ds.is_fault = fault || (old->is_fault && leaves_old);
    if (world_same(&ds.keys, &old->keys) && ds.foreign == old->foreign)
        return;
    world_enter(&years->run.world, &ds,
                years->well          ? HOUR / 4
                : any(years, 8) == 0 ? 2 * DAY
                                     : 2 * HOUR);
}

// Acts on CDS a little later, of whatever server: not all parents see to it that an old one on a server that lags does
// not win over a newer one (RFC 7344 §6.2).
static void scan(struct years *years)
{
    const struct world_zone *zone =
        world_zone_of(&years->run.world, (size_t)any(years, WORLD_SERVERS));
    if (years->pending || (zone->cds.count == 0 && !zone->cds_delete))
        return;
    years->acted = zone->cds;
    years->pending = true;
    years->act_at =
        years->run.world.now + (int64_t)any(years, years->run.policy.parent_propagation_delay);
}

static void administrate(struct years *years)
{
    struct world_keys offered;
    const struct world_ds *old = world_ds_newest(&years->run.world);
    run_numbers(&years->run, years->run.set.offered, &offered);
    if (offered.count == 0 &&
        (run_wants_any(&years->run) || (!keyset_is_secure(&years->run.set) && !years->well)))
        return;
    bool wrong = !years->well && any(years, 4) == 0;
    // Takes out what is there only when he sees nothing to enter or has entered it.
    enter(years, &offered, wrong && offered.count > 0,
          wrong ? (unsigned)any(years, 3) : old->foreign, false);
}

// From old notes: one that was there once, or will be, beside what is there or alone.
static void err(struct years *years)
{
    if (years->run.world.key_count == 0)
        return;
    struct world_keys keys = {.count = 0};
    size_t last = years->run.world.key_count < 5 ? years->run.world.key_count : 5;
    world_put(&keys, (uint16_t)(years->run.world.key_count - any(years, last)));
    enter(years, &keys, any(years, 3) != 0, 0, true);
}

static void registrar(struct years *years, int64_t dt)
{
    static const int64_t every[] = {[ROBOT] = 12 * HOUR, [DILIGENT] = DAY, [SLOW] = 60 * DAY};
    if (years->pending && years->run.world.now >= years->act_at) {
        years->pending = false;
        enter(years, &years->acted, false, 0, false);
    }
    if (!happens(years, years->well ? 6 * HOUR : every[years->registrar], dt))
        return;
    // No CDS tells a robot to take out the DS of keys that the zone does not know.
    if (years->registrar == ROBOT && !(years->well && any(years, 2) == 0))
        scan(years);
    else
        administrate(years);
}

// ── Years ────────────────────────────────────────────────────────────────────────────────────────

static void order(struct years *years)
{
    static const uint8_t algorithms[] = {0, 0, 0, 8, 13, 15};
    static const enum key_role roles[] = {KEY_ROLE_KSK, KEY_ROLE_ZSK, KEY_ROLE_CSK};
    uint64_t what = any(years, 12);
    if (what == 0) {
        rollover_order_retire(&years->run.set, any(years, 2) == 0 ? KEYSET_RETIRE : KEYSET_MOVE,
                              run_now(&years->run));
    } else if (what == 1 && years->run.policy.is_signed) {
        enum key_role role = years->run.policy.split_keys ? KEY_ROLE_KSK : KEY_ROLE_CSK;
        struct dnskey_id id = run_make_file(&years->run, role, years->run.policy.algorithm, false);
        if (rollover_order_import(&years->run.set, id, role, run_now(&years->run)) != STATUS_OK)
            years->run.file_count--;
    } else {
        rollover_order_roll(&years->run.set, &years->run.policy, roles[any(years, 3)],
                            algorithms[any(years, 6)], any(years, 4) == 0, run_now(&years->run));
    }
}

static void jump(struct years *years)
{
    static const int64_t jumps[] = {0, 0, -30 * DAY, HOUR, 400 * DAY, -400 * DAY, 3 * YEAR};
    years->run.clock = jumps[any(years, sizeof(jumps) / sizeof(jumps[0]))];
    years->jumped_at = years->run.world.now;
    keyset_wait_anew(&years->run.set, run_now(&years->run));
}

// Does the clock say what time it is, as far as files are concerned? A lost state and a wrong clock are too much.
static bool times_are_good(const struct years *years)
{
    return run_now(&years->run) >= years->latest &&
           years->run.world.now - years->jumped_at > 10 * DAY;
}

static void mishaps(struct years *years, int64_t dt)
{
    struct world *world = &years->run.world;
    if (happens(years, 20 * DAY, dt))
        change_policy(years);
    if (happens(years, 25 * DAY, dt))
        order(years);
    if (happens(years, 30 * DAY, dt))
        years->registrar = (enum registrar)any(years, REGISTRARS);
    if (happens(years, 30 * DAY, dt))
        years->blind_till = world->now + (int64_t)any(years, 20 * DAY);
    if (happens(years, 10 * DAY, dt))
        world->zone.servers[any(years, WORLD_SERVERS)].silent_till =
            world->now + (int64_t)any(years, 3 * DAY);
    if (happens(years, 10 * DAY, dt))
        world->parent.servers[any(years, WORLD_SERVERS)].silent_till =
            world->now + (int64_t)any(years, 3 * DAY);
    if (happens(years, 100 * DAY, dt))
        jump(years);
    if (happens(years, 5 * DAY, dt))
        run_reload(&years->run);
    if (happens(years, 60 * DAY, dt) && times_are_good(years))
        run_adopt(&years->run);
    if (happens(years, 90 * DAY, dt))
        err(years);
}

static void note_ttl(struct years *years)
{
    if (years->run.policy.largest_ttl >= years->run.largest_ttl ||
        years->run.world.now - years->largest_ttl_at > 10 * DAY) {
        years->run.largest_ttl = years->run.policy.largest_ttl;
        years->largest_ttl_at = years->run.world.now;
    }
}

static void pass(struct years *years, int64_t dt)
{
    if (years->pending && years->act_at < years->run.world.now + dt)
        dt = years->act_at > years->run.world.now ? years->act_at - years->run.world.now : 1;
    world_go(&years->run.world, years->run.world.now + dt);
    if (!years->well)
        mishaps(years, dt);
    note_ttl(years);
    years->run.lag = years->well ? HOUR / 2 : any(years, 10) == 0 ? 5 * DAY : 4 * HOUR;
    years->latest = run_now(&years->run) > years->latest ? run_now(&years->run) : years->latest;
    registrar(years, dt);
    world_judge(&years->run.world);
    if (years->run.world.now >= years->blind_till)
        run_look(&years->run, any(years, 5) == 0);
    run_step(&years->run, !years->well && any(years, 20) == 0);
    run_purge_files(&years->run);
    world_judge(&years->run.world);
}

// Everything as the policy and the orders have it, nothing more, and no key that waits?
static const char *is_reached(struct years *years)
{
    const struct keyset *set = &years->run.set;
    bool is_signed = years->run.policy.is_signed && set->order == KEYSET_NO_ORDER;
    size_t keys = 0, wanted = is_signed ? (years->run.policy.split_keys ? 2 : 1) : 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        keys += set->keys[i].role != 0 ? 1 : 0;
        if (set->keys[i].role != 0 && !set->keys[i].wanted)
            return "a key does not go";
    }
    struct rollover_waiting waits = rollover_waits(set, &years->run.policy, run_now(&years->run));
    if (keys != wanted)
        return "not one key a role";
    if (waits.wait != ROLLOVER_DONE && waits.wait != ROLLOVER_FOR_AGE)
        return "it waits";
    const struct world_ds *ds = world_ds_newest(&years->run.world);
    struct world_keys offered;
    run_numbers(&years->run, set->offered, &offered);
    if (!world_same(&ds->keys, &offered) || (offered.count == 0) == is_signed)
        return "the DS is another";
    if (keyset_is_signed(set) != is_signed || !keyset_holds(set))
        return "the zone is not as wanted";
    return NULL;
}

static void begin(struct years *years, uint64_t seed)
{
    *years = (struct years){
        .run.policy = {.is_signed = true,
                       .algorithm = 13,
                       .propagation_delay = 3600,
                       .parent_propagation_delay = 3600,
                       .dnskey_ttl = 3600,
                       .largest_ttl = 3600},
    };
    world_begin(&years->run.world, seed, T0, 3600);
    years->registrar = (enum registrar)any(years, REGISTRARS);
    keyset_begin(&years->run.set, 3600, T0);
}

static void be_well(struct years *years)
{
    int64_t end = years->run.world.now + WELL;
    years->well = true;
    years->blind_till = 0;
    years->missing = "a step";
    world_heal(&years->run.world);
    while (years->run.world.now < end && years->missing != NULL && years->run.world.bogus == 0) {
        pass(years, HOUR / 4 + (int64_t)any(years, HOUR));
        years->missing = is_reached(years);
    }
    years->well = false;
}

static bool ten_years(uint64_t seed, struct years *years)
{
    const struct world *world = &years->run.world;
    begin(years, seed);
    while (world->now < T0 + 10 * YEAR && world->bogus == 0 && years->missing == NULL) {
        int64_t end = world->now + 100 * DAY + (int64_t)any(years, 300 * DAY);
        while (world->now < end && world->bogus == 0)
            pass(years, HOUR / 4 + (int64_t)any(years, 8 * HOUR));
        be_well(years);
    }
    if (world->bogus == 0 && years->missing == NULL)
        return true;
    print_message("seed %llu, day %lld: %s%s\n", (unsigned long long)seed,
                  (long long)((world->now - T0) / DAY), world->bogus > 0 ? "bogus: " : "stuck: ",
                  world->bogus > 0 ? world->why : years->missing);
    return false;
}

static void no_cache_ever_finds_the_zone_bogus_and_every_goal_is_reached(void **state)
{
    static struct years years;
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        assert_true(ten_years(seed, &years));
        assert_true(years.run.world.judged > 100 && years.run.dead > 20);
    }
}

// Returns how many of the runs were bad.
static size_t many_runs(uint64_t first, uint64_t count)
{
    static struct years years;
    size_t dead = 0, adoptions = 0, bad = 0;
    for (uint64_t seed = first; seed < first + count; seed++) {
        bad += ten_years(seed, &years) ? 0 : 1;
        dead += years.run.dead;
        adoptions += years.run.adoptions;
    }
    printf("%llu runs of ten years: %zu bad; %zu keys went all the way, %zu states were lost\n",
           (unsigned long long)count, bad, dead, adoptions);
    return bad;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_cache_ever_finds_the_zone_bogus_and_every_goal_is_reached),
    };
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    if (count > 0)
        return many_runs(argc > 2 ? strtoull(argv[2], NULL, 10) : 1, count) > 0 ? 1 : 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
