// SPDX-License-Identifier: ISC
#include "resolver/program.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/alloc.h"
#include "base/confine.h"
#include "base/file.h"
#include "base/log.h"
#include "resolver/own_zones.h"
#include "resolver/status.h"

#define FIRST_SOCKET 3 // inherited descriptors begin behind stdin, stdout and stderr
// For sockets, files and the loop, besides clients and questions to the world.
#define DESCRIPTORS_KEPT 128
// Questions under way are waited for so long when it has to end: what takes longer is asked again by its client.
#define GRACE_MS 1000

struct program {
    const struct options *options;
    struct engine_settings settings;
    uv_loop_t loop;
    struct service service;
    struct engine *engine;
    struct front *front;
    struct own_zones_watch *watch;
    struct own_zones first; // what zones.key said before there was an engine
    bool own_zones_denied;  // from the beginning
    bool confined;
};

// ── Own zones ────────────────────────────────────────────────────────────────────────────────────

static void on_own_zones(void *data, const struct own_zones *zones)
{
    struct program *program = data;
    struct error err = {0};
    log_event(LOG_LEVEL_INFO, "own-zones", "count", log_u64(own_zones_count(zones)), "keys",
              log_u64(zones->keys.count), NULL);
    if (program->engine == NULL)
        own_zones_copy(zones, &program->first);
    else if (engine_set_own_zones(program->engine, zones, &err) != STATUS_OK)
        log_event(LOG_LEVEL_ERROR, "own-zones-not-used", "reason", err.text, NULL);
}

static void on_own_zones_failed(void *data, enum status status, const struct error *err)
{
    struct program *program = data;
    log_event(status == STATUS_NOT_FOUND ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING,
              "own-zones-not-read", "reason", err->text, NULL);
    if (status != STATUS_DENIED)
        return;
    // A directory that was made or replaced since (a restored backup) is out of reach of a confined program
    // (base/confine.h); one that is started anew reaches it.
    if (!program->confined)
        program->own_zones_denied = true;
    else if (!program->own_zones_denied)
        service_end(&program->service, LOG_LEVEL_WARNING, "own zones are out of reach");
}

// ── Control ──────────────────────────────────────────────────────────────────────────────────────

static enum status run_status(void *data, const json_t *request, json_t *reply, struct error *err)
{
    const struct program *program = data;
    (void)request;
    (void)err;
    status_fill(&program->settings, program->engine, program->front, reply);
    return STATUS_OK;
}

static enum status run_flush(void *data, const json_t *request, json_t *reply, struct error *err)
{
    struct program *program = data;
    (void)request;
    enum status status = engine_swap(program->engine, err);
    if (status != STATUS_OK)
        return status;
    log_event(LOG_LEVEL_NOTICE, "flushed", NULL);
    json_object_set_new(reply, "flushed", json_string("all"));
    json_object_set_new(
        reply, "note", json_string("libunbound cannot drop a single name: the cache is empty now"));
    return STATUS_OK;
}

static const struct control_command commands[] = {
    {"status", run_status},
    {"flush", run_flush},
    {0},
};

// ── Sockets ──────────────────────────────────────────────────────────────────────────────────────

static bool serve(struct program *program, int fd)
{
    struct error err = {0};
    if (front_serve(program->front, fd, &err) == STATUS_OK)
        return true;
    log_event(LOG_LEVEL_ERROR, "socket-refused", "reason", err.text, NULL);
    return false;
}

static bool open_sockets(struct program *program)
{
    static const int types[] = {SOCK_DGRAM, SOCK_STREAM};
    const struct options *options = program->options;
    for (unsigned i = 0; i < options->sockets; i++)
        if (!serve(program, (int)(FIRST_SOCKET + i)))
            return false;
    for (size_t i = 0; i < 2 * options->listen_count; i++) {
        struct error err = {0};
        int fd;
        if (address_bind(&options->listen[i / 2], types[i % 2], false, &fd, &err) != STATUS_OK) {
            log_event(LOG_LEVEL_ERROR, "not-listening", "reason", err.text, NULL);
            return false;
        }
        if (!serve(program, fd))
            return false;
    }
    return true;
}

// ── Rights ───────────────────────────────────────────────────────────────────────────────────────

// Two ports a question (resolver/context.c), and twice as many while one context takes over from another. Where the
// system allows fewer descriptors, fewer ports are used: questions then wait for one.
static void make_room(struct program *program)
{
    struct rlimit limit;
    const struct front_settings *front = &program->options->front;
    rlim_t wanted = (rlim_t)4 * front->queries + front->tcp_connections + DESCRIPTORS_KEPT;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur == wanted)
        return;
    rlim_t kept = front->tcp_connections + DESCRIPTORS_KEPT;
    rlim_t possible = limit.rlim_cur > kept + 4 ? (limit.rlim_cur - kept) / 4 : 1;
    log_event(LOG_LEVEL_WARNING, "fewer-ports", "wanted", log_u64(2 * program->settings.queries),
              "possible", log_u64(2 * possible), "reason", "limit of open files (ulimit -n)", NULL);
    program->settings.queries = (unsigned)possible;
}

static size_t list_paths(const struct program *program, struct confine_path *paths)
{
    const struct engine_settings *settings = &program->settings;
    const char *read[OPTIONS_ANCHORS_MAX + 2] = {settings->root_hints, program->options->own_zones};
    size_t count = 0;
    for (size_t i = 0; i < settings->trust_anchor_count; i++)
        read[2 + i] = settings->trust_anchors[i];
    for (size_t i = 0; i < 2 + settings->trust_anchor_count; i++)
        if (read[i] != NULL) // by directory: files are replaced
            paths[count++] = (struct confine_path){path_directory(read[i]), CONFINE_READ};
    if (settings->state != NULL)
        paths[count++] = (struct confine_path){xstrdup(settings->state), CONFINE_WRITE};
    return count;
}

static bool give_up_rights(struct program *program)
{
    struct confine_path paths[OPTIONS_ANCHORS_MAX + 3];
    struct confine_profile profile = {.groups = CONFINE_FILES_READ | CONFINE_FILES_WRITE |
                                                CONFINE_SERVE | CONFINE_CONNECT,
                                      .paths = paths,
                                      .path_count = list_paths(program, paths)};
    struct confine_result result;
    struct error err = {0};
    tzset(); // libunbound writes local times into its files
    enum status status = confine(&profile, &result, &err);
    for (size_t i = 0; i < profile.path_count; i++)
        free((void *)(uintptr_t)paths[i].path);
    if (status != STATUS_OK) {
        log_event(LOG_LEVEL_ERROR, "not-confined", "reason", err.text, NULL);
        return false;
    }
    log_event(LOG_LEVEL_INFO, "confined", "landlock", log_u64(result.landlock), NULL);
    program->confined = true;
    return true;
}

// ── Beginning and end ────────────────────────────────────────────────────────────────────────────

static void on_front_closed(void *data)
{
    struct program *program = data;
    own_zones_unfollow(program->watch);
    engine_close(program->engine);
    service_stop(&program->service);
}

static void end_program(struct service *service)
{
    struct program *program = service->data;
    service_hush(service);
    if (program->front != NULL)
        front_close(program->front, service->orphaned ? 0 : GRACE_MS, on_front_closed, program);
    else
        on_front_closed(program);
}

static bool start_engine(struct program *program)
{
    struct error err = {0};
    if (program->options->own_zones != NULL)
        program->watch = own_zones_follow(&program->loop, program->options->own_zones, on_own_zones,
                                          on_own_zones_failed, program);
    program->settings.own_zones = &program->first;
    if (engine_new(&program->loop, &program->settings, &program->engine, &err) == STATUS_OK)
        return true;
    log_event(LOG_LEVEL_ERROR, "no-resolver", "reason", err.text, NULL);
    return false;
}

static bool start(struct program *program)
{
    struct error err = {0};
    program->service.end = end_program;
    program->service.data = program;
    enum status status = service_start(&program->service, &program->loop,
                                       program->options->descriptors, commands, &err);
    if (status != STATUS_OK) {
        log_event(LOG_LEVEL_ERROR, "not-started", "reason", err.text, NULL);
        return false;
    }
    make_room(program);
    if (!start_engine(program))
        return false;
    program->front = front_new(&program->loop, program->engine, &program->options->front);
    if (!open_sockets(program))
        return false;
    return program->options->unconfined || give_up_rights(program);
}

bool program_run(const struct options *options)
{
    struct program program = {.options = options, .settings = options->engine};
    uv_loop_init(&program.loop);
    bool started = start(&program);
    if (started)
        log_event(LOG_LEVEL_INFO, "serving", NULL);
    else
        end_program(&program.service);
    uv_run(&program.loop, UV_RUN_DEFAULT);
    uv_loop_close(&program.loop);
    own_zones_done(&program.first);
    return started;
}
