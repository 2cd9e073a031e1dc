// SPDX-License-Identifier: ISC
// Years of DKIM keys in milliseconds: a domain in memory, whose record set follows the keys, whose mail server signs
// with what it is told, and whose mail waits in queues for days.
#include "keys/dkim_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

#define NOW       INT64_C(1795305600)
#define DAY       INT64_C(86400)
#define BOTH      (DKIM_RSA | DKIM_ED25519)
#define QUEUE     (5 * DAY)
#define KEYS_SEEN 512

struct past { // of a selector: until when mail is signed with it, and since when it is published
    char *selector;
    int64_t published_since;
    int64_t signed_until;
    bool was_signed;
};

struct domain {
    struct dkim_set set;
    struct dkim_policy policy;
    int64_t next;
    bool unpublished; // the zone cannot be published now
    size_t most;
    size_t activated;
    struct past past[KEYS_SEEN];
    size_t past_count;
    char log[8192];
};

static struct past *past_of(struct domain *domain, const char *selector)
{
    for (size_t i = 0; i < domain->past_count; i++)
        if (strcmp(domain->past[i].selector, selector) == 0)
            return &domain->past[i];
    assert_true(domain->past_count < KEYS_SEEN);
    domain->past[domain->past_count].selector = xstrdup(selector);
    return &domain->past[domain->past_count++];
}

static struct dkim_key *add(struct domain *domain, const char *selector,
                            enum dkim_algorithm algorithm, int64_t now)
{
    domain->set.list =
        xreallocarray(domain->set.list, domain->set.count + 1, sizeof(*domain->set.list));
    struct dkim_key *key = &domain->set.list[domain->set.count++];
    *key = (struct dkim_key){
        .selector = xstrdup(selector),
        .algorithm = algorithm,
        .has_private = true,
        .made = true,
        .created = now,
        .changed = now,
    };
    return key;
}

static void drop(struct domain *domain, size_t index)
{
    free(domain->set.list[index].selector);
    memmove(&domain->set.list[index], &domain->set.list[index + 1],
            (domain->set.count - index - 1) * sizeof(*domain->set.list));
    domain->set.count--;
}

static void done(struct domain *domain)
{
    while (domain->set.count > 0)
        drop(domain, 0);
    free(domain->set.list);
    for (size_t i = 0; i < domain->past_count; i++)
        free(domain->past[i].selector);
}

static const char *action_name(enum dkim_action action)
{
    static const char *const names[] = {
        [DKIM_MAKE] = "make",       [DKIM_ANNOUNCE] = "announce", [DKIM_ACTIVATE] = "activate",
        [DKIM_RETIRE] = "retire",   [DKIM_REVOKE] = "revoke",     [DKIM_REMOVE] = "remove",
        [DKIM_RESTAMP] = "restamp", [DKIM_MISS] = "miss",
    };
    return names[action];
}

static void write_log(struct domain *domain, const struct dkim_step *step, const char *selector)
{
    size_t len = strlen(domain->log);
    snprintf(domain->log + len, sizeof(domain->log) - len, "%s %s\n", action_name(step->action),
             selector);
}

static bool run_step(struct domain *domain, const struct dkim_step *step, int64_t now)
{
    assert_non_null(step->why);
    if (step->action == DKIM_MAKE) {
        char *selector = dkim_selector(&domain->set, NULL, step->algorithm, now);
        write_log(domain, step, selector);
        add(domain, selector, step->algorithm, now);
        free(selector);
        return true;
    }
    struct dkim_key *key = &domain->set.list[step->key];
    write_log(domain, step, key->selector);
    dkim_apply(step, key, now);
    domain->activated += step->action == DKIM_ACTIVATE ? 1 : 0;
    return false;
}

// Is there a key whose record says something?
static bool has_record(const struct dkim_key *key)
{
    return key->state != DKIM_REMOVED;
}

// What the zone says and what the mail server does from now on.
static void publish(struct domain *domain, int64_t now)
{
    for (size_t i = 0; i < domain->set.count; i++) {
        struct dkim_key *key = &domain->set.list[i];
        struct past *past = past_of(domain, key->selector);
        bool is = has_record(key) && (!domain->unpublished || key->is_published);
        if (is && !key->is_published)
            past->published_since = now;
        key->is_published = is;
    }
    if (domain->set.count > domain->most)
        domain->most = domain->set.count;
}

// What must hold at every moment.
static void check(struct domain *domain, int64_t now)
{
    for (unsigned bit = 1; bit <= DKIM_ED25519; bit <<= 1) {
        const struct dkim_key *signer = dkim_signer(&domain->set, (enum dkim_algorithm)bit);
        if (signer == NULL)
            continue;
        struct past *past = past_of(domain, signer->selector);
        assert_true(signer->is_published);
        past->signed_until = now;
        past->was_signed = true;
    }
    int64_t queue = domain->policy.lifetime > 0 && domain->policy.lifetime < QUEUE
                        ? domain->policy.lifetime
                        : QUEUE;
    for (size_t i = 0; i < domain->past_count; i++) {
        const struct past *past = &domain->past[i];
        if (!past->was_signed || past->signed_until + queue < now)
            continue;
        bool verifies = false; // mail that was signed last and is delivered now
        for (size_t k = 0; k < domain->set.count; k++)
            verifies = verifies || (strcmp(domain->set.list[k].selector, past->selector) == 0 &&
                                    domain->set.list[k].is_published &&
                                    domain->set.list[k].state < DKIM_REVOKED);
        if (!verifies)
            fail_msg("mail signed with %s does not verify:\n%s", past->selector, domain->log);
    }
}

static void settle(struct domain *domain, int64_t now)
{
    struct dkim_plan plan;
    for (int turn = 0;; turn++) {
        assert_true(turn < 20); // it comes to an end
        dkim_plan(&domain->set, &domain->policy, now, &plan);
        for (size_t i = 0; i < plan.count; i++)
            if (run_step(domain, &plan.steps[i], now))
                break; // the list has moved
        for (size_t i = domain->set.count; i-- > 0;)
            if (domain->set.list[i].state == DKIM_REMOVED && domain->set.list[i].made)
                drop(domain, i);
        if (plan.count == 0)
            break;
    }
    assert_true(plan.next > now);
    domain->next = plan.next;
    publish(domain, now);
    check(domain, now);
}

// Runs as the signer does: when it said it would come again. Mail is sent a moment before each of these instants.
static void run_until(struct domain *domain, int64_t from, int64_t end)
{
    settle(domain, from);
    for (int turns = 0; domain->next <= end; turns++) {
        assert_true(turns < 100000);
        int64_t now = domain->next;
        check(domain, now - 1);
        settle(domain, now);
    }
    check(domain, end);
}

static const struct dkim_key *signer_of(const struct domain *domain, enum dkim_algorithm algorithm)
{
    const struct dkim_key *key = dkim_signer(&domain->set, algorithm);
    assert_non_null(key);
    return key;
}

static enum dkim_state state_of(const struct domain *domain, const char *selector)
{
    for (size_t i = 0; i < domain->set.count; i++)
        if (strcmp(domain->set.list[i].selector, selector) == 0)
            return domain->set.list[i].state;
    fail_msg("no selector %s", selector);
    return DKIM_REMOVED;
}

// ── Tests ────────────────────────────────────────────────────────────────────────────────────────

static void first_keys_sign_at_once_and_live_for_ever_by_default(void **state)
{
    (void)state;
    struct domain domain = {.policy = {BOTH, 0, 3600}};
    run_until(&domain, NOW, NOW + 20 * 365 * DAY);
    assert_string_equal(domain.log, "make rsa-20261122\nmake ed25519-20261122\n"
                                    "activate rsa-20261122\nactivate ed25519-20261122\n");
    assert_true(domain.next == INT64_MAX);
    done(&domain);
}

static void keys_are_replaced_for_years_and_all_mail_verifies(void **state)
{
    (void)state;
    static const int64_t lifetimes[] = {180 * DAY, 90 * DAY, 8 * DAY, DAY, 3600, 20};
    for (size_t i = 0; i < sizeof(lifetimes) / sizeof(lifetimes[0]); i++) {
        int64_t lifetime = lifetimes[i];
        struct domain domain = {.policy = {BOTH, lifetime, lifetime > 3600 ? 3600 : 1}};
        run_until(&domain, NOW, NOW + 60 * lifetime);
        // Successors are ready when their time comes: as many as lifetimes, but for the wait to be seen.
        assert_in_range(domain.activated, 2 * 47, 2 * 61);
        assert_in_range(domain.most, 4, 2 * 8);
        done(&domain);
    }
}

static void a_rotation_goes_through_its_states_in_time(void **state)
{
    (void)state;
    struct domain domain = {.policy = {DKIM_RSA, 180 * DAY, 3600}};
    run_until(&domain, NOW, NOW + 179 * DAY - 1);
    assert_int_equal(domain.set.count, 1);
    run_until(&domain, NOW + 179 * DAY, NOW + 180 * DAY - 1);
    assert_int_equal(domain.set.count, 2);
    assert_int_equal(state_of(&domain, "rsa-20270520"), DKIM_PENDING);
    run_until(&domain, NOW + 180 * DAY, NOW + 180 * DAY + 120);
    assert_int_equal(state_of(&domain, "rsa-20270520"), DKIM_ACTIVE);
    assert_int_equal(state_of(&domain, "rsa-20261122"), DKIM_RETIRING);
    run_until(&domain, NOW + 187 * DAY, NOW + 187 * DAY + 120);
    assert_int_equal(state_of(&domain, "rsa-20261122"), DKIM_REVOKED);
    run_until(&domain, NOW + 217 * DAY, NOW + 217 * DAY + 120);
    assert_int_equal(domain.set.count, 1);
    done(&domain);
}

static void a_successor_waits_until_its_record_is_published(void **state)
{
    (void)state;
    struct domain domain = {.policy = {DKIM_RSA, 180 * DAY, 3600}};
    run_until(&domain, NOW, NOW + 178 * DAY);
    domain.unpublished = true; // something else is wrong with the zone, for a month
    for (int64_t now = NOW + 179 * DAY; now < NOW + 210 * DAY; now += 3600)
        settle(&domain, now);
    assert_int_equal(state_of(&domain, "rsa-20270520"), DKIM_PENDING);
    domain.unpublished = false;
    run_until(&domain, NOW + 210 * DAY, NOW + 211 * DAY - 1);
    assert_int_equal(state_of(&domain, "rsa-20270520"), DKIM_PENDING);
    run_until(&domain, NOW + 211 * DAY, NOW + 211 * DAY + 120);
    assert_int_equal(state_of(&domain, "rsa-20270520"), DKIM_ACTIVE);
    done(&domain);
}

// ── Where others serve ───────────────────────────────────────────────────────────────────────────

// What was seen of the key when all name servers were looked at.
static void look(struct domain *domain, const char *selector, bool has, int64_t now)
{
    for (size_t i = 0; i < domain->set.count; i++)
        if (strcmp(domain->set.list[i].selector, selector) == 0) {
            domain->set.list[i].is_published = has;
            domain->set.list[i].is_missed = !has;
        }
    settle(domain, now);
}

static void where_others_serve_first_keys_sign_when_they_were_seen(void **state)
{
    (void)state;
    struct domain domain = {.policy = {BOTH, 0, 3600, DKIM_SEEN_BY_PROBE}, .unpublished = true};
    run_until(&domain, NOW, NOW + 90 * DAY); // nobody pastes them
    assert_string_equal(domain.log, "make rsa-20261122\nmake ed25519-20261122\n");
    look(&domain, "rsa-20261122", false, NOW + 90 * DAY);
    assert_null(dkim_signer(&domain.set, DKIM_RSA));
    look(&domain, "rsa-20261122", true, NOW + 91 * DAY);
    assert_int_equal(state_of(&domain, "rsa-20261122"), DKIM_ACTIVE);
    assert_int_equal(state_of(&domain, "ed25519-20261122"), DKIM_PENDING);
    look(&domain, "ed25519-20261122", true, NOW + 91 * DAY + 1);
    assert_int_equal(state_of(&domain, "ed25519-20261122"), DKIM_ACTIVE);
    done(&domain);
}

static void where_others_serve_the_wait_begins_when_all_servers_were_seen(void **state)
{
    (void)state;
    struct domain domain = {.policy = {DKIM_RSA, 180 * DAY, 3600, DKIM_SEEN_BY_PROBE},
                            .unpublished = true};
    settle(&domain, NOW);
    look(&domain, "rsa-20261122", true, NOW);
    run_until(&domain, NOW, NOW + 200 * DAY);
    assert_int_equal(state_of(&domain, "rsa-20261122"), DKIM_ACTIVE);
    assert_int_equal(state_of(&domain, "rsa-20270520"), DKIM_PENDING);
    look(&domain, "rsa-20270520", true, NOW + 200 * DAY);
    run_until(&domain, NOW + 200 * DAY, NOW + 201 * DAY - 3600);
    look(&domain, "rsa-20270520", false, NOW + 201 * DAY - 3600);
    run_until(&domain, NOW + 201 * DAY - 3600, NOW + 210 * DAY);
    assert_int_equal(state_of(&domain, "rsa-20270520"), DKIM_PENDING);
    look(&domain, "rsa-20270520", true, NOW + 210 * DAY);
    run_until(&domain, NOW + 210 * DAY, NOW + 211 * DAY - 1);
    assert_int_equal(state_of(&domain, "rsa-20270520"), DKIM_PENDING);
    run_until(&domain, NOW + 211 * DAY, NOW + 211 * DAY + 120);
    assert_int_equal(state_of(&domain, "rsa-20270520"), DKIM_ACTIVE);
    assert_int_equal(state_of(&domain, "rsa-20261122"), DKIM_RETIRING);
    done(&domain);
}

static void a_server_that_cannot_be_asked_at_the_end_of_the_wait_prolongs_it(void **state)
{
    (void)state;
    struct domain domain = {.policy = {DKIM_RSA, 180 * DAY, 3600, DKIM_SEEN_BY_PROBE},
                            .unpublished = true};
    settle(&domain, NOW);
    look(&domain, "rsa-20261122", true, NOW);
    run_until(&domain, NOW, NOW + 179 * DAY);
    look(&domain, "rsa-20270520", true, NOW + 179 * DAY);
    for (size_t i = 0; i < domain.set.count; i++)
        if (domain.set.list[i].state == DKIM_PENDING)
            domain.set.list[i].is_published = false; // nor missed
    run_until(&domain, NOW + 179 * DAY, NOW + 185 * DAY);
    assert_int_equal(state_of(&domain, "rsa-20270520"), DKIM_PENDING);
    look(&domain, "rsa-20270520", true, NOW + 185 * DAY);
    assert_int_equal(state_of(&domain, "rsa-20270520"), DKIM_ACTIVE);
    done(&domain);
}

static void where_nobody_can_look_first_keys_sign_at_once_and_stay(void **state)
{
    (void)state;
    struct domain domain = {.policy = {DKIM_RSA, 180 * DAY, 3600, DKIM_UNSEEN}};
    run_until(&domain, NOW, NOW + 3 * 365 * DAY);
    assert_string_equal(domain.log, "make rsa-20261122\nactivate rsa-20261122\n");
    domain.policy.algorithms = DKIM_ED25519; // what would replace it is never signed with by itself
    run_until(&domain, NOW + 3 * 365 * DAY, NOW + 4 * 365 * DAY);
    assert_string_equal(signer_of(&domain, DKIM_RSA)->selector, "rsa-20261122");
    assert_null(dkim_signer(&domain.set, DKIM_ED25519));
    done(&domain);
}

// ── Wishes that change ───────────────────────────────────────────────────────────────────────────

static void a_second_kind_of_key_waits_beside_the_one_that_signs(void **state)
{
    (void)state;
    struct domain domain = {.policy = {DKIM_RSA, 0, 3600}};
    run_until(&domain, NOW, NOW + 10 * DAY);
    domain.policy.algorithms = BOTH;
    run_until(&domain, NOW + 10 * DAY, NOW + 11 * DAY - 1);
    assert_int_equal(state_of(&domain, "ed25519-20261202"), DKIM_PENDING);
    run_until(&domain, NOW + 11 * DAY, NOW + 12 * DAY);
    assert_int_equal(state_of(&domain, "ed25519-20261202"), DKIM_ACTIVE);
    assert_string_equal(signer_of(&domain, DKIM_RSA)->selector, "rsa-20261122");
    done(&domain);
}

static void a_kind_that_is_not_wanted_retires_when_another_signs(void **state)
{
    (void)state;
    struct domain domain = {.policy = {DKIM_RSA, 0, 3600}};
    run_until(&domain, NOW, NOW + DAY);
    domain.policy.algorithms = DKIM_ED25519;
    run_until(&domain, NOW + DAY, NOW + 2 * DAY - 1);
    assert_string_equal(signer_of(&domain, DKIM_RSA)->selector, "rsa-20261122");
    run_until(&domain, NOW + 2 * DAY, NOW + 3 * DAY);
    assert_int_equal(state_of(&domain, "rsa-20261122"), DKIM_RETIRING);
    // Within the week it is wanted again, and then not again.
    domain.policy.algorithms = BOTH;
    run_until(&domain, NOW + 3 * DAY, NOW + 4 * DAY);
    assert_int_equal(state_of(&domain, "rsa-20261122"), DKIM_ACTIVE);
    domain.policy.algorithms = DKIM_ED25519;
    run_until(&domain, NOW + 4 * DAY, NOW + 60 * DAY);
    assert_int_equal(domain.set.count, 1);
    done(&domain);
}

static void without_dkim_the_keys_retire_and_come_back_with_it(void **state)
{
    (void)state;
    struct domain domain = {.policy = {BOTH, 0, 3600}};
    run_until(&domain, NOW, NOW + DAY);
    domain.policy.algorithms = 0;
    run_until(&domain, NOW + DAY, NOW + 2 * DAY);
    assert_null(dkim_signer(&domain.set, DKIM_RSA));
    assert_int_equal(state_of(&domain, "rsa-20261122"), DKIM_RETIRING);
    domain.policy.algorithms = BOTH;
    run_until(&domain, NOW + 2 * DAY, NOW + 3 * DAY);
    assert_string_equal(signer_of(&domain, DKIM_RSA)->selector, "rsa-20261122");
    domain.policy.algorithms = 0;
    run_until(&domain, NOW + 3 * DAY, NOW + 11 * DAY);
    assert_int_equal(state_of(&domain, "rsa-20261122"), DKIM_REVOKED);
    domain.policy.algorithms = BOTH; // too late for these
    run_until(&domain, NOW + 11 * DAY, NOW + 60 * DAY);
    assert_string_equal(signer_of(&domain, DKIM_RSA)->selector, "rsa-20261203");
    assert_int_equal(domain.set.count, 2);
    done(&domain);
}

static void a_lost_private_file_gives_way_to_a_new_key(void **state)
{
    (void)state;
    struct domain domain = {.policy = {BOTH, 0, 3600}};
    run_until(&domain, NOW, NOW + DAY);
    for (size_t i = 0; i < domain.set.count; i++)
        domain.set.list[i].has_private = false;
    run_until(&domain, NOW + DAY, NOW + 2 * DAY);
    assert_string_equal(signer_of(&domain, DKIM_RSA)->selector, "rsa-20261123");
    assert_string_equal(signer_of(&domain, DKIM_ED25519)->selector, "ed25519-20261123");
    run_until(&domain, NOW + 2 * DAY, NOW + 40 * DAY);
    assert_int_equal(domain.set.count, 2);
    done(&domain);
}

// A crash between the two files of a new key.
static void a_pending_key_without_private_file_is_dropped(void **state)
{
    (void)state;
    struct domain domain = {.policy = {DKIM_RSA, 0, 3600}};
    add(&domain, "rsa-20261121", DKIM_RSA, NOW)->has_private = false;
    run_until(&domain, NOW, NOW + DAY);
    assert_string_equal(domain.log, "make rsa-20261122\nremove rsa-20261121\n"
                                    "activate rsa-20261122\n");
    done(&domain);
}

static void who_signs_elsewhere_is_left_alone(void **state)
{
    (void)state;
    struct domain domain = {.policy = {DKIM_RSA, 30 * DAY, 3600}};
    struct dkim_key *key = add(&domain, "newsletter", DKIM_RSA, NOW - 900 * DAY);
    key->made = key->has_private = false;
    key->state = DKIM_ACTIVE;
    run_until(&domain, NOW, NOW + 100 * DAY);
    domain.policy.algorithms = 0;
    run_until(&domain, NOW + 100 * DAY, NOW + 200 * DAY);
    assert_int_equal(domain.set.count, 1);
    assert_int_equal(state_of(&domain, "newsletter"), DKIM_ACTIVE);
    done(&domain);
}

static void keys_brought_along_sign_and_are_never_deleted(void **state)
{
    (void)state;
    struct domain domain = {.policy = {DKIM_RSA, 0, 3600}};
    for (int i = 0; i < 2; i++) {
        struct dkim_key *key = add(&domain, i == 0 ? "mail" : "old", DKIM_RSA, NOW - i * DAY);
        key->made = false;
        key->state = DKIM_ACTIVE;
    }
    run_until(&domain, NOW, NOW + 400 * DAY);
    assert_string_equal(domain.log, "");
    assert_string_equal(signer_of(&domain, DKIM_RSA)->selector, "mail");
    domain.policy.lifetime = 180 * DAY; // both are due long since
    run_until(&domain, NOW + 400 * DAY, NOW + 460 * DAY);
    assert_int_equal(state_of(&domain, "mail"), DKIM_REMOVED);
    assert_int_equal(state_of(&domain, "old"), DKIM_REMOVED);
    assert_string_equal(signer_of(&domain, DKIM_RSA)->selector, "rsa-20271227");
    // A newer one that is brought along takes over.
    struct dkim_key *key = add(&domain, "mine", DKIM_RSA, NOW + 460 * DAY);
    key->made = false;
    key->state = DKIM_ACTIVE;
    publish(&domain, NOW + 460 * DAY);
    run_until(&domain, NOW + 460 * DAY, NOW + 461 * DAY);
    assert_string_equal(signer_of(&domain, DKIM_RSA)->selector, "mine");
    assert_int_equal(state_of(&domain, "rsa-20271227"), DKIM_RETIRING);
    done(&domain);
}

static void a_key_with_trouble_is_neither_used_nor_touched(void **state)
{
    (void)state;
    struct domain domain = {.policy = {DKIM_RSA, 0, 3600}};
    add(&domain, "broken", DKIM_RSA, NOW)->trouble = (char[]){"broken"};
    domain.set.list[0].algorithm = 0;
    run_until(&domain, NOW, NOW + DAY);
    assert_string_equal(domain.log, "make rsa-20261122\nactivate rsa-20261122\n");
    done(&domain);
}

static void no_lifetime_any_more_drops_the_successor(void **state)
{
    (void)state;
    struct domain domain = {.policy = {DKIM_RSA, 180 * DAY, 3600}};
    run_until(&domain, NOW, NOW + 179 * DAY + 60);
    assert_int_equal(domain.set.count, 2);
    domain.policy.lifetime = 0;
    run_until(&domain, NOW + 179 * DAY + 61, NOW + 500 * DAY);
    assert_int_equal(domain.set.count, 1);
    assert_string_equal(signer_of(&domain, DKIM_RSA)->selector, "rsa-20261122");
    done(&domain);
}

static void a_clock_that_goes_back_makes_nothing_earlier(void **state)
{
    (void)state;
    struct domain domain = {.policy = {DKIM_RSA, 180 * DAY, 3600}};
    run_until(&domain, NOW, NOW + 179 * DAY + 60);
    // Half an hour is within what is taken for a clock that is being set: the wait gets no shorter.
    settle(&domain, NOW + 179 * DAY - 1800);
    assert_int_equal(state_of(&domain, "rsa-20270520"), DKIM_PENDING);
    // Years back: the waits begin anew.
    int64_t back = NOW - 1000 * DAY;
    run_until(&domain, back, back + DAY - 1);
    assert_int_equal(state_of(&domain, "rsa-20270520"), DKIM_PENDING);
    run_until(&domain, back + DAY, back + 30 * DAY);
    assert_string_equal(signer_of(&domain, DKIM_RSA)->selector, "rsa-20270520");
    done(&domain);
}

// Whatever is wished for in whatever order: the plan comes to an end, and mail verifies.
static void wishes_may_change_at_any_time(void **state)
{
    (void)state;
    static const unsigned wishes[] = {BOTH, DKIM_RSA, DKIM_ED25519, 0};
    static const int64_t lifetimes[] = {0, 180 * DAY, 30 * DAY};
    unsigned random = 1;
    for (int round = 0; round < 20; round++) {
        struct domain domain = {.policy = {BOTH, 0, 3600}};
        int64_t now = NOW;
        for (int i = 0; i < 60; i++) {
            random = random * 1103515245U + 12345U;
            domain.policy.algorithms = wishes[random >> 16 & 3U];
            domain.policy.lifetime = lifetimes[(random >> 18) % 3];
            int64_t until = now + (int64_t)(random >> 20) % 90 * DAY / 2;
            run_until(&domain, now, until);
            domain.log[0] = '\0';
            now = until + 1;
        }
        assert_in_range(domain.most, 1, DKIM_KEYS_MAX);
        done(&domain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_keys_sign_at_once_and_live_for_ever_by_default),
        cmocka_unit_test(keys_are_replaced_for_years_and_all_mail_verifies),
        cmocka_unit_test(a_rotation_goes_through_its_states_in_time),
        cmocka_unit_test(a_successor_waits_until_its_record_is_published),
        cmocka_unit_test(where_others_serve_first_keys_sign_when_they_were_seen),
        cmocka_unit_test(where_others_serve_the_wait_begins_when_all_servers_were_seen),
        cmocka_unit_test(a_server_that_cannot_be_asked_at_the_end_of_the_wait_prolongs_it),
        cmocka_unit_test(where_nobody_can_look_first_keys_sign_at_once_and_stay),
        cmocka_unit_test(a_second_kind_of_key_waits_beside_the_one_that_signs),
        cmocka_unit_test(a_kind_that_is_not_wanted_retires_when_another_signs),
        cmocka_unit_test(without_dkim_the_keys_retire_and_come_back_with_it),
        cmocka_unit_test(a_lost_private_file_gives_way_to_a_new_key),
        cmocka_unit_test(a_pending_key_without_private_file_is_dropped),
        cmocka_unit_test(who_signs_elsewhere_is_left_alone),
        cmocka_unit_test(keys_brought_along_sign_and_are_never_deleted),
        cmocka_unit_test(a_key_with_trouble_is_neither_used_nor_touched),
        cmocka_unit_test(no_lifetime_any_more_drops_the_successor),
        cmocka_unit_test(a_clock_that_goes_back_makes_nothing_earlier),
        cmocka_unit_test(wishes_may_change_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
