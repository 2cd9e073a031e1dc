// SPDX-License-Identifier: ISC
#include "resolver/anchors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "tests/support/scratch.h"

// Tags: 1291, 2578, 3607
#define KEY_1 "DNSKEY 257 3 13 AQIDBA=="
#define KEY_2 "DNSKEY 257 3 13 BQYHCA=="
#define KEY_3 "DNSKEY 257 3 13 CQoLDA=="

struct place {
    char *anchors;
    char *state;
    char *key;
    char *seed;
};

static struct place place_new(const char *name)
{
    char *directory = path_join(scratch, name);
    struct error err = {0};
    assert_int_equal(directory_make(directory, 0700, &err), STATUS_OK);
    struct place place = {path_join(directory, "anchors"), path_join(directory, "state"), NULL,
                          NULL};
    place.key = path_join(place.state, "root.key");
    place.seed = path_join(place.state, "root.seed");
    free(directory);
    return place;
}

static void place_done(struct place *place)
{
    free(place->anchors);
    free(place->state);
    free(place->key);
    free(place->seed);
}

static void write_text(const char *path, const char *text)
{
    struct error err = {0};
    assert_int_equal(file_write(path, text, strlen(text), 0600, &err), STATUS_OK);
}

static void must_be(const char *path, const char *text)
{
    struct buf content = {0};
    struct error err = {0};
    assert_int_equal(file_read(path, 10000, &content, &err), STATUS_OK);
    assert_string_equal(buf_text(&content), text);
    buf_done(&content);
}

static enum status open_place(const struct place *place, struct anchors *ret, struct error *err)
{
    const char *files[] = {place->anchors};
    return anchors_open(files, 1, place->state, ret, err);
}

static void open_and_close(const struct place *place)
{
    struct anchors anchors;
    struct error err = {0};
    assert_int_equal(open_place(place, &anchors, &err), STATUS_OK);
    anchors_done(&anchors);
}

static void the_first_start_trusts_the_anchor_files(void **state)
{
    (void)state;
    struct place place = place_new("first");
    struct anchors anchors;
    struct error err = {0};
    write_text(place.anchors, ". " KEY_1 "\n. DS 2578 13 2 00\n");
    assert_int_equal(open_place(&place, &anchors, &err), STATUS_OK);
    assert_int_equal(anchors.zone_count, 1);
    assert_int_equal(anchors.count, 2);
    assert_true(anchor_is_trusted(&anchors.list[0]));
    assert_int_equal(anchors.zones[0].next_probe, 0);
    must_be(place.key, ". IN DS 2578 13 2 00\n. IN " KEY_1 "\n");
    must_be(place.seed, ". IN DS 2578 13 2 00\n. IN " KEY_1 "\n");
    anchors_done(&anchors);
    place_done(&place);
}

#define LEARNT                                                                                     \
    "; autotrust trust anchor file\n;;id: . 1\n;;last_success: 1700000000 ;;Tue\n"                 \
    ";;next_probe_time: 1700003600 ;;Tue\n"                                                        \
    ". 300 IN " KEY_1 " ;{id = 1} ;;state=4 [ REVOKED ] ;;count=0 ;;lastchange=1700000001 ;;Tue\n" \
    ". 300 IN " KEY_2 " ;{id = 2} ;;state=2 [  VALID  ] ;;count=0 ;;lastchange=1700000002 ;;Tue\n" \
    ". 300 IN " KEY_3 " ;{id = 3} ;;state=1 [ ADDPEND ] ;;count=1 ;;lastchange=1700000003 ;;Tue\n"

static void what_was_learnt_is_kept(void **state)
{
    (void)state;
    struct place place = place_new("learnt");
    struct anchors anchors;
    struct error err = {0};
    write_text(place.anchors, ". " KEY_1 "\n");
    open_and_close(&place);
    write_text(place.key, LEARNT);
    assert_int_equal(open_place(&place, &anchors, &err), STATUS_OK);
    must_be(place.key, LEARNT);
    assert_int_equal(anchors.count, 3);
    assert_int_equal(anchors.zones[0].next_probe, 1700003600);
    assert_int_equal(anchors.zones[0].last_success, 1700000000);
    const enum anchor_state states[] = {ANCHOR_REVOKED, ANCHOR_VALID, ANCHOR_PENDING};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(anchors.list[i].state, states[i]);
        assert_int_equal(anchors.list[i].since, 1700000001 + (int64_t)i);
        assert_int_equal(anchor_is_trusted(&anchors.list[i]), i == 1);
    }
    anchors_done(&anchors);
    place_done(&place);
}

static void a_changed_anchor_file_changes_just_that(void **state)
{
    (void)state;
    struct place place = place_new("changed");
    struct anchors anchors;
    struct error err = {0};
    write_text(place.anchors, ". " KEY_1 "\n");
    open_and_close(&place);
    write_text(place.key, ". 300 IN " KEY_1 " ;;state=2 ;;lastchange=5\n. 300 IN " KEY_2
                          " ;;state=2 ;;lastchange=6\n");
    write_text(place.anchors, ". " KEY_1 "\n. " KEY_3 "\n"); // a package brings the next one
    assert_int_equal(open_place(&place, &anchors, &err), STATUS_OK);
    assert_int_equal(anchors.count, 3);
    assert_int_equal(anchors.list[0].since, 5);
    assert_int_equal(anchors.list[1].since, 6);
    assert_string_equal(anchors.list[2].record.text, "257 3 13 CQoLDA==");
    anchors_done(&anchors);
    write_text(place.anchors, ". " KEY_3 "\n"); // and takes the first one out
    assert_int_equal(open_place(&place, &anchors, &err), STATUS_OK);
    assert_int_equal(anchors.count, 2);
    assert_int_equal(anchors.list[0].since, 6);
    anchors_done(&anchors);
    place_done(&place);
}

static void a_revoked_key_does_not_come_back_with_an_old_anchor_file(void **state)
{
    (void)state;
    struct place place = place_new("revoked");
    struct anchors anchors;
    struct error err = {0};
    write_text(place.anchors, ". " KEY_1 "\n. " KEY_2 "\n");
    open_and_close(&place);
    write_text(place.key, ". 300 IN " KEY_2 " ;;state=2 ;;lastchange=6\n"); // the first was removed
    assert_int_equal(open_place(&place, &anchors, &err), STATUS_OK);
    assert_int_equal(anchors.count, 1);
    assert_string_equal(anchors.list[0].record.text, "257 3 13 BQYHCA==");
    anchors_done(&anchors);
    place_done(&place);
}

static void another_anchor_file_throws_away_what_was_learnt_from_the_former(void **state)
{
    (void)state;
    struct place place = place_new("another");
    struct anchors anchors;
    struct error err = {0};
    write_text(place.anchors, ". " KEY_1 "\n");
    open_and_close(&place);
    write_text(place.key, ". 300 IN " KEY_1 " ;;state=2\n. 300 IN " KEY_2 " ;;state=2\n");
    write_text(place.anchors, ". " KEY_3 "\n");
    assert_int_equal(open_place(&place, &anchors, &err), STATUS_OK);
    assert_int_equal(anchors.count, 1);
    assert_string_equal(anchors.list[0].record.text, "257 3 13 CQoLDA==");
    must_be(place.key, ". IN " KEY_3 "\n");
    anchors_done(&anchors);
    place_done(&place);
}

static void a_spoilt_state_file_is_made_anew(void **state)
{
    (void)state;
    struct place place = place_new("spoilt");
    write_text(place.anchors, ". " KEY_1 "\n");
    open_and_close(&place);
    write_text(place.key, ". 300 IN DNSKEY 257 3 13 AQI");
    open_and_close(&place);
    must_be(place.key, ". IN " KEY_1 "\n");
    write_text(place.key, "; autotrust trust anchor file\n"); // libunbound would not read it
    open_and_close(&place);
    must_be(place.key, ". IN " KEY_1 "\n");
    place_done(&place);
}

static void keys_learnt_that_validate_nothing_leave_the_anchor_file(void **state)
{
    (void)state;
    struct place place = place_new("learnt-unknown");
    struct anchors anchors;
    struct error err = {0};
    write_text(place.anchors, ". " KEY_1 "\n");
    open_and_close(&place);
    write_text(place.key, ". 300 IN DNSKEY 257 3 16 AQIDBA== ;;state=2\n");
    assert_int_equal(open_place(&place, &anchors, &err), STATUS_OK);
    assert_int_equal(anchors.count, 2);
    assert_int_equal(anchors.list[1].record.algorithm, 13);
    anchors_done(&anchors);
    place_done(&place);
}

static void with_all_keys_revoked_nothing_is_believed_but_bogus(void **state)
{
    (void)state;
    struct place place = place_new("all-revoked");
    struct anchors anchors;
    struct error err = {0};
    write_text(place.anchors, ". " KEY_1 "\n");
    open_and_close(&place);
    write_text(place.key, ";;REVOKED\n. 300 IN " KEY_1 " ;;state=4\n");
    assert_int_equal(open_place(&place, &anchors, &err), STATUS_OK);
    assert_int_equal(anchors.count, 2);
    assert_false(anchor_is_trusted(&anchors.list[0]));
    assert_true(anchor_is_trusted(&anchors.list[1])); // the seed's: it verifies nothing any more
    assert_string_equal(anchors.list[1].source, place.anchors);
    anchors_done(&anchors);
    place_done(&place);
}

static void refresh_tells_only_of_other_trusted_keys(void **state)
{
    (void)state;
    struct place place = place_new("refresh");
    struct anchors anchors;
    struct error err = {0};
    bool changed;
    write_text(place.anchors, ". " KEY_1 "\n");
    assert_int_equal(open_place(&place, &anchors, &err), STATUS_OK);
    write_text(place.key, ". 300 IN " KEY_1 " ;;state=2\n. 300 IN " KEY_2 " ;;state=1\n");
    assert_int_equal(anchors_refresh(&anchors, &changed, &err), STATUS_OK);
    assert_false(changed);
    assert_int_equal(anchors.count, 2);
    write_text(place.key, ". 300 IN " KEY_1 " ;;state=3\n. 300 IN " KEY_2 " ;;state=2\n");
    assert_int_equal(anchors_refresh(&anchors, &changed, &err), STATUS_OK);
    assert_true(changed);
    unlink(place.key);
    assert_int_equal(anchors_refresh(&anchors, &changed, &err), STATUS_NOT_FOUND);
    assert_int_equal(anchors.count, 2); // as it was
    anchors_done(&anchors);
    place_done(&place);
}

static void each_zone_has_a_file_of_its_own(void **state)
{
    (void)state;
    struct place place = place_new("zones");
    struct anchors anchors;
    struct error err = {0};
    write_text(place.anchors, "corp.example. " KEY_1 "\n. " KEY_2 "\na/b.example. " KEY_3 "\n");
    assert_int_equal(open_place(&place, &anchors, &err), STATUS_OK);
    assert_int_equal(anchors.zone_count, 3);
    char *path = path_join(place.state, "corp.example.key");
    must_be(path, "corp.example. IN " KEY_1 "\n");
    free(path);
    path = path_join(place.state, "a%047b.example.key");
    must_be(path, "a\\047b.example. IN " KEY_3 "\n");
    free(path);
    anchors_done(&anchors);
    place_done(&place);
}

static void a_state_directory_that_cannot_be_written_is_told_and_done_without(void **state)
{
    (void)state;
    struct place place = place_new("unwritable");
    struct anchors anchors;
    struct error err = {0};
    write_text(place.anchors, ". " KEY_1 "\n");
    write_text(place.state, "a file where the directory should be");
    assert_int_equal(open_place(&place, &anchors, &err), STATUS_OK);
    assert_int_equal(anchors.count, 1);
    assert_true(anchor_is_trusted(&anchors.list[0]));
    assert_null(anchors.zones[0].path);
    assert_non_null(strstr(anchors.zones[0].complaint, place.state));
    anchors_done(&anchors);
    place_done(&place);
}

static void files_without_anchors_are_refused(void **state)
{
    (void)state;
    struct place place = place_new("none");
    struct anchors anchors;
    struct error err = {0};
    assert_int_equal(open_place(&place, &anchors, &err), STATUS_NOT_FOUND);
    write_text(place.anchors, "; nothing\n");
    assert_int_equal(open_place(&place, &anchors, &err), STATUS_SYNTAX);
    write_text(place.anchors, "\n. A 192.0.2.1\n");
    assert_int_equal(open_place(&place, &anchors, &err), STATUS_SYNTAX);
    assert_non_null(strstr(err.text, "anchors:2: "));
    place_done(&place);
}

// libunbound leaves out what it does not know, and would go on without validation.
static void anchors_that_validate_nothing_are_refused(void **state)
{
    (void)state;
    static const char *const useless[] = {"DNSKEY 257 3 16 AQIDBA==", "DS 1291 99 2 ABCD",
                                          "DS 1291 13 99 ABCD", "DS 1291 0 2 ABCD"};
    struct place place = place_new("useless");
    struct anchors anchors;
    struct error err = {0};
    char text[200];
    for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
        snprintf(text, sizeof(text), "tld. %s\n. %s\n. %s\n", KEY_1, useless[i], useless[0]);
        write_text(place.anchors, text);
        assert_int_equal(open_place(&place, &anchors, &err), STATUS_SYNTAX);
        assert_non_null(strstr(err.text, "by the anchors of .;"));
        snprintf(text, sizeof(text), ". %s\n. %s\n", useless[i], KEY_1);
        write_text(place.anchors, text);
        open_and_close(&place);
    }
    place_done(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_start_trusts_the_anchor_files),
        cmocka_unit_test(what_was_learnt_is_kept),
        cmocka_unit_test(a_changed_anchor_file_changes_just_that),
        cmocka_unit_test(a_revoked_key_does_not_come_back_with_an_old_anchor_file),
        cmocka_unit_test(another_anchor_file_throws_away_what_was_learnt_from_the_former),
        cmocka_unit_test(a_spoilt_state_file_is_made_anew),
        cmocka_unit_test(keys_learnt_that_validate_nothing_leave_the_anchor_file),
        cmocka_unit_test(with_all_keys_revoked_nothing_is_believed_but_bogus),
        cmocka_unit_test(refresh_tells_only_of_other_trusted_keys),
        cmocka_unit_test(each_zone_has_a_file_of_its_own),
        cmocka_unit_test(a_state_directory_that_cannot_be_written_is_told_and_done_without),
        cmocka_unit_test(files_without_anchors_are_refused),
        cmocka_unit_test(anchors_that_validate_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
