// SPDX-License-Identifier: ISC
#include "probe/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/confine.h"
#include "base/log.h"
#include "probe/check.h"
#include "probe/observer.h"

struct program {
    const struct options *options;
    uv_loop_t loop;
    struct service service;
    struct probe_world world;
    struct observer *observer;
    struct check *check;
    bool checked;
    int exit_status;
};

// ── Control ──────────────────────────────────────────────────────────────────────────────────────

static enum status run_status(void *data, const json_t *request, json_t *reply, struct error *err)
{
    const struct program *program = data;
    const struct ask_counts *asks = asker_counts(program->world.resolver.asker);
    char resolver[ADDRESS_TEXT_MAX];
    (void)request;
    (void)err;
    json_object_set_new(
        reply, "resolver",
        json_string(address_text(&program->world.resolver.address, true, resolver)));
    json_object_set_new(reply, "asked", json_integer((json_int_t)asks->asked));
    json_object_set_new(reply, "answered", json_integer((json_int_t)asks->answered));
    json_object_set_new(reply, "unanswered", json_integer((json_int_t)asks->unanswered));
    if (program->observer == NULL)
        return STATUS_OK;
    const struct observer_counts *counts = observer_counts(program->observer);
    json_object_set_new(reply, "questions", json_integer((json_int_t)counts->questions));
    json_object_set_new(reply, "answers", json_integer((json_int_t)counts->answers));
    json_object_set_new(reply, "dropped", json_integer((json_int_t)counts->dropped));
    return STATUS_OK;
}

static const struct control_command commands[] = {
    {"status", run_status},
    {0},
};

// ── Rights ───────────────────────────────────────────────────────────────────────────────────────

static bool give_up_rights(void)
{
    struct confine_profile profile = {.groups = CONFINE_SERVE | CONFINE_CONNECT};
    struct confine_result result;
    struct error err = {0};
    tzset(); // which libc would read later
    if (confine(&profile, &result, &err) != STATUS_OK) {
        log_event(LOG_LEVEL_ERROR, "not-confined", "reason", err.text, NULL);
        return false;
    }
    log_event(LOG_LEVEL_INFO, "confined", "landlock", log_u64(result.landlock), NULL);
    return true;
}

// ── Beginning and end ────────────────────────────────────────────────────────────────────────────

static void end_program(struct service *service)
{
    struct program *program = service->data;
    observer_close(program->observer);
    if (!program->checked) {
        check_free(program->check);
        program->check = NULL;
    }
    tls_client_close(program->world.tls);
    asker_close(program->world.resolver.asker);
    service_stop(service);
}

static void on_checked(void *data, enum status worst)
{
    struct program *program = data;
    program->checked = true;
    program->exit_status = worst == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
    program->service.ending = true;
    end_program(&program->service);
}

// Without the file of a system that has none, certificates are looked at all the same, and none is trusted.
static bool open_tls(struct program *program)
{
    const struct options *options = program->options;
    struct error err = {0};
    struct tls_settings settings = {.timeout_ms = options->tls_timeout_ms,
                                    .authorities = options->authorities};
    if (!options->authorities_given && access(options->authorities, R_OK) != 0) {
        log_event(LOG_LEVEL_WARNING, "no-authorities", "file", options->authorities, NULL);
        settings.authorities = NULL;
    }
    if (tls_client_new(&program->loop, &settings, &program->world.tls, &err) == STATUS_OK)
        return true;
    log_event(LOG_LEVEL_ERROR, "no-authorities", "reason", err.text, NULL);
    return false;
}

static enum status read_input(struct buf *ret, struct error *err)
{
    ssize_t len;
    do {
        buf_reserve(ret, 1 << 16);
        len = read(STDIN_FILENO, ret->data + ret->len, ret->cap - ret->len);
        if (len < 0 && errno != EINTR)
            return error_set_errno(err, errno, "cannot read standard input");
        ret->len += len > 0 ? (size_t)len : 0;
        if (ret->len > CHECK_INPUT_MAX)
            return error_set(err, STATUS_RANGE, "standard input: more than %u octets",
                             CHECK_INPUT_MAX);
    } while (len != 0);
    return STATUS_OK;
}

static bool begin_check(struct program *program, const struct buf *input)
{
    struct error err = {0};
    struct check_output output = {.out = stdout, .done = on_checked, .data = program};
    enum status status = check_begin(&program->world, (const char *)input->data, input->len,
                                     &output, &program->check, &err);
    if (status != STATUS_OK)
        log_event(LOG_LEVEL_ERROR, "not-checked", "reason", err.text, NULL);
    return status == STATUS_OK;
}

static bool start(struct program *program, struct buf *input)
{
    const struct options *options = program->options;
    struct error err = {0};
    program->service.end = end_program;
    program->service.data = program;
    program->world.loop = &program->loop;
    program->world.resolver = (struct resolver){
        .asker = asker_new(&program->loop, options->timeout_ms), .address = options->resolver};
    enum status status =
        service_start(&program->service, &program->loop, options->descriptors, commands, &err);
    if (status == STATUS_OK && options->check)
        status = read_input(input, &err);
    if (status != STATUS_OK) {
        log_event(LOG_LEVEL_ERROR, "not-started", "reason", err.text, NULL);
        return false;
    }
    if (!open_tls(program) || (!options->unconfined && !give_up_rights()))
        return false;
    if (options->observe >= 0)
        program->observer = observer_new(&program->world, options->observe, OBSERVER_TIME_MS);
    return !options->check || begin_check(program, input);
}

int program_run(const struct options *options)
{
    struct program program = {.options = options, .exit_status = EXIT_FAILURE};
    struct buf input = {0};
    uv_loop_init(&program.loop);
    if (start(&program, &input))
        program.exit_status = options->check ? EXIT_FAILURE : EXIT_SUCCESS;
    else
        end_program(&program.service);
    buf_done(&input);
    uv_run(&program.loop, UV_RUN_DEFAULT);
    check_free(program.check);
    uv_run(&program.loop, UV_RUN_DEFAULT); // until its handles are closed
    uv_loop_close(&program.loop);
    return program.exit_status;
}
