// SPDX-License-Identifier: ISC
// One program that zoned keeps up: started with exactly the descriptors it needs, started again
// when it dies, ended when it should end.
//
//              child_start                 dies
//     IDLE ───────────────► RUNNING ◄───────────────► WAITING   (at once the first time, then later
//     and later)
//      ▲                       │       next attempt
//      └─────── ENDING ◄───────┘  child_end, child_restart: SIGTERM, after CHILD_KILL_MS SIGKILL
//
// The owner fills in arguments and descriptors anew before every start (`prepare`), so that what a
// program is started with is always what holds now.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/status.h"
#include "daemon/logs.h"
#include "daemon/rights.h"

// A whole end must take less than two seconds, which is what service managers and people bear.
#define CHILD_KILL_MS 1500
// A program that dies as soon as it starts costs little when it is tried this often, and is back
// soon once its trouble is gone.
#define CHILD_BACKOFF_FIRST_MS 200
#define CHILD_BACKOFF_MAX_MS   10000
// Who ran this long started well: its death is no part of a series.
#define CHILD_STEADY_MS 10000

// What a start needs. Descriptors are numbered from 3 in the child, in the order in which they were
// given; it has no other (all of zoned's are close-on-exec). Its environment is empty but for what
// sanitizers and coverage read: nothing that zoned was started with steers a program that strangers
// talk to, or libraries in it.
struct child_launch {
    char **argv; // NULL at the end once started
    size_t arg_count;
    size_t arg_cap;
    int *fds;
    size_t fd_count;
    size_t fd_cap;
    int close_after;                // closed in this process once the child has its copy, or -1
    const struct rights_user *user; // whose rights it has, without other groups; NULL: zoned's
};

#define CHILD_FIRST_FD 3

// Appends an argument, as printf writes it.
void child_launch_arg(struct child_launch *launch, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Hands a descriptor on; returns the number that it has in the child.
int child_launch_fd(struct child_launch *launch, int fd);

enum child_state { CHILD_IDLE, CHILD_RUNNING, CHILD_ENDING, CHILD_WAITING };

struct child;

// What the owner is asked and told. Every function must be there.
struct child_owner {
    // argv[0], the program's path, is there already. A failure counts as a death.
    enum status (*prepare)(struct child *child, struct child_launch *launch, struct error *err);
    void (*started)(struct child *child);
    // It died and is started again in delay_ms; 0: at once.
    void (*died)(struct child *child, uint64_t delay_ms);
    // It ended as it was told to and stays so: the struct may be given up.
    void (*ended)(struct child *child);
};

struct child {
    struct log_source log; // its name, and what it said
    char *path;
    const struct child_owner *owner;
    void *data; // the owner's own
    struct logs *logs;
    uv_loop_t *loop;
    uv_process_t process;
    uv_timer_t timer; // until SIGKILL, or until the next attempt
    enum child_state state;
    bool again;        // ENDING to start anew
    unsigned failures; // deaths in a row, none of them after a steady run
    uint64_t started_ms;
    void (*closed)(struct child *child); // child_close's
};

// Name and path are copied. The child is IDLE. It runs in the loop of logs, which take what it writes.
void child_init(struct child *child, struct logs *logs, const char *name, const char *path,
                const struct child_owner *owner, void *data);
void child_start(struct child *child);
// Ends it and starts it again with what `prepare` says then. An IDLE child stays idle.
void child_restart(struct child *child);
// Ends it; `ended` is called when it is gone, before child_end returns when nothing ran.
void child_end(struct child *child);
// Closes the handles of an IDLE child; closed is called when its memory may be released.
void child_close(struct child *child, void (*closed)(struct child *child));

// How long after the given number of failures in a row the next attempt is made.
uint64_t child_backoff_ms(unsigned failures);
// The number of failures in a row after a death that followed a run of ran_ms.
unsigned child_failures(unsigned before, uint64_t ran_ms);
