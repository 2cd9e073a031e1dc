// SPDX-License-Identifier: ISC
// TLSA keys from files to the published zone, with a stand-in for zone-probe; openssl makes the certificates.
#include "tests/unit/signer/box.h"

#include <signal.h>
#include <sys/resource.h>

#include "base/file.h"
#include "dns/types.h"
#include "keys/tls_spki.h"
#include "keys/tls_text.h"
#include "signer/publish_time.h"
#include "signer/tls.h"

#define TTL 3600

static char *shared; // keys and certificates a, b, c, made once

static int make_keys(void **state)
{
    (void)state;
    shared = make_directory();
    char *line = xasprintf(
        "cd '%s' && for k in a b c; do openssl req -x509 -newkey ec -pkeyopt "
        "ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=box.example.com -addext "
        "subjectAltName=DNS:box.example.com -keyout $k.key -out $k.pem 2>/dev/null && openssl "
        "pkey -in $k.key -pubout -out $k.pub || exit 1; done",
        shared);
    int code = system(line);
    free(line);
    return code;
}

static int remove_keys(void **state)
{
    (void)state;
    remove_directory(shared);
    return 0;
}

static void copy(const char *from, const char *to)
{
    char *line = xasprintf("cd '%s' && mkdir -p next && cp '%s/%s' new && mv new %s", directory,
                           shared, from, to);
    assert_int_equal(system(line), 0);
    free(line);
}

static void digest_of(const char *name, uint8_t ret[TLS_DIGEST_LEN])
{
    struct buf pem = {0};
    char *file = xasprintf("%s/%s.pub", shared, name);
    assert_int_equal(file_read(file, 1 << 16, &pem, NULL), STATUS_OK);
    assert_int_equal(tls_spki_of_public(pem.data, pem.len, ret, NULL), STATUS_OK);
    buf_done(&pem);
    free(file);
}

// ── A box ────────────────────────────────────────────────────────────────────────────────────────

// With certificate a.
static int set_up(void **state)
{
    box_set_up(state);
    copy("a.pem", "cert.pem");
    write_box("addresses: [192.0.2.1], dkim: no, ssh: [], tls: [cert.pem]", "  - example.com\n");
    return 0;
}

// The TLSA records of port 25 name these keys and no others.
static void assert_served(struct publisher *publisher, const char *names)
{
    struct image image;
    struct image_cursor cursor;
    struct image_rr rr;
    size_t count = 0;
    assert_true(look(publisher, "example.com", &image));
    const struct image_rrset *rrset =
        find_rrset(&image, "example.com", "_25._tcp.box.example.com", RR_TYPE_TLSA);
    if (rrset != NULL) {
        image_rrs(&cursor, &image, rrset, false);
        while (image_rrs_next(&cursor, &rr)) {
            for (char k = 'a'; k <= 'c'; k++) {
                uint8_t digest[TLS_DIGEST_LEN];
                digest_of((char[]){k, '\0'}, digest);
                count += strchr(names, k) != NULL && rr.rdata_len == 35 &&
                         memcmp(rr.rdata + 3, digest, TLS_DIGEST_LEN) == 0;
            }
            count += 100;
        }
    }
    stores_reset(&publisher->stores);
    assert_int_equal(count, strlen(names) * 101);
}

// What is dumped without the store names these keys, too.
static void assert_public(const char *names)
{
    char *path = path_join(directory, "state/public");
    struct tls_plan plan;
    size_t published = 0;
    assert_int_equal(tls_plan_load(path, &plan, NULL), STATUS_OK);
    for (size_t i = 0; i < plan.count; i++)
        published += tls_key_is_published(&plan.keys[i]);
    for (const char *c = names; *c != '\0'; c++) {
        uint8_t digest[TLS_DIGEST_LEN];
        digest_of((char[]){*c, '\0'}, digest);
        const struct tls_key *key = tls_plan_find(&plan, digest);
        assert_true(key != NULL && tls_key_is_published(key));
    }
    assert_int_equal(published, strlen(names));
    free(path);
}

static void assert_state(const struct publisher *publisher, const char *name, enum tls_state state)
{
    uint8_t digest[TLS_DIGEST_LEN];
    digest_of(name, digest);
    const struct tls_key *key = tls_plan_find(&publisher->tls.plan, digest);
    assert_non_null(key);
    if (key->state != state)
        fail_msg("%s is %s", name, tls_state_name(key->state));
}

// ── A stand-in for zone-probe ────────────────────────────────────────────────────────────────────

static uint16_t silent_port; // where nobody can be reached

// Answers what is asked: all name servers have every record; the mail server has the key of this name.
static size_t answer_all(struct publisher *publisher, const char *present, int64_t now)
{
    struct observe_question questions[128];
    uint8_t digest[TLS_DIGEST_LEN];
    digest_of(present, digest);
    size_t count = tls_questions(publisher, now, questions, 128);
    for (size_t i = 0; i < count; i++) {
        const struct observe_question *question = &questions[i];
        struct observe_answer answer = {
            .version = OBSERVE_VERSION, .id = question->id, .seen_at = now, .ttl = TTL};
        bool has = question->kind == OBSERVE_RECORD ||
                   memcmp(question->digest, digest, TLS_DIGEST_LEN) == 0;
        assert_int_equal(question->version, OBSERVE_VERSION);
        if (question->port != 0 && question->port == silent_port)
            answer.unknown = 2;
        else if (has)
            answer.ok = 2;
        else
            answer.wrong = 2;
        tls_answer(publisher, &answer, now);
    }
    work(publisher, now);
    return count;
}

static void watch(struct publisher *publisher, const char *present, int64_t *now, int64_t seconds)
{
    for (int64_t end = *now + seconds; *now < end;) {
        *now += 60;
        work(publisher, *now);
        answer_all(publisher, present, *now);
    }
}

// ── Scenarios ────────────────────────────────────────────────────────────────────────────────────

static void an_announced_renewal_goes_through_without_an_alarm(void **state)
{
    (void)state;
    int64_t now = NOW;
    listen_to_log();
    struct publisher *publisher = begin(now);
    assert_served(publisher, "a");
    watch(publisher, "a", &now, 600);
    copy("b.pub", "next/b.pub");
    take(publisher, now);
    assert_served(publisher, "ab");
    assert_state(publisher, "b", TLS_NEXT);
    watch(publisher, "a", &now, TTL);
    assert_state(publisher, "b", TLS_NEXT);
    publisher_close(publisher); // a restart in the middle
    publisher = begin(now);
    watch(publisher, "a", &now, TTL + 300);
    assert_state(publisher, "b", TLS_SAFE);
    assert_public("ab");
    copy("b.pem", "cert.pem");
    in_shell("rm next/b.pub");
    take(publisher, now);
    assert_served(publisher, "ab");
    watch(publisher, "a", &now, 300); // not yet reloaded
    watch(publisher, "b", &now, TTL);
    publisher_close(publisher);
    publisher = begin(now);
    assert_served(publisher, "ab");
    watch(publisher, "b", &now, TTL + 600);
    assert_served(publisher, "b");
    assert_public("b");
    assert_valid(publisher, "example.com", now);
    publisher_close(publisher);
    assert_int_equal(end_listening("error "), 0);
}

// How much of what the clock has jumped over has passed is not known, after a restart least of all.
static void a_clock_set_ahead_makes_no_key_safe(void **state)
{
    (void)state;
    int64_t now = NOW;
    struct publisher *publisher = begin(now);
    copy("b.pub", "next/b.pub");
    take(publisher, now);
    watch(publisher, "a", &now, TTL);
    publisher_close(publisher);
    now += 86400;
    publisher = start(now);
    const struct time_sense sense = {.now = now, .jumped = true, .difference = 86400};
    assert_true(publisher_take_time(publisher, &sense));
    watch(publisher, "a", &now, TTL);
    assert_state(publisher, "b", TLS_NEXT);
    watch(publisher, "a", &now, TTL + 300);
    assert_state(publisher, "b", TLS_SAFE);
    publisher_close(publisher);
}

static void an_unannounced_key_is_an_alarm_once_and_both_are_published(void **state)
{
    (void)state;
    struct publisher *publisher = begin(NOW);
    copy("b.pem", "cert.pem");
    listen_to_log();
    take(publisher, NOW + 100);
    assert_served(publisher, "ab");
    publisher_close(publisher);
    publisher = begin(NOW + 200);
    assert_served(publisher, "ab");
    assert_int_equal(end_listening("error zone-signer tls-key-unannounced"), 1);
    publisher_close(publisher);
}

static void questions_are_about_one_fact_each(void **state)
{
    (void)state;
    copy("b.pub", "next/b.pub");
    struct publisher *publisher = begin(NOW);
    struct observe_question questions[128];
    char text[NAME_TEXT_MAX];
    size_t count = tls_questions(publisher, NOW, questions, 128);
    assert_int_equal(count, 2);
    const struct observe_question *server = &questions[questions[0].kind != OBSERVE_TLS_KEY];
    const struct observe_question *record = &questions[questions[0].kind != OBSERVE_RECORD];
    uint8_t digest[TLS_DIGEST_LEN];
    digest_of("a", digest);
    assert_int_equal(server->kind, OBSERVE_TLS_KEY);
    assert_int_equal(server->port, 25);
    assert_string_equal(name_to_text(server->owner, text), "box.example.com.");
    assert_memory_equal(server->digest, digest, TLS_DIGEST_LEN);
    uint8_t rdata[35] = {3, 1, 1};
    digest_of("b", rdata + 3);
    ldns_sha256(rdata, sizeof(rdata), digest);
    assert_int_equal(record->kind, OBSERVE_RECORD);
    assert_int_equal(record->type, 52);
    assert_string_equal(name_to_text(record->owner, text), "_25._tcp.box.example.com.");
    assert_string_equal(name_to_text(record->zone, text), "example.com.");
    assert_memory_equal(record->digest, digest, TLS_DIGEST_LEN);
    assert_int_equal(tls_questions(publisher, NOW + 30, questions, 128), 0); // under way
    assert_int_equal(tls_questions(publisher, NOW + OBSERVE_PATIENCE_S, questions, 128), 0);
    assert_true(publisher_next(publisher, NOW + OBSERVE_PATIENCE_S) < NOW + 1000);
    // Nobody answered: asked again when its time has come.
    work(publisher, NOW + 1000);
    assert_int_equal(tls_questions(publisher, NOW + 1000, questions, 128), 1);
    publisher_close(publisher);
}

static void what_is_no_answer_changes_nothing(void **state)
{
    (void)state;
    copy("b.pub", "next/b.pub");
    struct publisher *publisher = begin(NOW);
    struct observe_question questions[128];
    size_t count = tls_questions(publisher, NOW, questions, 128);
    for (size_t i = 0; i < count; i++) {
        const struct observe_answer good = {
            .version = OBSERVE_VERSION, .id = questions[i].id, .seen_at = NOW, .ok = 2};
        struct observe_answer bad[] = {good, good, good, good, good, good, good};
        bad[0].version++;
        bad[1].id += 1000;
        bad[2].seen_at = NOW - 1000;
        bad[3].seen_at = NOW + 1000;
        bad[4].ok = 0xffffffff;
        bad[5].ttl = 0xffffffff;
        bad[6].ok = 0;
        for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
            tls_answer(publisher, &bad[k], NOW);
        tls_answer(publisher, &(struct observe_answer){.ok = 1, .version = 1}, NOW);
    }
    work(publisher, NOW);
    for (size_t i = 0; i < publisher->tls.plan.count; i++)
        assert_int_equal(publisher->tls.plan.keys[i].looked_at, 0);
    const struct observe_answer late = {
        .version = OBSERVE_VERSION, .id = questions[0].id, .seen_at = NOW + 1, .ok = 2};
    tls_questions(publisher, NOW + OBSERVE_PATIENCE_S, questions, 128); // gives the old ones up
    tls_answer(publisher, &late, NOW + OBSERVE_PATIENCE_S);
    for (size_t i = 0; i < publisher->tls.plan.count; i++)
        assert_int_equal(publisher->tls.plan.keys[i].ok, 0);
    publisher_close(publisher);
}

static void limit_files(rlim_t size)
{
    const struct rlimit limit = {size, RLIM_INFINITY};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

// Keys that cannot be remembered are not followed, and whoever has to hear that signatures run out hears it.
static void a_full_disk_hides_no_signatures_that_run_out(void **state)
{
    (void)state;
    struct publisher *publisher = begin(NOW);
    copy("b.pem", "cert.pem");
    struct inputs *inputs = read_inputs();
    signal(SIGXFSZ, SIG_IGN);
    limit_files(8192); // room for the log, and for no page of a store
    publisher_set_inputs(publisher, inputs, NOW + DAY);
    listen_to_log();
    for (int day = 1; day < 13; day++)
        assert_null(sign_next(publisher, NOW + day * DAY));
    assert_int_equal(end_listening("signatures-run-out"), 1);
    limit_files(RLIM_INFINITY);
    work(publisher, NOW + 13 * DAY);
    assert_served(publisher, "ab");
    publisher_close(publisher);
}

static void lost_state_withdraws_nothing(void **state)
{
    (void)state;
    copy("c.pub", "next/c.pub");
    struct publisher *publisher = begin(NOW);
    copy("b.pem", "cert.pem");
    take(publisher, NOW + 100);
    assert_served(publisher, "abc");
    publisher_close(publisher);
    in_shell("rm -r state/state");
    listen_to_log();
    publisher = begin(NOW + 200);
    assert_served(publisher, "abc");
    assert_state(publisher, "a", TLS_LEAVING);
    assert_state(publisher, "b", TLS_CURRENT);
    assert_state(publisher, "c", TLS_NEXT);
    assert_int_equal(end_listening("tls-key-unannounced"), 0);
    publisher_close(publisher);
}

static void a_certificate_that_is_gone_for_days_withdraws_nothing(void **state)
{
    (void)state;
    int64_t now = NOW;
    struct publisher *publisher = begin(now);
    in_shell("rm cert.pem");
    take(publisher, now);
    for (int i = 0; i < 5; i++, now += DAY)
        watch(publisher, "a", &now, 600);
    assert_served(publisher, "a");
    publisher_close(publisher);
    publisher = begin(now);
    watch(publisher, "a", &now, 600);
    assert_served(publisher, "a");
    assert_state(publisher, "a", TLS_CURRENT);
    publisher_close(publisher);
}

static void a_key_is_forgotten_at_once_on_the_admins_order(void **state)
{
    (void)state;
    copy("b.pub", "next/b.pub");
    struct publisher *publisher = begin(NOW);
    struct error err = {0};
    char hex[TLS_DIGEST_HEX];
    uint8_t digest[TLS_DIGEST_LEN];
    digest_of("b", digest);
    tls_digest_text(digest, hex);
    assert_int_equal(tls_forget(publisher, "12", false, NOW, &err), STATUS_NOT_FOUND);
    assert_int_equal(tls_forget(publisher, "0123456789", false, NOW, &err), STATUS_NOT_FOUND);
    hex[12] = '\0';
    assert_int_equal(tls_forget(publisher, hex, false, NOW + 10, &err), STATUS_OK);
    work(publisher, NOW + 10);
    assert_served(publisher, "a");
    publisher_close(publisher);
    publisher = begin(NOW + 20); // its file is there still
    assert_served(publisher, "a");
    assert_public("a");
    digest_of("a", digest);
    tls_digest_text(digest, hex);
    assert_int_equal(tls_forget(publisher, hex, false, NOW + 30, &err), STATUS_STATE);
    assert_non_null(strstr(err.text, "--force"));
    assert_int_equal(tls_forget(publisher, hex, true, NOW + 30, &err), STATUS_OK);
    work(publisher, NOW + 30);
    assert_served(publisher, "");
    publisher_close(publisher);
}

static void whoever_wants_no_records_for_a_while_begins_anew(void **state)
{
    (void)state;
    int64_t now = NOW;
    copy("b.pub", "next/b.pub");
    struct publisher *publisher = begin(now);
    watch(publisher, "a", &now, 3 * TTL);
    assert_state(publisher, "b", TLS_SAFE);
    in_shell("sed -i 's/tls: .cert.pem./tls: []/' box.yaml");
    take(publisher, now);
    assert_served(publisher, "");
    assert_true(publisher_next(publisher, now) > now);
    in_shell("sed -i 's/tls: ../tls: [cert.pem]/' box.yaml");
    now += DAY;
    listen_to_log();
    take(publisher, now);
    assert_served(publisher, "ab");
    assert_state(publisher, "b", TLS_NEXT); // its record was away
    assert_int_equal(end_listening("error "), 0);
    publisher_close(publisher);
}

static void the_status_says_what_is_waited_for(void **state)
{
    (void)state;
    int64_t now = NOW;
    copy("b.pub", "next/b.pub");
    struct publisher *publisher = begin(now);
    json_t *status = tls_status(publisher);
    const json_t *next = json_array_get(json_object_get(status, "keys"), 1);
    assert_string_equal(json_string_value(json_object_get(status, "host")), "box.example.com");
    assert_string_equal(json_string_value(json_object_get(next, "state")), "next");
    assert_non_null(
        strstr(json_string_value(json_object_get(next, "waits-for")), "zone-probe is not there"));
    assert_non_null(strstr(json_string_value(json_object_get(next, "file")), "next/b.pub"));
    json_decref(status);
    watch(publisher, "a", &now, 60);
    status = tls_status(publisher);
    next = json_array_get(json_object_get(status, "keys"), 1);
    assert_int_equal(json_integer_value(json_object_get(next, "safe")), now + 2 * TTL);
    assert_int_equal(json_integer_value(json_object_get(next, "ok")), 2);
    json_decref(status);
    publisher_close(publisher);
}

static void a_port_without_a_server_is_named_by_who_waits_for_it(void **state)
{
    (void)state;
    int64_t now = NOW;
    in_shell("sed -i 's/tls: .cert.pem./tls: [cert.pem], tls-ports: [25, 993]/' box.yaml");
    struct publisher *publisher = begin(now);
    copy("b.pem", "cert.pem");
    take(publisher, now + 1);
    silent_port = 993;
    watch(publisher, "b", &now, 3 * TTL);
    silent_port = 0;
    assert_served(publisher, "ab");
    json_t *status = tls_status(publisher);
    const json_t *leaving = json_array_get(json_object_get(status, "keys"), 0);
    assert_string_equal(json_string_value(json_object_get(leaving, "state")), "leaving");
    assert_non_null(strstr(json_string_value(json_object_get(leaving, "waits-for")), "port 993"));
    json_decref(status);
    in_shell("sed -i 's/25, 993/25/' box.yaml");
    take(publisher, now);
    watch(publisher, "b", &now, 3 * TTL);
    assert_served(publisher, "b");
    publisher_close(publisher);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, box_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_announced_renewal_goes_through_without_an_alarm),
        TEST(an_unannounced_key_is_an_alarm_once_and_both_are_published),
        TEST(questions_are_about_one_fact_each),
        TEST(what_is_no_answer_changes_nothing),
        TEST(a_full_disk_hides_no_signatures_that_run_out),
        TEST(lost_state_withdraws_nothing),
        TEST(a_certificate_that_is_gone_for_days_withdraws_nothing),
        TEST(a_key_is_forgotten_at_once_on_the_admins_order),
        TEST(whoever_wants_no_records_for_a_while_begins_anew),
        TEST(a_clock_set_ahead_makes_no_key_safe),
        TEST(a_port_without_a_server_is_named_by_who_waits_for_it),
        TEST(the_status_says_what_is_waited_for),
    };
    log_open("zone-signer", LOG_LEVEL_INFO);
    return cmocka_run_group_tests(tests, make_keys, remove_keys);
}
