// SPDX-License-Identifier: ISC
// OBSERVE_KEYS: each of the zone's servers is asked for DNSKEY and then for SOA, over UDP and, apart from that, over
// TCP. Wrong is what an answer from authority shows; who answers without authority, or not at all over one of the two,
// is unknown.
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "dns/types.h"
#include "probe/keys_seen.h"
#include "probe/observation.h"

// A server over one transport.
struct look {
    struct errand *errand;
    enum ask_transport transport;
    struct keys_list keys;
    bool right; // so far
};

static void look_done(struct look *look)
{
    keys_list_done(&look->keys);
    errand_done(look->errand);
    free(look);
}

static void ask(struct look *look, uint16_t type,
                void (*done)(void *data, struct ask_answer *answer))
{
    const struct observation *observation = look->errand->observation;
    struct ask_question question = {.server = look->errand->target->address,
                                    .name = observation->question.zone,
                                    .type = type,
                                    .transport = look->transport};
    asker_ask(observation->world->resolver.asker, &question, done, look);
}

static bool is_answer(struct look *look, const struct ask_answer *got)
{
    struct server server = {.answer = got->packet};
    if (got->outcome == ASK_NO_ROUTE)
        look->errand->target->no_route = true;
    if (server_is_authoritative(&server))
        return true;
    look->errand->target->partial = true;
    return false;
}

static void take(struct look *look, const struct keys_seen *seen)
{
    struct observation *observation = look->errand->observation;
    struct observe_answer *answer = &observation->answer;
    look->right = look->right && seen->right;
    observation_ttl(observation, seen->ttl);
    if (seen->expires_at == 0 ||
        (answer->expires_at != 0 && answer->expires_at <= seen->expires_at))
        return;
    answer->expires_at = seen->expires_at;
    observation_put_address(&look->errand->target->address, answer->first_expiring);
}

static void on_soa(void *data, struct ask_answer *got)
{
    struct look *look = data;
    struct keys_seen seen;
    if (is_answer(look, got)) {
        keys_read_soa(&look->errand->observation->question, got->packet, &look->keys,
                      (int64_t)time(NULL), &seen);
        take(look, &seen);
        look->errand->target->has = true;
    }
    if (!look->right)
        look->errand->target->has_not = true;
    look_done(look);
}

// Where the keys are wrong the SOA is asked for, too: its signatures may be the first to expire.
static void on_dnskey(void *data, struct ask_answer *got)
{
    struct look *look = data;
    struct observation *observation = look->errand->observation;
    struct keys_seen seen;
    if (!is_answer(look, got) || observation->told) {
        look_done(look);
        return;
    }
    keys_read_dnskey(&observation->question, got->packet, (int64_t)time(NULL), &seen, &look->keys);
    take(look, &seen);
    ask(look, RR_TYPE_SOA, on_soa);
}

static void ask_server(struct observation *observation, struct target *target)
{
    static const enum ask_transport transports[] = {ASK_UDP, ASK_TCP};
    for (size_t i = 0; i < 2; i++) {
        struct look *look = xcalloc(1, sizeof(*look));
        *look = (struct look){
            .errand = errand_new(observation, target), .transport = transports[i], .right = true};
        ask(look, RR_TYPE_DNSKEY, on_dnskey);
    }
}

void observe_keys(struct observation *observation)
{
    observation_ask_zone(observation, ask_server);
}
