// SPDX-License-Identifier: ISC
// What a program is started with: arguments, exactly the descriptors it needs, whose rights, and next to no
// environment.
#pragma once

#include <stddef.h>
#include <uv.h>

#include "daemon/rights.h"

// Descriptors are numbered from 3 in the child, in the order in which they were given; it has no other (all of zoned's
// are close-on-exec). Its environment is empty but for what sanitizers and coverage read, and the level of its log:
// nothing that zoned was started with steers a program that strangers talk to, or libraries in it.
struct launch {
    char **argv; // NULL at the end once started
    size_t arg_count;
    size_t arg_cap;
    int *fds;
    size_t fd_count;
    size_t fd_cap;
    int *given; // those of fds that are closed in this process once the child has its copy
    size_t given_count;
    size_t given_cap;
    const struct rights_user *user; // whose rights it has, without other groups; NULL: zoned's
};

#define LAUNCH_FIRST_FD 3

// Appends an argument, as printf writes it.
void launch_arg(struct launch *launch, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Hands a copy of the descriptor on; returns the number that it has in the child.
int launch_fd(struct launch *launch, int fd);
// The same, and it is the launch's own from now on: launch_done closes it here.
int launch_give_fd(struct launch *launch, int fd);

// Starts the program, as uv_spawn: the handle is initialised also when it fails. argv[0] is the path already. What it
// writes to standard output and error goes to `output`.
int launch_spawn(struct launch *launch, uv_loop_t *loop, uv_process_t *handle, uv_exit_cb done,
                 int output);
void launch_done(struct launch *launch);

// All that a program finds in its environment: `more` ("NAME=value" or NULL), and what sanitizers and coverage read.
char **launch_environment(const char *more);
void launch_environment_free(char **environment);
