// SPDX-License-Identifier: ISC
// Each rollover as a sentence. Times follow from what keyset_play.h says: a look each five minutes; caches keep
// DNSKEY for 10 minutes of propagation and an hour, other RRsets for 10 minutes and two hours, a DS for half an
// hour and four hours.
#include "keys/rollover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "keyset_play.h"

#define HOURS(n) ((n)*INT64_C(60)) // in minutes
#define DAYS(n)  HOURS(24 * (n))
#define DAY      INT64_C(86400)

static struct play play;

static void order(enum key_role roles, uint8_t algorithm)
{
    rollover_order_roll(&play.set, &play.policy, roles, algorithm, false, play.now);
}

static void expect_wait(enum rollover_wait wait, const char *keys)
{
    struct rollover_waiting waits = rollover_waits(&play.set, &play.policy, play.now);
    assert_int_equal(waits.wait, wait);
    assert_int_equal(waits.keys, play_keys(&play, keys));
}

static void expect_key(char key, enum rollover_state state, enum rollover_wait wait)
{
    size_t slot = play_slot(&play, key);
    assert_int_equal(rollover_key_state(&play.set, slot), state);
    assert_int_equal(rollover_key_waits(&play.set, &play.policy, slot, play.now).wait, wait);
}

static void expect_now(const char *dnskeys, const char *key_signers, const char *signers)
{
    assert_int_equal(keyset_dnskeys(&play.set), play_keys(&play, dnskeys));
    assert_int_equal(keyset_key_signers(&play.set), play_keys(&play, key_signers));
    assert_int_equal(keyset_signers(&play.set), play_keys(&play, signers));
}

static void parent_has(const char *keys)
{
    play.parent[0] = play.parent[1] = play_keys(&play, keys);
}

// ── The known ones ───────────────────────────────────────────────────────────────────────────────

// RFC 7583 §3.3.4: the DS is offered when no cache has answers without signatures.
static void a_new_zone_offers_its_ds_once_its_signatures_were_served_for_a_ttl(void **state)
{
    (void)state;
    play_begin(&play, false, 13);
    play_minutes(&play, 10);
    expect_wait(ROLLOVER_FOR_CACHES, "");
    play_out(&play);
    play_expect(&play, "0:00 published A, 0:00 signs A, 2:15 offered A");
    expect_wait(ROLLOVER_FOR_DS_IN, "A");
    expect_key('A', ROLLOVER_KEY_READY, ROLLOVER_FOR_DS_IN);
    parent_has("A");
    play_minutes(&play, 5);
    expect_wait(ROLLOVER_DONE, "");
    expect_key('A', ROLLOVER_KEY_ACTIVE, ROLLOVER_DONE);
    play_expect(&play, "");
}

// RFC 6781 §4.1.1.1, RFC 7583 §3.2.1.
static void a_zsk_is_published_then_signs_then_the_old_one_goes(void **state)
{
    (void)state;
    play_secure(&play, true, 13);
    order(KEY_ROLE_ZSK, 0);
    play_minutes(&play, 30);
    expect_now("ABC", "A", "B");
    expect_key('C', ROLLOVER_KEY_PUBLISHED, ROLLOVER_FOR_CACHES);
    expect_key('A', ROLLOVER_KEY_ACTIVE, ROLLOVER_DONE);
    play_minutes(&play, 60);
    expect_now("ABC", "A", "C");
    expect_key('B', ROLLOVER_KEY_RETIRED, ROLLOVER_FOR_CACHES);
    play_out(&play);
    play_expect(&play, "0:00 begins B, 0:00 published C, 1:15 signs C, 1:15 retired B, "
                       "3:30 removed B, 4:45 dead B");
    expect_now("AC", "A", "C");
}

// RFC 6781 §4.1.2, RFC 7583 §3.3.1.
static void a_ksk_signs_beside_the_old_one_before_the_ds_changes(void **state)
{
    (void)state;
    play_secure(&play, true, 13);
    order(KEY_ROLE_KSK, 0);
    play_minutes(&play, 60);
    expect_now("ABC", "AC", "B");
    expect_key('C', ROLLOVER_KEY_PUBLISHED, ROLLOVER_FOR_CACHES);
    play_minutes(&play, HOURS(9));
    play_expect(&play, "0:00 begins A, 0:00 published C, 0:00 signs C, 1:15 offered C, "
                       "1:15 withdrawn A");
    expect_wait(ROLLOVER_FOR_DS_IN, "C");
    parent_has("AC");
    play_minutes(&play, HOURS(10));
    expect_wait(ROLLOVER_FOR_DS_OUT, "A");
    play_expect(&play, "4:35 retired A, 4:35 removed A");
    expect_key('A', ROLLOVER_KEY_DEAD, ROLLOVER_FOR_DS_OUT);
    parent_has("C");
    play_out(&play);
    play_expect(&play, "4:35 dead A");
}

static void of_the_old_ksk_everything_goes_when_its_ds_is_out_of_all_caches(void **state)
{
    (void)state;
    play_secure(&play, true, 13);
    play.by_cds = true;
    order(KEY_ROLE_KSK, 0);
    play_out(&play);
    play_expect(&play, "0:00 begins A, 0:00 published C, 0:00 signs C, 1:15 offered C, "
                       "1:15 withdrawn A, 5:50 retired A, 5:50 removed A, 7:05 dead A");
    expect_now("CB", "C", "B");
}

// RFC 6781 §4.1.2, RFC 7583 §3.3.2.
static void with_double_ds_a_ksk_comes_when_all_caches_have_its_ds(void **state)
{
    (void)state;
    play_secure(&play, true, 13);
    play.by_cds = true;
    play.policy.double_ds = true;
    order(KEY_ROLE_KSK, 0);
    play_out(&play);
    play_expect(&play, "0:00 begins A, 0:00 offered C, 4:35 published C, 4:35 signs C, "
                       "4:35 retired A, 4:35 removed A, 5:50 withdrawn A, 10:25 dead A");
}

static void a_csk_rolls_by_double_signature_of_the_dnskey_set_alone(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    play.by_cds = true;
    order(KEY_ROLE_CSK, 0);
    play_minutes(&play, 80);
    expect_now("AB", "AB", "B");
    play_out(&play);
    play_expect(&play, "0:00 begins A, 0:00 published B, 0:00 signs B, 1:15 offered B, "
                       "1:15 withdrawn A, 5:50 retired A, 5:50 removed A, 7:05 dead A");
}

static void a_csk_rolls_by_double_ds(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    play.by_cds = true;
    play.policy.double_ds = true;
    order(KEY_ROLE_CSK, 0);
    play_out(&play);
    play_expect(&play, "0:00 begins A, 0:00 offered B, 4:35 published B, 4:35 signs B, "
                       "5:50 withdrawn A, 8:05 retired A, 8:05 removed A, 10:25 dead A");
}

// RFC 6781 §4.1.4: signatures first, DNSKEY behind them, and the other way round on the way out.
static void an_algorithm_comes_signatures_first_and_goes_signatures_last(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    play.by_cds = true;
    play.policy.algorithm = 15;
    play_minutes(&play, 60);
    expect_now("A", "A", "AB");
    play_out(&play);
    play_expect(&play, "0:00 begins A, 0:00 signs B, 2:15 published B, 3:30 offered B, "
                       "3:30 withdrawn A, 8:05 removed A, 9:20 retired A, 11:35 dead A");
}

static void an_algorithm_of_ksk_and_zsk_comes_and_goes_in_the_same_order(void **state)
{
    (void)state;
    play_secure(&play, true, 13);
    play.by_cds = true;
    order(KEY_ROLE_CSK, 15);
    play_out(&play);
    play_expect(&play, "0:00 begins A, 0:00 begins B, 0:00 signs D, 2:15 published C, "
                       "2:15 published D, 2:15 signs C, 3:30 offered C, 3:30 withdrawn A, "
                       "8:05 retired A, 8:05 removed A, 8:05 removed B, 9:20 dead A, "
                       "9:20 retired B, 11:35 dead B");
}

static void double_ds_of_another_algorithm_is_double_signature(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    play.by_cds = play.policy.double_ds = true;
    play.policy.algorithm = 8;
    play_out(&play);
    play_expect(&play, "0:00 begins A, 0:00 signs B, 2:15 published B, 3:30 offered B, "
                       "3:30 withdrawn A, 8:05 removed A, 9:20 retired A, 11:35 dead A");
}

static void a_csk_becomes_ksk_and_zsk_and_these_a_csk(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    play.by_cds = play.policy.split_keys = true;
    play_out(&play);
    play_expect(&play, "0:00 begins A, 0:00 published B, 0:00 published C, 0:00 signs B, "
                       "1:15 signs C, 1:15 offered B, 1:15 withdrawn A, 5:50 retired A, "
                       "5:50 removed A, 7:05 dead A");
    play.policy.split_keys = false;
    play_out(&play);
    play_expect(&play, "0:00 begins B, 0:00 begins C, 0:00 published D, 0:00 signs D, "
                       "1:15 offered D, 1:15 withdrawn B, 1:15 retired C, 3:30 removed C, "
                       "4:45 dead C, 5:50 retired B, 5:50 removed B, 7:05 dead B");
}

// ── Signed and unsigned ──────────────────────────────────────────────────────────────────────────

static void a_zone_goes_unsigned_when_its_ds_is_out_and_comes_back_with_a_new_key(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    play.policy.is_signed = false;
    play_out(&play);
    play_expect(&play, "0:00 begins A, 0:00 withdrawn A");
    expect_wait(ROLLOVER_FOR_DS_OUT, "A");
    parent_has("");
    play_out(&play);
    play_expect(&play, "4:35 retired A, 4:35 removed A, 4:35 unsigned, 6:50 dead A");
    play.policy.is_signed = true;
    play_out(&play);
    play_expect(&play, "0:00 published B, 0:00 signs B, 2:15 offered B");
}

static void retiring_that_is_taken_back_keeps_the_key(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    rollover_order_retire(&play.set, KEYSET_RETIRE, play.now);
    play_minutes(&play, HOURS(2));
    play_expect(&play, "0:00 begins A, 0:00 withdrawn A");
    order(0, 0);
    play_out(&play);
    play_expect(&play, "0:00 offered A");
    expect_wait(ROLLOVER_DONE, "");
    assert_int_equal(play.made, 1);
}

// ── Orders and ages ──────────────────────────────────────────────────────────────────────────────

static void a_new_order_in_the_middle_leaves_out_what_nobody_needs(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    order(KEY_ROLE_CSK, 0);
    play_minutes(&play, 30);
    expect_now("AB", "AB", "A");
    order(KEY_ROLE_CSK, 0);
    play_minutes(&play, 1);
    expect_now("AC", "AC", "A");
    play.by_cds = true;
    play_out(&play);
    play_expect(&play, "0:00 begins A, 0:00 published B, 0:00 signs B, 0:30 begins B, "
                       "0:30 published C, 0:30 signs C, 0:30 retired B, 0:30 removed B, "
                       "1:45 dead B, 1:45 offered C, 1:45 withdrawn A, 6:20 retired A, "
                       "6:20 removed A, 7:35 dead A");
}

static void an_algorithm_rollover_that_is_taken_back_goes_back(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    play.policy.algorithm = 15;
    play_minutes(&play, HOURS(3));
    play.policy.algorithm = 13;
    play_out(&play);
    play_expect(&play, "0:00 begins A, 0:00 signs B, 2:15 published B, 3:00 begins B, "
                       "3:00 removed B, 4:15 retired B, 6:30 dead B");
    expect_now("A", "A", "A");
}

static void a_compromised_key_goes_the_same_way_now_and_is_remembered_as_such(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    play.by_cds = true;
    rollover_order_roll(&play.set, &play.policy, KEY_ROLE_CSK, 0, true, play.now);
    play_minutes(&play, HOURS(6));
    assert_true(play.set.keys[play_slot(&play, 'A')].compromised);
    assert_false(play.set.keys[play_slot(&play, 'B')].compromised);
    play_out(&play);
    play_expect(&play, "0:00 begins A, 0:00 published B, 0:00 signs B, 1:15 offered B, "
                       "1:15 withdrawn A, 5:50 retired A, 5:50 removed A, 7:05 dead A");
}

static void a_zsk_signs_for_its_lifetime_though_the_ds_of_a_ksk_is_waited_for(void **state)
{
    (void)state;
    play_secure(&play, true, 13);
    int64_t active_at = play.set.keys[play_slot(&play, 'B')].active_at;
    order(KEY_ROLE_KSK, 0);
    play.policy.zsk_lifetime = (uint32_t)(30 * DAY);
    play_minutes(&play, (active_at + 30 * DAY - play.now) / 60 + 10);
    assert_non_null(strstr(play_read(&play), "signs D, "));
    assert_in_range(play.set.keys[play_slot(&play, 'D')].active_at, active_at + 30 * DAY - 600,
                    active_at + 30 * DAY + 600);
    expect_wait(ROLLOVER_FOR_DS_IN, "C");
}

static void a_ksk_lives_from_when_its_ds_was_seen(void **state)
{
    (void)state;
    play_secure(&play, true, 13);
    play.policy.ksk_lifetime = (uint32_t)(100 * DAY);
    expect_wait(ROLLOVER_FOR_AGE, "");
    int64_t seen_at = play.set.keys[play_slot(&play, 'A')].ds_seen_at;
    assert_int_equal(rollover_next(&play.set, &play.policy), seen_at + 100 * DAY);
    play_minutes(&play, (seen_at + 100 * DAY - play.now) / 60 - 1);
    play_expect(&play, "");
    play_minutes(&play, 2);
    assert_non_null(strstr(play_read(&play), "begins A, "));
}

static void an_ordered_algorithm_stays_until_the_policys_changes(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    play.by_cds = true;
    order(KEY_ROLE_CSK, 15);
    play_out(&play);
    order(KEY_ROLE_CSK, 0);
    play_out(&play);
    assert_int_equal(play.algorithms[2], 15);
    play.policy.algorithm = 8;
    play_out(&play);
    play.policy.algorithm = 13;
    play_out(&play);
    assert_int_equal(play.algorithms[4], 13);
}

// ── A world that is not well ─────────────────────────────────────────────────────────────────────

static void a_server_that_is_behind_begins_the_wait_anew_and_a_silent_one_holds_it_up(void **state)
{
    (void)state;
    play_secure(&play, true, 13);
    play.unknown = 1;
    order(KEY_ROLE_ZSK, 0);
    play_minutes(&play, HOURS(5));
    expect_wait(ROLLOVER_FOR_SERVERS, "");
    play.unknown = 0;
    play_minutes(&play, 30);
    expect_wait(ROLLOVER_FOR_CACHES, "");
    play.wrong = 1;
    play_minutes(&play, 5);
    expect_wait(ROLLOVER_FOR_SERVERS, "");
    play_minutes(&play, HOURS(5));
    play.wrong = 0;
    play_minutes(&play, HOURS(2));
    play_expect(&play, "0:00 begins B, 0:00 published C, 11:50 signs C, 11:50 retired B");
}

static void ttls_count_as_large_as_they_were_when_caches_could_have_them(void **state)
{
    (void)state;
    play_secure(&play, true, 13);
    play.policy.dnskey_ttl = 600; // lowered with the order: the old set is kept for an hour
    order(KEY_ROLE_ZSK, 0);
    play_minutes(&play, HOURS(1));
    play.policy.largest_ttl = 86400; // raised in between: the old signatures are served with it
    play_out(&play);
    play_expect(&play, "0:00 begins B, 0:00 published C, 1:15 signs C, 1:15 retired B, "
                       "25:30 removed B, 25:55 dead B");
}

// A server that never had the version between looks as if it had the last one.
static void what_is_published_anew_is_cached_as_long_as_it_was_before(void **state)
{
    (void)state;
    const struct keyset_history *history = &play.set.history[KEYSET_SIGNATURES];
    play_secure(&play, false, 13);
    play.policy.algorithm = 15;
    play.wrong = 1;
    play_minutes(&play, 10);
    play.policy.algorithm = 13;
    play.policy.largest_ttl = play.policy.dnskey_ttl = 60;
    play_minutes(&play, 1);
    expect_now("A", "A", "A");
    assert_int_equal(history->count, 3);
    assert_int_equal(history->list[2].ttl, PLAY_LARGEST);
}

static void all_of_the_parents_servers_have_to_agree(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    order(KEY_ROLE_CSK, 0);
    play_minutes(&play, HOURS(3));
    play_read(&play);
    play.parent[1] = play_keys(&play, "B");
    play_minutes(&play, DAYS(2));
    play_expect(&play, "");
    expect_wait(ROLLOVER_FOR_DS_IN, "B");
    play.parent[0] = play_keys(&play, "B");
    play.parent_unknown = 1;
    play_minutes(&play, DAYS(2));
    play_expect(&play, "");
    expect_wait(ROLLOVER_FOR_PARENT, "AB");
    play.parent_unknown = 0;
    play_minutes(&play, DAYS(1));
    play_expect(&play, "4:35 retired A, 4:35 removed A, 5:50 dead A");
}

// Validators that look at the strongest digest only see the old key alone, for as long as that DS is there.
static void a_key_stays_while_its_ds_has_a_stronger_digest_than_the_next_ones(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    play.strong = play_keys(&play, "A"); // SHA-384 as well
    order(KEY_ROLE_CSK, 0);
    play_minutes(&play, HOURS(9));
    parent_has("AB"); // B with SHA-256
    play_read(&play);
    play_out(&play);
    play_expect(&play, "");
    expect_now("AB", "AB", "B");
    expect_wait(ROLLOVER_FOR_DS_OUT, "A");
    parent_has("B");
    play_out(&play);
    play_expect(&play, "4:35 retired A, 4:35 removed A, 5:50 dead A");
    expect_wait(ROLLOVER_DONE, "");
    assert_true(keyset_ds_is_in(&play.set));
}

static void one_of_a_stranger_with_a_stronger_digest_neither_blocks_nor_hides_ours(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    struct keyset_parent_sight sight = {.seen_at = play.now + 60,
                                        .ok = 1,
                                        .ttl = PLAY_DS,
                                        .sets = {{.keys = play_keys(&play, "A"), .foreign = 1}},
                                        .set_count = 1};
    play.now = sight.seen_at;
    assert_true(keyset_see_parent(&play.set, &sight, play.now));
    assert_true(keyset_ds_is_in(&play.set) && keyset_holds(&play.set));
    expect_wait(ROLLOVER_DONE, "");
    play.by_cds = true;
    order(KEY_ROLE_CSK, 0);
    play_out(&play);
    assert_non_null(strstr(play_read(&play), "dead A"));
}

// A parent that reads the CDS there would bring the old DS back.
static void a_key_stays_while_a_name_server_may_ask_for_its_ds(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    order(KEY_ROLE_CSK, 0);
    play_minutes(&play, HOURS(2));
    play.cds_lags = true;
    parent_has("B");
    play_read(&play);
    play_out(&play);
    play_expect(&play, "");
    expect_wait(ROLLOVER_FOR_SERVERS, "");
    parent_has("A"); // it did, and nothing is broken
    play_minutes(&play, DAYS(1));
    assert_true(keyset_holds(&play.set));
    expect_now("AB", "AB", "B");
    play.cds_lags = false;
    parent_has("B");
    play_read(&play);
    play_out(&play);
    play_expect(&play, "4:35 retired A, 4:35 removed A, 5:50 dead A");
    expect_wait(ROLLOVER_DONE, "");
}

// RFC 8767 §4: nobody keeps anything for longer than a week.
static void a_ds_ttl_of_decades_delays_for_a_week(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    play.by_cds = true;
    play.ds_ttl = INT32_MAX;
    order(KEY_ROLE_CSK, 0);
    play_minutes(&play, HOURS(4));
    play_read(&play);
    play_minutes(&play, DAYS(8));
    play_expect(&play, "165:50 retired A, 165:50 removed A, 167:05 dead A");
}

static void a_foreign_ds_neither_blocks_nor_breaks_anything(void **state)
{
    (void)state;
    play_begin(&play, false, 13);
    play.foreign = 2;
    play_minutes(&play, HOURS(3));
    assert_int_equal(play.set.ds_foreign, 2);
    parent_has("A");
    play_out(&play);
    play_expect(&play, "0:00 published A, 0:00 signs A, 2:15 offered A");
    expect_wait(ROLLOVER_DONE, "");
    play.by_cds = true;
    order(KEY_ROLE_CSK, 0);
    play_out(&play);
    assert_non_null(strstr(play_read(&play), "dead A"));
    expect_wait(ROLLOVER_DONE, "");
}

static void a_ds_that_was_entered_too_early_is_no_reason_to_wait(void **state)
{
    (void)state;
    play_begin(&play, false, 13);
    play_minutes(&play, 7);
    parent_has("A");
    play_minutes(&play, 5);
    assert_false(keyset_holds(&play.set)); // caches have answers without signatures
    play_minutes(&play, HOURS(3));
    assert_true(keyset_holds(&play.set));
    play_out(&play);
    expect_wait(ROLLOVER_DONE, "");
    assert_int_equal(play.set.offered, play_keys(&play, "A"));
}

static void a_ds_that_comes_back_is_served_again(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    order(KEY_ROLE_CSK, 0);
    play_minutes(&play, HOURS(2));
    parent_has("B");
    play_minutes(&play, HOURS(4));
    parent_has("A");
    play_minutes(&play, DAYS(3));
    expect_now("AB", "AB", "B");
    parent_has("B");
    play_read(&play);
    play_out(&play);
    play_expect(&play, "4:35 retired A, 4:35 removed A, 5:50 dead A");
}

// Who enters DS may have read what was offered long before: nothing is forgotten without a second look.
static void a_withdrawn_offer_is_forgotten_by_a_second_look_only(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    order(KEY_ROLE_CSK, 0);
    play_minutes(&play, HOURS(2));
    order(KEY_ROLE_CSK, 0);
    play_minutes(&play, HOURS(2)); // the first look did not find it
    assert_int_equal(play.set.offered, play_keys(&play, "C"));
    play.blind = true;
    play_minutes(&play, DAYS(3));
    parent_has("B");
    play.blind = false;
    play_minutes(&play, DAYS(1));
    assert_true((keyset_dnskeys(&play.set) & play_keys(&play, "B")) != 0);
    assert_true(keyset_holds(&play.set));
}

static void a_ds_that_the_admin_takes_out_by_himself_is_asked_for_again(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    parent_has("");
    play_out(&play);
    play_expect(&play, "");
    expect_wait(ROLLOVER_FOR_DS_IN, "A");
    expect_now("A", "A", "A");
}

// ── Bounds and clocks ────────────────────────────────────────────────────────────────────────────

static void orders_without_end_stop_at_the_slots_and_keep_the_zone_secure(void **state)
{
    (void)state;
    play_secure(&play, true, 13);
    play.unknown = 1; // nothing expires
    for (int i = 0; i < 11; i++) {
        order(KEY_ROLE_CSK, 0);
        play_minutes(&play, 30);
    }
    assert_true(keyset_is_signed(&play.set));
    assert_int_equal(play.set.offered, play_keys(&play, "A"));
    assert_true(keyset_holds(&play.set));
    play.unknown = 0;
    play.by_cds = true;
    play_out(&play);
    expect_wait(ROLLOVER_DONE, "");
}

static void old_ds_that_nobody_takes_out_become_foreign_when_slots_are_scarce(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    for (int i = 0; i < 20; i++) {
        order(KEY_ROLE_CSK, 0);
        play_minutes(&play, HOURS(2));
        for (size_t s = 0; s < 2; s++)
            play.parent[s] |= play.set.offered;
        play_minutes(&play, DAYS(1));
    }
    assert_int_equal(play.made, 21);
    assert_true(keyset_holds(&play.set));
}

static void with_a_full_history_nothing_changes_until_one_version_goes(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    play.wrong = 1;
    for (int i = 0; i < 9; i++) {
        order(KEY_ROLE_CSK, 0);
        play_minutes(&play, 10);
        assert_in_range(play.set.history[KEYSET_DNSKEYS].count, 2, KEYSET_VERSIONS_MAX);
    }
    assert_true(keyset_holds(&play.set));
    play.wrong = 0;
    play.by_cds = true;
    play_out(&play);
    expect_wait(ROLLOVER_DONE, "");
}

static void after_a_jump_of_the_clock_all_waits_begin_anew(void **state)
{
    (void)state;
    play_secure(&play, true, 13);
    order(KEY_ROLE_ZSK, 0);
    play_minutes(&play, HOURS(1));
    play.now += 100 * DAY;
    keyset_wait_anew(&play.set, play.now);
    play_read(&play);
    play_minutes(&play, HOURS(2));
    play_expect(&play, "1:10 signs C, 1:10 retired B");
}

static void a_clock_set_back_by_years_holds_nothing_up(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    order(KEY_ROLE_CSK, 0);
    play_minutes(&play, HOURS(2)); // B is offered by the wrong clock
    play.now -= 1000 * DAY;
    keyset_wait_anew(&play.set, play.now);
    order(KEY_ROLE_CSK, 0);
    play.by_cds = true;
    play.policy.ksk_lifetime = (uint32_t)(50 * DAY);
    play_read(&play);
    play_minutes(&play, DAYS(2));
    expect_wait(ROLLOVER_FOR_AGE, "");
    play_minutes(&play, DAYS(50));
    assert_int_equal(play.made, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_zone_offers_its_ds_once_its_signatures_were_served_for_a_ttl),
        cmocka_unit_test(a_zsk_is_published_then_signs_then_the_old_one_goes),
        cmocka_unit_test(a_ksk_signs_beside_the_old_one_before_the_ds_changes),
        cmocka_unit_test(of_the_old_ksk_everything_goes_when_its_ds_is_out_of_all_caches),
        cmocka_unit_test(with_double_ds_a_ksk_comes_when_all_caches_have_its_ds),
        cmocka_unit_test(a_csk_rolls_by_double_signature_of_the_dnskey_set_alone),
        cmocka_unit_test(a_csk_rolls_by_double_ds),
        cmocka_unit_test(an_algorithm_comes_signatures_first_and_goes_signatures_last),
        cmocka_unit_test(an_algorithm_of_ksk_and_zsk_comes_and_goes_in_the_same_order),
        cmocka_unit_test(double_ds_of_another_algorithm_is_double_signature),
        cmocka_unit_test(a_csk_becomes_ksk_and_zsk_and_these_a_csk),
        cmocka_unit_test(a_zone_goes_unsigned_when_its_ds_is_out_and_comes_back_with_a_new_key),
        cmocka_unit_test(retiring_that_is_taken_back_keeps_the_key),
        cmocka_unit_test(a_new_order_in_the_middle_leaves_out_what_nobody_needs),
        cmocka_unit_test(an_algorithm_rollover_that_is_taken_back_goes_back),
        cmocka_unit_test(a_compromised_key_goes_the_same_way_now_and_is_remembered_as_such),
        cmocka_unit_test(a_zsk_signs_for_its_lifetime_though_the_ds_of_a_ksk_is_waited_for),
        cmocka_unit_test(a_ksk_lives_from_when_its_ds_was_seen),
        cmocka_unit_test(an_ordered_algorithm_stays_until_the_policys_changes),
        cmocka_unit_test(a_server_that_is_behind_begins_the_wait_anew_and_a_silent_one_holds_it_up),
        cmocka_unit_test(ttls_count_as_large_as_they_were_when_caches_could_have_them),
        cmocka_unit_test(what_is_published_anew_is_cached_as_long_as_it_was_before),
        cmocka_unit_test(all_of_the_parents_servers_have_to_agree),
        cmocka_unit_test(a_key_stays_while_its_ds_has_a_stronger_digest_than_the_next_ones),
        cmocka_unit_test(one_of_a_stranger_with_a_stronger_digest_neither_blocks_nor_hides_ours),
        cmocka_unit_test(a_key_stays_while_a_name_server_may_ask_for_its_ds),
        cmocka_unit_test(a_ds_ttl_of_decades_delays_for_a_week),
        cmocka_unit_test(a_foreign_ds_neither_blocks_nor_breaks_anything),
        cmocka_unit_test(a_ds_that_was_entered_too_early_is_no_reason_to_wait),
        cmocka_unit_test(a_ds_that_comes_back_is_served_again),
        cmocka_unit_test(a_withdrawn_offer_is_forgotten_by_a_second_look_only),
        cmocka_unit_test(a_ds_that_the_admin_takes_out_by_himself_is_asked_for_again),
        cmocka_unit_test(orders_without_end_stop_at_the_slots_and_keep_the_zone_secure),
        cmocka_unit_test(old_ds_that_nobody_takes_out_become_foreign_when_slots_are_scarce),
        cmocka_unit_test(with_a_full_history_nothing_changes_until_one_version_goes),
        cmocka_unit_test(after_a_jump_of_the_clock_all_waits_begin_anew),
        cmocka_unit_test(a_clock_set_back_by_years_holds_nothing_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
