// SPDX-License-Identifier: ISC
// What zone-signer is told when a resolver on loopback knows little or nothing. Servers that answer are for the
// integration tests.
#include "probe/observer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "dns/types.h"
#include "tests/unit/probe/told.h"

#define TIME_MS 800

static struct probe_world world;
static struct observer *observer;
static int ends[2];

static int start(void **state)
{
    told_start(state);
    world = (struct probe_world){.loop = &loop, .resolver = resolver};
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    observer = observer_new(&world, ends[0], TIME_MS);
    return 0;
}

static int stop(void **state)
{
    observer_close(observer);
    told_stop(state);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static void send_question_of(enum observe_kind kind, const char *zone, uint32_t id)
{
    struct observe_question question = {.version = OBSERVE_VERSION,
                                        .id = id,
                                        .kind = (uint16_t)kind,
                                        .type = RR_TYPE_TXT,
                                        .port = 25};
    struct name name;
    assert_int_equal(name_from_text(zone, &name, NULL), STATUS_OK);
    memcpy(question.zone, name.wire, name.len);
    memcpy(question.owner, name.wire, name.len);
    assert_int_equal(send(ends[1], &question, sizeof(question), 0), sizeof(question));
}

static void send_question(const char *zone, uint32_t id)
{
    send_question_of(OBSERVE_RECORD, zone, id);
}

static bool hear(struct observe_answer *ret)
{
    return recv(ends[1], ret, sizeof(*ret), MSG_DONTWAIT) == (ssize_t)sizeof(*ret);
}

static struct observe_answer ask(const char *zone, const struct told *what)
{
    struct observe_answer heard;
    told = what;
    send_question(zone, 1);
    while (!hear(&heard))
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(heard.ok + heard.wrong, 0);
    return heard;
}

// The root's servers are those that the resolver tells.
static void a_family_that_is_not_known_may_hide_a_server(void **state)
{
    (void)state;
    static const struct told known[] = {
        {". NS", LDNS_RCODE_NOERROR, ". 1 IN NS ns.example.", NULL},
        {"ns.example. A", LDNS_RCODE_NOERROR, "ns.example. 1 IN A 10.0.0.1", NULL},
        {"ns.example. AAAA", LDNS_RCODE_NOERROR, NULL, NULL},
        {0}};
    struct told half[4];
    memcpy(half, known, sizeof(half));
    half[2].rcode = LDNS_RCODE_SERVFAIL;
    assert_int_equal(ask(".", known).unknown, 1);
    assert_int_equal(ask(".", half).unknown, 2);
}

// The zone above, its servers, their addresses: each has the whole of its time to be silent.
static void what_takes_too_long_is_unknown(void **state)
{
    (void)state;
    static const struct told slow[] = {
        {"example. SOA", LDNS_RCODE_NOERROR, "example. 1 IN SOA a. b. 1 2 3 4 5", NULL},
        {"example. NS", LDNS_RCODE_NOERROR, "example. 1 IN NS ns.example.", NULL},
        {"ns.example. A", LDNS_RCODE_NOERROR, "ns.example. 1 IN A 240.0.0.1", NULL},
        {0}};
    uint64_t before = uv_now(&loop);
    assert_int_equal(ask("a.example", slow).unknown, 1);
    assert_true(uv_now(&loop) - before < TIME_MS + TOLD_TIMEOUT_MS);
}

static void who_is_never_answered_holds_up_nobody(void **state)
{
    (void)state;
    static const struct told nothing[] = {{0}};
    struct observe_answer heard;
    told = nothing;
    for (uint32_t id = 1; id <= 2 * OBSERVER_QUESTIONS_MAX; id++)
        send_question("a.example", id);
    while (observer_counts(observer)->answers < 2 * OBSERVER_QUESTIONS_MAX)
        uv_run(&loop, UV_RUN_ONCE);
    for (uint32_t left = 2 * OBSERVER_QUESTIONS_MAX; left > 0; left--)
        assert_true(hear(&heard) && heard.unknown == 1);
}

static const enum observe_kind kinds[] = {OBSERVE_RECORD, OBSERVE_TLS_KEY, OBSERVE_KEYS, OBSERVE_DS,
                                          OBSERVE_NOTIFY_CDS};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

// One question of each kind, while the resolver is silent.
static void ask_all_kinds(void)
{
    static const struct told nothing[] = {{0}};
    told = nothing;
    for (uint32_t i = 0; i < KINDS; i++)
        send_question_of(kinds[i], "a.example", i);
}

static void without_a_resolver_every_kind_is_unknown(void **state)
{
    (void)state;
    struct observe_answer heard;
    ask_all_kinds();
    while (observer_counts(observer)->answers < KINDS)
        uv_run(&loop, UV_RUN_ONCE);
    for (unsigned i = 0; i < KINDS; i++) {
        assert_true(hear(&heard));
        assert_int_equal(heard.unknown, 1);
        assert_int_equal(heard.ok + heard.wrong + heard.set_count, 0);
    }
}

static void an_observer_that_is_closed_says_nothing_more(void **state)
{
    (void)state;
    struct observe_answer heard;
    ask_all_kinds();
    while (observer_counts(observer)->questions < KINDS)
        uv_run(&loop, UV_RUN_ONCE);
    observer_close(observer);
    asker_close(resolver.asker);
    observer = NULL;
    resolver.asker = NULL;
    assert_false(hear(&heard));
}

#define test(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_family_that_is_not_known_may_hide_a_server),
        test(what_takes_too_long_is_unknown),
        test(who_is_never_answered_holds_up_nobody),
        test(without_a_resolver_every_kind_is_unknown),
        test(an_observer_that_is_closed_says_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
