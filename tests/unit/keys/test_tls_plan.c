// SPDX-License-Identifier: ISC
// Years of certificates in milliseconds. The judge is a validator that keeps each RRset for its TTL: at every moment,
// whatever it may have kept must have a key of each server, but for what an alarm has told of.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "keys/tls_plan.h"

#define T0     INT64_C(1800000000)
#define TTL    3600
#define MINUTE INT64_C(60)
#define HOUR   INT64_C(3600)
#define DAY    (24 * HOUR)

// ── A world ──────────────────────────────────────────────────────────────────────────────────────

#define HISTORY_MAX 20000
#define KINDS       2 // RSA and ECDSA

struct snapshot {
    int64_t at;
    struct tls_digests keys;
};

struct world {
    struct tls_plan plan;
    struct tls_facts facts;
    struct tls_events events;
    int64_t now;
    int64_t lag;                // name servers have what was published so long ago
    bool blind;                 // nobody can be asked
    struct tls_digests servers; // what port 25 presents
    struct snapshot *history;
    size_t history_count;
    size_t gaps; // moments at which a validator may refuse a server
};

static const uint8_t *key(char name)
{
    static uint8_t digests[128][TLS_DIGEST_LEN];
    memset(digests[(int)name], name, TLS_DIGEST_LEN);
    return digests[(int)name];
}

static struct tls_digests set(const char *names)
{
    struct tls_digests digests = {.count = 0};
    for (; *names != '\0'; names++)
        assert_true(tls_digests_add(&digests, key(*names)));
    return digests;
}

static struct tls_digests published(const struct tls_plan *plan)
{
    struct tls_digests digests = {.count = 0};
    for (size_t i = 0; i < plan->count; i++)
        if (tls_key_is_published(&plan->keys[i]))
            assert_true(tls_digests_add(&digests, plan->keys[i].digest));
    return digests;
}

static bool intersect(const struct tls_digests *a, const uint8_t *digest)
{
    return tls_digests_have(a, digest);
}

// Everything that a validator may have kept has every key that a server presents. No record at all is fine: then there
// is no DANE.
static bool validators_are_content(const struct world *world)
{
    for (size_t i = world->history_count; i > 0; i--) {
        const struct snapshot *snapshot = &world->history[i - 1];
        for (size_t k = 0; k < world->servers.count; k++)
            if (snapshot->keys.count > 0 && !intersect(&snapshot->keys, world->servers.list[k]))
                return false;
        // Replaced before this moment by so much that nobody has it any more: as are all before.
        if (snapshot->at + world->lag + TTL < world->now)
            break;
    }
    return true;
}

static const struct snapshot *served(const struct world *world)
{
    for (size_t i = world->history_count; i > 0; i--)
        if (world->history[i - 1].at + world->lag <= world->now)
            return &world->history[i - 1];
    return NULL;
}

static void step(struct world *world)
{
    tls_plan_step(&world->plan, &world->facts, world->now, &world->events);
    struct tls_digests now = published(&world->plan);
    const struct snapshot *last =
        world->history_count > 0 ? &world->history[world->history_count - 1] : NULL;
    if (last == NULL || memcmp(&last->keys, &now, sizeof(now)) != 0) {
        assert_true(world->history_count < HISTORY_MAX);
        world->history[world->history_count++] = (struct snapshot){world->now, now};
    }
    world->facts.published = now;
}

static void look(struct world *world)
{
    for (size_t i = 0; i < world->plan.count; i++) {
        const struct tls_key *at = &world->plan.keys[i];
        struct tls_sight sight = {
            .seen_at = world->now, .ttl = TTL, .unknown = world->blind ? 4 : 0};
        if (!tls_plan_wants(at, &sight.look) || tls_plan_look_at(at, 60, world->now) > world->now)
            continue;
        memcpy(sight.digest, at->digest, TLS_DIGEST_LEN);
        const struct snapshot *snapshot = served(world);
        bool has = sight.look == TLS_LOOK_SERVERS
                       ? tls_digests_have(&world->servers, at->digest)
                       : snapshot != NULL && tls_digests_have(&snapshot->keys, at->digest);
        if (!world->blind && has)
            sight.ok = 2;
        else if (!world->blind)
            sight.wrong = 2;
        tls_plan_see(&world->plan, &sight, world->now, &world->events);
    }
}

static void pass(struct world *world, int64_t seconds)
{
    int64_t end = world->now + seconds;
    while (world->now < end) {
        world->now += 5 * MINUTE;
        step(world);
        look(world);
        world->gaps += !validators_are_content(world);
    }
}

static size_t count(const struct world *world, enum tls_event_kind kind)
{
    size_t found = 0;
    for (size_t i = 0; i < world->events.count; i++)
        found += world->events.list[i].kind == kind;
    return found;
}

static bool is_alarm(enum tls_event_kind kind)
{
    return kind == TLS_TOO_EARLY || kind == TLS_UNANNOUNCED || kind == TLS_CROWDED_OUT ||
           kind == TLS_NOT_TAKEN || kind == TLS_STRANGE_KEY;
}

static size_t alarms(const struct world *world)
{
    size_t found = 0;
    for (size_t i = 0; i < world->events.count; i++)
        found += is_alarm(world->events.list[i].kind);
    return found;
}

static void assert_state(const struct world *world, char name, enum tls_state state)
{
    const struct tls_key *found = tls_plan_find(&world->plan, key(name));
    assert_non_null(found);
    if (found->state != state)
        fail_msg("%c is %s", name, tls_state_name(found->state));
}

static void assert_published(const struct world *world, const char *names)
{
    struct tls_digests now = published(&world->plan);
    for (const char *c = names; *c != '\0'; c++)
        if (!tls_digests_have(&now, key(*c)))
            fail_msg("%c is not published", *c);
    assert_int_equal(now.count, strlen(names));
}

// A certificate with this key comes, and the server has it a minute later.
static void renew(struct world *world, const char *names)
{
    world->facts.certificates = set(names);
    step(world);
    world->servers = set(names);
}

static int begin(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    world->history = calloc(HISTORY_MAX, sizeof(*world->history));
    world->now = T0;
    world->lag = 20 * MINUTE;
    world->facts.certificates_known = world->facts.next_known = true;
    world->facts.ttl = TTL;
    renew(world, "a");
    pass(world, DAY);
    assert_int_equal(world->events.count, 0);
    assert_state(world, 'a', TLS_CURRENT);
    *state = world;
    return 0;
}

static int end(void **state)
{
    struct world *world = *state;
    free(world->history);
    free(world);
    return 0;
}

// ── Renewals ─────────────────────────────────────────────────────────────────────────────────────

static void a_certificate_with_the_same_key_changes_nothing(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 24; i++) { // four years
        renew(world, "a");
        pass(world, 60 * DAY);
    }
    assert_int_equal(world->events.count, 0);
    assert_int_equal(world->history_count, 1);
    assert_int_equal(world->gaps, 0);
}

static void announced_keys_roll_for_years_without_a_gap(void **state)
{
    struct world *world = *state;
    char old = 'a';
    for (char next = 'b'; next <= 'u'; next++) {
        world->events.count = 0;
        world->facts.next = set((char[]){next, '\0'});
        pass(world, HOUR);
        assert_state(world, next, TLS_NEXT); // two TTLs are not over
        pass(world, 2 * HOUR);
        assert_state(world, next, TLS_SAFE);
        pass(world, 50 * DAY);
        renew(world, (char[]){next, '\0'});
        world->facts.next.count = 0;
        assert_state(world, next, TLS_CURRENT);
        assert_state(world, old, TLS_LEAVING);
        pass(world, HOUR);
        assert_published(world, (char[]){old, next, '\0'});
        pass(world, 2 * HOUR);
        assert_published(world, (char[]){next, '\0'});
        pass(world, 20 * DAY);
        assert_int_equal(alarms(world), 0);
        assert_int_equal(count(world, TLS_IS_SAFE), 1);
        assert_int_equal(count(world, TLS_DEPLOYED), 1);
        assert_int_equal(count(world, TLS_GONE), 1);
        assert_int_equal(world->plan.count, 1); // nothing piles up
        old = next;
    }
    assert_int_equal(world->gaps, 0);
}

static void a_key_is_safe_when_the_slowest_name_server_has_had_it_for_two_ttls(void **state)
{
    struct world *world = *state;
    world->lag = 5 * DAY; // a secondary that hangs
    world->facts.next = set("b");
    pass(world, 5 * DAY);
    assert_state(world, 'b', TLS_NEXT);
    pass(world, HOUR + 50 * MINUTE);
    assert_state(world, 'b', TLS_NEXT);
    pass(world, 20 * MINUTE);
    assert_state(world, 'b', TLS_SAFE);
    renew(world, "b");
    pass(world, 30 * DAY);
    assert_int_equal(world->gaps, 0);
}

static void a_key_deployed_too_early_raises_an_alarm_and_both_are_published(void **state)
{
    struct world *world = *state;
    world->facts.next = set("b");
    pass(world, 10 * MINUTE);
    renew(world, "b");
    assert_int_equal(count(world, TLS_TOO_EARLY), 1);
    assert_int_equal(alarms(world), 1);
    assert_published(world, "ab");
    pass(world, 6 * HOUR);
    assert_true(world->gaps > 0); // which is what the alarm told of
    size_t gaps = world->gaps;
    pass(world, 30 * DAY);
    assert_int_equal(world->gaps, gaps);
    assert_published(world, "b");
    assert_int_equal(alarms(world), 1);
}

static void an_unannounced_key_raises_an_alarm_and_both_are_published(void **state)
{
    struct world *world = *state;
    renew(world, "b");
    assert_int_equal(count(world, TLS_UNANNOUNCED), 1);
    assert_int_equal(alarms(world), 1);
    assert_published(world, "ab");
    assert_true(tls_plan_find(&world->plan, key('b'))->surprise);
    pass(world, 2 * HOUR);
    assert_published(world, "ab");
    assert_false(tls_plan_find(&world->plan, key('b'))->surprise); // validators have caught up
    pass(world, 30 * DAY);
    assert_published(world, "b");
}

static void the_first_certificate_of_all_surprises_nobody(void **state)
{
    struct world *world = *state;
    world->plan = (struct tls_plan){.begun = false};
    world->facts.certificates.count = world->facts.published.count = 0;
    world->facts.next = set("n");
    tls_plan_step(&world->plan, &world->facts, world->now, &world->events);
    assert_false(tls_plan_knows_servers(&world->plan));
    world->facts.certificates = set("rc");
    tls_plan_step(&world->plan, &world->facts, world->now + DAY, &world->events);
    assert_true(tls_plan_knows_servers(&world->plan));
    assert_int_equal(alarms(world), 0);
    world->facts.certificates = set("rx"); // the second does
    tls_plan_step(&world->plan, &world->facts, world->now + 2 * DAY, &world->events);
    assert_int_equal(alarms(world), 1);
}

static void of_two_certificates_one_is_renewed(void **state)
{
    struct world *world = *state;
    world->facts.next = set("r"); // announced like any other, then a certificate beside the first
    pass(world, DAY);
    renew(world, "ar");
    world->facts.next = set("b");
    pass(world, DAY);
    renew(world, "br");
    assert_state(world, 'a', TLS_LEAVING);
    assert_state(world, 'r', TLS_CURRENT);
    pass(world, DAY);
    assert_published(world, "br");
    pass(world, 300 * DAY);
    assert_published(world, "br");
    assert_int_equal(alarms(world), 0);
    assert_int_equal(world->gaps, 0);
}

// ── What admins do ───────────────────────────────────────────────────────────────────────────────

static void a_next_key_is_replaced_before_it_is_used(void **state)
{
    struct world *world = *state;
    world->facts.next = set("b");
    pass(world, DAY);
    world->facts.next = set("c");
    step(world);
    assert_state(world, 'b', TLS_LEAVING); // a server could have it
    assert_state(world, 'c', TLS_NEXT);
    pass(world, DAY);
    assert_published(world, "ac");
    assert_state(world, 'c', TLS_SAFE);
    renew(world, "c");
    pass(world, DAY);
    assert_published(world, "c");
    assert_int_equal(world->gaps, 0);
    assert_int_equal(alarms(world), 0);
}

static void a_next_key_is_withdrawn(void **state)
{
    struct world *world = *state;
    world->facts.next = set("b");
    pass(world, DAY);
    world->facts.next.count = 0;
    pass(world, DAY);
    assert_published(world, "a");
    assert_int_equal(world->gaps, 0);
}

static void a_next_key_moves_into_the_certificate_by_way_of_nowhere(void **state)
{
    struct world *world = *state;
    world->facts.next = set("b");
    pass(world, DAY);
    world->facts.next.count = 0;
    pass(world, 10 * MINUTE);
    renew(world, "b");
    pass(world, DAY);
    assert_int_equal(alarms(world), 0);
    assert_int_equal(world->gaps, 0);
    assert_published(world, "b");
}

static void the_server_is_not_reloaded(void **state)
{
    struct world *world = *state;
    world->facts.next = set("b");
    pass(world, DAY);
    world->facts.certificates = set("b");
    world->facts.next.count = 0;
    pass(world, 10 * DAY); // the server goes on with a
    assert_published(world, "ab");
    assert_int_equal(count(world, TLS_NOT_RELOADED), 1);
    assert_int_equal(alarms(world), 0);
    world->servers = set("b");
    pass(world, 3 * HOUR + 10 * MINUTE);
    assert_published(world, "b");
    assert_int_equal(world->gaps, 0);
}

static void a_server_with_a_key_that_nobody_knows_raises_an_alarm_once(void **state)
{
    struct world *world = *state;
    world->servers = set("x");
    pass(world, 10 * DAY);
    assert_int_equal(count(world, TLS_STRANGE_KEY), 1);
    assert_published(world, "a");
    world->servers = set("a");
    pass(world, DAY);
    world->servers = set("x");
    pass(world, DAY);
    assert_int_equal(count(world, TLS_STRANGE_KEY), 2);
}

static void a_compromised_key_is_dropped_at_once_and_stays_dropped(void **state)
{
    struct world *world = *state;
    struct error err = {0};
    world->facts.next = set("b");
    pass(world, DAY);
    assert_int_equal(tls_plan_forget(&world->plan, key('x'), true, world->now, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(tls_plan_forget(&world->plan, key('a'), false, world->now, &err),
                     STATUS_STATE);
    assert_int_equal(tls_plan_forget(&world->plan, key('b'), false, world->now, &err), STATUS_OK);
    assert_int_equal(tls_plan_forget(&world->plan, key('b'), false, world->now, &err),
                     STATUS_STATE);
    assert_published(world, "a");
    pass(world, 10 * DAY); // its file is there still
    assert_published(world, "a");
    assert_state(world, 'b', TLS_DROPPED);
    world->facts.next.count = 0;
    pass(world, HOUR);
    assert_int_equal(world->plan.count, 1);
    assert_int_equal(tls_plan_forget(&world->plan, key('a'), true, world->now, &err), STATUS_OK);
    pass(world, DAY);
    assert_published(world, "");
    assert_int_equal(alarms(world), 0);
}

// ── What goes wrong ──────────────────────────────────────────────────────────────────────────────

static void a_certificate_that_cannot_be_read_for_days_changes_nothing(void **state)
{
    struct world *world = *state;
    world->facts.next = set("b");
    pass(world, DAY);
    world->facts.certificates.count = world->facts.next.count = 0;
    world->facts.certificates_known = world->facts.next_known = false;
    pass(world, 20 * DAY);
    assert_state(world, 'a', TLS_CURRENT);
    assert_state(world, 'b', TLS_SAFE);
    world->facts.certificates_known = world->facts.next_known = true;
    world->facts.next = set("b");
    renew(world, "a");
    pass(world, DAY);
    assert_published(world, "ab");
    assert_int_equal(world->gaps + alarms(world), 0);
}

// Of the time that a clock has jumped over nobody knows how much has passed.
static void a_clock_set_ahead_ends_no_wait(void **state)
{
    struct world *world = *state;
    world->facts.next = set("b");
    pass(world, HOUR);
    assert_state(world, 'b', TLS_NEXT);
    int64_t left = tls_plan_find(&world->plan, key('b'))->safe_at - world->now;
    assert_true(left > 0 && left < 2 * TTL);
    world->now += DAY;
    assert_true(tls_plan_wait_anew(&world->plan, world->now));
    assert_int_equal(tls_plan_find(&world->plan, key('b'))->safe_at, world->now + 2 * TTL);
    assert_int_equal(tls_plan_next(&world->plan, world->now), world->now + 2 * TTL);
    step(world);
    assert_state(world, 'b', TLS_NEXT);
    pass(world, 3 * HOUR);
    assert_state(world, 'b', TLS_SAFE);
    assert_false(tls_plan_wait_anew(&world->plan, world->now));
}

// Nor how long a server has not been seen with the key that goes.
static void a_clock_set_ahead_withdraws_nothing(void **state)
{
    struct world *world = *state;
    world->facts.next = set("b");
    pass(world, DAY);
    renew(world, "b");
    pass(world, HOUR / 2);
    assert_published(world, "ab");
    world->now += DAY;
    assert_true(tls_plan_wait_anew(&world->plan, world->now));
    pass(world, HOUR);
    assert_published(world, "ab");
    pass(world, DAY);
    assert_published(world, "b");
}

static void a_clock_set_back_never_ends_a_wait(void **state)
{
    struct world *world = *state;
    world->facts.next = set("b");
    pass(world, DAY);
    assert_state(world, 'b', TLS_SAFE);
    int64_t real = world->now;
    world->now -= 30 * DAY; // it was wrong all the time
    world->history_count = 1;
    world->history[0] = (struct snapshot){world->now - DAY, published(&world->plan)};
    step(world);
    assert_state(world, 'b', TLS_NEXT);
    assert_true(tls_plan_find(&world->plan, key('b'))->safe_at >= world->now + 2 * TTL);
    assert_true(tls_plan_next(&world->plan, world->now) <= world->now + 2 * TTL);
    pass(world, 3 * HOUR);
    assert_state(world, 'b', TLS_SAFE);
    renew(world, "b");
    pass(world, HOUR);
    world->now -= 10 * DAY; // while a leaves
    world->history_count = 1;
    world->history[0] = (struct snapshot){world->now - DAY, published(&world->plan)};
    step(world);
    pass(world, HOUR);
    assert_published(world, "ab");
    pass(world, DAY);
    assert_published(world, "b");
    assert_true(world->now < real);
    assert_int_equal(world->gaps, 0);
}

static void lost_state_takes_what_the_zone_has_for_granted(void **state)
{
    struct world *world = *state;
    world->facts.next = set("b");
    pass(world, DAY);
    renew(world, "b");
    world->facts.next = set("c");
    pass(world, 10 * MINUTE); // a leaves, c is new
    world->plan = (struct tls_plan){.begun = false};
    step(world);
    assert_published(world, "abc");
    assert_state(world, 'a', TLS_LEAVING);
    assert_state(world, 'b', TLS_CURRENT);
    assert_state(world, 'c', TLS_NEXT);
    assert_int_equal(alarms(world), 0);
    pass(world, DAY);
    assert_published(world, "bc");
    assert_int_equal(world->gaps, 0);
}

static void state_and_zone_from_an_old_backup_withdraw_nothing(void **state)
{
    struct world *world = *state;
    struct tls_plan old = world->plan;
    struct tls_digests zone = world->facts.published;
    world->facts.next = set("b");
    pass(world, DAY);
    renew(world, "b");
    pass(world, 60 * DAY);
    world->plan = old;
    world->facts.published = zone;
    step(world);
    assert_published(world, "ab");
    assert_int_equal(count(world, TLS_UNANNOUNCED), 1); // validators may have the old zone by now
}

static void a_world_that_cannot_be_asked_withdraws_nothing_and_finds_nothing_safe(void **state)
{
    struct world *world = *state;
    world->blind = true;
    world->facts.next = set("b");
    pass(world, 400 * DAY);
    assert_state(world, 'b', TLS_NEXT);
    renew(world, "b");
    assert_int_equal(count(world, TLS_TOO_EARLY), 1);
    world->facts.next.count = 0;
    pass(world, 400 * DAY);
    assert_published(world, "ab");
    assert_int_equal(world->gaps, 0);
}

static void a_name_server_that_loses_the_record_ends_the_safety(void **state)
{
    struct world *world = *state;
    world->facts.next = set("b");
    pass(world, DAY);
    assert_state(world, 'b', TLS_SAFE);
    struct tls_sight sight = {.look = TLS_LOOK_RECORD, .seen_at = world->now, .ok = 3, .wrong = 1};
    memcpy(sight.digest, key('b'), TLS_DIGEST_LEN);
    assert_true(tls_plan_see(&world->plan, &sight, world->now, &world->events));
    assert_state(world, 'b', TLS_NEXT);
    assert_int_equal(count(world, TLS_NOT_SAFE), 1);
    sight.unknown = 1, sight.wrong = 0; // not all were asked
    assert_false(tls_plan_see(&world->plan, &sight, world->now, &world->events));
    pass(world, HOUR);
    assert_state(world, 'b', TLS_NEXT);
    pass(world, 2 * HOUR);
    assert_state(world, 'b', TLS_SAFE);
}

static void a_longer_ttl_of_before_is_waited_for(void **state)
{
    struct world *world = *state;
    world->facts.ttl = 300; // lowered: what is kept has the old one
    world->facts.next = set("b");
    step(world);
    assert_int_equal(world->plan.ttl, TTL);
    pass(world, HOUR);
    assert_state(world, 'b', TLS_NEXT);
    pass(world, 2 * HOUR);
    assert_state(world, 'b', TLS_SAFE);
    assert_int_equal(world->plan.ttl, 300);
}

static void sights_that_make_no_sense_change_nothing(void **state)
{
    struct world *world = *state;
    world->facts.next = set("b");
    pass(world, 10 * MINUTE);
    const struct tls_key before = *tls_plan_find(&world->plan, key('b'));
    struct tls_sight sight = {.look = TLS_LOOK_SERVERS, .seen_at = world->now, .wrong = 2};
    memcpy(sight.digest, key('b'), TLS_DIGEST_LEN);
    assert_false(tls_plan_see(&world->plan, &sight, world->now, &world->events)); // not wanted
    sight.look = TLS_LOOK_RECORD;
    sight.seen_at = before.looked_at - 1;
    assert_false(tls_plan_see(&world->plan, &sight, world->now, &world->events)); // late
    memset(sight.digest, 'x', TLS_DIGEST_LEN);
    sight.seen_at = world->now;
    assert_false(tls_plan_see(&world->plan, &sight, world->now, &world->events)); // unknown key
    assert_memory_equal(tls_plan_find(&world->plan, key('b')), &before, sizeof(before));
    memset(sight.digest, 'b', TLS_DIGEST_LEN);
    sight.wrong = 0;
    sight.ok = 2;
    sight.seen_at = world->now + 400 * DAY; // a clock of its own
    tls_plan_see(&world->plan, &sight, world->now, &world->events);
    assert_true(tls_plan_find(&world->plan, key('b'))->seen_at <= world->now);
}

static void more_keys_than_fit_push_out_the_oldest_with_an_alarm(void **state)
{
    struct world *world = *state;
    world->blind = true; // so none is ever seen to have gone
    for (char next = 'b'; next <= 'z'; next++) {
        renew(world, (char[]){next, '\0'});
        pass(world, 60 * DAY);
    }
    assert_int_equal(count(world, TLS_CROWDED_OUT), 26 - TLS_KEYS_MAX);
    assert_int_equal(published(&world->plan).count, TLS_KEYS_MAX);
    assert_state(world, 'z', TLS_CURRENT);
    assert_null(tls_plan_find(&world->plan, key('a'))); // the zone has it no more
    assert_true(world->plan.count <= TLS_KEYS_MAX + TLS_DROPPED_MAX);
}

static void announced_keys_without_end_leave_the_certificates_alone(void **state)
{
    struct world *world = *state;
    world->facts.next = set("bcdefghijklmnopq"); // one too many
    pass(world, DAY);
    assert_int_equal(count(world, TLS_NOT_TAKEN), 1);
    assert_state(world, 'a', TLS_CURRENT);
    renew(world, "x");
    assert_state(world, 'x', TLS_CURRENT);
    assert_int_equal(published(&world->plan).count, TLS_KEYS_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_certificate_with_the_same_key_changes_nothing),
        TEST(announced_keys_roll_for_years_without_a_gap),
        TEST(a_key_is_safe_when_the_slowest_name_server_has_had_it_for_two_ttls),
        TEST(a_key_deployed_too_early_raises_an_alarm_and_both_are_published),
        TEST(an_unannounced_key_raises_an_alarm_and_both_are_published),
        TEST(the_first_certificate_of_all_surprises_nobody),
        TEST(of_two_certificates_one_is_renewed),
        TEST(a_next_key_is_replaced_before_it_is_used),
        TEST(a_next_key_is_withdrawn),
        TEST(a_next_key_moves_into_the_certificate_by_way_of_nowhere),
        TEST(the_server_is_not_reloaded),
        TEST(a_server_with_a_key_that_nobody_knows_raises_an_alarm_once),
        TEST(a_compromised_key_is_dropped_at_once_and_stays_dropped),
        TEST(a_certificate_that_cannot_be_read_for_days_changes_nothing),
        TEST(a_clock_set_ahead_ends_no_wait),
        TEST(a_clock_set_ahead_withdraws_nothing),
        TEST(a_clock_set_back_never_ends_a_wait),
        TEST(lost_state_takes_what_the_zone_has_for_granted),
        TEST(state_and_zone_from_an_old_backup_withdraw_nothing),
        TEST(a_world_that_cannot_be_asked_withdraws_nothing_and_finds_nothing_safe),
        TEST(a_name_server_that_loses_the_record_ends_the_safety),
        TEST(a_longer_ttl_of_before_is_waited_for),
        TEST(sights_that_make_no_sense_change_nothing),
        TEST(more_keys_than_fit_push_out_the_oldest_with_an_alarm),
        TEST(announced_keys_without_end_leave_the_certificates_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
