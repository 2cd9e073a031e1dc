// SPDX-License-Identifier: ISC
// What is asked about TLSA keys, and what answers make of the plan.
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/alloc.h"
#include "dns/types.h"
#include "signer/questions.h"
#include "signer/tls_desk.h"

// ── Questions ────────────────────────────────────────────────────────────────────────────────────

static struct tls_round *find_round(struct tls_desk *desk, const uint8_t *digest)
{
    for (size_t i = 0; i < TLS_KEYS_MAX; i++)
        if (desk->rounds[i].active && memcmp(desk->rounds[i].digest, digest, TLS_DIGEST_LEN) == 0)
            return &desk->rounds[i];
    return NULL;
}

static struct tls_round *free_round(struct tls_desk *desk)
{
    for (size_t i = 0; i < TLS_KEYS_MAX; i++)
        if (!desk->rounds[i].active)
            return &desk->rounds[i];
    return NULL;
}

static size_t question_count(const struct config_box *box, enum tls_look look)
{
    if (look == TLS_LOOK_RECORD)
        return 1;
    return box->tls_port_count < TLS_PORTS_MAX ? box->tls_port_count : TLS_PORTS_MAX;
}

static void write_question(const struct publisher *publisher, const struct tls_round *round,
                           size_t index, struct observe_question *ret)
{
    const struct config_box *box = &publisher->zones.inputs->config->box;
    memset(ret, 0, sizeof(*ret));
    ret->version = OBSERVE_VERSION;
    ret->id = round->ids[index];
    ret->port = (uint16_t)box->tls_ports[index];
    if (round->look == TLS_LOOK_SERVERS) {
        ret->kind = OBSERVE_TLS_KEY;
        question_name(box->hostname, ret->owner);
        memcpy(ret->digest, round->digest, TLS_DIGEST_LEN);
        return;
    }
    uint8_t rdata[3 + TLS_DIGEST_LEN] = {3, 1, 1};
    char *owner = xasprintf("_%u._tcp.%s", box->tls_ports[index], box->hostname);
    memcpy(rdata + 3, round->digest, TLS_DIGEST_LEN);
    ldns_sha256(rdata, sizeof(rdata), ret->digest);
    ret->kind = OBSERVE_RECORD;
    ret->type = RR_TYPE_TLSA;
    ret->port = 0;
    question_name(tls_host_zone(publisher)->name, ret->zone);
    question_name(owner, ret->owner);
    free(owner);
}

static struct tls_round *begin(struct publisher *publisher, const struct tls_key *key,
                               enum tls_look look, int64_t now)
{
    struct tls_desk *desk = &publisher->tls;
    struct tls_round *round = free_round(desk);
    if (round == NULL)
        return NULL;
    *round = (struct tls_round){
        .active = true,
        .look = look,
        .begun_at = now,
        .count = question_count(&publisher->zones.inputs->config->box, look),
        .sight = {.look = look, .seen_at = now},
    };
    memcpy(round->digest, key->digest, TLS_DIGEST_LEN);
    memcpy(round->sight.digest, key->digest, TLS_DIGEST_LEN);
    for (size_t i = 0; i < round->count; i++)
        round->ids[i] = question_id(publisher);
    return round;
}

// ── Answers ──────────────────────────────────────────────────────────────────────────────────────

static void finish(struct publisher *publisher, struct tls_round *round, int64_t now)
{
    struct tls_desk *desk = &publisher->tls;
    struct tls_events events = {.count = 0};
    round->active = false;
    round->sight.unknown += (uint32_t)(round->count - round->answered);
    if (tls_plan_see(&desk->plan, &round->sight, now, &events))
        desk->seen_news = true;
    if (round->look == TLS_LOOK_SERVERS)
        desk->silent_port = round->silent_port;
    desk->looked = true; // a second look may be what a withdrawal waits for
    tls_tell(publisher, &events);
}

// Nobody answered the rest: it is unknown.
static void give_up_old(struct publisher *publisher, int64_t now)
{
    struct tls_desk *desk = &publisher->tls;
    for (size_t i = 0; i < TLS_KEYS_MAX; i++) {
        struct tls_round *round = &desk->rounds[i];
        if (round->active && question_is_late(round->begun_at, now))
            finish(publisher, round, now);
    }
}

size_t tls_questions(struct publisher *publisher, int64_t now, struct observe_question *ret,
                     size_t max)
{
    struct tls_desk *desk = &publisher->tls;
    size_t count = 0;
    desk->has_eyes = questions_wanted(publisher);
    if (!desk->has_eyes || !desk->active || desk->stale)
        return 0;
    give_up_old(publisher, now);
    for (size_t i = 0; i < desk->plan.count; i++) {
        const struct tls_key *key = &desk->plan.keys[i];
        enum tls_look look;
        if (!tls_plan_wants(key, &look) || find_round(desk, key->digest) != NULL ||
            tls_plan_look_at(key, question_interval(publisher), now) > now ||
            count + TLS_PORTS_MAX > max)
            continue;
        const struct tls_round *round = begin(publisher, key, look, now);
        for (size_t k = 0; round != NULL && k < round->count; k++)
            write_question(publisher, round, k, &ret[count++]);
    }
    return count;
}

int64_t tls_ask_next(const struct publisher *publisher, int64_t now)
{
    const struct tls_desk *desk = &publisher->tls;
    int64_t next = INT64_MAX;
    if (!desk->has_eyes)
        return next;
    for (size_t i = 0; i < TLS_KEYS_MAX; i++)
        if (desk->rounds[i].active && desk->rounds[i].begun_at + OBSERVE_PATIENCE_S < next)
            next = desk->rounds[i].begun_at + OBSERVE_PATIENCE_S;
    for (size_t i = 0; i < desk->plan.count; i++) {
        const struct tls_key *key = &desk->plan.keys[i];
        enum tls_look look;
        bool asked = false;
        for (size_t k = 0; k < TLS_KEYS_MAX && !asked; k++)
            asked = desk->rounds[k].active &&
                    memcmp(desk->rounds[k].digest, key->digest, TLS_DIGEST_LEN) == 0;
        if (asked || !tls_plan_wants(key, &look))
            continue;
        int64_t at = tls_plan_look_at(key, question_interval(publisher), now);
        next = at < next ? at : next;
    }
    return next;
}

// A port of the configuration that no server has keeps every key that leaves, so it is worth a word.
static void note_silence(const struct publisher *publisher, struct tls_round *round, size_t index,
                         const struct observe_answer *answer)
{
    const struct config_box *box = &publisher->zones.inputs->config->box;
    if (round->look == TLS_LOOK_SERVERS && index < box->tls_port_count && answer->ok == 0 &&
        answer->wrong == 0)
        round->silent_port = (uint16_t)box->tls_ports[index];
}

void tls_answer(struct publisher *publisher, const struct observe_answer *answer, int64_t now)
{
    struct tls_desk *desk = &publisher->tls;
    for (size_t i = 0; i < TLS_KEYS_MAX && answer->id != 0; i++) {
        struct tls_round *round = &desk->rounds[i];
        for (size_t k = 0; round->active && k < round->count; k++) {
            if (round->ids[k] != answer->id || !answer_makes_sense(answer, round->begun_at, now))
                continue;
            note_silence(publisher, round, k, answer);
            round->ids[k] = 0;
            round->answered++;
            round->sight.ok += answer->ok;
            round->sight.wrong += answer->wrong;
            round->sight.unknown += answer->unknown;
            if (answer->ttl > round->sight.ttl)
                round->sight.ttl = answer->ttl;
            if (round->answered == round->count)
                finish(publisher, round, now);
            return;
        }
    }
}
