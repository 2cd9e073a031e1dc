// SPDX-License-Identifier: ISC
// Sockets made at a path, and asking there, with and without waiting. Whoever waits does so in a child process,
// while the loop of the program that answers is turned here.
#include "base/control.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "tests/support/scratch.h"

#define SOON_MS     300
#define PATIENCE_MS 20000 // a slow machine is no failure
#define NOBODY      65534

static uv_loop_t loop;
static char *path;
static json_t *request;

static enum status run_status(void *data, const json_t *asked, json_t *reply, struct error *err)
{
    (void)data;
    (void)err;
    json_object_set(reply, "say", json_object_get(asked, "say"));
    return STATUS_OK;
}

static enum status run_fail(void *data, const json_t *asked, json_t *reply, struct error *err)
{
    (void)data;
    (void)asked;
    (void)reply;
    return error_set(err, STATUS_IO, "the disk is full");
}

static const struct control_command commands[] = {
    {"status", run_status}, {"fail", run_fail}, {NULL, NULL}};

static int start(void **state)
{
    (void)state;
    uv_loop_init(&loop);
    path = path_join(scratch, "test.sock");
    request = json_pack("{s:s,s:i}", "command", "status", "say", 5);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    json_decref(request);
    unlink(path);
    free(path);
    return 0;
}

static int listen_at(void)
{
    struct error err = {0};
    int fd = -1;
    assert_int_equal(control_bind(path, 0600, (gid_t)-1, &fd, &err), STATUS_OK);
    return fd;
}

static struct control *serve(void)
{
    struct error err = {0};
    struct control *control = NULL;
    assert_int_equal(control_open(&loop, listen_at(), commands, NULL, &control, &err), STATUS_OK);
    return control;
}

// ── Paths ────────────────────────────────────────────────────────────────────────────────────────

static void a_socket_has_its_mode_and_group(void **state)
{
    (void)state;
    struct error err = {0};
    struct stat info;
    int fd = -1;
    mode_t mask = umask(077);
    gid_t group = getuid() == 0 ? 54321 : getgid();
    assert_int_equal(control_bind(path, 0660, group, &fd, &err), STATUS_OK);
    umask(mask);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode, S_IFSOCK | 0660);
    assert_int_equal(info.st_gid, group);
    close(fd);
}

static void what_a_dead_program_left_is_replaced(void **state)
{
    (void)state;
    close(listen_at());
    struct stat first, second;
    assert_int_equal(stat(path, &first), 0);
    int fd = listen_at();
    assert_int_equal(stat(path, &second), 0);
    close(fd);
}

static void a_socket_in_use_and_a_file_are_not_touched(void **state)
{
    (void)state;
    struct error err = {0};
    int first = listen_at(), second = -1;
    assert_int_equal(control_bind(path, 0600, (gid_t)-1, &second, &err), STATUS_STATE);
    assert_non_null(strstr(err.text, "another program listens there"));
    close(first);
    unlink(path);
    assert_int_equal(file_write(path, "words", 5, 0600, &err), STATUS_OK);
    assert_int_equal(control_bind(path, 0600, (gid_t)-1, &second, &err), STATUS_EXISTS);
    assert_non_null(strstr(err.text, "is not a socket"));
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(second, -1);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char name[200];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    char *far = path_join(scratch, name);
    struct error err = {0};
    int fd = -1;
    json_t *reply = NULL;
    assert_int_equal(control_bind(far, 0600, (gid_t)-1, &fd, &err), STATUS_RANGE);
    assert_non_null(strstr(err.text, "too long for a socket; a path of at most 107 octets"));
    assert_int_equal(control_ask(far, request, SOON_MS, &reply, &err), STATUS_RANGE);
    free(far);
}

static void a_directory_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct error err = {0};
    int fd = -1;
    char *far = path_join(scratch, "none/test.sock");
    assert_int_equal(control_bind(far, 0600, (gid_t)-1, &fd, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, far));
    free(far);
}

// ── Asking ───────────────────────────────────────────────────────────────────────────────────────

// What the child's control_ask came to; its words (or the reply) in ret.
static enum status ask_in_child(const json_t *asked, unsigned timeout_ms, char ret[ERROR_TEXT_MAX])
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct error err = {0};
        json_t *reply = NULL;
        enum status status = control_ask(path, asked, timeout_ms, &reply, &err);
        char *text = status == STATUS_OK ? json_dumps(reply, JSON_COMPACT) : err.text;
        _exit(write(ends[1], text, strlen(text) + 1) > 0 ? (int)status : 99);
    }
    int outcome = 0;
    while (waitpid(child, &outcome, WNOHANG) == 0) {
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
    memset(ret, 0, ERROR_TEXT_MAX);
    assert_true(read(ends[0], ret, ERROR_TEXT_MAX - 1) > 0);
    close(ends[0]);
    close(ends[1]);
    assert_true(WIFEXITED(outcome));
    return (enum status)WEXITSTATUS(outcome);
}

static void asking_brings_the_reply_or_the_programs_words(void **state)
{
    (void)state;
    char text[ERROR_TEXT_MAX];
    struct control *control = serve();
    assert_int_equal(ask_in_child(request, PATIENCE_MS, text), STATUS_OK);
    assert_string_equal(text, "{\"ok\":true,\"program\":\"test\",\"say\":5}");
    json_t *fail = json_pack("{s:s}", "command", "fail");
    assert_int_equal(ask_in_child(fail, PATIENCE_MS, text), STATUS_STATE);
    assert_string_equal(text, "the disk is full");
    json_decref(fail);
    control_close(control);
}

static void asking_where_nobody_listens_says_so(void **state)
{
    (void)state;
    struct error err = {0};
    json_t *reply = NULL;
    assert_int_equal(control_ask(path, request, PATIENCE_MS, &reply, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, path));
    close(listen_at()); // leaves its file
    assert_int_equal(control_ask(path, request, PATIENCE_MS, &reply, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "nobody listens there"));
    assert_null(reply);
}

static void asking_takes_no_longer_than_its_time(void **state)
{
    (void)state;
    struct error err = {0};
    json_t *reply = NULL;
    int fd = listen_at(), others[3];
    assert_int_equal(control_ask(path, request, SOON_MS, &reply, &err), STATUS_TIMEOUT);
    assert_non_null(strstr(err.text, "no reply in time"));
    listen(fd, 0); // and with a full queue
    for (size_t i = 0; i < 3; i++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        others[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)!connect(others[i], (struct sockaddr *)&address, sizeof(address));
    }
    assert_int_equal(control_ask(path, request, SOON_MS, &reply, &err), STATUS_TIMEOUT);
    assert_non_null(strstr(err.text, "too many ask already"));
    for (size_t i = 0; i < 3; i++)
        close(others[i]);
    close(fd);
}

static void who_has_no_right_is_told(void **state)
{
    (void)state;
    char text[ERROR_TEXT_MAX];
    if (getuid() != 0)
        skip();
    struct control *control = serve();
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(chmod(scratch, 0755), 0);
    pid_t child = fork();
    if (child == 0) {
        struct error err = {0};
        json_t *reply = NULL;
        if (setuid(NOBODY) != 0)
            _exit(99);
        _exit((int)control_ask(path, request, SOON_MS, &reply, &err));
    }
    int outcome = 0;
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_int_equal(WEXITSTATUS(outcome), STATUS_DENIED);
    assert_int_equal(ask_in_child(request, PATIENCE_MS, text), STATUS_OK);
    close(ends[0]);
    close(ends[1]);
    control_close(control);
}

// A program that replies `words` to whatever is asked, then closes.
static enum status ask_one_that_says(const char *words, char text[ERROR_TEXT_MAX])
{
    int fd = listen_at();
    pid_t program = fork();
    if (program == 0) {
        signal(SIGPIPE, SIG_IGN);
        char asked[CONTROL_LINE_MAX];
        int client = -1;
        while (client < 0)
            client = accept(fd, NULL, NULL);
        _exit(read(client, asked, sizeof(asked)) > 0 &&
                      write(client, words, strlen(words)) == (ssize_t)strlen(words)
                  ? 0
                  : 1);
    }
    close(fd);
    enum status status = ask_in_child(request, PATIENCE_MS, text);
    waitpid(program, NULL, 0);
    return status;
}

static void replies_without_sense_are_errors(void **state)
{
    (void)state;
    char text[ERROR_TEXT_MAX];
    assert_int_equal(ask_one_that_says("hello\n", text), STATUS_SYNTAX);
    assert_int_equal(ask_one_that_says("[]\n", text), STATUS_SYNTAX);
    assert_int_equal(ask_one_that_says("{\"ok\":1}\n", text), STATUS_SYNTAX);
    assert_int_equal(ask_one_that_says("{\"ok\":false}\n", text), STATUS_SYNTAX);
    assert_int_equal(ask_one_that_says("{\"ok\":true}", text), STATUS_IO);
    assert_non_null(strstr(text, "ended before it had replied"));
    assert_int_equal(ask_one_that_says("{\"ok\":true}\n{}", text), STATUS_OK);
}

static void a_request_must_fit_into_a_line(void **state)
{
    (void)state;
    struct error err = {0};
    json_t *reply = NULL;
    char *text = xcalloc(CONTROL_LINE_MAX + 1, 1);
    memset(text, 'x', CONTROL_LINE_MAX);
    json_object_set_new(request, "say", json_string(text));
    free(text);
    assert_int_equal(control_ask(path, request, SOON_MS, &reply, &err), STATUS_RANGE);
    assert_int_equal(control_ask(path, NULL, SOON_MS, &reply, &err), STATUS_RANGE);
}

// ── Telling ──────────────────────────────────────────────────────────────────────────────────────

struct told {
    unsigned count;
    enum status status;
    json_int_t say;
    struct error err;
};

static void on_told(void *data, enum status status, const json_t *reply, const struct error *err)
{
    struct told *told = data;
    told->count++;
    told->status = status;
    told->say = json_integer_value(json_object_get(reply, "say"));
    told->err = *err;
}

static struct told tell(const json_t *words, unsigned timeout_ms)
{
    struct told told = {0};
    control_tell(&loop, path, words, timeout_ms, on_told, &told);
    assert_int_equal(told.count, 0);
    while (told.count == 0)
        uv_run(&loop, UV_RUN_ONCE);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(told.count, 1);
    return told;
}

static void telling_brings_the_reply_once(void **state)
{
    (void)state;
    struct control *control = serve();
    struct told told = tell(request, PATIENCE_MS);
    assert_int_equal(told.status, STATUS_OK);
    assert_int_equal(told.say, 5);
    json_t *fail = json_pack("{s:s}", "command", "fail");
    told = tell(fail, PATIENCE_MS);
    assert_int_equal(told.status, STATUS_STATE);
    assert_string_equal(told.err.text, "the disk is full");
    json_decref(fail);
    control_close(control);
}

static void telling_ends_also_where_nobody_answers(void **state)
{
    (void)state;
    assert_int_equal(tell(request, PATIENCE_MS).status, STATUS_NOT_FOUND);
    assert_int_equal(tell(NULL, PATIENCE_MS).status, STATUS_RANGE);
    int fd = listen_at();
    assert_int_equal(tell(request, SOON_MS).status, STATUS_TIMEOUT); // nobody accepts
    listen(fd, 0);                                                   // nor queues
    assert_int_equal(tell(request, SOON_MS).status, STATUS_TIMEOUT);
    assert_int_equal(tell(request, SOON_MS).status, STATUS_TIMEOUT);
    close(fd);
    assert_int_equal(tell(request, PATIENCE_MS).status, STATUS_NOT_FOUND);
}

static void telling_waits_while_the_queue_is_full(void **state)
{
    (void)state;
    struct error err = {0};
    int fd = listen_at();
    listen(fd, 0);
    struct told first = {0}, second = {0};
    control_tell(&loop, path, request, PATIENCE_MS, on_told, &first);
    control_tell(&loop, path, request, PATIENCE_MS, on_told, &second);
    for (unsigned i = 0; i < 5; i++)
        uv_run(&loop, UV_RUN_ONCE); // the second one is tried now and then
    struct control *control = NULL;
    assert_int_equal(control_open(&loop, fd, commands, NULL, &control, &err), STATUS_OK);
    while (first.count == 0 || second.count == 0)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(first.status, STATUS_OK);
    assert_int_equal(second.status, STATUS_OK);
    control_close(control);
}

// A program that replies spaces without end to whatever it is asked. Returns its pid.
static pid_t start_one_without_end(int fd)
{
    pid_t program = fork();
    if (program != 0)
        return program;
    signal(SIGPIPE, SIG_IGN);
    char spaces[4096];
    memset(spaces, ' ', sizeof(spaces));
    int client = -1;
    while (client < 0)
        client = accept(fd, NULL, NULL);
    while (write(client, spaces, sizeof(spaces)) > 0)
        continue;
    _exit(0);
}

static void telling_takes_no_reply_without_end(void **state)
{
    (void)state;
    struct rusage before, after;
    int fd = listen_at();
    pid_t program = start_one_without_end(fd);
    getrusage(RUSAGE_SELF, &before);
    assert_int_equal(tell(request, PATIENCE_MS).status, STATUS_RANGE);
    getrusage(RUSAGE_SELF, &after);
    assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, 32 << 10); // kB
    waitpid(program, NULL, 0);
    close(fd);
}

int main(void)
{
#define LOOPED(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        LOOPED(a_socket_has_its_mode_and_group),
        LOOPED(what_a_dead_program_left_is_replaced),
        LOOPED(a_socket_in_use_and_a_file_are_not_touched),
        LOOPED(a_path_that_is_too_long_is_refused),
        LOOPED(a_directory_that_is_not_there_is_named),
        LOOPED(asking_brings_the_reply_or_the_programs_words),
        LOOPED(asking_where_nobody_listens_says_so),
        LOOPED(asking_takes_no_longer_than_its_time),
        LOOPED(who_has_no_right_is_told),
        LOOPED(replies_without_sense_are_errors),
        LOOPED(a_request_must_fit_into_a_line),
        LOOPED(telling_brings_the_reply_once),
        LOOPED(telling_ends_also_where_nobody_answers),
        LOOPED(telling_waits_while_the_queue_is_full),
        LOOPED(telling_takes_no_reply_without_end),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
