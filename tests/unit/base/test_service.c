// SPDX-License-Identifier: ISC
#include "base/service.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "tests/support/scratch.h"

struct program {
    uv_loop_t loop;
    struct service service;
    unsigned ends;
    bool slow; // leaves the frame open when told to end
};

static void on_end(struct service *service)
{
    struct program *program = service->data;
    program->ends++;
    if (!program->slow)
        service_stop(service);
}

static enum status begin(struct program *program, int lifeline, int control,
                         const struct control_command *commands, struct error *err)
{
    *program = (struct program){.service = {.end = on_end, .data = program}};
    uv_loop_init(&program->loop);
    return service_start(&program->service, &program->loop,
                         (struct service_descriptors){.lifeline = lifeline, .control = control},
                         commands, err);
}

static void finish(struct program *program)
{
    uv_run(&program->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&program->loop), 0);
}

static void each_signal_ends_it_once(void **state)
{
    (void)state;
    static const int numbers[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < 2; i++) {
        struct program program;
        struct error err = {0};
        assert_int_equal(begin(&program, -1, -1, NULL, &err), STATUS_OK);
        program.slow = true;
        raise(numbers[i]);
        while (program.ends == 0)
            uv_run(&program.loop, UV_RUN_ONCE);
        raise(SIGTERM); // impatience changes nothing
        uv_run(&program.loop, UV_RUN_NOWAIT);
        uv_run(&program.loop, UV_RUN_NOWAIT);
        assert_int_equal(program.ends, 1);
        service_stop(&program.service);
        service_stop(&program.service);
        finish(&program);
    }
}

static void the_end_of_the_lifeline_ends_it_and_octets_do_not(void **state)
{
    (void)state;
    struct program program;
    struct error err = {0};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(begin(&program, ends[0], -1, NULL, &err), STATUS_OK);
    assert_int_equal(write(ends[1], "words", 5), 5);
    for (unsigned i = 0; i < 5; i++)
        uv_run(&program.loop, UV_RUN_NOWAIT);
    assert_int_equal(program.ends, 0);
    close(ends[1]);
    finish(&program);
    assert_int_equal(program.ends, 1);
    close(ends[0]);
}

static void a_reason_of_its_own_ends_it_once(void **state)
{
    (void)state;
    struct program program;
    struct error err = {0};
    assert_int_equal(begin(&program, -1, -1, NULL, &err), STATUS_OK);
    service_end(&program.service, LOG_LEVEL_INFO, "done");
    service_end(&program.service, LOG_LEVEL_INFO, "done");
    assert_int_equal(program.ends, 1);
    finish(&program);
}

static enum status run_end(void *data, const json_t *request, json_t *reply, struct error *err)
{
    struct program *program = data;
    (void)request;
    (void)reply;
    (void)err;
    service_end(&program->service, LOG_LEVEL_INFO, "told");
    return STATUS_OK;
}

static void on_told(void *data, enum status status, const json_t *reply, const struct error *err)
{
    (void)reply;
    (void)err;
    *(enum status *)data = status;
}

static void commands_get_the_owners_data(void **state)
{
    (void)state;
    static const struct control_command commands[] = {{"end", run_end}, {NULL, NULL}};
    struct program program;
    struct error err = {0};
    char *path = path_join(scratch, "program.sock");
    int fd = -1;
    assert_int_equal(control_bind(path, 0600, (gid_t)-1, &fd, &err), STATUS_OK);
    assert_int_equal(begin(&program, -1, fd, commands, &err), STATUS_OK);
    json_t *request = json_pack("{s:s}", "command", "end");
    enum status told = STATUS_OK;
    control_tell(&program.loop, path, request, 20000, on_told, &told);
    finish(&program);
    assert_int_equal(program.ends, 1);
    assert_int_equal(told, STATUS_IO); // it ended before it had replied
    json_decref(request);
    free(path);
}

static void a_descriptor_of_the_wrong_kind_is_an_error(void **state)
{
    (void)state;
    struct program program;
    struct error err = {0};
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char *path = path_join(scratch, "file");
    assert_int_equal(file_write(path, "", 0, 0600, &err), STATUS_OK);
    int plain = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(begin(&program, plain, -1, NULL, &err), STATUS_IO); // epoll takes no files
    assert_non_null(strstr(err.text, "is no lifeline"));
    service_stop(&program.service);
    finish(&program);
    assert_int_equal(begin(&program, -1, file, NULL, &err), STATUS_IO);
    assert_non_null(strstr(err.text, "is no control socket"));
    service_stop(&program.service);
    finish(&program);
    close(plain);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_signal_ends_it_once),
        cmocka_unit_test(the_end_of_the_lifeline_ends_it_and_octets_do_not),
        cmocka_unit_test(a_reason_of_its_own_ends_it_once),
        cmocka_unit_test(commands_get_the_owners_data),
        cmocka_unit_test(a_descriptor_of_the_wrong_kind_is_an_error),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
