// SPDX-License-Identifier: ISC
#include "daemon/zoned_control.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "daemon/programs.h"
#include "daemon/workers.h"

static json_t *words_or_null(const char *text)
{
    return control_text(text[0] != '\0' ? text : NULL);
}

static void add_error(json_t *errors, const struct error *err)
{
    if (err->text[0] != '\0')
        json_array_append_new(errors, control_text(err->text));
}

static json_t *config_errors(const struct zoned *zoned)
{
    json_t *errors = json_array();
    struct error more = {0};
    const char *line;
    for (size_t i = 0; (line = config_errors_line(&zoned->feed.complaint, i, &more)) != NULL; i++)
        json_array_append_new(errors, control_text(line));
    return errors;
}

static json_t *listen_errors(const struct zoned *zoned)
{
    json_t *errors = json_array();
    add_error(errors, &zoned->listen_error);
    add_error(errors, &zoned->resolver_error);
    add_error(errors, &zoned->tls.listen_error);
    add_error(errors, &zoned->tls.error);
    add_error(errors, &zoned->metrics.error);
    return errors;
}

// The lines as one text, null when there are none. Takes errors over.
static json_t *as_text(json_t *errors)
{
    struct buf text = {0};
    for (size_t i = 0; i < json_array_size(errors); i++)
        buf_printf(&text, i > 0 ? "\n%s" : "%s", json_string_value(json_array_get(errors, i)));
    json_t *value = words_or_null(buf_text(&text));
    buf_done(&text);
    json_decref(errors);
    return value;
}

static json_t *describe(const struct child *child)
{
    static const char *const states[] = {
        [CHILD_IDLE] = "idle",
        [CHILD_RUNNING] = "running",
        [CHILD_ENDING] = "ending",
        [CHILD_WAITING] = "waiting",
    };
    json_t *program = json_object();
    int pid = child_pid(child);
    json_object_set_new(program, "name", json_string(child->log.name));
    json_object_set_new(program, "pid", pid != 0 ? json_integer(pid) : json_null());
    json_object_set_new(program, "state", json_string(states[child->state]));
    json_object_set_new(program, "since", control_time(pid != 0 ? child->since : 0));
    json_object_set_new(program, "restarts", json_integer(child->restarts));
    json_object_set_new(program, "last-exit", words_or_null(child->last_exit));
    json_object_set_new(program, "last-error", words_or_null(child->log.last_error));
    json_object_set_new(program, "last-error-at", control_time(child->log.last_error_at));
    return program;
}

static void add_program(const struct child *child, json_t *programs, json_t *sockets)
{
    json_array_append_new(programs, describe(child));
    if (child->state != CHILD_IDLE)
        json_object_set_new(sockets, child->log.name, control_text(child->control));
}

static void add_programs(const struct zoned *zoned, json_t *reply)
{
    json_t *programs = json_array();
    json_t *sockets = json_object();
    add_program(&zoned->signer, programs, sockets);
    for (size_t i = 0; i < zoned->worker_count; i++)
        if (i < zoned->sockets.worker_count || workers_child(zoned, i)->state != CHILD_IDLE)
            add_program(workers_child(zoned, i), programs, sockets);
    if (zoned->feed.inputs->config->server.tls.enabled || zoned->tls.child.state != CHILD_IDLE)
        add_program(&zoned->tls.child, programs, sockets);
    if (zoned->feed.inputs->config->resolver.enabled || zoned->resolver.state != CHILD_IDLE)
        add_program(&zoned->resolver, programs, sockets);
    if (zoned->feed.inputs->config->probe.enabled || zoned->probe.state != CHILD_IDLE)
        add_program(&zoned->probe, programs, sockets);
    json_object_set_new(reply, "programs", programs);
    json_object_set_new(reply, "sockets", sockets);
}

static json_t *addresses_of(const struct listen_set *sockets)
{
    char text[ADDRESS_TEXT_MAX];
    json_t *addresses = json_array();
    for (size_t i = 0; i < sockets->address_count; i++)
        json_array_append_new(addresses,
                              json_string(address_text(&sockets->addresses[i], true, text)));
    return addresses;
}

static json_t *metrics_address(const struct metrics *metrics)
{
    char text[ADDRESS_TEXT_MAX];
    return metrics->fd >= 0 ? json_string(address_text(&metrics->address, true, text))
                            : json_null();
}

static enum status run_status(void *data, const json_t *request, json_t *reply, struct error *err)
{
    const struct zoned *zoned = data;
    (void)request;
    (void)err;
    json_object_set_new(reply, "pid", json_integer(getpid()));
    json_object_set_new(reply, "version", json_string(ZONEBOX_VERSION));
    json_object_set_new(reply, "since", json_integer(zoned->since));
    json_object_set_new(reply, "config", control_text(zoned->feed.config_path));
    json_object_set_new(reply, "config-error", as_text(config_errors(zoned)));
    json_object_set_new(reply, "listen-error", as_text(listen_errors(zoned)));
    json_object_set_new(reply, "listen", addresses_of(&zoned->sockets));
    json_object_set_new(reply, "listen-tls", addresses_of(&zoned->tls.sockets));
    json_object_set_new(reply, "metrics", metrics_address(&zoned->metrics));
    add_programs(zoned, reply);
    return STATUS_OK;
}

static enum status run_reload(void *data, const json_t *request, json_t *reply, struct error *err)
{
    struct zoned *zoned = data;
    (void)request;
    (void)err;
    zoned_look_again(zoned);
    json_t *errors = config_errors(zoned);
    json_t *not_bound = listen_errors(zoned);
    json_array_extend(errors, not_bound);
    json_decref(not_bound);
    json_object_set_new(reply, "taken-over", json_boolean(json_array_size(errors) == 0));
    json_object_set_new(reply, "errors", errors);
    return STATUS_OK;
}

static const struct control_command commands[] = {
    {"status", run_status},
    {"reload", run_reload},
    {0},
};

// A zoned that was killed could not remove its children's sockets, and there may be fewer children now.
static void remove_stale(const char *directory)
{
    DIR *dir = opendir(directory);
    if (dir == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        size_t len = strlen(entry->d_name);
        bool is_socket = len > 5 && strcmp(entry->d_name + len - 5, ".sock") == 0;
        if (is_socket && strncmp(entry->d_name, ZONED_SERVER ".", sizeof(ZONED_SERVER)) == 0)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    closedir(dir);
}

void zoned_control_open(struct zoned *zoned)
{
    struct error err = {0};
    int fd = -1;
    char *path = programs_control_path(zoned, "zoned");
    remove_stale(zoned->control_directory);
    enum status status = control_bind(path, 0660, zoned->rights.control, &fd, &err);
    if (status == STATUS_OK)
        status = control_open(&zoned->loop, fd, commands, zoned, &zoned->control, &err);
    if (status != STATUS_OK)
        log_event(LOG_LEVEL_WARNING, "no-control", "reason", err.text, NULL);
    free(path);
}

void zoned_control_close(struct zoned *zoned)
{
    if (zoned->control == NULL)
        return;
    char *path = programs_control_path(zoned, "zoned");
    (void)unlink(path);
    free(path);
    control_close(zoned->control);
    zoned->control = NULL;
}
