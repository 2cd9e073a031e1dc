// SPDX-License-Identifier: ISC
#include "daemon/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"

static uv_loop_t loop;

// Domains: the snapshot of so many has more than 1 MiB.
#define MORE_THAN_A_PIPE_HOLDS 80000

// Inputs whose configuration has this many domains besides the first one, number.example.
static struct inputs *make_inputs(unsigned number, unsigned more)
{
    struct buf text = {0};
    struct config_errors errors = {0};
    struct inputs *inputs = NULL;
    buf_printf(&text,
               "box: {hostname: box.example.com, tls: [], ssh: []}\n"
               "state: /nonexistent\ndomains:\n  - d%u.example\n",
               number);
    for (unsigned i = 0; i < more; i++)
        buf_printf(&text, "  - more%u.example\n", i);
    const struct config_file file = {
        .path = "/nonexistent/zonebox.yaml", .text = buf_text(&text), .len = text.len};
    enum status status = inputs_read_texts(&file, 1, &inputs, &errors);
    if (status != STATUS_OK)
        print_error("%s\n", errors.list[0].text);
    assert_int_equal(status, STATUS_OK);
    buf_done(&text);
    return inputs;
}

// Reads what there is without waiting. Returns false at the end of the stream.
static bool drain(int fd, struct buf *ret)
{
    char octets[4096];
    ssize_t got;
    while ((got = read(fd, octets, sizeof(octets))) > 0)
        buf_put(ret, octets, (size_t)got);
    return got < 0 && errno == EAGAIN;
}

static void turn(int fd, struct buf *ret)
{
    for (int i = 0; i < 200; i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        drain(fd, ret);
    }
}

// Takes the snapshot at *at apart and returns its first domain's name. The caller frees.
static char *next_domain(const struct buf *stream, size_t *at)
{
    assert_true(stream->len - *at >= 8);
    uint64_t len = 0;
    for (int i = 0; i < 8; i++)
        len = len << 8 | stream->data[(*at)++];
    assert_true(stream->len - *at >= len);
    struct inputs *inputs = NULL;
    struct config_errors errors = {0};
    assert_int_equal(inputs_decode(stream->data + *at, len, NULL, &inputs, &errors), STATUS_OK);
    *at += len;
    char *name = xstrdup(inputs->config->domains[0].name);
    inputs_free(inputs);
    return name;
}

static void expect_domain(const struct buf *stream, size_t *at, const char *expected)
{
    char *name = next_domain(stream, at);
    assert_string_equal(name, expected);
    free(name);
}

static void newest_wins_while_the_reader_is_busy(void **state)
{
    (void)state;
    struct error err = {0};
    struct buf stream = {0};
    struct inputs *newest = make_inputs(1, MORE_THAN_A_PIPE_HOLDS);
    struct snapshot_sender sender = {.loop = &loop,
                                     .newest = (const struct inputs *const *)&newest};
    int fd = -1;
    assert_int_equal(snapshot_open(&sender, &fd, &err), STATUS_OK);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (unsigned number = 2; number <= 5; number++) {
        inputs_free(newest);
        newest = make_inputs(number, 0);
        snapshot_send(&sender);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    turn(fd, &stream);
    size_t at = 0;
    expect_domain(&stream, &at, "d1.example"); // was under way
    expect_domain(&stream, &at, "d5.example");
    assert_int_equal(at, stream.len);
    snapshot_close(&sender);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_false(drain(fd, &stream));
    close(fd);
    buf_done(&stream);
    inputs_free(newest);
}

static void a_new_reader_gets_the_newest_from_the_start(void **state)
{
    (void)state;
    struct error err = {0};
    struct buf stream = {0};
    struct inputs *newest = make_inputs(7, MORE_THAN_A_PIPE_HOLDS);
    struct snapshot_sender sender = {.loop = &loop,
                                     .newest = (const struct inputs *const *)&newest};
    int first = -1;
    int second = -1;
    assert_int_equal(snapshot_open(&sender, &first, &err), STATUS_OK);
    uv_run(&loop, UV_RUN_NOWAIT);
    close(first); // in the middle of a snapshot
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(snapshot_open(&sender, &second, &err), STATUS_OK);
    fcntl(second, F_SETFL, O_NONBLOCK);
    turn(second, &stream);
    size_t at = 0;
    expect_domain(&stream, &at, "d7.example");
    snapshot_close(&sender);
    uv_run(&loop, UV_RUN_DEFAULT);
    close(second);
    buf_done(&stream);
    inputs_free(newest);
}

static int open_loop(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    return uv_loop_init(&loop);
}

static int close_loop(void **state)
{
    (void)state;
    return uv_loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(newest_wins_while_the_reader_is_busy, open_loop,
                                        close_loop),
        cmocka_unit_test_setup_teardown(a_new_reader_gets_the_newest_from_the_start, open_loop,
                                        close_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
