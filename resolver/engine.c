// SPDX-License-Identifier: ISC
#include "resolver/engine.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/log.h"
#include "dns/types.h"
#include "resolver/anchors.h"
#include "resolver/context.h"
#include "resolver/events.h"
#include "resolver/follow.h"
#include "resolver/forwards.h"
#include "resolver/own_zones.h"
#include "resolver/unbound_log.h"

// Contexts that wait for their last answers: each swap under load leaves one for as long as its slowest question takes,
// and it may have tens of megabytes of cache. Beyond that the oldest gives up.
#define RETIRED_MAX 8

struct context;

struct engine_query {
    struct context *context;
    engine_answer *answer; // NULL: nobody waits any more
    void *data;
    uint64_t deadline; // of the loop's clock
    bool *answered;    // while engine_ask is under way: set when the answer came
    TAILQ_ENTRY(engine_query) in_context;
    TAILQ_ENTRY(engine_query) waiting; // while somebody waits
};

TAILQ_HEAD(query_list, engine_query);

struct context {
    struct engine *engine;
    struct ub_ctx *unbound;
    struct query_list queries; // all that libunbound works on
    size_t count;
    size_t waiting; // those with somebody who waits
    TAILQ_ENTRY(context) retired;
};

struct engine {
    uv_loop_t *loop;
    struct engine_settings settings; // with forwards as libunbound is told of them
    struct forwards forwards;
    struct contexts contexts;
    bool asks_loopback;
    struct anchors anchors;
    struct own_zones own_zones;
    struct follower *follower;
    struct context *current; // takes questions
    struct context *next;    // is being primed to be the current one
    TAILQ_HEAD(, context) retired;
    size_t retired_count;
    uint64_t swaps;
    struct query_list waiting; // in the order of their deadlines
    uv_timer_t deadline;
    uv_timer_t prime; // when the next one takes over, primed or not
    uv_timer_t reap;
    unsigned handles;
};

// ── Questions ────────────────────────────────────────────────────────────────────────────────────

static void on_deadline(uv_timer_t *timer);
static void on_reap(uv_timer_t *timer);
static void on_primed(void *data, const struct engine_result *result);

static void set_deadline(struct engine *engine)
{
    struct engine_query *first = TAILQ_FIRST(&engine->waiting);
    uint64_t now = uv_now(engine->loop);
    if (first == NULL)
        uv_timer_stop(&engine->deadline);
    else if (!uv_is_active((uv_handle_t *)&engine->deadline))
        uv_timer_start(&engine->deadline, on_deadline,
                       first->deadline > now ? first->deadline - now : 0, 0);
}

// A context that takes no questions is released with its last answer; not from here, since libunbound may be calling.
static void context_check(struct context *context)
{
    struct engine *engine = context->engine;
    if (context->waiting == 0 && context != engine->current && context != engine->next)
        uv_timer_start(&engine->reap, on_reap, 0, 0);
}

// Nobody waits for it from now on; libunbound may still work on it.
static void query_leave(struct engine_query *query)
{
    struct engine *engine = query->context->engine;
    if (query->answer == NULL)
        return;
    query->answer = NULL;
    query->context->waiting--;
    TAILQ_REMOVE(&engine->waiting, query, waiting);
    context_check(query->context);
}

static void query_free(struct engine_query *query)
{
    TAILQ_REMOVE(&query->context->queries, query, in_context);
    query->context->count--;
    free(query);
}

// libunbound's numbers: 1 is bogus, 2 secure. What its root key sentinel wants to fail (RFC 8509 §3) comes as insecure
// with a reason, which nothing else that is insecure has.
static enum engine_security security_of(int security, const char *why_bogus)
{
    if (security == 2)
        return ENGINE_SECURE;
    return security == 1 || why_bogus != NULL ? ENGINE_BOGUS : ENGINE_INSECURE;
}

static void on_unbound_answer(void *data, int rcode, void *packet, int len, int security,
                              char *why_bogus, int was_ratelimited)
{
    struct engine_query *query = data;
    engine_answer *answer = query->answer;
    void *answer_data = query->data;
    struct engine_result result = {
        .rcode = (unsigned)rcode,
        .packet = rcode == 0 ? packet : NULL,
        .packet_len = rcode == 0 ? (size_t)len : 0,
        .security = security_of(security, why_bogus),
        .why_bogus = why_bogus,
        .was_ratelimited = was_ratelimited != 0,
    };
    if (query->answered != NULL)
        *query->answered = true;
    query_leave(query);
    query_free(query);
    if (answer != NULL)
        answer(answer_data, &result);
}

static void answer_servfail(engine_answer *answer, void *data)
{
    struct engine_result result = {.rcode = RCODE_SERVFAIL};
    answer(data, &result);
}

static void on_deadline(uv_timer_t *timer)
{
    struct engine *engine = timer->data;
    uint64_t now = uv_now(engine->loop);
    struct engine_query *query;
    while ((query = TAILQ_FIRST(&engine->waiting)) != NULL && query->deadline <= now) {
        engine_answer *answer = query->answer;
        void *data = query->data;
        query_leave(query);
        answer_servfail(answer, data);
    }
    set_deadline(engine);
}

// *ret_failure: libunbound's, when it did not take the question.
static struct engine_query *context_ask(struct context *context, const uint8_t *qname,
                                        uint16_t qtype, engine_answer *answer, void *data,
                                        int *ret_failure)
{
    struct engine *engine = context->engine;
    struct engine_query *query = xcalloc(1, sizeof(*query));
    char name[NAME_TEXT_MAX];
    bool answered = false;
    *query = (struct engine_query){.context = context,
                                   .answer = answer,
                                   .data = data,
                                   .deadline = uv_now(engine->loop) + ENGINE_QUERY_MS,
                                   .answered = &answered};
    TAILQ_INSERT_TAIL(&context->queries, query, in_context);
    TAILQ_INSERT_TAIL(&engine->waiting, query, waiting);
    context->count++;
    context->waiting++;
    *ret_failure = ub_resolve_event(context->unbound, name_to_text(qname, name), qtype, RR_CLASS_IN,
                                    query, on_unbound_answer, NULL);
    if (answered)
        return NULL;
    if (*ret_failure != 0) {
        query_leave(query);
        query_free(query);
        answer_servfail(answer, data);
        return NULL;
    }
    query->answered = NULL;
    set_deadline(engine);
    return query;
}

struct engine_query *engine_ask(struct engine *engine, const uint8_t *qname, uint16_t qtype,
                                engine_answer *answer, void *data)
{
    int failure;
    return context_ask(engine->current, qname, qtype, answer, data, &failure);
}

void engine_cancel(struct engine_query *query)
{
    query_leave(query);
}

size_t engine_running(const struct engine *engine)
{
    size_t count = engine->current->count + (engine->next != NULL ? engine->next->count : 0);
    const struct context *context;
    TAILQ_FOREACH(context, &engine->retired, retired) count += context->count;
    return count;
}

// ── Contexts ─────────────────────────────────────────────────────────────────────────────────────

static void context_free(struct context *context)
{
    struct engine_query *query;
    TAILQ_FOREACH(query, &context->queries, in_context) query_leave(query);
    ub_ctx_delete(context->unbound); // answers SERVFAIL to what it works on
    while ((query = TAILQ_FIRST(&context->queries)) != NULL)
        query_free(query);
    free(context);
}

static void on_reap(uv_timer_t *timer)
{
    struct engine *engine = timer->data;
    struct context *following;
    for (struct context *context = TAILQ_FIRST(&engine->retired); context != NULL;
         context = following) {
        following = TAILQ_NEXT(context, retired);
        if (context->waiting > 0)
            continue;
        TAILQ_REMOVE(&engine->retired, context, retired);
        engine->retired_count--;
        context_free(context);
    }
    ub_ctx_debugout(engine->current->unbound, unbound_log());
}

// Answers all who wait.
static void context_give_up(struct context *context)
{
    struct engine_query *query;
    TAILQ_FOREACH(query, &context->queries, in_context)
    {
        engine_answer *answer = query->answer;
        void *data = query->data;
        query_leave(query);
        if (answer != NULL)
            answer_servfail(answer, data);
    }
}

static void context_retire(struct engine *engine, struct context *context)
{
    struct engine_query *query;
    if (engine->retired_count == RETIRED_MAX)
        context_give_up(TAILQ_FIRST(&engine->retired));
    TAILQ_FOREACH(query, &context->queries, in_context)
    {
        if (query->answer == on_primed)
            query_leave(query);
    }
    TAILQ_INSERT_TAIL(&engine->retired, context, retired);
    engine->retired_count++;
    context_check(context);
}

// Postfix asks for NS of the root before anything else (its dnssec_probe); and with the answer the keys and the servers
// of the root are known, which every first question needs.
static int context_prime(struct context *context)
{
    static const uint8_t root[] = {0};
    int failure;
    context_ask(context, root, RR_TYPE_NS, on_primed, context, &failure);
    return failure;
}

static enum status context_make(struct engine *engine, const struct own_zones *own_zones,
                                struct context **ret, struct error *err)
{
    struct context_plan plan = {.settings = &engine->settings,
                                .anchors = &engine->anchors,
                                .own_zones = own_zones,
                                .asks_loopback = engine->asks_loopback};
    struct buf text = {0};
    struct ub_ctx *unbound;
    context_text(&plan, &text);
    enum status status = context_new(&engine->contexts, &text, &unbound, err);
    buf_done(&text);
    if (status != STATUS_OK)
        return status;
    ub_ctx_debugout(unbound, unbound_log());
    struct context *context = xcalloc(1, sizeof(*context));
    context->engine = engine;
    context->unbound = unbound;
    TAILQ_INIT(&context->queries);
    int failure = context_prime(context);
    if (failure != 0) { // what it said about that is in the log
        context_free(context);
        return error_set(err, STATUS_STATE, "libunbound does not start with its settings: %s",
                         ub_strerror(failure));
    }
    *ret = context;
    return STATUS_OK;
}

// ── Swaps ────────────────────────────────────────────────────────────────────────────────────────

static void take_over(struct engine *engine)
{
    struct context *before = engine->current;
    uv_timer_stop(&engine->prime);
    engine->current = engine->next;
    engine->next = NULL;
    engine->swaps++;
    context_retire(engine, before);
}

static void on_prime_time(uv_timer_t *timer)
{
    take_over(timer->data);
}

// libunbound may be calling: taken over by the timer.
static void on_primed(void *data, const struct engine_result *result)
{
    struct context *context = data;
    (void)result;
    if (context == context->engine->next)
        uv_timer_start(&context->engine->prime, on_prime_time, 0, 0);
}

static enum status swap(struct engine *engine, const struct own_zones *own_zones, struct error *err)
{
    struct context *context;
    enum status status = context_make(engine, own_zones, &context, err);
    if (status != STATUS_OK)
        return status;
    struct context *before = engine->next;
    engine->next = context;
    if (before != NULL)
        context_retire(engine, before);
    else // so a next one that is replaced again and again takes over all the same
        uv_timer_start(&engine->prime, on_prime_time, ENGINE_PRIME_MS, 0);
    return STATUS_OK;
}

enum status engine_swap(struct engine *engine, struct error *err)
{
    return swap(engine, &engine->own_zones, err);
}

enum status engine_set_own_zones(struct engine *engine, const struct own_zones *zones,
                                 struct error *err)
{
    enum status status = swap(engine, zones, err);
    if (status == STATUS_OK) {
        own_zones_done(&engine->own_zones);
        own_zones_copy(zones, &engine->own_zones);
    }
    return status;
}

static void log_anchors(const struct anchors *anchors)
{
    char zone[NAME_TEXT_MAX];
    for (size_t i = 0; i < anchors->zone_count; i++)
        if (anchors->zones[i].complaint != NULL)
            log_event(LOG_LEVEL_ERROR, "anchor-not-followed", "zone",
                      name_to_text(anchors->zones[i].name.wire, zone), "reason",
                      anchors->zones[i].complaint, NULL);
    for (size_t i = 0; i < anchors->count; i++) {
        const struct anchor *anchor = &anchors->list[i];
        log_event(LOG_LEVEL_NOTICE, "trust-anchor", "zone",
                  name_to_text(anchor->record.owner.wire, zone), "tag", log_u64(anchor->record.tag),
                  "state", anchor_state_text(anchor->state), NULL);
    }
}

static void on_followed(void *data, bool changed)
{
    struct engine *engine = data;
    struct error err = {0};
    ub_ctx_debugout(engine->current->unbound, unbound_log());
    if (!changed)
        return;
    log_anchors(&engine->anchors);
    if (engine_swap(engine, &err) != STATUS_OK)
        log_event(LOG_LEVEL_ERROR, "anchors-not-used", "reason", err.text, NULL);
}

// ── Beginning and end ────────────────────────────────────────────────────────────────────────────

static void start_timers(struct engine *engine)
{
    uv_timer_t *timers[] = {&engine->deadline, &engine->prime, &engine->reap};
    for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
        uv_timer_init(engine->loop, timers[i]);
        timers[i]->data = engine;
        engine->handles++;
    }
}

static enum status start(struct engine *engine, struct error *err)
{
    struct engine_settings *settings = &engine->settings;
    enum status status = contexts_init(&engine->contexts, engine->loop, err);
    if (status == STATUS_OK)
        status = forwards_open(engine->loop, settings, &engine->forwards, err);
    if (status == STATUS_OK)
        settings->forwards = engine->forwards.list;
    if (status == STATUS_OK)
        status = context_asks_loopback(settings, &engine->asks_loopback, err);
    if (status == STATUS_OK)
        status = anchors_open(settings->trust_anchors, settings->trust_anchor_count,
                              settings->state, &engine->anchors, err);
    if (status == STATUS_OK)
        status = context_make(engine, &engine->own_zones, &engine->current, err);
    return status;
}

static void engine_free(struct engine *engine)
{
    contexts_done(&engine->contexts);
    anchors_done(&engine->anchors);
    own_zones_done(&engine->own_zones);
    free(engine);
}

enum status engine_new(uv_loop_t *loop, const struct engine_settings *settings, struct engine **ret,
                       struct error *err)
{
    struct engine *engine = xcalloc(1, sizeof(*engine));
    engine->loop = loop;
    engine->settings = *settings;
    TAILQ_INIT(&engine->retired);
    TAILQ_INIT(&engine->waiting);
    if (settings->own_zones != NULL)
        own_zones_copy(settings->own_zones, &engine->own_zones);
    start_timers(engine);
    enum status status = start(engine, err);
    if (status != STATUS_OK) {
        engine_close(engine);
        return status;
    }
    log_anchors(&engine->anchors);
    if (follower_is_needed(&engine->anchors)) {
        struct follower_plan plan = {&engine->contexts, &engine->settings, &engine->anchors,
                                     engine->asks_loopback};
        engine->follower = follower_new(&plan, on_followed, engine);
    }
    *ret = engine;
    return STATUS_OK;
}

void engine_facts(const struct engine *engine, struct engine_facts *ret)
{
    *ret = (struct engine_facts){
        .anchors = &engine->anchors,
        .own_zones = own_zones_count(&engine->own_zones),
        .contexts = 1U + (engine->next != NULL ? 1U : 0U) + engine->retired_count,
        .swaps = engine->swaps,
    };
}

static void on_closed(uv_handle_t *handle)
{
    struct engine *engine = handle->data;
    if (--engine->handles == 0)
        engine_free(engine);
}

void engine_close(struct engine *engine)
{
    struct context *context;
    if (engine == NULL)
        return;
    follower_close(engine->follower);
    if (engine->next != NULL)
        context_retire(engine, engine->next);
    if (engine->current != NULL)
        context_retire(engine, engine->current);
    engine->next = engine->current = NULL;
    while ((context = TAILQ_FIRST(&engine->retired)) != NULL) {
        TAILQ_REMOVE(&engine->retired, context, retired);
        context_free(context);
    }
    forwards_close(&engine->forwards);
    uv_close((uv_handle_t *)&engine->deadline, on_closed);
    uv_close((uv_handle_t *)&engine->prime, on_closed);
    uv_close((uv_handle_t *)&engine->reap, on_closed);
}
