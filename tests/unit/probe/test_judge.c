// SPDX-License-Identifier: ISC
// The judges in a small world: first nothing is wrong in it, then one thing is, and exactly what follows from that is
// said.
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/probe/world.h"

// ── The world as it should be ────────────────────────────────────────────────────────────────────

#define NS          "example.com. NS ns1.example.com.\nexample.com. NS ns2.example.net.\n"
#define GLUE        "ns1.example.com. A 192.0.2.10\n"
#define MX          "example.com. MX 10 box.example.com.\n"
#define BOX         "box.example.com. A 192.0.2.10\n"
#define SPF         "example.com. TXT \"v=spf1 mx -all\"\n"
#define DMARC       "_dmarc.example.com. TXT \"v=DMARC1; p=reject; rua=mailto:d@example.org\"\n"
#define STS         "_mta-sts.example.com. TXT \"v=STSv1; id=1\"\nmta-sts.example.com. A 192.0.2.10\n"
#define TLSA        "_25._tcp.box.example.com. TLSA 3 1 0 6b6579\n" // "key"
#define SOA(serial) "example.com. SOA ns1 host " serial " 14400 3600 604800 3600\n"
#define ZONE        SOA("7") NS GLUE MX BOX SPF DMARC STS TLSA

#define COM   "com. NS a.nic.com.\ncom. SOA a b 1 2 3 4 5\na.nic.com. A 192.0.2.2\n"
#define AGREE "example.com._report._dmarc.example.org. TXT \"v=DMARC1\"\n"
#define PTR   "10.2.0.192.in-addr.arpa. PTR box.example.com.\n"

#define INVENTED "zonebox-check-no-such-name.example.com. "

#define POLICY "version: STSv1\nmode: enforce\nmx: box.example.com\nmax_age: 604800\n"

static struct world sound(void)
{
    return (struct world){
        .servers = {{.address = "192.0.2.1", .zone = ".", .records = ". NS a.root.\n"},
                    {.address = "192.0.2.2", .zone = "com", .records = COM NS GLUE},
                    {.address = "192.0.2.10", .zone = "example.com", .records = ZONE},
                    {.address = "192.0.2.20", .zone = "example.com", .records = ZONE}},
        .server_count = 4,
        .elsewhere = "a.root. A 192.0.2.1\nns2.example.net. A 192.0.2.20\n" PTR AGREE,
        .tls = FACT_ANSWERED,
        .spki = "key",
        .https = FACT_ANSWERED,
        .code = 200,
        .policy = POLICY,
    };
}

static json_t *as_records(const char *text)
{
    json_t *list = json_array();
    char *copy = strdup(text), *rest = copy;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *name = strsep(&line, " "), *type = strsep(&line, " ");
        if (line == NULL)
            continue;
        name[strlen(name) - 1] = '\0';
        json_array_append_new(
            list, json_pack("{ss si ss ss}", "name", name, "ttl", 300, "type", type, "data", line));
    }
    free(copy);
    return list;
}

// As `zonegen --dump --json` prints it, in part.
static char *expected(const char *mode, const char *dnssec, const char *records)
{
    json_t *zone = json_pack(
        "{ss ss ss s[{ss s[s]}{ss s[]}] so s[{s[] ss ss}] s{ss s[s] s[i]}}", "name", "example.com",
        "mode", mode, "dnssec", dnssec, "nameservers", "name", "ns1.example.com", "addresses",
        "192.0.2.10", "name", "ns2.example.net", "addresses", "records", as_records(records),
        "mail-domains", "selectors", "name", "example.com", "mta-sts-policy", POLICY, "host",
        "name", "box.example.com", "addresses", "192.0.2.10", "tls-ports", 25);
    assert_non_null(zone);
    if (strcmp(mode, "external") == 0)
        json_object_del(zone, "nameservers");
    json_t *all =
        json_pack("{si ss s[o]}", "format", 1, "hostname", "box.example.com", "zones", zone);
    char *text = json_dumps(all, 0);
    json_decref(all);
    return text;
}

// ── Looking ──────────────────────────────────────────────────────────────────────────────────────

static struct verdicts seen;

static void judge_as(const struct world *world, const char *mode, const char *records)
{
    char *json = expected(mode, "off", records);
    world_judge(world, json, &seen);
    free(json);
}

static void judge(const struct world *world, const char *mode)
{
    judge_as(world, mode, ZONE);
}

// All that is not ok, as "wrong ds, unknown tcp"; the same again is said once.
static void assert_said(const char *wanted)
{
    struct buf text = {0};
    char last[80] = "", one[80];
    for (size_t i = 0; i < seen.count; i++) {
        const struct verdict *verdict = &seen.list[i];
        if (verdict->kind == VERDICT_OK)
            continue;
        snprintf(one, sizeof(one), "%s %s", verdict_name(verdict->kind),
                 check_name(verdict->check));
        if (strcmp(one, last) != 0)
            buf_printf(&text, "%s%s", text.len > 0 ? ", " : "", one);
        strcpy(last, one);
        print_message("%s: %s: %s | %s\n", one, verdict->subject, verdict->text, verdict->todo);
    }
    assert_string_equal(buf_text(&text), wanted);
    buf_done(&text);
}

static const struct verdict *find(enum check_kind check, enum verdict_kind kind)
{
    for (size_t i = 0; i < seen.count; i++)
        if (seen.list[i].check == check && seen.list[i].kind == kind)
            return &seen.list[i];
    fail_msg("no %s %s", verdict_name(kind), check_name(check));
    return NULL;
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" has no \"%s\"", text, part);
}

static void assert_wrong(const struct world *world, const char *wanted)
{
    judge(world, "authoritative");
    assert_said(wanted);
}

static int forget(void **state)
{
    (void)state;
    verdicts_clear(&seen);
    return 0;
}

// ── Tests ────────────────────────────────────────────────────────────────────────────────────────

// Below a wildcard without addresses, a name that nobody has exists.
static void wildcards_make_names_exist(void **state)
{
    (void)state;
    struct world world = sound();
#define MADE INVENTED "MX 10 box.example.com.\n"
#define WILD "*.example.com. MX 10 box.example.com.\n"
    world.servers[2].records = world.servers[3].records = ZONE MADE;
    assert_wrong(&world, "wrong denial");
    world.servers[2].records = world.servers[3].records = ZONE MADE WILD;
    judge_as(&world, "authoritative", ZONE WILD);
    assert_said("");
}

static void nothing_is_wrong_in_a_sound_world(void **state)
{
    (void)state;
    struct world world = sound();
    assert_wrong(&world, "");
    for (int check = CHECK_PARENT; check < CHECK_COUNT; check++) {
        bool apart = check == CHECK_SIGNATURES || check == CHECK_RECORDS || check == CHECK_DKIM ||
                     check == CHECK_TLS_RPT || check == CHECK_CAA || check == CHECK_CONFIGURATION;
        if (!apart)
            find((enum check_kind)check, VERDICT_OK);
    }
}

static void the_order_of_facts_changes_nothing(void **state)
{
    (void)state;
    struct world world = sound();
    struct buf first = {0}, second = {0};
    judge(&world, "authoritative");
    for (size_t i = 0; i < seen.count; i++)
        verdict_print(&seen.list[i], "z", &first);
    judge(&world, "authoritative");
    for (size_t i = 0; i < seen.count; i++)
        verdict_print(&seen.list[i], "z", &second);
    assert_string_equal(buf_text(&first), buf_text(&second));
    buf_done(&first);
    buf_done(&second);
}

static void silence_is_unknown_and_never_wrong(void **state)
{
    (void)state;
    struct world world = sound();
    world.resolver_silent = true;
    world.tls = FACT_SILENT;
    world.https = FACT_SILENT;
    for (size_t i = 0; i < world.server_count; i++)
        world.servers[i].udp_silent = world.servers[i].tcp_silent = true;
    judge(&world, "authoritative");
    for (size_t i = 0; i < seen.count; i++)
        assert_int_not_equal(seen.list[i].kind, VERDICT_WRONG);
    find(CHECK_PARENT, VERDICT_UNKNOWN);
    find(CHECK_SERVER, VERDICT_UNKNOWN);
    find(CHECK_TLSA, VERDICT_UNKNOWN);
}

static void a_delegation_elsewhere_is_wrong(void **state)
{
    (void)state;
    struct world world = sound();
    world.servers[1].records = COM GLUE "example.com. NS ns1.example.com.\n"
                                        "example.com. NS old.example.net.\n";
    world.elsewhere = "a.root. A 192.0.2.1\nns2.example.net. A 192.0.2.20\n" PTR AGREE
                      "old.example.net. A 192.0.2.77\n";
    assert_wrong(&world, "wrong delegation, unknown server");
    const struct verdict *verdict = find(CHECK_DELEGATION, VERDICT_WRONG);
    assert_has(verdict->text, "a.nic.com (192.0.2.2)");
    assert_has(verdict->text, "ns1.example.com old.example.net");
    assert_has(verdict->todo, "ns1.example.com ns2.example.net");
}

static void a_zone_that_is_not_delegated_is_said_to_be_so(void **state)
{
    (void)state;
    struct world world = sound();
    world.servers[1].records = COM;
    assert_wrong(&world, "wrong delegation");
    assert_has(find(CHECK_DELEGATION, VERDICT_WRONG)->text, "not delegated");
}

static void wrong_and_missing_glue_are_told(void **state)
{
    (void)state;
    struct world world = sound();
    world.servers[1].records = COM NS "ns1.example.com. A 192.0.2.99\n";
    assert_wrong(&world, "wrong glue");
    assert_has(find(CHECK_GLUE, VERDICT_WRONG)->text, "192.0.2.99");
    assert_has(find(CHECK_GLUE, VERDICT_WRONG)->todo, "ns1.example.com 192.0.2.10");
    world.servers[1].records = COM NS;
    assert_wrong(&world, "wrong glue");
    assert_has(find(CHECK_GLUE, VERDICT_WRONG)->text, "missing");
}

static void each_fault_of_a_server_is_told_of_that_server(void **state)
{
    (void)state;
    struct world world = sound();
    struct world_server *second = &world.servers[3];
    const struct world_server fine = *second;
    const struct {
        struct world_server server;
        const char *wanted;
    } faults[] = {
        {{.lame = true}, "wrong server"},
        {{.no_authority = true}, "wrong server"},
        {{.tcp_refused = true}, "wrong tcp"},
        {{.tcp_silent = true}, "unknown tcp"},
        {{.udp_silent = true}, "unknown server"},
        {{.udp_refused = true}, "wrong server"},
        {{.udp_silent = true, .tcp_silent = true}, "unknown server"},
        {{.udp_refused = true, .tcp_refused = true}, "unknown server"},
        {{.no_edns = true}, "wrong edns"},
        {{.recursive = true}, "wrong recursion"},
        {{.silent_about = "com SOA"}, "unknown recursion"},
        {{.records = ZONE INVENTED "A 192.0.2.66\n"}, "wrong denial"},
        {{.records = SOA("6") NS GLUE MX BOX SPF DMARC STS TLSA}, "wrong serial"},
        {{.records =
              SOA("7") GLUE "example.com. NS other.example.net.\n" MX BOX SPF DMARC STS TLSA},
         "wrong ns"},
        {{.records = SOA("7") NS GLUE BOX SPF DMARC STS TLSA}, "wrong mx"},
        {{.records = SOA("7") NS GLUE MX SPF DMARC STS TLSA "box.example.com. A 192.0.2.66\n"},
         "wrong address"},
        {{.records = SOA("7") NS GLUE MX BOX DMARC STS TLSA}, "wrong spf"},
        {{.records = SOA("7") NS GLUE MX BOX SPF STS TLSA}, "wrong dmarc"},
        {{.records = SOA("7") NS GLUE MX BOX SPF DMARC STS}, "wrong tlsa"},
    };
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        *second = faults[i].server;
        second->address = fine.address;
        second->zone = fine.zone;
        if (second->records == NULL)
            second->records = fine.records;
        assert_wrong(&world, faults[i].wanted);
        for (size_t k = 0; k < seen.count; k++)
            if (seen.list[k].kind != VERDICT_OK && seen.list[k].check != CHECK_NS) {
                struct buf line = {0};
                verdict_print(&seen.list[k], "", &line);
                assert_has(buf_text(&line), "192.0.2.20");
                assert_string_not_equal(seen.list[k].todo, "");
                buf_done(&line);
            }
    }
}

static void a_change_of_this_minute_may_be_on_its_way(void **state)
{
    (void)state;
    struct world world = sound();
    world.servers[2].records = SOA("1799999980") NS GLUE MX BOX SPF DMARC STS TLSA;
    assert_wrong(&world, "unknown serial");
    world.servers[2].records = SOA("1799999900") NS GLUE MX BOX SPF DMARC STS TLSA;
    assert_wrong(&world, "wrong serial");
}

static void a_ds_at_an_unsigned_zone_is_wrong(void **state)
{
    (void)state;
    struct world world = sound();
    world.servers[1].records = COM NS GLUE "example.com. DS 1 13 2 "
                                           "00112233445566778899aabbccddeeff"
                                           "00112233445566778899aabbccddeeff\n";
    assert_wrong(&world, "wrong ds");
    assert_has(find(CHECK_DS, VERDICT_WRONG)->todo, "Delete");
}

// One family of addresses may have what the other has not.
static void half_of_the_addresses_is_not_all(void **state)
{
    (void)state;
    struct world world = sound();
    world.dead = "a.nic.com AAAA";
    assert_wrong(&world, "unknown parent");
    world.dead = "ns2.example.net AAAA";
    assert_wrong(&world, "unknown server");
    world.elsewhere = "a.root. A 192.0.2.1\nns2.example.net. A 192.0.2.20\nbox.example.com. AAAA "
                      "2001:db8::10\n" PTR AGREE;
    world.dead = "box.example.com A";
    assert_wrong(&world, "");
}

static void who_does_not_serve_the_zone_above_says_nothing_of_ours(void **state)
{
    (void)state;
    struct world world = sound();
    world.servers[1].records = COM "com. NS b.nic.com.\nb.nic.com. A 192.0.2.3\n" NS GLUE;
    world.servers[4] = (struct world_server){
        .address = "192.0.2.3", .zone = "com", .records = COM, .no_authority = true};
    world.server_count = 5;
    assert_wrong(&world, "unknown parent");
    assert_has(find(CHECK_PARENT, VERDICT_UNKNOWN)->text, "b.nic.com (192.0.2.3)");
    world.servers[4] = world.servers[1];
    world.servers[4].address = "192.0.2.3";
    world.servers[4].silent_about = "example.com DS";
    assert_wrong(&world, "unknown ds");
    world.servers[4].silent_about = NULL;
    world.servers[4].udp_refused = true; // an answer of somebody, unlike a missing route
    assert_wrong(&world, "unknown parent");
}

static void names_of_addresses_lead_there_and_back(void **state)
{
    (void)state;
    struct world world = sound();
#define SERVERS "a.root. A 192.0.2.1\nns2.example.net. A 192.0.2.20\n"
    world.elsewhere = SERVERS AGREE;
    assert_wrong(&world, "wrong ptr");
    assert_has(find(CHECK_PTR, VERDICT_WRONG)->todo, "10.2.0.192.in-addr.arpa PTR box.example.com");
    world.elsewhere = SERVERS AGREE "10.2.0.192.in-addr.arpa. PTR customer.isp.example.\n";
    assert_wrong(&world, "wrong ptr");
    assert_has(find(CHECK_PTR, VERDICT_WRONG)->text, "customer.isp.example");
    world.elsewhere = SERVERS AGREE PTR;
    world.dead = "10.2.0.192.in-addr.arpa";
    assert_wrong(&world, "unknown ptr");
}

static void certificates_must_be_those_of_tlsa(void **state)
{
    (void)state;
    struct world world = sound();
    world.spki = "another";
    assert_wrong(&world, "wrong tlsa");
    assert_has(find(CHECK_TLSA, VERDICT_WRONG)->subject, "192.0.2.10 port 25");
    world = sound();
    world.tls = FACT_NO_STARTTLS;
    assert_wrong(&world, "wrong tlsa");
    assert_has(find(CHECK_TLSA, VERDICT_WRONG)->text, "STARTTLS");
    world.tls = FACT_SILENT;
    assert_wrong(&world, "unknown tlsa");
    world.tls = FACT_NO_SUCH_KEY;
    assert_wrong(&world, "wrong tlsa");
}

static void policies_must_be_the_one_promised(void **state)
{
    (void)state;
    struct world world = sound();
    world.code = 404;
    assert_wrong(&world, "wrong mta-sts");
    world = sound();
    world.https = FACT_SILENT;
    assert_wrong(&world, "unknown mta-sts");
    world.https = FACT_UNTRUSTED;
    assert_wrong(&world, "wrong mta-sts");
    world = sound();
    world.policy = "version: STSv1\r\nmode: testing\r\nmx: box.example.com\r\nmax_age: 604800\r\n";
    assert_wrong(&world, "wrong mta-sts");
    assert_has(find(CHECK_MTA_STS, VERDICT_WRONG)->text, "testing");
    world.policy = "version: STSv1\nmode: enforce\nmx: *.example.org\nmax_age: 604800\n";
    assert_wrong(&world, "wrong mta-sts");
    assert_has(find(CHECK_MTA_STS, VERDICT_WRONG)->text, "covers box.example.com");
    world.policy = "version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 604800\n";
    assert_wrong(&world, "");
    world.policy = "<html>";
    assert_wrong(&world, "wrong mta-sts");
}

// Their words come to the admin's terminal.
static void words_of_strangers_are_but_words(void **state)
{
    (void)state;
    struct world world = sound();
    static const char *const modes[] = {"\033]0;title\a", "\177",
                                        "\302\233"
                                        "31m",
                                        "\377", NULL};
    char *endless = calloc(1, 60000);
    memset(endless, 'x', 59999);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct buf policy = {0}, line = {0};
        buf_printf(&policy, "version: STSv1\nmode: %s\nmx: box.example.com\nmax_age: 604800\n",
                   modes[i] != NULL ? modes[i] : endless);
        world.policy = buf_text(&policy);
        assert_wrong(&world, "wrong mta-sts");
        verdict_print(find(CHECK_MTA_STS, VERDICT_WRONG), "z", &line);
        json_t *verdict = json_loads(buf_text(&line), 0, NULL);
        const char *text = json_string_value(json_object_get(verdict, "text"));
        assert_has(text, "the mode of the policy is ");
        assert_null(strpbrk(text, "\001\007\033\177"));
        assert_null(strstr(text, "\302\233"));
        assert_true(strlen(text) < 9000);
        json_decref(verdict);
        buf_done(&line);
        buf_done(&policy);
    }
    free(endless);
}

static void receivers_of_reports_must_agree(void **state)
{
    (void)state;
    struct world world = sound();
    world.elsewhere = SERVERS PTR;
    assert_wrong(&world, "wrong reports");
    assert_has(find(CHECK_REPORTS, VERDICT_WRONG)->todo,
               "example.com._report._dmarc.example.org. TXT \"v=DMARC1\"");
    // The same organization by the tree walk: a record above both
    world.elsewhere = SERVERS PTR "_dmarc.example.org. TXT \"v=DMARC1; p=none\"\n";
    assert_wrong(&world, "wrong reports");
    world.elsewhere = SERVERS PTR;
    world.dead = "example.com._report._dmarc.example.org";
    assert_wrong(&world, "unknown reports");
}

// What others serve is not held against the admin; what it says is.
static void external_zones_are_judged_by_what_they_say(void **state)
{
    (void)state;
    struct world world = sound();
    world.servers[3].tcp_refused = world.servers[3].no_edns = world.servers[3].recursive = true;
    world.servers[1].records =
        COM "example.com. NS ns1.provider.net.\nexample.com. NS ns2.example.net.\n";
    world.elsewhere = SERVERS AGREE PTR "ns1.provider.net. A 192.0.2.10\n";
    judge(&world, "external");
    assert_said("");
    world.servers[2].records = ZONE "example.com. TXT \"site-verification=1\"\n";
    judge(&world, "external");
    assert_said("");
    world.servers[2].records = ZONE "example.com. TXT \"v=spf1 a -all\"\n";
    judge(&world, "external");
    assert_said("wrong spf");
    assert_has(find(CHECK_SPF, VERDICT_WRONG)->todo, "zonegen --dump --style paste");
}

static void a_zone_that_cannot_be_made_is_said_to_be_so(void **state)
{
    (void)state;
    struct world world = sound();
    world_judge(&world,
                "{\"format\":1,\"hostname\":\"h\",\"zones\":[{\"name\":\"example.com\","
                "\"error\":\"zonebox.yaml:7:3: no\"}]}",
                &seen);
    assert_said("wrong configuration");
    assert_has(seen.list[0].text, "zonebox.yaml:7:3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(nothing_is_wrong_in_a_sound_world, forget),
        cmocka_unit_test_teardown(wildcards_make_names_exist, forget),
        cmocka_unit_test_teardown(the_order_of_facts_changes_nothing, forget),
        cmocka_unit_test_teardown(silence_is_unknown_and_never_wrong, forget),
        cmocka_unit_test_teardown(a_delegation_elsewhere_is_wrong, forget),
        cmocka_unit_test_teardown(a_zone_that_is_not_delegated_is_said_to_be_so, forget),
        cmocka_unit_test_teardown(wrong_and_missing_glue_are_told, forget),
        cmocka_unit_test_teardown(each_fault_of_a_server_is_told_of_that_server, forget),
        cmocka_unit_test_teardown(a_change_of_this_minute_may_be_on_its_way, forget),
        cmocka_unit_test_teardown(a_ds_at_an_unsigned_zone_is_wrong, forget),
        cmocka_unit_test_teardown(half_of_the_addresses_is_not_all, forget),
        cmocka_unit_test_teardown(who_does_not_serve_the_zone_above_says_nothing_of_ours, forget),
        cmocka_unit_test_teardown(names_of_addresses_lead_there_and_back, forget),
        cmocka_unit_test_teardown(certificates_must_be_those_of_tlsa, forget),
        cmocka_unit_test_teardown(policies_must_be_the_one_promised, forget),
        cmocka_unit_test_teardown(words_of_strangers_are_but_words, forget),
        cmocka_unit_test_teardown(receivers_of_reports_must_agree, forget),
        cmocka_unit_test_teardown(external_zones_are_judged_by_what_they_say, forget),
        cmocka_unit_test_teardown(a_zone_that_cannot_be_made_is_said_to_be_so, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
