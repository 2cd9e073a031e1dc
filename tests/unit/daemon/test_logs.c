// SPDX-License-Identifier: ISC
#include "daemon/logs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static uv_loop_t loop;
static struct logs logs;
static struct log_source source = {.name = "zone-server.7"};
static unsigned alarms;
static char last_alarm[200];

static void keep_alarm(void *data, const char *program, const char *event, const char *line)
{
    (void)data;
    alarms++;
    snprintf(last_alarm, sizeof(last_alarm), "%s|%s|%s", program, event, line);
}

static int open_logs(void **state)
{
    (void)state;
    log_open("test", LOG_LEVEL_ERROR);
    logs_open(&logs);
    logs.loop = &loop;
    logs.level = LOG_LEVEL_ERROR;
    logs.alarm = keep_alarm;
    alarms = 0;
    source = (struct log_source){.name = "zone-server.7"};
    return uv_loop_init(&loop);
}

static int close_logs(void **state)
{
    (void)state;
    logs_close(&logs);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop); // fails when a handle was forgotten
}

static int open_stream(void)
{
    struct error err = {0};
    int fd = -1;
    assert_int_equal(logs_stream(&logs, &source, &fd, &err), STATUS_OK);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void errors_are_remembered_and_told_with_the_name_of_the_source(void **state)
{
    (void)state;
    int fd = open_stream();
    say(fd, "error zone-server lost a=b\nwarning zone-server odd\nno event at all\n");
    close(fd);
    uv_run(&loop, UV_RUN_DEFAULT); // ends with the stream
    assert_string_equal(source.last_error, "lost a=b");
    assert_int_equal(alarms, 1);
    assert_string_equal(last_alarm, "zone-server.7|lost|error zone-server.7 lost a=b");
}

static void what_is_foreign_is_text_only(void **state)
{
    (void)state;
    source.foreign = true;
    int fd = open_stream();
    say(fd, "error zone-server lost a=b\n");
    close(fd);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_string_equal(source.last_error, "");
    assert_int_equal(alarms, 0);
}

// Writes until the pipe is full. Returns how much went in.
static size_t fill(int fd)
{
    char octets[4096];
    size_t sum = 0;
    memset(octets, '\n', sizeof(octets));
    for (ssize_t len; (len = write(fd, octets, sizeof(octets))) > 0;)
        sum += (size_t)len;
    return sum;
}

static void a_process_that_writes_without_end_is_read_slowly(void **state)
{
    (void)state;
    logs.burst = 256 << 10;
    int fd = open_stream();
    size_t sum = 0;
    for (int i = 0; i < 50; i++) {
        sum += fill(fd);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    // The burst, one turn over it, and what lies in the pipe
    assert_in_range(sum, 256 << 10, (256 << 10) + 2 * (64 << 10) + LOGS_PER_SECOND);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(fill(fd), 0);
    uv_ref((uv_handle_t *)&logs.resume);
    for (size_t more = 0; more == 0; more = fill(fd)) // read on after some seconds
        uv_run(&loop, UV_RUN_ONCE);
    close(fd);
}

static void dying_and_being_started_again_is_no_way_to_write_more(void **state)
{
    (void)state;
    logs.burst = 256 << 10;
    for (int i = 0; i < 50; i++) { // each process fills its pipe and dies
        int fd = open_stream();
        fill(fd);
        close(fd);
        uv_run(&loop, UV_RUN_NOWAIT);
        uv_run(&loop, UV_RUN_NOWAIT);
        assert_null(logs.streams); // nor does it cost descriptors
    }
    assert_in_range(source.debt, logs.burst, logs.burst + (64 << 10)); // what was read
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(errors_are_remembered_and_told_with_the_name_of_the_source,
                                        open_logs, close_logs),
        cmocka_unit_test_setup_teardown(what_is_foreign_is_text_only, open_logs, close_logs),
        cmocka_unit_test_setup_teardown(a_process_that_writes_without_end_is_read_slowly, open_logs,
                                        close_logs),
        cmocka_unit_test_setup_teardown(dying_and_being_started_again_is_no_way_to_write_more,
                                        open_logs, close_logs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
