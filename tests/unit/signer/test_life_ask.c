// SPDX-License-Identifier: ISC
// What the signer asks about keys, and what answers change: from a new zone over rollovers to the watchdog's alarms.
#include "tests/unit/signer/key_world.h"

#include "signer/life.h"
#include "signer/life_order.h"
#include "signer/life_status.h"
#include "signer/questions.h"
#include "signer/status.h"

#define TTL   DAY // the largest, of NS
#define DELAY 300 // `propagation-delay`

static struct publisher *begin_with(const char *lines)
{
    write_config(lines);
    struct publisher *publisher = start(NOW);
    publisher_has_channel(publisher);
    work(publisher, NOW);
    return publisher;
}

static bool is_offered(const struct publisher *publisher)
{
    struct keyset set;
    world_keyset(publisher, &set);
    return set.offered != 0;
}

static bool is_settled(const struct publisher *publisher)
{
    struct keyset set;
    const struct zone *zone = world_zone(publisher);
    world_keyset(publisher, &set);
    struct rollover_policy policy = life_policy(zone, 0);
    return set.offered != 0 && rollover_waits(&set, &policy, INT64_MAX / 2).wait == ROLLOVER_DONE;
}

// Signed, and its DS at the parent for a while.
static struct publisher *begin_secure(struct world *world, int64_t *ret_now)
{
    struct publisher *publisher = begin_with("  - example.com\n");
    *world = (struct world){.parent_takes_cds = true};
    *ret_now = world_run(publisher, world, NOW, NOW + 10 * DAY, is_settled);
    assert_true(*ret_now < NOW + 3 * DAY);
    return publisher;
}

static void roll(struct publisher *publisher, int64_t now)
{
    struct keyset set;
    struct error err = {0};
    struct zone *zone = world_zone(publisher);
    struct rollover_policy policy = life_policy(zone, 0);
    world_keyset(publisher, &set);
    rollover_order_roll(&set, &policy, KEY_ROLE_CSK, 0, false, now);
    assert_int_equal(life_keep(publisher, zone, &set, &err), STATUS_OK);
}

// ── The life of keys ─────────────────────────────────────────────────────────────────────────────

static void a_new_zone_is_offered_when_all_servers_have_had_it_for_a_ttl(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with("  - example.com\n");
    struct world world = {.unreachable = 1};
    assert_int_equal(world_run(publisher, &world, NOW, NOW + DAY, is_offered), NOW + DAY);
    world = (struct world){.behind = true};
    assert_int_equal(world_run(publisher, &world, NOW + DAY, NOW + 2 * DAY, is_offered),
                     NOW + 2 * DAY);
    world = (struct world){.behind = false};
    int64_t now = world_run(publisher, &world, NOW + 2 * DAY, NOW + 4 * DAY, is_offered);
    assert_in_range(now, NOW + 2 * DAY + DELAY + TTL,
                    NOW + 2 * DAY + DELAY + TTL + LIFE_PAUSE_MAX_S + 1);
    publisher_close(publisher);
}

// The zone was unsigned, and caches have that: also what has gone since, with a TTL that nothing else has.
static void what_was_published_before_with_larger_ttls_is_waited_for(void **state)
{
    (void)state;
    struct publisher *publisher =
        begin_with("  - {name: example.com, dnssec: off, records: [\"@ 345600 TXT old\"]}\n");
    struct world world = {.behind = false};
    int64_t removed_at = world_run(publisher, &world, NOW, NOW + DAY, NULL);
    write_config("  - {name: example.com, dnssec: off}\n");
    take(publisher, removed_at);
    int64_t now = world_run(publisher, &world, removed_at, removed_at + DAY, NULL);
    publisher_close(publisher); // it is remembered
    write_config("  - example.com\n");
    publisher = start(now);
    publisher_has_channel(publisher);
    work(publisher, now);
    now = world_run(publisher, &world, now, now + 10 * DAY, is_offered);
    assert_in_range(now, removed_at + 4 * DAY, removed_at + 4 * DAY + 2 * LIFE_PAUSE_MAX_S + DELAY);
    publisher_close(publisher);
}

static void a_key_rolls_over_as_the_world_is_seen_to_follow(void **state)
{
    (void)state;
    struct world world;
    int64_t now;
    struct publisher *publisher = begin_secure(&world, &now);
    struct dnskey_id old = world_wanted(publisher);
    assert_true(world_has_ds(&world, old));
    roll(publisher, now);
    world.behind = true; // a server does not fetch the zone: nothing comes behind the new key
    now = world_run(publisher, &world, now, now + DAY, NULL);
    struct dnskey_id new = world_wanted(publisher);
    assert_true(old.tag != new.tag);
    assert_true(world_has_ds(&world, old) && world.ds_count == 1);
    struct keyset set;
    world_keyset(publisher, &set);
    assert_int_equal(set.offered, keyset_bit(keyset_find(&set, old)));
    world.behind = false;
    world.parent_takes_cds = false; // the registrar sleeps: the old key stays
    now = world_run(publisher, &world, now, now + 2 * DAY, NULL);
    world_keyset(publisher, &set);
    assert_int_equal(set.offered, keyset_bit(keyset_find(&set, new)));
    assert_true((keyset_dnskeys(&set) & keyset_bit(keyset_find(&set, old))) != 0);
    world.parent_takes_cds = true;
    int64_t begun = now;
    now = world_run(publisher, &world, now, now + 5 * DAY, is_settled);
    assert_in_range(now - begun, WORLD_REGISTRAR + WORLD_PARENT_TTL, 2 * DAY);
    world_keyset(publisher, &set);
    assert_true(world_has_ds(&world, new) && world.ds_count == 1);
    assert_int_equal(keyset_dnskeys(&set), keyset_bit(keyset_find(&set, new)));
    assert_int_equal(keyset_find(&set, old), KEYSET_KEYS_MAX);
    assert_true(world.asked[OBSERVE_NOTIFY_CDS] > 0);
    publisher_close(publisher);
}

static void going_unsigned_waits_for_the_ds_to_go(void **state)
{
    (void)state;
    struct world world;
    int64_t now;
    struct publisher *publisher = begin_secure(&world, &now);
    write_config("  - {name: example.com, dnssec: off}\n");
    world.parent_takes_cds = false;
    take(publisher, now);
    now = world_run(publisher, &world, now, now + 3 * DAY, NULL);
    assert_true(zone_has(publisher, WORLD_ZONE, WORLD_ZONE, 48)); // DNSKEY
    world.parent_takes_cds = true;
    now = world_run(publisher, &world, now, now + 3 * DAY, NULL);
    assert_int_equal(world.ds_count, 0);
    assert_false(zone_has(publisher, WORLD_ZONE, WORLD_ZONE, 48));
    publisher_close(publisher);
}

static void an_answer_about_the_keys_of_before_counts_for_nothing(void **state)
{
    (void)state;
    struct world world;
    int64_t now;
    struct observe_question questions[16];
    struct publisher *publisher = begin_secure(&world, &now);
    now += 2 * LIFE_LEISURE_S;
    size_t count = questions_take(publisher, now, questions, 16);
    assert_int_equal(count, 2);
    roll(publisher, now);
    work(publisher, now); // the new key is in the zone
    for (size_t i = 0; i < count; i++) {
        struct observe_answer answer = {
            .version = OBSERVE_VERSION, .id = questions[i].id, .seen_at = now + 1, .ok = 2};
        questions_answer(publisher, &answer, now + 1); // also: no DS at the parent
    }
    struct keyset set;
    world_keyset(publisher, &set);
    assert_int_equal(
        set.history[KEYSET_DNSKEYS].list[set.history[KEYSET_DNSKEYS].count - 1].seen_at, 0);
    assert_true(keyset_ds_is_in(&set));
    assert_int_equal(questions_take(publisher, now + 1, questions, 16), 2); // asked anew at once
    publisher_close(publisher);
}

static void what_was_seen_outlives_the_process(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with("  - example.com\n");
    struct world world = {.behind = false};
    work(publisher, NOW);
    assert_true(world_answer_all(publisher, &world, NOW + 1) > 0);
    work(publisher, NOW + 1);
    publisher_close(publisher);
    publisher = start(NOW + 2);
    struct keyset set;
    world_keyset(publisher, &set);
    assert_int_equal(
        set.history[KEYSET_DNSKEYS].list[set.history[KEYSET_DNSKEYS].count - 1].seen_at, NOW + 1);
    assert_true(set.ds_known);
    publisher_close(publisher);
}

static void without_eyes_a_new_zone_goes_by_time_and_a_secure_one_waits(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    struct world world = {.behind = true};
    int64_t now = world_run(publisher, &world, NOW, NOW + 2 * DAY, is_offered);
    assert_in_range(now, NOW + DELAY + TTL, NOW + DELAY + TTL + 2);
    struct dnskey_id old = world_wanted(publisher);
    roll(publisher, now);
    now = world_run(publisher, &world, now, now + 30 * DAY, NULL);
    struct keyset set;
    world_keyset(publisher, &set);
    assert_true((keyset_dnskeys(&set) & keyset_bit(keyset_find(&set, old))) != 0);
    assert_int_equal(set.offered, keyset_bit(keyset_find(&set, old)));
    for (size_t i = 0; i <= OBSERVE_NOTIFY_CDS; i++)
        assert_int_equal(world.asked[i], 0);
    publisher_close(publisher);
}

// ── Asking ───────────────────────────────────────────────────────────────────────────────────────

static void many_zones_are_asked_about_some_at_a_time(void **state)
{
    (void)state;
    struct buf lines = {0};
    struct observe_question questions[128];
    for (size_t i = 0; i < 40; i++)
        buf_printf(&lines, "  - zone%zu.example\n", i);
    buf_put_text(&lines, "  - example.com\n");
    buf_put_u8(&lines, '\0');
    struct publisher *publisher = begin_with((const char *)lines.data);
    buf_done(&lines);
    size_t count = questions_take(publisher, NOW + 1, questions, 128), all = count;
    assert_int_equal(count, 2 * LIFE_ROUNDS_MAX);
    assert_int_equal(questions_take(publisher, NOW + 1, questions + count, 128 - count), 0);
    assert_int_equal(questions_next(publisher), NOW + 1 + OBSERVE_PATIENCE_S);
    while (count > 0) {
        for (size_t i = 0; i < count; i++) {
            struct observe_answer answer = {
                .version = OBSERVE_VERSION, .id = questions[i].id, .seen_at = NOW + 1, .wrong = 1};
            questions_answer(publisher, &answer, NOW + 1);
        }
        count = questions_take(publisher, NOW + 1, questions, 128);
        all += count;
    }
    assert_int_equal(all, 2 * publisher->zones.count);
    publisher_close(publisher);
}

static void what_is_waited_for_is_asked_for_less_and_less_often(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with("  - example.com\n");
    struct world world = {.behind = true};
    world_run(publisher, &world, NOW, NOW + 3000, NULL);
    size_t at_first = world.asked[OBSERVE_KEYS];
    assert_in_range(at_first, 9, 11); // at each interval of 5 minutes
    world_run(publisher, &world, NOW + 3000, NOW + DAY, NULL);
    assert_in_range(world.asked[OBSERVE_KEYS], DAY / LIFE_PAUSE_MAX_S, DAY / LIFE_PAUSE_MAX_S + 40);
    publisher_close(publisher);
}

static void a_clock_set_back_does_not_keep_anybody_from_looking(void **state)
{
    (void)state;
    struct world world;
    int64_t now;
    struct publisher *publisher = begin_secure(&world, &now);
    assert_true(questions_next(publisher) > now);
    size_t before = world.asked[OBSERVE_DS];
    world_run(publisher, &world, now - 300 * DAY, now - 300 * DAY + 2 * LIFE_LEISURE_S, NULL);
    assert_true(world.asked[OBSERVE_DS] > before);
    publisher_close(publisher);
}

static void silence_is_asked_again(void **state)
{
    (void)state;
    struct observe_question questions[16];
    struct publisher *publisher = begin_with("  - example.com\n");
    assert_int_equal(questions_take(publisher, NOW, questions, 16), 2);
    assert_int_equal(questions_take(publisher, NOW + OBSERVE_PATIENCE_S, questions, 16), 0);
    assert_int_equal(questions_next(publisher), NOW + 300);
    assert_int_equal(questions_take(publisher, NOW + 300, questions, 16), 2);
    publisher_close(publisher);
}

static void the_parent_is_notified_once_all_servers_have_the_cds(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with("  - example.com\n");
    struct world world = {.lacks_cds = true};
    int64_t now = world_run(publisher, &world, NOW, NOW + 2 * DAY, is_offered);
    now = world_run(publisher, &world, now, now + 1000, NULL);
    assert_int_equal(world.asked[OBSERVE_NOTIFY_CDS], 0);
    world.lacks_cds = false;
    now = world_run(publisher, &world, now, now + 400, NULL);
    assert_int_equal(world.asked[OBSERVE_NOTIFY_CDS], 1);
    now = world_run(publisher, &world, now, now + 2 * 3600, NULL);
    assert_int_equal(world.asked[OBSERVE_NOTIFY_CDS], 3); // 5 minutes and an hour behind it
    now = world_run(publisher, &world, now, now + 4 * DAY, NULL);
    assert_in_range(world.asked[OBSERVE_NOTIFY_CDS], 6, 7); // and daily
    world.parent_takes_cds = true;
    now = world_run(publisher, &world, now, now + DAY, is_settled);
    size_t before = world.asked[OBSERVE_NOTIFY_CDS];
    world_run(publisher, &world, now, now + 5 * DAY, NULL);
    assert_int_equal(world.asked[OBSERVE_NOTIFY_CDS], before);
    publisher_close(publisher);
}

// ── The watchdog ─────────────────────────────────────────────────────────────────────────────────

// What the status says is wrong with the zone, "" when nothing is. The caller frees it.
static char *error_of(const struct publisher *publisher, int64_t now)
{
    json_t *request = json_pack("{ss}", "zones", WORLD_ZONE), *reply = json_object();
    assert_int_equal(status_answer(publisher, now, request, reply, NULL), STATUS_OK);
    const json_t *zone = json_array_get(json_object_get(reply, "zones"), 0);
    const char *words = json_string_value(json_object_get(zone, "error"));
    char *ret = xstrdup(words != NULL ? words : "");
    json_decref(request);
    json_decref(reply);
    return ret;
}

static void assert_error(const struct publisher *publisher, int64_t now, const char *words)
{
    char *error = error_of(publisher, now);
    if (words == NULL ? error[0] != '\0' : strstr(error, words) == NULL)
        fail_msg("%s", error);
    free(error);
}

static void a_server_left_behind_is_an_alarm_when_it_had_the_time(void **state)
{
    (void)state;
    struct world world;
    int64_t now;
    struct publisher *publisher = begin_secure(&world, &now);
    world.behind = true;
    listen_to_log();
    now = world_run(publisher, &world, now, now + 4 * 3600, NULL);
    assert_int_equal(end_listening("served-keys-differ"), 0);
    assert_error(publisher, now, NULL);
    listen_to_log();
    now = world_run(publisher, &world, now, now + DAY, NULL);
    assert_int_equal(end_listening("served-keys-differ"), 1);
    assert_error(publisher, now, "192.0.2.53");
    world.behind = false;
    listen_to_log();
    now = world_run(publisher, &world, now, now + 2 * 3600, NULL);
    assert_int_equal(end_listening("served-keys-good-again"), 1);
    assert_error(publisher, now, NULL);
    publisher_close(publisher);
}

static void signatures_that_run_out_anywhere_are_an_alarm(void **state)
{
    (void)state;
    struct world world;
    int64_t now;
    struct publisher *publisher = begin_secure(&world, &now);
    world.expires_at = now + 4 * DAY; // half of the time at which ours are renewed is 3.5 days
    listen_to_log();
    now = world_run(publisher, &world, now, now + 2 * 3600, NULL);
    assert_int_equal(end_listening("served-signatures-run-out"), 0);
    listen_to_log();
    now = world_run(publisher, &world, now, now + 2 * DAY, NULL);
    assert_int_equal(end_listening("served-signatures-run-out"), 1);
    assert_error(publisher, now, "192.0.2.77");
    world.expires_at = 0;
    listen_to_log();
    now = world_run(publisher, &world, now, now + 2 * 3600, NULL);
    assert_int_equal(end_listening("served-signatures-good-again"), 1);
    assert_error(publisher, now, NULL);
    publisher_close(publisher);
}

static struct dnskey_id leaving;

static bool is_out_of_use(const struct publisher *publisher)
{
    struct keyset set;
    world_keyset(publisher, &set);
    size_t slot = keyset_find(&set, leaving);
    return slot < KEYSET_KEYS_MAX && (keyset_dnskeys(&set) & keyset_bit(slot)) == 0;
}

static bool is_withdrawn(const struct publisher *publisher)
{
    struct keyset set;
    world_keyset(publisher, &set);
    return (set.offered & keyset_bit(keyset_find(&set, leaving))) == 0;
}

// The zone is looked at all the same; without that it would wait for ever.
static void the_file_of_a_key_out_of_use_may_be_unreadable(void **state)
{
    (void)state;
    struct world world;
    int64_t now;
    struct publisher *publisher = begin_secure(&world, &now);
    struct keyset set;
    leaving = world_wanted(publisher);
    roll(publisher, now);
    now = world_run(publisher, &world, now, now + 10 * DAY, is_withdrawn);
    world.unreachable = 1; // what had it is not seen gone
    now = world_run(publisher, &world, now, now + 10 * DAY, is_out_of_use);
    assert_true(is_out_of_use(publisher));
    world.unreachable = 0;
    char *command = xasprintf("echo broken >state/keys/Kexample.com.+013+%05u.key", leaving.tag);
    in_shell(command);
    free(command);
    now = world_run(publisher, &world, now, now + 10 * DAY, is_settled);
    world_keyset(publisher, &set);
    assert_int_equal(keyset_find(&set, leaving), KEYSET_KEYS_MAX);
    assert_error(publisher, now, NULL);
    publisher_close(publisher);
}

static void a_server_with_the_cds_of_before_keeps_the_key_that_it_asks_for(void **state)
{
    (void)state;
    struct world world;
    int64_t now;
    struct publisher *publisher = begin_secure(&world, &now);
    struct dnskey_id old = world_wanted(publisher);
    struct keyset set;
    roll(publisher, now);
    world.lacks_cds = true;
    now = world_run(publisher, &world, now, now + 5 * DAY, NULL); // the parent reads another server
    assert_false(world_has_ds(&world, old));
    world_keyset(publisher, &set);
    assert_true((keyset_dnskeys(&set) & keyset_bit(keyset_find(&set, old))) != 0);
    world.lacks_cds = false;
    now = world_run(publisher, &world, now, now + 2 * DAY, is_settled);
    world_keyset(publisher, &set);
    assert_int_equal(keyset_find(&set, old), KEYSET_KEYS_MAX);
    publisher_close(publisher);
}

static void how_long_resolvers_keep_the_ns_is_seen_at_the_parent(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with("  - example.com\n");
    struct world world = {.behind = false};
    assert_int_equal(life_ns_ttl(world_zone(publisher)), 2 * DAY); // as .com has it
    world_run(publisher, &world, NOW, NOW + 600, NULL);
    assert_int_equal(life_ns_ttl(world_zone(publisher)), WORLD_NS_TTL);
    publisher_close(publisher);
}

static void a_foreign_ds_beside_ours_is_told_and_harmless(void **state)
{
    (void)state;
    struct world world;
    int64_t now;
    struct publisher *publisher = begin_secure(&world, &now);
    world.foreign = 1;
    listen_to_log();
    now = world_run(publisher, &world, now, now + DAY, NULL);
    assert_int_equal(end_listening("foreign-ds"), 1);
    assert_error(publisher, now, NULL);
    roll(publisher, now); // and stops nothing
    struct dnskey_id old = world_wanted(publisher);
    world.parent_takes_cds = true;
    now = world_run(publisher, &world, now, now + 5 * DAY, NULL);
    assert_false(world_has_ds(&world, old));
    assert_true(world_has_ds(&world, world_wanted(publisher)));
    publisher_close(publisher);
}

static void a_foreign_ds_that_only_some_resolvers_mind_is_an_alarm(void **state)
{
    (void)state;
    struct world world;
    int64_t now;
    struct publisher *publisher = begin_secure(&world, &now);
    world.foreign = 1;
    world.foreign_is_other = true;
    listen_to_log();
    now = world_run(publisher, &world, now, now + 2 * 3600, NULL);
    assert_int_equal(end_listening("ds-refused-by-some"), 1);
    assert_error(publisher, now, "refuse the zone; take it out there");
    world.foreign_is_other = false;
    listen_to_log();
    now = world_run(publisher, &world, now, now + 2 * 3600, NULL);
    assert_int_equal(end_listening("ds-refused-by-nobody"), 1);
    assert_error(publisher, now, NULL);
    world.foreign_is_stronger = true;
    listen_to_log();
    now = world_run(publisher, &world, now, now + 2 * 3600, NULL);
    assert_int_equal(end_listening("ds-refused-by-some"), 1);
    roll(publisher, now); // it stops nothing
    struct dnskey_id old = world_wanted(publisher);
    world.parent_takes_cds = true;
    now = world_run(publisher, &world, now, now + 5 * DAY, NULL);
    assert_false(world_has_ds(&world, old));
    publisher_close(publisher);
}

static void a_ds_of_strangers_alone_is_an_alarm(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with("  - example.com\n");
    struct world world = {.foreign = 2};
    listen_to_log();
    int64_t now = world_run(publisher, &world, NOW, NOW + 600, NULL);
    assert_int_equal(end_listening("ds-makes-zone-bogus"), 1);
    assert_error(publisher, now, "take the DS out at the registrar");
    world.foreign = 0;
    listen_to_log();
    now = world_run(publisher, &world, now, now + 7200, NULL);
    assert_int_equal(end_listening("ds-good-again"), 1);
    assert_error(publisher, now, NULL);
    publisher_close(publisher);
}

static void a_ds_of_an_unsigned_zone_is_an_alarm(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with("  - {name: example.com, dnssec: off}\n");
    struct world world = {.foreign = 1};
    listen_to_log();
    int64_t now = world_run(publisher, &world, NOW, NOW + 2 * LIFE_LEISURE_S, NULL);
    assert_int_equal(end_listening("ds-makes-zone-bogus"), 1);
    assert_int_equal(world.asked[OBSERVE_KEYS], 0);
    assert_error(publisher, now, "the zone is not signed");
    publisher_close(publisher);
}

// Caches may have the zone without signatures for a TTL, and resolvers that get the DS meanwhile refuse that.
static void a_ds_that_comes_before_its_time_is_an_alarm_until_caches_have_forgotten(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with("  - example.com\n");
    struct world world = {.ds = {world_wanted(publisher)}, .ds_count = 1};
    listen_to_log();
    world_answer_all(publisher, &world, NOW + 1);
    assert_int_equal(end_listening("error zonebox keys-do-not-fit-together"), 1);
    assert_error(publisher, NOW + 1, "before its time");
    listen_to_log();
    int64_t now = NOW + 1;
    for (; now < NOW + TTL + DELAY - 60; now += 60) { // it is said once
        work(publisher, now);
        world_answer_all(publisher, &world, now);
    }
    assert_error(publisher, now, "before its time");
    for (; now < NOW + TTL + DELAY + LIFE_PAUSE_MAX_S + 120; now += 60) {
        work(publisher, now);
        world_answer_all(publisher, &world, now);
    }
    assert_int_equal(end_listening("keys-fit-together-again"), 1);
    assert_error(publisher, now, NULL);
    publisher_close(publisher);
}

// Caches are waited for all that time, so that nothing is expected of the parent.
static void
a_ds_that_comes_hours_later_and_before_its_time_is_told_in_a_quarter_of_an_hour(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with("  - example.com\n");
    struct world world = {.ds_count = 0};
    int64_t now = world_run(publisher, &world, NOW, NOW + TTL / 2, NULL);
    assert_error(publisher, now, NULL);
    world.ds[world.ds_count++] = world_wanted(publisher);
    for (int64_t end = now + LIFE_PAUSE_MAX_S + 60; now < end; now += 60) {
        work(publisher, now);
        world_answer_all(publisher, &world, now);
    }
    assert_error(publisher, now, "before its time");
    publisher_close(publisher);
}

static int64_t unseen(const struct publisher *publisher, int64_t now)
{
    json_t *reply = json_object(), *request = json_object();
    struct error err = {0};
    assert_int_equal(status_answer(publisher, now, request, reply, &err), STATUS_OK);
    int64_t count = json_integer_value(json_object_get(reply, "unseen"));
    json_decref(reply);
    json_decref(request);
    return count;
}

// What was seen is forgotten with the process: until it is seen again nothing is called fine, and that is soon.
static void what_is_wrong_out_there_is_told_soon_after_a_restart(void **state)
{
    (void)state;
    struct world world;
    int64_t now;
    struct publisher *publisher = begin_secure(&world, &now);
    world.foreign = 1;
    listen_to_log();
    now = world_run(publisher, &world, now, now + 2 * LIFE_LEISURE_S, NULL);
    assert_int_equal(end_listening("foreign-ds"), 1);
    assert_int_equal(unseen(publisher, now), 0);
    publisher_close(publisher);
    publisher = start(now);
    publisher_has_channel(publisher);
    work(publisher, now);
    assert_int_equal(unseen(publisher, now), 1);
    listen_to_log();
    now = world_run(publisher, &world, now, now + 5, NULL);
    assert_int_equal(end_listening("foreign-ds"), 1);
    assert_int_equal(unseen(publisher, now), 0);
    publisher_close(publisher);
}

// What all zones share drops what is asked when it changes.
static void changes_and_reloads_keep_no_zone_from_its_first_look(void **state)
{
    (void)state;
    struct buf lines = {0};
    for (size_t i = 0; i < 100; i++)
        buf_printf(&lines, "  - {name: zone%zu.example, dnssec: no}\n", i);
    buf_put_text(&lines, "  - example.com\n");
    buf_put_u8(&lines, '\0');
    struct publisher *publisher = begin_with((const char *)lines.data);
    char *others = xasprintf("%son-alarm: echo\n", (const char *)lines.data);
    struct world world = {.behind = false};
    for (int64_t now = NOW; now <= NOW + 15; now++) {
        write_config(now % 2 == 0 ? others : (const char *)lines.data);
        publisher_set_inputs(publisher, read_inputs(), now);
        if (now % 5 == 0)
            publisher_touch_all(publisher);
        work(publisher, now);
        (void)world_answer_all(publisher, &world, now);
    }
    for (size_t i = 0; i < publisher->zones.count; i++)
        assert_true(publisher->zones.list[i].watch.parent.looked_at != 0);
    publisher_close(publisher);
    free(others);
    buf_done(&lines);
}

// zone-probe reads the same clock, which is wrong, and is not believed here.
static void a_clock_that_is_ahead_makes_nobody_blind(void **state)
{
    (void)state;
    struct observe_question questions[16];
    struct publisher *publisher = begin_with("  - example.com\n");
    size_t count = questions_take(publisher, NOW, questions, 16);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        struct observe_answer answer = {
            .version = OBSERVE_VERSION, .id = questions[i].id, .seen_at = NOW + 90 * DAY, .ok = 2};
        questions_answer(publisher, &answer, NOW + 2);
    }
    const struct life_watch *watch = &world_zone(publisher)->watch;
    assert_int_equal(watch->served.looked_at, NOW + 2);
    assert_int_equal(watch->parent.looked_at, NOW + 2);
    publisher_close(publisher);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_new_zone_is_offered_when_all_servers_have_had_it_for_a_ttl),
        TEST(what_was_published_before_with_larger_ttls_is_waited_for),
        TEST(a_key_rolls_over_as_the_world_is_seen_to_follow),
        TEST(going_unsigned_waits_for_the_ds_to_go),
        TEST(an_answer_about_the_keys_of_before_counts_for_nothing),
        TEST(what_was_seen_outlives_the_process),
        TEST(without_eyes_a_new_zone_goes_by_time_and_a_secure_one_waits),
        TEST(many_zones_are_asked_about_some_at_a_time),
        TEST(what_is_waited_for_is_asked_for_less_and_less_often),
        TEST(a_clock_set_back_does_not_keep_anybody_from_looking),
        TEST(silence_is_asked_again),
        TEST(the_parent_is_notified_once_all_servers_have_the_cds),
        TEST(a_server_left_behind_is_an_alarm_when_it_had_the_time),
        TEST(signatures_that_run_out_anywhere_are_an_alarm),
        TEST(the_file_of_a_key_out_of_use_may_be_unreadable),
        TEST(a_server_with_the_cds_of_before_keeps_the_key_that_it_asks_for),
        TEST(how_long_resolvers_keep_the_ns_is_seen_at_the_parent),
        TEST(a_foreign_ds_beside_ours_is_told_and_harmless),
        TEST(a_foreign_ds_that_only_some_resolvers_mind_is_an_alarm),
        TEST(a_ds_of_strangers_alone_is_an_alarm),
        TEST(a_ds_of_an_unsigned_zone_is_an_alarm),
        TEST(what_is_wrong_out_there_is_told_soon_after_a_restart),
        TEST(changes_and_reloads_keep_no_zone_from_its_first_look),
        TEST(a_clock_that_is_ahead_makes_nobody_blind),
        TEST(a_ds_that_comes_before_its_time_is_an_alarm_until_caches_have_forgotten),
        TEST(a_ds_that_comes_hours_later_and_before_its_time_is_told_in_a_quarter_of_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
