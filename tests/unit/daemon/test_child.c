// SPDX-License-Identifier: ISC
#include "daemon/child.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

// A child that runs a shell command, and what became of it.
struct shell {
    struct child child;
    const char *command;
    int fd; // handed on as 3 when not -1
    const struct rights_user *user;
    unsigned starts;
    unsigned deaths;
    unsigned end_after_deaths;
    bool roll_once;
    bool ended;
    unsigned exits;
    struct child_exit last_exit;
};

static enum status prepare(struct child *child, struct launch *launch, struct error *err)
{
    struct shell *shell = child->data;
    if (shell->command == NULL)
        return error_set(err, STATUS_STATE, "not now");
    launch_arg(launch, "-c");
    launch_arg(launch, "%s", shell->command);
    launch->user = shell->user;
    if (shell->fd >= 0)
        assert_int_equal(launch_fd(launch, shell->fd), 3);
    return STATUS_OK;
}

static void ready(struct child *child)
{
    struct shell *shell = child->data;
    shell->starts++;
}

static void died(struct child *child)
{
    struct shell *shell = child->data;
    shell->deaths++;
    if (shell->deaths == shell->end_after_deaths)
        child_end(child);
}

static void closed(struct child *child)
{
    (void)child;
}

static void ended(struct child *child)
{
    struct shell *shell = child->data;
    shell->ended = true;
    child_close(child, closed);
}

static void exited(struct child *child, const struct child_exit *ending)
{
    struct shell *shell = child->data;
    shell->exits++;
    shell->last_exit = *ending;
}

static const struct child_owner owner = {prepare, ready, died, ended, exited};

static struct logs logs;

static void shell_init(struct shell *shell, const char *command)
{
    *shell = (struct shell){.command = command, .fd = -1, .end_after_deaths = 1};
    child_init(&shell->child, &logs, "shell", "/bin/sh", &owner, shell);
}

static uv_loop_t loop;

static int open_loop(void **state)
{
    (void)state;
    log_open("test", LOG_LEVEL_ERROR);
    logs_open(&logs);
    logs.loop = &loop;
    return uv_loop_init(&loop);
}

static int close_loop(void **state)
{
    (void)state;
    logs_close(&logs);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop); // fails when a handle was forgotten
}

static void first_restart_is_at_once_then_slower_up_to_a_limit(void **state)
{
    (void)state;
    assert_int_equal(child_backoff_ms(1), 0);
    assert_int_equal(child_backoff_ms(2), CHILD_BACKOFF_FIRST_MS);
    assert_int_equal(child_backoff_ms(3), 2 * CHILD_BACKOFF_FIRST_MS);
    for (unsigned failures = 4; failures < 100; failures++)
        assert_in_range(child_backoff_ms(failures), child_backoff_ms(failures - 1),
                        CHILD_BACKOFF_MAX_MS);
    assert_int_equal(child_backoff_ms(100), CHILD_BACKOFF_MAX_MS);
    assert_int_equal(child_backoff_ms(UINT32_MAX), CHILD_BACKOFF_MAX_MS);
}

static void a_steady_run_ends_a_series_of_failures(void **state)
{
    (void)state;
    assert_int_equal(child_failures(0, 5), 1);
    assert_int_equal(child_failures(7, CHILD_STEADY_MS - 1), 8);
    assert_int_equal(child_failures(7, CHILD_STEADY_MS), 1);
    assert_int_equal(child_failures(UINT32_MAX, 0), UINT32_MAX);
}

static void one_that_dies_is_started_again(void **state)
{
    (void)state;
    struct shell shell;
    shell_init(&shell, "exit 3");
    shell.end_after_deaths = 3;
    child_start(&shell.child);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(shell.ended);
    assert_int_equal(shell.starts, 3);
    assert_string_equal(shell.child.last_exit, "status 3");
    assert_int_equal(shell.exits, 3);
    assert_int_equal(shell.last_exit.status, 3);
    assert_false(shell.last_exit.asked);
}

static void the_owner_hears_of_a_signal_before_another_is_started(void **state)
{
    (void)state;
    struct shell shell;
    shell_init(&shell, "kill -SEGV $$");
    child_start(&shell.child);
    int pid = child_pid(&shell.child);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(shell.exits, 1);
    assert_int_equal(shell.last_exit.signal, SIGSEGV);
    assert_int_equal(shell.last_exit.pid, pid);
}

static void one_that_cannot_be_prepared_counts_as_dead(void **state)
{
    (void)state;
    struct shell shell;
    shell_init(&shell, NULL);
    shell.end_after_deaths = 2;
    child_start(&shell.child);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(shell.ended);
    assert_int_equal(shell.starts, 0);
    assert_int_equal(shell.deaths, 2);
}

static void a_program_that_is_not_there_counts_as_dead(void **state)
{
    (void)state;
    struct shell shell;
    shell_init(&shell, "");
    child_close(&shell.child, closed);
    uv_run(&loop, UV_RUN_DEFAULT);
    shell.end_after_deaths = 2;
    child_init(&shell.child, &logs, "nothing", "/nonexistent/program", &owner, &shell);
    child_start(&shell.child);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(shell.ended);
    assert_int_equal(shell.starts, 0);
    assert_int_equal(shell.deaths, 2);
}

static void on_time(uv_timer_t *timer)
{
    struct shell *shell = timer->data;
    if (shell->roll_once) {
        shell->roll_once = false;
        child_roll(&shell->child);
        return;
    }
    child_end(&shell->child);
    uv_close((uv_handle_t *)timer, NULL);
}

// Starts it; on_time acts on it after after_ms, and again every again_ms (0: once).
static void run_and_end(struct shell *shell, uint64_t after_ms, uint64_t again_ms)
{
    uv_timer_t timer;
    uv_timer_init(&loop, &timer);
    timer.data = shell;
    child_start(&shell->child);
    uv_timer_start(&timer, on_time, after_ms, again_ms);
    uv_run(&loop, UV_RUN_DEFAULT);
}

// Told to end only once it is deaf; timed by the loop's clock, which its timers go by.
static void one_that_ignores_the_word_is_killed(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct shell shell;
    shell_init(&shell, "trap '' TERM; echo deaf >&3; while :; do sleep 0.1; done");
    shell.fd = ends[1];
    child_start(&shell.child);
    close(ends[1]);
    char text[16];
    assert_int_equal(read(ends[0], text, sizeof(text)), 5);
    close(ends[0]);
    uv_update_time(&loop);
    uint64_t before = uv_now(&loop);
    child_end(&shell.child);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(shell.ended);
    assert_int_equal(shell.deaths, 0);
    assert_in_range(uv_now(&loop) - before, CHILD_KILL_MS, CHILD_KILL_MS + 1500);
}

static void a_replacement_is_no_death(void **state)
{
    (void)state;
    struct shell shell;
    shell_init(&shell, "while :; do sleep 0.1; done");
    shell.roll_once = true;
    run_and_end(&shell, 200, 600);
    assert_true(shell.ended);
    assert_int_equal(shell.starts, 2);
    assert_int_equal(shell.deaths, 0);
    assert_int_equal(shell.child.restarts, 0);
    assert_int_equal(shell.exits, 2);
    assert_true(shell.last_exit.asked);
}

// Fails when it is to be replaced.
static enum status prepare_once(struct child *child, struct launch *launch, struct error *err)
{
    struct shell *shell = child->data;
    if (shell->starts > 0)
        return error_set(err, STATUS_STATE, "no more");
    return prepare(child, launch, err);
}

static void a_successor_that_fails_leaves_the_old_one_where_it_is(void **state)
{
    (void)state;
    static const struct child_owner once = {prepare_once, ready, died, ended, NULL};
    struct shell shell;
    shell_init(&shell, "while :; do sleep 0.1; done");
    shell.child.owner = &once;
    child_start(&shell.child);
    int pid = child_pid(&shell.child);
    child_roll(&shell.child);
    assert_int_equal(child_pid(&shell.child), pid);
    assert_true(child_is_ready(&shell.child));
    assert_true(child_is_rolling(&shell.child)); // it will be tried again
    assert_string_equal(shell.child.log.last_error, "no more");
    child_end(&shell.child);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(shell.ended);
    assert_int_equal(shell.deaths, 0);
}

static void descriptors_arrive_from_three_on(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct shell shell;
    shell_init(&shell, "echo hello >&3; exit 0");
    shell.fd = ends[1];
    child_start(&shell.child);
    uv_run(&loop, UV_RUN_DEFAULT);
    char text[16] = {0};
    assert_int_equal(read(ends[0], text, sizeof(text) - 1), 6);
    assert_string_equal(text, "hello\n");
    close(ends[0]);
    close(ends[1]);
}

// What the command writes to descriptor 3.
static void read_from(const char *command, const struct rights_user *user, char ret[256])
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct shell shell;
    shell_init(&shell, command);
    shell.fd = ends[1];
    shell.user = user;
    child_start(&shell.child);
    uv_run(&loop, UV_RUN_DEFAULT);
    ssize_t len = read(ends[0], ret, 255);
    assert_true(len >= 0);
    ret[len] = '\0';
    close(ends[0]);
    close(ends[1]);
}

static void the_environment_is_empty_but_for_the_sanitizers(void **state)
{
    (void)state;
    char text[256];
    setenv("LD_PRELOAD", "", 1);
    setenv("UBSAN_OPTIONS", "print_stacktrace=1", 1);
    setenv("ASAN_OPTIONS", "detect_leaks=1", 1);
    unsetenv("LSAN_OPTIONS");
    unsetenv("GCOV_PREFIX");
    unsetenv("GCOV_PREFIX_STRIP");
    read_from("tr '\\0' '\\n' </proc/self/environ >&3", NULL, text);
    assert_string_equal(text, "ASAN_OPTIONS=detect_leaks=1\nUBSAN_OPTIONS=print_stacktrace=1\n"
                              "ZONEBOX_LOG_LEVEL=debug\n");
}

static void it_has_its_user_and_no_other_group(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip(); // only root can give a child another user
    char text[256];
    struct rights_user user = {61001, 61002};
    read_from("pwd >&3; grep -E '^(Uid|Gid|Groups):' /proc/self/status | tr -s '\\t ' ' ' >&3",
              &user, text);
    assert_string_equal(text, "/\nUid: 61001 61001 61001 61001\nGid: 61002 61002 61002 61002\n"
                              "Groups: \n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_restart_is_at_once_then_slower_up_to_a_limit),
        cmocka_unit_test(a_steady_run_ends_a_series_of_failures),
        cmocka_unit_test_setup_teardown(one_that_dies_is_started_again, open_loop, close_loop),
        cmocka_unit_test_setup_teardown(the_owner_hears_of_a_signal_before_another_is_started,
                                        open_loop, close_loop),
        cmocka_unit_test_setup_teardown(one_that_cannot_be_prepared_counts_as_dead, open_loop,
                                        close_loop),
        cmocka_unit_test_setup_teardown(a_program_that_is_not_there_counts_as_dead, open_loop,
                                        close_loop),
        cmocka_unit_test_setup_teardown(one_that_ignores_the_word_is_killed, open_loop, close_loop),
        cmocka_unit_test_setup_teardown(a_replacement_is_no_death, open_loop, close_loop),
        cmocka_unit_test_setup_teardown(a_successor_that_fails_leaves_the_old_one_where_it_is,
                                        open_loop, close_loop),
        cmocka_unit_test_setup_teardown(descriptors_arrive_from_three_on, open_loop, close_loop),
        cmocka_unit_test_setup_teardown(the_environment_is_empty_but_for_the_sanitizers, open_loop,
                                        close_loop),
        cmocka_unit_test_setup_teardown(it_has_its_user_and_no_other_group, open_loop, close_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
