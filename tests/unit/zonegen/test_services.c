// SPDX-License-Identifier: ISC
#include "tests/unit/zonegen/world.h"

static void what_is_not_offered_says_so(void **state)
{
    (void)state;
    static const char *const absent[] = {"submission", "imap",    "pop3",    "pop3s",    "sieve",
                                         "caldav",     "caldavs", "carddav", "carddavs", "jmap"};
    struct world w = world("", "domains: [example.com]\n");
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "_submissions._tcp 3600 IN SRV 0 1 465 box.example.com.");
    assert_line(text, "_imaps._tcp 3600 IN SRV 0 1 993 box.example.com.");
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        char line[64];
        snprintf(line, sizeof(line), "_%s._tcp 3600 IN SRV 0 0 0 .", absent[i]);
        assert_line(text, line);
    }
    free(text);
    world_done(&w);
}

static void services_may_be_elsewhere_or_unheard_of(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com]\n");
    struct config_mail *mail = own_mail(&w, 0);
    char caldavs[] = "caldavs", host[] = "cloud.example.net", xmpp[] = "xmpp-client";
    struct config_service services[] = {{.name = caldavs, .port = 8443, .host = host},
                                        {.name = xmpp, .port = 5222}};
    mail->services = services;
    mail->service_count = 2;
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "_caldavs._tcp 3600 IN SRV 0 0 8443 cloud.example.net.");
    assert_line(text, "_xmpp-client._tcp 3600 IN SRV 0 0 5222 box.example.com.");
    assert_line(text, "_imaps._tcp 3600 IN SRV 0 0 0 .");
    assert_no(text, "_caldavs._tcp 3600 IN SRV 0 0 0 .");
    free(text);
    mail->srv = false;
    text = dump_zone(&w, "example.com");
    assert_no(text, " SRV ");
    free(text);
    world_done(&w);
}

static void a_service_is_at_no_alias(void **state)
{
    (void)state;
    struct world w =
        world("", "domains:\n  - name: example.com\n    services: [{name: imaps, host: "
                  "imap.example.com}]\n    records: [\"imap CNAME box\"]\n");
    struct error err = {0};
    struct zone_content *content = NULL;
    const struct zone_target *target = zonegen_target_find(w.targets, w.count, "example.com");
    assert_int_equal(zonegen_make(w.inputs, &keys, target, &content, &err), STATUS_SYNTAX);
    assert_has(err.text,
               ":8:23: _imaps._tcp.example.com. SRV: points at imap.example.com., an alias");
    zone_content_free(content);
    world_done(&w);
}

static void clients_find_their_settings_when_asked_for(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com]\n");
    char *text = dump_zone(&w, "example.com");
    assert_no(text, "autoconfig");
    free(text);
    own_mail(&w, 0)->autoconfig = true;
    text = dump_zone(&w, "example.com");
    assert_line(text, "autoconfig 3600 IN A 192.0.2.10");
    assert_line(text, "autodiscover 3600 IN AAAA 2001:db8::10");
    assert_line(text, "_autodiscover._tcp 3600 IN SRV 0 0 443 box.example.com.");
    assert_line(text, "autoconfig 3600 IN MX 0 .");
    free(text);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_offered_says_so),
        cmocka_unit_test(services_may_be_elsewhere_or_unheard_of),
        cmocka_unit_test(a_service_is_at_no_alias),
        cmocka_unit_test(clients_find_their_settings_when_asked_for),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
