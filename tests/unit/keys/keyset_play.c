// SPDX-License-Identifier: ISC
#include "keyset_play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// Tags are letters.
static char letter_of(struct dnskey_id id)
{
    return (char)id.tag;
}

size_t play_slot(const struct play *play, char letter)
{
    struct dnskey_id id = {(uint16_t)letter, play->algorithms[letter - 'A']};
    return keyset_find(&play->set, id);
}

keyset_mask play_keys(const struct play *play, const char *letters)
{
    keyset_mask mask = 0;
    for (; *letters != '\0'; letters++) {
        assert_true(play_slot(play, *letters) < KEYSET_KEYS_MAX);
        mask |= keyset_bit(play_slot(play, *letters));
    }
    return mask;
}

static void note(struct play *play, const struct rollover_event *event)
{
    static const char *const names[] = {"begins",  "published", "signs", "offered", "withdrawn",
                                        "retired", "removed",   "dead",  "unsigned"};
    size_t len = strlen(play->log);
    int64_t minutes = (play->now - play->read_at) / 60;
    snprintf(play->log + len, sizeof(play->log) - len, "%s%lld:%02lld %s", len > 0 ? ", " : "",
             (long long)(minutes / 60), (long long)(minutes % 60), names[event->kind]);
    len = strlen(play->log);
    if (event->key.algorithm != 0)
        snprintf(play->log + len, sizeof(play->log) - len, " %c", letter_of(event->key));
}

// DS of keys that are forgotten are foreign, whoever has their slots now.
static void disown(struct play *play, const struct keyset *before)
{
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (before->keys[i].role != 0 && keyset_find(&play->set, before->keys[i].id) != i) {
            play->parent[0] &= (keyset_mask)~keyset_bit(i);
            play->parent[1] &= (keyset_mask)~keyset_bit(i);
            play->strong &= (keyset_mask)~keyset_bit(i);
        }
}

static void step(struct play *play)
{
    const struct keyset before = play->set;
    struct rollover_events events = {.count = 0};
    struct rollover_need need;
    do {
        rollover_step(&play->set, &play->policy, play->now, &events, &need);
        if (need.role == 0)
            break;
        assert_true(play->made < 26);
        struct dnskey_id id = {(uint16_t)('A' + play->made), need.algorithm};
        play->algorithms[play->made++] = need.algorithm;
        assert_true(keyset_add(&play->set, id, need.role, play->now) < KEYSET_KEYS_MAX);
    } while (true);
    for (size_t i = 0; i < events.count; i++)
        note(play, &events.list[i]);
    disown(play, &before);
}

static void look(struct play *play)
{
    const struct keyset_sight zone = {
        .seen_at = play->now,
        .revision = play->set.revision,
        .ok = 3 - play->wrong - play->unknown,
        .wrong = play->wrong,
        .unknown = play->unknown,
        .propagation_delay = play->policy.propagation_delay,
    };
    keyset_see_zone(&play->set, &zone, play->now);
    struct keyset_parent_sight parent = {
        .seen_at = play->now,
        .ok = 2 - play->parent_unknown,
        .unknown = play->parent_unknown,
        .propagation_delay = play->policy.parent_propagation_delay,
        .cds_lags = play->cds_lags,
    };
    for (size_t i = 0; i < 2 - play->parent_unknown; i++) {
        if (i > 0 && play->parent[0] == play->parent[1])
            continue;
        keyset_mask strong = play->parent[i] & play->strong;
        parent.sets[parent.set_count].foreign = (uint16_t)play->foreign;
        parent.sets[parent.set_count].strong = strong != 0 ? strong : play->parent[i];
        parent.sets[parent.set_count++].keys = play->parent[i];
        if (play->parent[i] != 0 || play->foreign > 0)
            parent.ttl = play->ds_ttl != 0 ? play->ds_ttl : PLAY_DS;
    }
    keyset_see_parent(&play->set, &parent, play->now);
}

void play_minutes(struct play *play, int64_t minutes)
{
    for (; minutes > 0; minutes--) {
        step(play);
        play->now += 60;
        if ((play->now - PLAY_T0) % PLAY_INTERVAL != 0)
            continue;
        if (play->by_cds)
            play->parent[0] = play->parent[1] = play->set.offered;
        if (!play->blind)
            look(play);
    }
    step(play);
}

void play_out(struct play *play)
{
    const int64_t day = 24 * 60;
    size_t quiet = 0;
    for (size_t i = 0; i < 365 && quiet < 3; i++) {
        size_t len = strlen(play->log);
        play_minutes(play, day);
        quiet = strlen(play->log) > len ? 0 : quiet + 1;
    }
}

const char *play_read(struct play *play)
{
    static char text[sizeof(play->log)];
    memcpy(text, play->log, sizeof(text));
    play->log[0] = '\0';
    play->read_at = play->now;
    return text;
}

void play_expect(struct play *play, const char *expected)
{
    assert_string_equal(play_read(play), expected);
}

void play_begin(struct play *play, bool split_keys, uint8_t algorithm)
{
    *play = (struct play){
        .now = PLAY_T0,
        .read_at = PLAY_T0,
        .policy =
            {
                .is_signed = true,
                .algorithm = algorithm,
                .split_keys = split_keys,
                .propagation_delay = PLAY_DELAY,
                .parent_propagation_delay = PLAY_PARENT,
                .dnskey_ttl = PLAY_DNSKEY,
                .largest_ttl = PLAY_LARGEST,
            },
    };
    keyset_begin(&play->set, PLAY_LARGEST, PLAY_T0);
}

void play_secure(struct play *play, bool split_keys, uint8_t algorithm)
{
    play_begin(play, split_keys, algorithm);
    play->by_cds = true;
    play_out(play);
    play->by_cds = false;
    struct rollover_waiting waits = rollover_waits(&play->set, &play->policy, play->now);
    assert_true(keyset_ds_is_in(&play->set) && waits.wait == ROLLOVER_DONE);
    play_read(play);
}
