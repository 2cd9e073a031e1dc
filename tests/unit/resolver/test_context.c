// SPDX-License-Identifier: ISC
#include "resolver/context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "tests/support/scratch.h"

static struct address address(const char *text)
{
    struct address address;
    struct error err = {0};
    assert_int_equal(address_parse(text, 53, &address, &err), STATUS_OK);
    return address;
}

static void read_zones(const char *text, struct own_zones *ret)
{
    struct buf buf = {0};
    struct error err = {0};
    buf_put_text(&buf, text);
    assert_int_equal(own_zones_parse("zones.key", &buf, ret, &err), STATUS_OK);
    buf_done(&buf);
}

// The text must have each of these, and none behind the NULL; ends with a second NULL.
static void must_have(struct buf *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strstr(buf_text(text), *words) == NULL)
            fail_msg("missing: %s\nin\n%s", *words, buf_text(text));
    for (words++; *words != NULL; words++)
        if (strstr(buf_text(text), *words) != NULL)
            fail_msg("not wanted: %s\nin\n%s", *words, buf_text(text));
}

static void print(const struct engine_settings *settings, const struct own_zones *zones,
                  bool asks_loopback, struct buf *ret)
{
    struct anchors anchors = {0};
    struct context_plan plan = {settings, &anchors, zones, asks_loopback, false};
    context_text(&plan, ret);
}

static void own_zones_become_stubs_and_are_validated_from_the_root(void **state)
{
    (void)state;
    struct own_zones zones = {0};
    struct buf text = {0};
    struct address servers[] = {address("192.0.2.1"), address("2001:db8::1@5300")};
    struct engine_settings settings = {
        .own_servers = servers, .own_server_count = 2, .cache_mb = 30, .queries = 500};
    read_zones("b.example. DNSKEY 257 3 13 AQIDBA==\nb.example. DNSKEY 257 3 13 BQYHCA==\n"
               "; unsigned: a.example.\n",
               &zones);
    print(&settings, &zones, false, &text);
    must_have(&text, (const char *const[]){
                         "stub-zone:\n  name: \"b.example.\"\n  stub-no-cache: yes\n"
                         "  stub-addr: 192.0.2.1@53\n  stub-addr: 2001:db8::1@5300\n"
                         "stub-zone:\n  name: \"a.example.\"\n",
                         "do-not-query-localhost: yes\n", "msg-cache-size: 10240k\n",
                         "rrset-cache-size: 20480k\n", "outgoing-range: 1000\n", NULL,
                         "trust-anchor: ", "domain-insecure", "forward-zone", "local-zone", NULL});
    buf_done(&text);
    own_zones_done(&zones);
}

static void with_trust_own_keys_their_keys_are_anchors(void **state)
{
    (void)state;
    struct own_zones zones = {0};
    struct buf text = {0};
    struct address server = address("127.0.0.1@5300");
    struct engine_settings settings = {.own_servers = &server,
                                       .own_server_count = 1,
                                       .trust_own_keys = true,
                                       .cache_mb = 30,
                                       .queries = 1};
    read_zones("b.test. DNSKEY 257 3 13 AQIDBA==\nb.test. DNSKEY 257 3 13 BQYHCA==\n"
               "; unsigned: a.example.\n",
               &zones);
    print(&settings, &zones, true, &text);
    must_have(&text, (const char *const[]){
                         "trust-anchor: \"b.test. IN DNSKEY 257 3 13 AQIDBA==\"\n",
                         "trust-anchor: \"b.test. IN DNSKEY 257 3 13 BQYHCA==\"\n",
                         "domain-insecure: \"a.example.\"\n", "do-not-query-localhost: no\n",
                         "local-zone: \"b.test.\" transparent\n", NULL, NULL});
    buf_done(&text);
    own_zones_done(&zones);
}

static void options_come_last_in_the_server_clause(void **state)
{
    (void)state;
    struct buf text = {0};
    struct engine_forward forwards[] = {{address("192.0.2.1@853"), "dns.example"},
                                        {address("2001:db8::1@853"), "dns.example"}};
    const char *const options[] = {"prefetch: yes"};
    struct engine_settings settings = {.forwards = forwards,
                                       .forward_count = 2,
                                       .root_hints = "/etc/hints",
                                       .options = options,
                                       .option_count = 1,
                                       .cache_mb = 4,
                                       .queries = 1};
    print(&settings, NULL, false, &text);
    must_have(&text, (const char *const[]){"prefetch: no\n", "root-hints: \"/etc/hints\"\n",
                                           "  prefetch: yes\nforward-zone:\n  name: \".\"\n"
                                           "  forward-tcp-upstream: yes\n"
                                           "  forward-addr: 192.0.2.1@853\n"
                                           "  forward-addr: 2001:db8::1@853\n",
                                           NULL, NULL});
    buf_done(&text);
}

static void the_follower_keeps_the_state_files(void **state)
{
    (void)state;
    struct buf text = {0};
    char path[] = "/state/root.key";
    struct anchor_zone zone = {.path = path};
    struct record key = {.type = 48, .text = path};
    struct anchor anchor = {.record = key, .state = ANCHOR_VALID};
    struct anchors anchors = {.zones = &zone, .zone_count = 1, .list = &anchor, .count = 1};
    struct engine_settings settings = {.cache_mb = 4, .queries = 1};
    struct context_plan plan = {&settings, &anchors, NULL, false, true};
    context_text(&plan, &text);
    must_have(&text, (const char *const[]){"auto-trust-anchor-file: \"/state/root.key\"\n", NULL,
                                           "  trust-anchor: ", NULL});
    buf_clear(&text);
    plan.follows = false;
    context_text(&plan, &text);
    must_have(&text, (const char *const[]){"  trust-anchor: \". IN DNSKEY /state/root.key\"\n",
                                           NULL, "auto-trust-anchor-file", NULL});
    anchor.state = ANCHOR_PENDING;
    buf_clear(&text);
    context_text(&plan, &text);
    must_have(&text, (const char *const[]){"server:", NULL, "  trust-anchor: ", NULL});
    buf_done(&text);
}

static void loopback_is_asked_only_where_somebody_is_there(void **state)
{
    (void)state;
    static const struct {
        const char *forward, *own, *hints;
        bool asks;
    } cases[] = {
        {NULL, NULL, NULL, false},
        {"192.0.2.1", "192.0.2.2", ". NS a.\na. A 192.0.2.3\n", false},
        {"127.0.0.2", NULL, NULL, true},
        {NULL, "::1@5300", NULL, true},
        {NULL, NULL, ".  3600 NS a.\na. A 192.0.2.3\n\tb.\tAAAA\t::1\n", true},
        {NULL, NULL, ". NS a.\na. A 127.9.9.9", true},
    };
    char *path = path_join(scratch, "hints");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct engine_forward forward = {0};
        struct address own = {0};
        struct engine_settings settings = {.forwards = &forward, .own_servers = &own};
        struct error err = {0};
        bool asks = !cases[i].asks;
        if (cases[i].forward != NULL) {
            forward.address = address(cases[i].forward);
            settings.forward_count = 1;
        }
        if (cases[i].own != NULL) {
            own = address(cases[i].own);
            settings.own_server_count = 1;
        }
        if (cases[i].hints != NULL) {
            settings.root_hints = path;
            assert_int_equal(file_write(path, cases[i].hints, strlen(cases[i].hints), 0600, &err),
                             STATUS_OK);
        }
        assert_int_equal(context_asks_loopback(&settings, &asks, &err), STATUS_OK);
        assert_int_equal(asks, cases[i].asks);
    }
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_zones_become_stubs_and_are_validated_from_the_root),
        cmocka_unit_test(with_trust_own_keys_their_keys_are_anchors),
        cmocka_unit_test(options_come_last_in_the_server_clause),
        cmocka_unit_test(the_follower_keeps_the_state_files),
        cmocka_unit_test(loopback_is_asked_only_where_somebody_is_there),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
