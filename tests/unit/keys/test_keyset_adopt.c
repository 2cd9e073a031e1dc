// SPDX-License-Identifier: ISC
// What key files alone say of the life of a zone's keys.
#include "keys/keyset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "keys/rollover.h"

#define NOW 1795329900
#define DAY 86400
#define TTL 3600

static const struct rollover_policy csk = {
    .is_signed = true, .algorithm = 13, .dnskey_ttl = TTL, .largest_ttl = TTL};
static const struct rollover_policy split = {
    .is_signed = true, .algorithm = 13, .split_keys = true, .dnskey_ttl = TTL, .largest_ttl = TTL};

static struct dnskey file(uint16_t tag, uint16_t flags, struct dnskey_times times)
{
    return (struct dnskey){.tag = tag, .algorithm = 13, .flags = flags, .times = times};
}

static struct dnskey_times since(int64_t publish, int64_t activate)
{
    return (struct dnskey_times){
        .created = NOW - 100L * DAY, .publish = publish, .activate = activate};
}

static struct keyset adopt(struct dnskey *files, size_t count, size_t expected)
{
    struct keyset set;
    const struct dnskey_set all = {files, count};
    assert_int_equal(keyset_adopt(&set, &all, TTL, NOW), expected);
    assert_true(set.begun && keyset_holds(&set));
    return set;
}

// The tag of the one wanted key of these roles after a step, 0: none or several.
static uint16_t wanted(struct keyset *set, const struct rollover_policy *policy, enum key_role role)
{
    struct rollover_events events = {.count = 0};
    struct rollover_need need;
    uint16_t tag = 0;
    size_t count = 0;
    rollover_step(set, policy, NOW, &events, &need);
    assert_int_equal(need.role, 0);
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (set->keys[i].wanted && set->keys[i].role == role) {
            tag = set->keys[i].id.tag;
            count++;
        }
    return count == 1 ? tag : 0;
}

static keyset_mask bit_of(const struct keyset *set, uint16_t tag)
{
    size_t slot = keyset_find(set, (struct dnskey_id){tag, 13});
    return slot < KEYSET_KEYS_MAX ? keyset_bit(slot) : 0;
}

static void a_pair_at_rest_goes_on(void **state)
{
    (void)state;
    struct dnskey files[] = {file(1, 257, since(NOW - 90L * DAY, NOW - 90L * DAY)),
                             file(2, 256, since(NOW - 90L * DAY, NOW - 90L * DAY))};
    struct keyset set = adopt(files, 2, 2);
    assert_int_equal(wanted(&set, &split, KEY_ROLE_KSK), 1);
    assert_int_equal(wanted(&set, &split, KEY_ROLE_ZSK), 2);
    assert_int_equal(keyset_signers(&set), bit_of(&set, 2));
    assert_int_equal(keyset_key_signers(&set), bit_of(&set, 1));
    assert_int_equal(set.offered, bit_of(&set, 1));
}

// dnssec-keygen was run twice, and it became the next second, or a few later: RSA takes its time.
static void keys_that_were_made_together_begin_together(void **state)
{
    (void)state;
    struct dnskey files[] = {file(1, 257, since(NOW - 20, NOW - 20)),
                             file(2, 256, since(NOW - 15, NOW - 15))};
    struct keyset set = adopt(files, 2, 2);
    assert_int_equal(keyset_signers(&set), bit_of(&set, 2));
    assert_int_equal(set.offered, 0); // the zone was unsigned before, and caches know that
    assert_int_equal(set.history[KEYSET_DNSKEYS].list[0].keys, 0);
}

// The same times, but the parent was told of the first: it was a CSK, and caches may have what it signed.
static void a_key_that_was_offered_before_the_other_was_a_csk(void **state)
{
    (void)state;
    struct dnskey files[] = {file(1, 257, since(NOW - 20, NOW - 20)),
                             file(2, 256, since(NOW - 5, NOW - 5))};
    files[0].times.sync_publish = NOW - 10;
    struct keyset set = adopt(files, 2, 2);
    assert_int_equal(keyset_signers(&set), bit_of(&set, 1) | bit_of(&set, 2));
}

// Pre-publication: the successor is published, the old one signs yet.
static void a_zsk_that_was_published_beforehand_is_the_next(void **state)
{
    (void)state;
    struct dnskey files[] = {file(1, 257, since(NOW - 90L * DAY, NOW - 90L * DAY)),
                             file(2, 256, since(NOW - 90L * DAY, NOW - 90L * DAY)),
                             file(3, 256, since(NOW - TTL / 2, NOW + DAY))};
    files[1].times.inactive = NOW + DAY;
    files[1].times.remove = NOW + 10L * DAY;
    struct keyset set = adopt(files, 3, 3);
    assert_int_equal(keyset_signers(&set), bit_of(&set, 2));
    assert_int_equal(wanted(&set, &split, KEY_ROLE_ZSK), 3);
    assert_int_equal(keyset_signers(&set), bit_of(&set, 2)); // caches do not know the other yet
    assert_int_equal(keyset_dnskeys(&set), bit_of(&set, 1) | bit_of(&set, 2) | bit_of(&set, 3));
}

// Double signature: both sign, the parent has the DS of either.
static void of_two_ksks_that_sign_the_later_stays(void **state)
{
    (void)state;
    struct dnskey files[] = {file(3, 257, since(NOW - 2L * DAY, NOW - 2L * DAY)),
                             file(5, 257, since(NOW - 90L * DAY, NOW - 90L * DAY))};
    struct keyset set = adopt(files, 2, 2);
    assert_int_equal(wanted(&set, &csk, KEY_ROLE_CSK), 3);
    assert_int_equal(keyset_key_signers(&set) & bit_of(&set, 5), bit_of(&set, 5));
    assert_true(keyset_holds(&set));
}

static void a_published_key_that_nobody_scheduled_does_not_sign(void **state)
{
    (void)state;
    struct dnskey files[] = {file(1, 257, since(NOW - 90L * DAY, NOW - 90L * DAY)),
                             file(2, 257, since(NOW - 90L * DAY, 0))};
    struct keyset set = adopt(files, 2, 2);
    assert_int_equal(keyset_signers(&set), bit_of(&set, 1));
    assert_int_equal(wanted(&set, &csk, KEY_ROLE_CSK), 1);
}

static void keys_without_times_are_all_in_use(void **state)
{
    (void)state;
    struct dnskey files[] = {file(1, 257, (struct dnskey_times){0}),
                             file(2, 257, (struct dnskey_times){0})};
    struct keyset set = adopt(files, 2, 2);
    assert_int_equal(keyset_signers(&set), bit_of(&set, 1) | bit_of(&set, 2));
    assert_int_equal(set.offered, bit_of(&set, 1) | bit_of(&set, 2));
    assert_int_equal(wanted(&set, &csk, KEY_ROLE_CSK), 0);
}

static void what_is_kept_or_gone_is_left_out(void **state)
{
    (void)state;
    struct dnskey files[] = {file(1, 257, since(NOW - 90L * DAY, NOW - 90L * DAY)),
                             file(2, 257, since(0, 0)),
                             file(3, 257, since(NOW - 99L * DAY, NOW - 99L * DAY))};
    files[2].times.inactive = NOW - 10L * DAY;
    files[2].times.remove = NOW - DAY;
    struct keyset set = adopt(files, 3, 1);
    assert_int_equal(wanted(&set, &csk, KEY_ROLE_CSK), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_at_rest_goes_on),
        cmocka_unit_test(keys_that_were_made_together_begin_together),
        cmocka_unit_test(a_key_that_was_offered_before_the_other_was_a_csk),
        cmocka_unit_test(a_zsk_that_was_published_beforehand_is_the_next),
        cmocka_unit_test(of_two_ksks_that_sign_the_later_stays),
        cmocka_unit_test(a_published_key_that_nobody_scheduled_does_not_sign),
        cmocka_unit_test(keys_without_times_are_all_in_use),
        cmocka_unit_test(what_is_kept_or_gone_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
