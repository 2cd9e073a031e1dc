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
#include "tests/unit/probe/stand_in.h"

#define TIMEOUT_MS 400
#define TIME_MS    800

// What the resolver says, by type; a question that is not here gets no answer.
struct told {
    const char *name;
    ldns_rr_type type;
    ldns_pkt_rcode rcode;
    const char *answer; // a record
};

static uv_loop_t loop;
static struct stand_in server;
static struct probe_world world;
static struct observer *observer;
static const struct told *told;
static int ends[2];

static void say(const struct told *what, ldns_pkt *packet, struct buf *ret)
{
    uint8_t *octets = NULL;
    size_t len = 0;
    ldns_rr *rr = NULL;
    ldns_pkt_set_qr(packet, true);
    ldns_pkt_set_edns_udp_size(packet, 0);
    ldns_pkt_set_rcode(packet, (uint8_t)what->rcode);
    if (what->answer != NULL &&
        ldns_rr_new_frm_str(&rr, what->answer, 0, NULL, NULL) == LDNS_STATUS_OK)
        ldns_pkt_push_rr(packet, LDNS_SECTION_ANSWER, rr);
    assert_int_equal(ldns_pkt2wire(&octets, packet, &len), LDNS_STATUS_OK);
    buf_put(ret, octets, len);
    free(octets);
}

static void answer(struct stand_in *stand_in, const uint8_t *octets, size_t len, struct buf *ret)
{
    ldns_pkt *packet = NULL;
    (void)stand_in;
    assert_int_equal(ldns_wire2pkt(&packet, octets, len), LDNS_STATUS_OK);
    const ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(packet), 0);
    char *name = ldns_rdf2str(ldns_rr_owner(question));
    for (const struct told *what = told; what->name != NULL; what++)
        if (strcmp(what->name, name) == 0 && what->type == ldns_rr_get_type(question))
            say(what, packet, ret);
    free(name);
    ldns_pkt_free(packet);
}

static int start(void **state)
{
    (void)state;
    uv_loop_init(&loop);
    memset(&server, 0, sizeof(server));
    stand_in_start(&server, &loop);
    server.datagram = answer;
    world = (struct probe_world){.loop = &loop};
    world.resolver = (struct resolver){asker_new(&loop, TIMEOUT_MS), server.address};
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    observer = observer_new(&world, ends[0], TIME_MS);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    observer_close(observer);
    asker_close(world.resolver.asker);
    stand_in_stop(&server);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
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
        {".", LDNS_RR_TYPE_NS, LDNS_RCODE_NOERROR, ". 1 IN NS ns.example."},
        {"ns.example.", LDNS_RR_TYPE_A, LDNS_RCODE_NOERROR, "ns.example. 1 IN A 10.0.0.1"},
        {"ns.example.", LDNS_RR_TYPE_AAAA, LDNS_RCODE_NOERROR, NULL},
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
        {"example.", LDNS_RR_TYPE_SOA, LDNS_RCODE_NOERROR, "example. 1 IN SOA a. b. 1 2 3 4 5"},
        {"example.", LDNS_RR_TYPE_NS, LDNS_RCODE_NOERROR, "example. 1 IN NS ns.example."},
        {"ns.example.", LDNS_RR_TYPE_A, LDNS_RCODE_NOERROR, "ns.example. 1 IN A 240.0.0.1"},
        {0}};
    uint64_t before = uv_now(&loop);
    assert_int_equal(ask("a.example", slow).unknown, 1);
    assert_true(uv_now(&loop) - before < TIME_MS + TIMEOUT_MS);
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

static void without_a_resolver_every_kind_is_unknown(void **state)
{
    (void)state;
    static const struct told nothing[] = {{0}};
    struct observe_answer heard;
    told = nothing;
    for (uint32_t i = 0; i < KINDS; i++)
        send_question_of(kinds[i], "a.example", i);
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
    static const struct told nothing[] = {{0}};
    struct observe_answer heard;
    told = nothing;
    for (uint32_t i = 0; i < KINDS; i++)
        send_question_of(kinds[i], "a.example", i);
    while (observer_counts(observer)->questions < KINDS)
        uv_run(&loop, UV_RUN_ONCE);
    observer_close(observer);
    asker_close(world.resolver.asker);
    observer = NULL;
    world.resolver.asker = NULL;
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
