// SPDX-License-Identifier: ISC
// The engine without a world: a forwarder that never answers (a socket that nobody reads), or none at all.
#include "resolver/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "dns/types.h"
#include "resolver/anchors.h"
#include "resolver/own_zones.h"
#include "tests/support/scratch.h"

static const uint8_t www[] = "\3www\7example\3com";

struct world {
    uv_loop_t loop;
    int silent; // socket of the forwarder
    char *anchors;
    const char *anchor_files[1];
    struct engine_forward forward;
    struct engine_settings settings;
    struct engine *engine;
};

struct answer {
    unsigned count;
    struct engine_result result;
};

static void on_answer(void *data, const struct engine_result *result)
{
    struct answer *answer = data;
    answer->count++;
    answer->result = *result;
}

static void world_init(struct world *world)
{
    static const char key[] = ". IN DS 38696 8 2 "
                              "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16\n";
    struct error err = {0};
    struct address loopback;
    socklen_t len = sizeof(loopback);
    *world = (struct world){0};
    uv_loop_init(&world->loop);
    assert_int_equal(address_parse("127.0.0.1", 0, &loopback, &err), STATUS_OK);
    assert_int_equal(address_bind(&loopback, SOCK_DGRAM, false, &world->silent, &err), STATUS_OK);
    assert_int_equal(getsockname(world->silent, &world->forward.address.any, &len), 0);
    world->anchors = path_join(scratch, "anchors");
    world->anchor_files[0] = world->anchors;
    assert_int_equal(file_write(world->anchors, key, strlen(key), 0600, &err), STATUS_OK);
    world->settings = (struct engine_settings){.trust_anchors = world->anchor_files,
                                               .trust_anchor_count = 1,
                                               .forwards = &world->forward,
                                               .forward_count = 1,
                                               .cache_mb = 4,
                                               .queries = 16};
    assert_int_equal(engine_new(&world->loop, &world->settings, &world->engine, &err), STATUS_OK);
}

static void world_done(struct world *world)
{
    engine_close(world->engine);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    close(world->silent);
    free(world->anchors);
}

static struct engine_facts facts(const struct world *world)
{
    struct engine_facts ret;
    engine_facts(world->engine, &ret);
    return ret;
}

static void run_until_swapped(struct world *world, uint64_t swaps)
{
    uint64_t deadline = uv_hrtime() + 10000000000U;
    while (facts(world).swaps < swaps && uv_hrtime() < deadline)
        uv_run(&world->loop, UV_RUN_ONCE);
    uv_run(&world->loop, UV_RUN_NOWAIT); // the former one is released, if it can be
    assert_int_equal(facts(world).swaps, swaps);
}

static void what_libunbound_knows_itself_is_answered_at_once(void **state)
{
    (void)state;
    struct world world;
    struct answer answer = {0};
    world_init(&world);
    assert_null(
        engine_ask(world.engine, (const uint8_t *)"\11localhost", RR_TYPE_A, on_answer, &answer));
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.result.rcode, 0);
    assert_int_equal(answer.result.security, ENGINE_INSECURE);
    world_done(&world);
}

static void a_cancelled_question_is_not_answered(void **state)
{
    (void)state;
    struct world world;
    struct answer cancelled = {0};
    struct answer closed = {0};
    world_init(&world);
    size_t before = engine_running(world.engine);
    struct engine_query *query = engine_ask(world.engine, www, RR_TYPE_A, on_answer, &cancelled);
    assert_non_null(query);
    assert_non_null(engine_ask(world.engine, www, RR_TYPE_MX, on_answer, &closed));
    engine_cancel(query);
    assert_int_equal(engine_running(world.engine), before + 2); // libunbound goes on
    uv_run(&world.loop, UV_RUN_NOWAIT);
    world_done(&world);
    assert_int_equal(cancelled.count + closed.count, 0);
}

static void a_swap_waits_for_answers_and_leaks_nothing(void **state)
{
    (void)state;
    struct world world;
    struct answer answer = {0};
    struct error err = {0};
    world_init(&world);
    struct engine_query *query = engine_ask(world.engine, www, RR_TYPE_A, on_answer, &answer);
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(engine_swap(world.engine, &err), STATUS_OK);
        run_until_swapped(&world, i);
    }
    assert_int_equal(facts(&world).contexts, 2); // those that came between are gone
    engine_cancel(query);
    uv_run(&world.loop, UV_RUN_NOWAIT);
    assert_int_equal(facts(&world).contexts, 1);
    world_done(&world);
    assert_int_equal(answer.count, 0);
}

static void many_swaps_at_once_are_one(void **state)
{
    (void)state;
    struct world world;
    struct error err = {0};
    world_init(&world);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(engine_swap(world.engine, &err), STATUS_OK);
        assert_true(facts(&world).contexts <= 12); // RETIRED_MAX, and some about to be released
        uv_run(&world.loop, UV_RUN_NOWAIT);
    }
    uint64_t deadline = uv_hrtime() + 10000000000U;
    while (facts(&world).contexts > 1 && uv_hrtime() < deadline)
        uv_run(&world.loop, UV_RUN_ONCE);
    assert_int_equal(facts(&world).contexts, 1);
    assert_in_range(facts(&world).swaps, 1, 99);
    world_done(&world);
}

static void the_oldest_context_gives_up_when_there_are_too_many(void **state)
{
    (void)state;
    struct world world;
    struct answer answers[9] = {0};
    struct error err = {0};
    world_init(&world);
    for (unsigned i = 0; i < 9; i++) { // one question in each
        assert_non_null(engine_ask(world.engine, www, RR_TYPE_A, on_answer, &answers[i]));
        assert_int_equal(engine_swap(world.engine, &err), STATUS_OK);
        run_until_swapped(&world, i + 1);
    }
    assert_int_equal(answers[0].count, 1);
    assert_int_equal(answers[0].result.rcode, RCODE_SERVFAIL);
    assert_int_equal(answers[1].count, 0);
    assert_int_equal(facts(&world).contexts, 9);
    world_done(&world);
}

static void own_zones_come_with_a_new_context(void **state)
{
    (void)state;
    struct world world;
    struct own_zones zones = {0};
    struct error err = {0};
    struct buf text = {0};
    world_init(&world);
    for (unsigned i = 0; i < 1000; i++)
        buf_printf(&text, "zone%u.example. DNSKEY 257 3 13 AQIDBA==\n", i);
    assert_int_equal(own_zones_parse("zones.key", &text, &zones, &err), STATUS_OK);
    assert_int_equal(engine_set_own_zones(world.engine, &zones, &err), STATUS_OK);
    own_zones_done(&zones);
    run_until_swapped(&world, 1);
    assert_int_equal(facts(&world).own_zones, 1000);
    buf_done(&text);
    world_done(&world);
}

static void settings_that_libunbound_does_not_take_are_told(void **state)
{
    (void)state;
    struct world world;
    struct engine *engine = NULL;
    struct error err = {0};
    world_init(&world);
    const char *const options[] = {
        "no-such-option: yes", "root-hints: \"/nonexistent\"", "tls-cert-bundle: \"/nonexistent\"",
        "auto-trust-anchor-file: \"/nonexistent\"", "trust-anchor: \"nonsense\""};
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        struct engine_settings wrong = world.settings;
        wrong.options = &options[i];
        wrong.option_count = 1;
        err.text[0] = '\0';
        assert_int_not_equal(engine_new(&world.loop, &wrong, &engine, &err), STATUS_OK);
        assert_true(err.text[0] != '\0');
    }
    struct engine_settings settings = world.settings;
    settings.root_hints = "/nonexistent/root.hints";
    assert_int_equal(engine_new(&world.loop, &settings, &engine, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "root.hints"));
    assert_null(engine);
    world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_libunbound_knows_itself_is_answered_at_once),
        cmocka_unit_test(a_cancelled_question_is_not_answered),
        cmocka_unit_test(a_swap_waits_for_answers_and_leaks_nothing),
        cmocka_unit_test(many_swaps_at_once_are_one),
        cmocka_unit_test(the_oldest_context_gives_up_when_there_are_too_many),
        cmocka_unit_test(own_zones_come_with_a_new_context),
        cmocka_unit_test(settings_that_libunbound_does_not_take_are_told),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
