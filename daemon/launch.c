// SPDX-License-Identifier: ISC
#include "daemon/launch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"

void launch_arg(struct launch *launch, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int written = vasprintf(&text, format, args);
    va_end(args);
    if (written < 0)
        abort(); // as base/alloc.h: memory has ended
    launch->argv =
        array_grow(launch->argv, &launch->arg_cap, launch->arg_count, sizeof(*launch->argv));
    launch->argv[launch->arg_count++] = text;
}

int launch_fd(struct launch *launch, int fd)
{
    launch->fds = array_grow(launch->fds, &launch->fd_cap, launch->fd_count, sizeof(*launch->fds));
    launch->fds[launch->fd_count++] = fd;
    return LAUNCH_FIRST_FD + (int)launch->fd_count - 1;
}

int launch_give_fd(struct launch *launch, int fd)
{
    launch->given =
        array_grow(launch->given, &launch->given_cap, launch->given_count, sizeof(*launch->given));
    launch->given[launch->given_count++] = fd;
    return launch_fd(launch, fd);
}

// The options of the sanitizers' and gcov's run-time libraries, which a release does not have.
static const char *const handed_on[] = {
    "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "GCOV_PREFIX", "GCOV_PREFIX_STRIP",
};
#define HANDED_ON_COUNT (sizeof(handed_on) / sizeof(handed_on[0]))

char **launch_environment(const char *more)
{
    char **environment = xcalloc(HANDED_ON_COUNT + 2, sizeof(*environment));
    size_t count = 0;
    for (size_t i = 0; i < HANDED_ON_COUNT; i++) {
        const char *value = getenv(handed_on[i]);
        if (value != NULL)
            environment[count++] = xasprintf("%s=%s", handed_on[i], value);
    }
    if (more != NULL)
        environment[count] = xstrdup(more);
    return environment;
}

void launch_environment_free(char **environment)
{
    for (size_t i = 0; environment[i] != NULL; i++)
        free(environment[i]);
    free(environment);
}

static void set_user(const struct rights_user *user, uv_process_options_t *options)
{
    if (user == NULL)
        return;
    options->flags |= UV_PROCESS_SETUID | UV_PROCESS_SETGID; // drops other groups, too
    options->uid = user->uid;
    options->gid = user->gid;
}

int launch_spawn(struct launch *launch, uv_loop_t *loop, uv_process_t *handle, uv_exit_cb done,
                 int output)
{
    size_t count = LAUNCH_FIRST_FD + launch->fd_count;
    uv_stdio_container_t *stdio = xcalloc(count, sizeof(*stdio));
    stdio[0].flags = UV_IGNORE;
    for (size_t i = 1; i < count; i++) {
        stdio[i].flags = UV_INHERIT_FD;
        stdio[i].data.fd = i < LAUNCH_FIRST_FD ? output : launch->fds[i - LAUNCH_FIRST_FD];
    }
    launch->argv =
        array_grow(launch->argv, &launch->arg_cap, launch->arg_count, sizeof(*launch->argv));
    launch->argv[launch->arg_count] = NULL;
    // zoned passes on what is wanted.
    char **environment = launch_environment(LOG_LEVEL_VARIABLE "=debug");
    uv_process_options_t options = {
        .file = launch->argv[0],
        .args = launch->argv,
        .env = environment,
        .cwd = "/",
        .exit_cb = done,
        // A session of its own keeps the terminal's Ctrl-C away: it ends when zoned tells it to, in order.
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = (int)count,
        .stdio = stdio,
    };
    set_user(launch->user, &options);
    int failed = uv_spawn(loop, handle, &options);
    launch_environment_free(environment);
    free(stdio);
    return failed;
}

void launch_done(struct launch *launch)
{
    for (size_t i = 0; i < launch->arg_count; i++)
        free(launch->argv[i]);
    for (size_t i = 0; i < launch->given_count; i++)
        close(launch->given[i]);
    free(launch->argv);
    free(launch->fds);
    free(launch->given);
}
