// SPDX-License-Identifier: ISC
// What is touched is read again, soon, and what is not is taken over; nothing that was seen gets lost on the way.
#include "config/follow.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/scratch.h"

#define HEAD "box: {hostname: b.example.com, tls: [], ssh: [], tls-next: []}\nstate: s\n"
#define ZONES                                                                                      \
    "domains:\n- {name: one.example, zone-file: one}\n- {name: two.example, zone-file: two}\n"

static struct inputs_follower follower;
static struct inputs *inputs;
static char *config_path;
static uint64_t clock_ms;

static struct inputs *read_all(void)
{
    struct inputs *fresh = NULL;
    struct config_errors errors = {0};
    if (inputs_read(config_path, &fresh, &errors) != STATUS_OK)
        fail_msg("%s", errors.list[0].text);
    return fresh;
}

static int begin(void **state)
{
    make_scratch(state);
    config_path = in_scratch("z.yaml");
    put_file("z.yaml", HEAD ZONES "include: 'd/*.yaml'\n");
    put_file("one", "1");
    put_file("two", "2");
    char *included = in_scratch("d");
    if (mkdir(included, 0700) != 0)
        return 1;
    free(included);
    put_file("d/a.yaml", "domains: [a.example]\n");
    put_file("d/b.yaml", "domains: [b.example]\n");
    inputs_follow_begin(&follower, config_path);
    inputs = read_all();
    (void)inputs_follow_set(&follower, inputs, true);
    (void)inputs_follow_events(&follower, ++clock_ms);
    inputs_watch_forget(follower.watch);
    follower.first_ms = 0;
    follower.patient = false;
    return inputs_follow_fd(&follower) < 0;
}

static int end(void **state)
{
    inputs_follow_end(&follower);
    inputs_free(inputs);
    free(config_path);
    return remove_scratch(state);
}

static uint64_t events(void)
{
    return inputs_follow_events(&follower, ++clock_ms);
}

static void rename_over(const char *name, const char *text)
{
    char *from = in_scratch("new"), *to = in_scratch(name);
    put_file("new", text);
    assert_int_equal(rename(from, to), 0);
    free(from);
    free(to);
}

// Looks, and takes over what is found. Returns the milliseconds to wait when there is nothing yet.
static uint64_t look(bool *ret_wrong)
{
    struct inputs *fresh = NULL;
    struct config_errors errors = {0};
    uint64_t again_ms = 0;
    enum status status = inputs_follow_look(&follower, inputs, false, &fresh, &again_ms, &errors);
    *ret_wrong = status != STATUS_OK;
    assert_int_equal(errors.count > 0, *ret_wrong);
    if (again_ms > 0) {
        assert_null(fresh);
        return again_ms;
    }
    if (fresh != NULL) {
        inputs_free(inputs);
        inputs = fresh;
    }
    (void)inputs_follow_set(&follower, inputs, status == STATUS_OK);
    return 0;
}

static void look_well(void)
{
    bool wrong;
    assert_int_equal(look(&wrong), 0);
    assert_false(wrong);
    struct inputs *all = read_all();
    assert_true(inputs_equal(inputs, all)); // as if all had been read
    inputs_free(all);
}

static const struct input_file *file_of(const char *name)
{
    char *path = in_scratch(name);
    const struct input_file *file = inputs_file(inputs, path);
    free(path);
    return file;
}

static void a_file_renamed_into_place_is_read_soon_and_alone(void **state)
{
    (void)state;
    const uint8_t *one = file_of("one")->octets;
    const struct config *config = inputs->config;
    rename_over("two", "zwei");
    assert_int_equal(events(), INPUTS_SETTLE_MS);
    look_well();
    assert_string_equal((const char *)file_of("two")->octets, "zwei");
    assert_ptr_equal(file_of("one")->octets, one);
    assert_ptr_equal(inputs->config, config);
}

static void an_included_file_is_read_alone(void **state)
{
    (void)state;
    const uint8_t *one = file_of("one")->octets;
    rename_over("d/b.yaml", "domains: [b.example, c.example]\n");
    assert_int_equal(events(), INPUTS_SETTLE_MS);
    look_well();
    assert_int_equal(inputs->config->domain_count, 5);
    assert_ptr_equal(file_of("one")->octets, one);
}

static void the_configuration_may_name_other_files(void **state)
{
    (void)state;
    put_file("three", "3");
    rename_over("z.yaml", HEAD ZONES "- {name: three.example, zone-file: three}\n"
                                     "include: ['d/*.yaml', 'e/*.yaml']\n");
    assert_int_equal(events(), INPUTS_SETTLE_MS);
    look_well();
    assert_string_equal((const char *)file_of("three")->octets, "3");
    rename_over("three", "drei"); // is watched now
    assert_true(events() > 0);
    look_well();
    assert_string_equal((const char *)file_of("three")->octets, "drei");
}

static void files_that_come_and_go_are_found(void **state)
{
    (void)state;
    bool wrong;
    put_file("d/.swap", "what an editor leaves");
    put_file("d/readme", "of no concern");
    assert_int_equal(events(), 0);
    rename_over("d/c.yaml", "domains: [c.example]\n");
    assert_int_equal(events(), INPUTS_SETTLE_MS);
    look_well();
    assert_int_equal(inputs->config->domain_count, 5);
    char *path = in_scratch("d/c.yaml");
    assert_int_equal(unlink(path), 0);
    free(path);
    assert_int_equal(events(), INPUTS_QUIET_MS);
    assert_int_equal(look(&wrong), 0); // it was waited for long enough
    assert_int_equal(inputs->config->domain_count, 4);
}

static void who_writes_in_place_is_waited_for(void **state)
{
    (void)state;
    char *path = in_scratch("one");
    FILE *file = fopen(path, "w");
    free(path);
    assert_non_null(file);
    assert_int_equal(events(), 0); // emptied; what is to come ends with its closing
    rename_over("two", "zwei");
    assert_int_equal(events(), INPUTS_QUIET_MS);
    fputs("eins", file);
    fclose(file);
    assert_int_equal(events(), INPUTS_SETTLE_MS);
    look_well();
    assert_string_equal((const char *)file_of("one")->octets, "eins");
    assert_string_equal((const char *)file_of("two")->octets, "zwei");
}

static void what_takes_a_domain_or_a_file_away_is_believed_later(void **state)
{
    (void)state;
    bool wrong;
    rename_over("d/b.yaml", "domains: [] # on its way to another file\n");
    assert_int_equal(events(), INPUTS_SETTLE_MS);
    assert_int_equal(look(&wrong), INPUTS_QUIET_MS);
    assert_false(wrong);
    assert_int_equal(inputs->config->domain_count, 4);
    rename_over("d/a.yaml", "domains: [a.example, b.example]\n");
    assert_int_equal(events(), INPUTS_SETTLE_MS);
    look_well();
    assert_int_equal(inputs->config->domain_count, 4);
}

static void what_is_wrong_is_told_late_and_not_forgotten(void **state)
{
    (void)state;
    bool wrong;
    rename_over("d/b.yaml", "domains: [b..example]\n");
    assert_int_equal(events(), INPUTS_SETTLE_MS);
    assert_int_equal(look(&wrong), INPUTS_QUIET_MS);
    assert_int_equal(look(&wrong), 0);
    assert_true(wrong);
    rename_over("two", "zwei"); // good by itself, but the other one is not
    assert_true(events() > 0);
    assert_int_equal(look(&wrong), INPUTS_QUIET_MS);
    assert_int_equal(look(&wrong), 0);
    assert_true(wrong);
    assert_string_equal((const char *)file_of("two")->octets, "2");
    rename_over("d/b.yaml", "domains: [b.example]\n");
    assert_true(events() > 0);
    look_well();
    assert_string_equal((const char *)file_of("two")->octets, "zwei");
}

static void a_link_in_the_place_of_a_file_is_followed_from_then_on(void **state)
{
    (void)state;
    char *next = in_scratch("next"), *two = in_scratch("two");
    put_file("real", "echt");
    assert_int_equal(symlink("real", next), 0);
    assert_int_equal(rename(next, two), 0);
    free(next);
    free(two);
    assert_int_equal(events(), INPUTS_SETTLE_MS);
    look_well();
    assert_string_equal((const char *)file_of("two")->octets, "echt");
    (void)events();
    rename_over("real", "echter");
    assert_true(events() > 0);
    look_well();
    assert_string_equal((const char *)file_of("two")->octets, "echter");
}

static void a_file_with_two_names_is_read_by_both(void **state)
{
    (void)state;
    run("ln -f one two");
    assert_true(events() > 0);
    look_well();
    run("printf both > one");
    assert_true(events() > 0);
    look_well();
    assert_string_equal((const char *)file_of("two")->octets, "both");
}

static void a_directory_mounted_in_two_places_is_read_in_both(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        skip(); // for root only
    char *here = in_scratch("here"), *there = in_scratch("there");
    put_file("here/zone", "1");
    run("mkdir there");
    assert_int_equal(mount(here, there, NULL, MS_BIND, NULL), 0);
    rename_over("z.yaml", HEAD "domains:\n- {name: one.example, zone-file: here/zone}\n"
                               "- {name: two.example, zone-file: there/zone}\n"
                               "- three.example\n- four.example\n");
    assert_true(events() > 0);
    look_well();
    look_well(); // what changed before it was watched
    put_file("here/zone", "2");
    assert_true(events() > 0);
    look_well();
    assert_string_equal((const char *)file_of("there/zone")->octets, "2");
    put_file("there/zone", "3");
    assert_true(events() > 0);
    look_well();
    assert_string_equal((const char *)file_of("here/zone")->octets, "3");
    assert_int_equal(umount(there), 0);
    free(here);
    free(there);
}

static void inputs_that_share_outlive_each_other(void **state)
{
    (void)state;
    struct inputs *other = inputs_share(inputs);
    assert_true(inputs_equal(inputs, other));
    inputs_free(inputs);
    inputs = other;
    assert_string_equal((const char *)file_of("one")->octets, "1");
    assert_string_equal(inputs->config->domains[0].name, "one.example");
}

int main(void)
{
#define WITH_BOX(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        WITH_BOX(a_file_renamed_into_place_is_read_soon_and_alone),
        WITH_BOX(an_included_file_is_read_alone),
        WITH_BOX(the_configuration_may_name_other_files),
        WITH_BOX(files_that_come_and_go_are_found),
        WITH_BOX(who_writes_in_place_is_waited_for),
        WITH_BOX(what_takes_a_domain_or_a_file_away_is_believed_later),
        WITH_BOX(what_is_wrong_is_told_late_and_not_forgotten),
        WITH_BOX(a_link_in_the_place_of_a_file_is_followed_from_then_on),
        WITH_BOX(a_file_with_two_names_is_read_by_both),
        WITH_BOX(inputs_that_share_outlive_each_other),
        WITH_BOX(a_directory_mounted_in_two_places_is_read_in_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
