// SPDX-License-Identifier: ISC
#include "signer/questions.h"

#include <string.h>
#include <sys/random.h>

#include "signer/publisher.h"

// A zone has some name servers at some addresses. What says more is nonsense.
#define SERVERS_MAX 1000
#define INTERVAL_S  60

bool questions_wanted(const struct publisher *publisher)
{
    return publisher->zones.inputs != NULL && publisher->zones.inputs->config->probe.enabled;
}

bool questions_have_eyes(const struct publisher *publisher)
{
    return publisher->has_channel && questions_wanted(publisher);
}

uint32_t question_id(struct publisher *publisher)
{
    if (publisher->last_question == 0)
        (void)!getrandom(&publisher->last_question, sizeof(publisher->last_question),
                         GRND_NONBLOCK);
    if (++publisher->last_question == 0)
        publisher->last_question = 1;
    return publisher->last_question;
}

uint32_t question_interval(const struct publisher *publisher)
{
    uint32_t wanted = publisher->zones.inputs->config->probe.interval;
    return wanted != 0 ? wanted : INTERVAL_S;
}

void question_begin(struct publisher *publisher, uint16_t kind, const char *zone,
                    struct observe_question *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->version = OBSERVE_VERSION;
    ret->id = question_id(publisher);
    ret->kind = kind;
    question_name(zone, ret->zone);
}

bool question_is_late(int64_t asked_at, int64_t now)
{
    return now >= asked_at + OBSERVE_PATIENCE_S || now < asked_at;
}

bool answer_is_ours(const struct observe_answer *answer, int64_t asked_at, int64_t now)
{
    return answer->version == OBSERVE_VERSION && answer->ok <= SERVERS_MAX &&
           answer->wrong <= SERVERS_MAX && answer->unknown <= SERVERS_MAX &&
           answer->ttl <= INT32_MAX && answer->seen_at >= asked_at - 1 &&
           answer->seen_at <= now + 1;
}

bool answer_makes_sense(const struct observe_answer *answer, int64_t asked_at, int64_t now)
{
    return answer_is_ours(answer, asked_at, now) &&
           answer->ok + answer->wrong + answer->unknown > 0;
}

void question_name(const char *text, uint8_t ret[NAME_WIRE_MAX])
{
    struct name name;
    if (name_from_text(text, &name, NULL) == STATUS_OK)
        memcpy(ret, name.wire, name.len);
}

size_t questions_take(struct publisher *publisher, int64_t now, struct observe_question *ret,
                      size_t max)
{
    size_t count = tls_questions(publisher, now, ret, max);
    count += dkim_questions(publisher, now, ret + count, max - count);
    return count + life_questions(publisher, now, ret + count, max - count);
}

void questions_answer(struct publisher *publisher, const struct observe_answer *answer, int64_t now)
{
    // The clock that both read may be ahead of what is believed here (signer/timekeeper.h).
    struct observe_answer seen = *answer;
    if (seen.seen_at > now)
        seen.seen_at = now;
    tls_answer(publisher, &seen, now);
    dkim_answer(publisher, &seen, now);
    life_answer(publisher, &seen, now);
}

int64_t questions_next(const struct publisher *publisher)
{
    return life_ask_next(publisher);
}
