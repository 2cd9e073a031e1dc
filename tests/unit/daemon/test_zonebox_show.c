// SPDX-License-Identifier: ISC
// How `zonebox status` shows a zone's keys and its DS to people.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/zonebox.h"

#define NOW INT64_C(1795348800) // 2026-11-22 12:00:00 UTC
#define DAY INT64_C(86400)

static int in_utc(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    return 0;
}

static json_t *read_json(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, 0, &error);
    if (value == NULL)
        fail_msg("%s in %s", error.text, text);
    return value;
}

static void assert_timeline(json_t *key, bool has_marks, const char *line)
{
    struct buf text = {0};
    zonebox_timeline(key, NOW, has_marks, &text);
    assert_string_equal(buf_text(&text), line);
    assert_true(zonebox_columns(buf_text(&text), text.len) <= 72);
    buf_done(&text);
    json_decref(key);
}

static json_t *key_of(const char *state, int64_t created, int64_t active, int64_t ds_seen,
                      int64_t retired)
{
    return json_pack("{ss si si si si si si}", "state", state, "created-at", (int)(NOW + created),
                     "published-at", (int)(NOW + created), "active-at",
                     active != 0 ? (int)(NOW + active) : 0, "offered-at",
                     ds_seen != 0 ? (int)(NOW + ds_seen - 100) : 0, "ds-seen-at",
                     ds_seen != 0 ? (int)(NOW + ds_seen) : 0, "retired-at",
                     retired != 0 ? (int)(NOW + retired) : 0);
}

static void wait_for(json_t *key, const char *wait, int64_t until)
{
    json_object_set_new(key, "wait", json_string(wait));
    json_object_set_new(key, "until", until != 0 ? json_integer(NOW + until) : json_null());
}

static void a_key_has_a_line_with_its_past_now_and_what_comes(void **state)
{
    (void)state;
    json_t *key = key_of("active", -12 * DAY, -12 * DAY, -10 * DAY, 0);
    wait_for(key, "age", 80 * DAY);
    assert_timeline(key, false, "published, signs Nov 10 - DS in Nov 12 -* now .. replaced Feb 10");
    key = key_of("published", -3600 * 12, 0, 0, 0);
    wait_for(key, "caches", 3600);
    assert_timeline(key, true, "published 00:00 ─● now ┄ ready 13:00");
    key = key_of("published", -5, 0, 0, 0);
    wait_for(key, "servers", 0);
    assert_timeline(key, false, "published 11:59:55 -* now .. ready ?");
    key = key_of("active", -400 * DAY, -399 * DAY, -398 * DAY, 0);
    assert_timeline(key, false,
                    "published 2025-10-18 - signs 2025-10-19 - DS in 2025-10-20 -* now");
}

static void a_line_that_is_too_long_loses_its_beginning(void **state)
{
    (void)state;
    json_t *key = key_of("retired", -700 * DAY, -600 * DAY, -500 * DAY, -2 * DAY);
    json_object_set_new(key, "leaving", json_true());
    wait_for(key, "caches", DAY);
    assert_timeline(key, false,
                    "... - DS in 2025-07-10 - retired 2026-11-20 -* now .. gone 2026-11-23");
}

static void a_key_of_which_nothing_is_known_is_only_now(void **state)
{
    (void)state;
    assert_timeline(json_object(), false, " -* now");
}

static void assert_ds(const char *zone, bool todo, const char *words)
{
    json_t *value = read_json(zone);
    struct buf text = {0};
    assert_int_equal(zonebox_ds_words(value, NOW, &text), todo);
    if (strstr(buf_text(&text), words) == NULL)
        fail_msg("\"%s\" has no \"%s\"", buf_text(&text), words);
    buf_done(&text);
    json_decref(value);
}

static void the_ds_is_told_as_what_has_to_be_done(void **state)
{
    (void)state;
    assert_ds("{\"name\":\"a.example\",\"keys\":[{\"tag\":7,\"ds\":\"offered\"},{\"tag\":8,\"ds\":"
              "\"in\"}],\"life\":{\"wait\":\"ds-in\"}}",
              true, "DS of 7: enter now, in the place of any other; `zonegen --ds a.example`");
    assert_ds("{\"keys\":[{\"tag\":8,\"ds\":\"in\"}],\"life\":{\"secure\":true}}", false,
              "DS of 8: in, ");
    assert_ds("{\"dnssec\":\"signed\",\"keys\":[{\"tag\":8,\"ds\":\"none\"}],\"life\":{\"wait\":"
              "\"caches\",\"until\":1795352400}}",
              false, "DS: enter after 2026-11-22 13:00 (in 1 h), not before");
    assert_ds("{\"dnssec\":\"signed\",\"keys\":[{\"tag\":8,\"ds\":\"none\"}],\"life\":{\"wait\":"
              "\"servers\",\"waits\":\"so\"}}",
              false, "DS: not to be entered yet, waits: so");
    assert_ds("{\"keys\":[{\"tag\":9,\"ds\":\"out\"}],\"life\":{\"wait\":\"ds-out\",\"secure\":"
              "true}}",
              true, "DS of 9: take it out now");
    assert_ds("{\"keys\":[{\"tag\":9,\"ds\":\"cached\"}],\"life\":{\"wait\":\"caches\",\"secure\":"
              "true}}",
              false, "kept by resolvers");
    assert_ds("{\"dnssec\":\"unsigned\",\"keys\":[],\"life\":{\"ds-foreign\":2}}", false,
              "DS: none; foreign: 2");
}

static void assert_zone(const char *zone, const char *const *lines)
{
    json_t *value = read_json(zone);
    struct buf text = {0};
    const struct zonebox_view view = {.now = NOW, .list_zones = true, .is_one = true};
    zonebox_show_zone(value, &view, &text);
    for (size_t i = 0; lines[i] != NULL; i++)
        if (strstr(buf_text(&text), lines[i]) == NULL)
            fail_msg("\"%s\" is not in\n%s", lines[i], buf_text(&text));
    buf_done(&text);
    json_decref(value);
}

static void a_zone_tells_of_its_keys_and_of_what_was_seen(void **state)
{
    (void)state;
    assert_zone(
        "{\"name\":\"a.example\",\"serial\":7,\"dnssec\":\"signed\",\"keys\":[{\"tag\":3,"
        "\"algorithm\":13,\"role\":\"csk\",\"state\":\"active\",\"since\":1795345200,"
        "\"leaving\":true,\"waits\":\"so\"},{\"tag\":4,\"role\":\"zsk\",\"state\":\"retired\","
        "\"leaving\":true}],\"served\":{\"ok\":2,\"wrong\":1,\"first-wrong\":\"192.0.2.1\","
        "\"unknown\":1,\"first-unknown\":\"::1\",\"looked-at\":1795348800}}",
        (const char *const[]){
            "  a.example                         7  signed\n",
            "      key 3: active since 2026-11-22 11:00, on its way out "
            "(ecdsap256sha256);\n      waits: so\n",
            "      ZSK 4: retired\n",
            "      name servers: 2 of 4 addresses have what is published, 1 something else\n"
            "      (192.0.2.1), 1 could not be asked (::1); seen 2026-11-22 12:00 (now)\n",
            NULL});
    assert_zone(
        "{\"name\":\"a.example\",\"dnssec\":\"presigned\",\"keys\":[{\"tag\":3},{\"tag\":4}]}",
        (const char *const[]){"not published; key 3, 4\n", NULL});
}

static void words_are_wrapped_before_the_eightieth_column(void **state)
{
    (void)state;
    struct buf text = {0};
    char words[400] = "";
    for (int i = 0; i < 30; i++)
        strcat(words, i % 2 != 0 ? "größer " : "word ");
    zonebox_wrap(words, 10, &text);
    const char *line = buf_text(&text);
    for (size_t at = 10; line != NULL; at = 0) {
        const char *end = strchr(line, '\n');
        size_t len = end != NULL ? (size_t)(end - line) : strlen(line);
        assert_true(at + zonebox_columns(line, len) <= 80);
        line = end != NULL ? end + 1 : NULL;
        assert_true(line == NULL || strncmp(line, "          ", 10) == 0);
    }
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_has_a_line_with_its_past_now_and_what_comes),
        cmocka_unit_test(a_line_that_is_too_long_loses_its_beginning),
        cmocka_unit_test(a_key_of_which_nothing_is_known_is_only_now),
        cmocka_unit_test(the_ds_is_told_as_what_has_to_be_done),
        cmocka_unit_test(a_zone_tells_of_its_keys_and_of_what_was_seen),
        cmocka_unit_test(words_are_wrapped_before_the_eightieth_column),
    };
    return cmocka_run_group_tests(tests, in_utc, NULL);
}
