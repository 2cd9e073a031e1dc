// SPDX-License-Identifier: ISC
// DKIM keys of domains that others serve, with a stand-in for zone-probe: what is made, when mail is signed with it,
// and what the admin is told.
#include "tests/unit/signer/box.h"

#include <glob.h>

#include "base/file.h"
#include "signer/questions.h"
#include "signer/status.h"

#define MAX 128

static void configure(const char *dkim, const char *more)
{
    char *options =
        xasprintf("addresses: [192.0.2.1], ssh: [], dkim: {algorithms: [ed25519]%s}", dkim);
    char *domains = xasprintf("  - {name: example.com, dkim: no}\n"
                              "  - {name: example.org, mode: external}\n%s",
                              more);
    write_box(options, domains);
    free(options);
    free(domains);
}

static struct publisher *begin_with(const char *dkim, const char *more)
{
    configure(dkim, more);
    return begin(NOW);
}

// What all servers of the world say about whatever record they are asked for. Returns how often they were.
static size_t say(struct publisher *publisher, int ok, int wrong, int unknown, int64_t now)
{
    struct observe_question questions[MAX];
    size_t count = dkim_questions(publisher, now, questions, MAX);
    size_t records = 0;
    for (size_t i = 0; i < count; i++) {
        if (questions[i].kind != OBSERVE_RECORD)
            continue;
        const struct observe_answer answer = {
            .version = OBSERVE_VERSION,
            .id = questions[i].id,
            .seen_at = now,
            .ok = (uint32_t)ok,
            .wrong = (uint32_t)wrong,
            .unknown = (uint32_t)unknown,
        };
        questions_answer(publisher, &answer, now);
        records++;
    }
    work(publisher, now);
    return records;
}

static size_t count_states(const char *state)
{
    char *pattern = path_join(directory, "state/dkim/example.org/*.pub");
    char *wanted = xasprintf("State: %s\n", state);
    glob_t found = {0};
    size_t count = 0;
    glob(pattern, 0, NULL, &found);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct buf text = {0};
        assert_int_equal(file_read(found.gl_pathv[i], 1 << 16, &text, NULL), STATUS_OK);
        buf_put(&text, "", 1);
        count += strstr((char *)text.data, wanted) != NULL;
        buf_done(&text);
    }
    globfree(&found);
    free(pattern);
    free(wanted);
    return count;
}

// Is the mail server told to sign mail of example.org?
static bool is_signed_for(void)
{
    bool found = true;
    static const char *const names[] = {"KeyTable", "SigningTable", "rspamd.conf"};
    for (size_t i = 0; i < 3; i++) {
        char *name = xasprintf("state/dkim/%s", names[i]);
        char *path = path_join(directory, name);
        struct buf text = {0};
        assert_int_equal(file_read(path, 1 << 16, &text, NULL), STATUS_OK);
        buf_put(&text, "", 1);
        bool here = strstr((char *)text.data, "example.org") != NULL;
        assert_true(i == 0 || here == found);
        found = here;
        buf_done(&text);
        free(path);
        free(name);
    }
    return found;
}

// The external domain's entry of the status; its error and its keys' todo contain these words. NULL: they are null.
static void assert_told(struct publisher *publisher, const char *error, const char *todo,
                        int64_t now)
{
    json_t *request = json_pack("{ss}", "zones", "example.org"), *reply = json_object();
    struct error err = {0};
    assert_int_equal(status_answer(publisher, now, request, reply, &err), STATUS_OK);
    const json_t *zone = json_array_get(json_object_get(reply, "external"), 0);
    const char *said = json_string_value(json_object_get(zone, "error"));
    if ((error == NULL) != (said == NULL) || (error != NULL && strstr(said, error) == NULL))
        fail_msg("error: %s", said != NULL ? said : "null");
    bool found = todo == NULL;
    size_t i;
    json_t *key;
    json_array_foreach(json_object_get(zone, "dkim"), i, key)
    {
        const char *words = json_string_value(json_object_get(key, "todo"));
        found = todo == NULL ? found && words == NULL
                             : found || (words != NULL && strstr(words, todo) != NULL);
    }
    if (!found)
        fail_msg("no key's todo has %s", todo != NULL ? todo : "nothing");
    json_decref(request);
    json_decref(reply);
}

static void a_first_key_signs_when_every_server_was_seen_with_it(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with("", "");
    assert_int_equal(serial_of(publisher, "example.org"), 0); // it is not served here
    assert_int_equal(count_states("pending"), 1);
    assert_false(is_signed_for());
    assert_told(publisher, "the mail of example.org is not signed", "nobody has looked yet", NOW);
    assert_int_equal(say(publisher, 2, 1, 0, NOW + 1), 1);
    assert_told(publisher,
                "waits until ed25519-20261118._domainkey.example.org is published where "
                "example.org is served: zonegen --dump --style paste example.org",
                "1 of 3 servers do not have it", NOW + 1);
    assert_int_equal(say(publisher, 2, 0, 1, NOW + 400), 1);
    assert_told(publisher, "not signed", "1 of 3 servers could not be asked", NOW + 400);
    assert_false(is_signed_for());
    assert_int_equal(say(publisher, 3, 0, 0, NOW + 800), 1);
    assert_int_equal(count_states("active"), 1);
    assert_true(is_signed_for());
    assert_told(publisher, NULL, NULL, NOW + 800);
    assert_int_equal(say(publisher, 3, 0, 0, NOW + 1500), 0); // nothing is waited for
    assert_true(publisher_next(publisher, NOW + 1500) > NOW + DAY);
    publisher_close(publisher);
}

static void the_question_has_the_record_as_zonegen_prints_it(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with("", "");
    struct observe_question question;
    struct dkim_set set;
    char text[NAME_TEXT_MAX];
    uint8_t digest[32];
    assert_int_equal(dkim_questions(publisher, NOW, &question, 1), 1);
    assert_int_equal(question.kind, OBSERVE_RECORD);
    assert_int_equal(question.type, 16);
    assert_string_equal(name_to_text(question.zone, text), "example.org.");
    assert_string_equal(name_to_text(question.owner, text),
                        "ed25519-20261118._domainkey.example.org.");
    assert_int_equal(dkim_load(publisher->dkim_tables.directory, "example.org", &set, NULL),
                     STATUS_OK);
    char *record = dkim_record_text(&set.list[0]);
    assert_memory_equal(record, "v=DKIM1; k=ed25519; h=sha256; p=", 32);
    size_t len = observe_text((uint8_t *)record, strlen(record));
    ldns_sha256((unsigned char *)record, (unsigned)len, digest);
    assert_memory_equal(question.digest, digest, sizeof(digest));
    free(record);
    dkim_set_done(&set);
    publisher_close(publisher);
}

static void a_successor_waits_a_day_from_when_it_was_seen_across_restarts(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with(", lifetime: 40d", "");
    say(publisher, 3, 0, 0, NOW + 1);
    int64_t due = NOW + 40 * DAY;
    work(publisher, due);
    assert_int_equal(count_states("pending"), 1);
    assert_told(publisher, NULL, "waits until", due); // mail is signed, with the key before
    publisher_close(publisher);
    publisher = begin(due + 1);
    say(publisher, 3, 0, 0, due + 1);
    assert_told(publisher, NULL, "is published; what resolvers have kept has to run out", due + 1);
    publisher_close(publisher);
    publisher = begin(due + DAY + 2); // the day is over, but nobody has looked since the start
    assert_int_equal(count_states("pending"), 1);
    say(publisher, 3, 0, 0, due + DAY + 3);
    assert_int_equal(count_states("active"), 1);
    assert_int_equal(count_states("retiring"), 1);
    assert_told(publisher, NULL, "for the mail on its way", due + DAY + 3);
    work(publisher, due + 9 * DAY);
    assert_int_equal(count_states("revoked"), 1);
    assert_told(publisher, NULL, "by the one with an empty p=", due + 9 * DAY);
    listen_to_log();
    work(publisher, due + 40 * DAY);
    assert_int_equal(end_listening("delete its record where the domain is served"), 1);
    publisher_close(publisher);
}

static void a_server_without_the_record_begins_the_wait_anew(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with(", lifetime: 40d", "");
    say(publisher, 3, 0, 0, NOW + 1);
    int64_t due = NOW + 40 * DAY;
    work(publisher, due);
    say(publisher, 3, 0, 0, due);
    assert_int_equal(say(publisher, 2, 1, 0, due + DAY / 2), 1);
    work(publisher, due + DAY + 1);
    say(publisher, 3, 0, 0, due + DAY + 1);
    work(publisher, due + 2 * DAY);
    assert_int_equal(count_states("pending"), 1);
    work(publisher, due + 2 * DAY + 2);
    assert_int_equal(count_states("retiring"), 1);
    publisher_close(publisher);
}

static void what_is_not_pasted_is_asked_for_less_and_less_often(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with("", "");
    size_t asked = 0;
    for (int64_t now = NOW; now < NOW + DAY; now += 10)
        asked += say(publisher, 0, 2, 0, now);
    assert_in_range(asked, 24, 100);
    size_t often = 0;
    for (int64_t now = NOW + DAY; now < NOW + 2 * DAY; now += 10)
        often += say(publisher, 0, 2, 0, now);
    assert_in_range(often, 23, 25);
    publisher_touch_all(publisher); // zonebox reload
    assert_int_equal(say(publisher, 2, 0, 0, NOW + 2 * DAY), 1);
    assert_true(is_signed_for());
    publisher_close(publisher);
}

static void a_question_that_nobody_answers_is_asked_again(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with("", "");
    struct observe_question questions[MAX];
    assert_int_equal(dkim_questions(publisher, NOW, questions, MAX), 1);
    assert_int_equal(dkim_questions(publisher, NOW + 30, questions + 1, MAX - 1), 0);
    int64_t next = publisher_next(publisher, NOW + 30);
    assert_int_equal(next, NOW + OBSERVE_PATIENCE_S);
    say(publisher, 2, 0, 0, next); // given up
    assert_told(publisher, "not signed", "1 of 1 servers could not be asked", next);
    next = publisher_next(publisher, next);
    assert_in_range(next, NOW + OBSERVE_PATIENCE_S, NOW + 900);
    assert_int_equal(say(publisher, 2, 0, 0, next), 1);
    assert_true(is_signed_for());
    publisher_close(publisher);
}

static void answers_to_others_and_nonsense_change_nothing(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with("", "");
    struct observe_question question;
    assert_int_equal(dkim_questions(publisher, NOW, &question, 1), 1);
    const struct observe_answer good = {
        .version = OBSERVE_VERSION, .id = question.id, .seen_at = NOW, .ok = 2};
    struct observe_answer bad[] = {good, good, good, good, good};
    bad[0].version++;
    bad[1].id++;
    bad[2].seen_at = NOW - 1000;
    bad[3].ok = 0;
    bad[4].ok = 0xffffffff;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        questions_answer(publisher, &bad[i], NOW);
    work(publisher, NOW);
    assert_false(is_signed_for());
    take(publisher, NOW); // the same inputs; the question is open still
    questions_answer(publisher, &good, NOW);
    work(publisher, NOW);
    assert_true(is_signed_for());
    publisher_close(publisher);
}

static void without_the_probe_the_first_key_signs_and_none_follows(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with(", lifetime: 40d", "probe: no\n");
    assert_true(is_signed_for());
    assert_int_equal(say(publisher, 3, 0, 0, NOW + 1), 0);
    work(publisher, NOW + 400 * DAY);
    assert_int_equal(count_states("active"), 1);
    assert_int_equal(count_states("pending"), 0);
    assert_told(publisher, NULL, NULL, NOW + 400 * DAY);
    configure(", lifetime: 40d", ""); // now somebody looks
    take(publisher, NOW + 400 * DAY);
    assert_int_equal(count_states("pending"), 1);
    publisher_close(publisher);
}

static void a_domain_without_mail_or_dkim_has_no_keys(void **state)
{
    (void)state;
    struct publisher *publisher =
        begin_with("", "  - {name: example.net, mode: external, mail: no}\n"
                       "  - {name: sub.example.org, zone: parent}\n");
    assert_int_equal(say(publisher, 1, 0, 0, NOW), 2); // of example.org and sub.example.org
    in_shell("test ! -d state/dkim/example.net && test -d state/dkim/sub.example.org");
    in_shell("grep -q sub.example.org state/dkim/SigningTable");
    publisher_close(publisher);
}

static void the_keys_stay_when_a_domain_moves_to_others(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with("", "  - example.net\n");
    in_shell("grep -q ed25519-20261118._domainkey.example.net state/dkim/KeyTable");
    configure("", "  - {name: example.net, mode: external}\n");
    take(publisher, NOW + 2 * DAY);
    assert_int_equal(serial_of(publisher, "example.net"), 0);
    in_shell("grep -q ed25519-20261118._domainkey.example.net state/dkim/KeyTable");
    publisher_close(publisher);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_first_key_signs_when_every_server_was_seen_with_it),
        TEST(the_question_has_the_record_as_zonegen_prints_it),
        TEST(a_successor_waits_a_day_from_when_it_was_seen_across_restarts),
        TEST(a_server_without_the_record_begins_the_wait_anew),
        TEST(what_is_not_pasted_is_asked_for_less_and_less_often),
        TEST(a_question_that_nobody_answers_is_asked_again),
        TEST(answers_to_others_and_nonsense_change_nothing),
        TEST(without_the_probe_the_first_key_signs_and_none_follows),
        TEST(a_domain_without_mail_or_dkim_has_no_keys),
        TEST(the_keys_stay_when_a_domain_moves_to_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
