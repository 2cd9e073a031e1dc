// SPDX-License-Identifier: ISC
// One program that zoned keeps up: started with exactly what it needs, started again when it dies, replaced without a
// gap when it should run with something else, ended when it should end.
//
//              child_start               dies
//     IDLE ───────────────► RUNNING ◄────────────► WAITING    at once after a steady run, else later and later
//      ▲                     │ child_roll: a successor is started; when it answers, it takes over and the old one is
//      │                     │ told to end. A successor that fails leaves the old one where it is, and is tried again.
//      └────── ENDING ◄──────┘ child_end: SIGTERM, after CHILD_KILL_MS SIGKILL
//
// A process is ready when it answers on its control socket: then its loop runs. Each process has a new socket at the
// same path, so that whoever asks there has the newest.
//
// The owner fills in arguments and descriptors anew before every start (`prepare`), so that what a program is started
// with is always what holds now.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/status.h"
#include "daemon/launch.h"
#include "daemon/logs.h"

// A whole end must take less than two seconds, which is what service managers and people bear.
#define CHILD_KILL_MS 1500
// A program that dies as soon as it starts costs little when it is tried this often, and is back soon once its trouble
// is gone.
#define CHILD_BACKOFF_FIRST_MS 200
#define CHILD_BACKOFF_MAX_MS   10000
// Who ran this long started well: its death is no part of a series.
#define CHILD_STEADY_MS 1000
// A process that does not answer for so long after its start is asked again, a successor is given up.
#define CHILD_READY_MS 10000

enum child_state { CHILD_IDLE, CHILD_RUNNING, CHILD_ENDING, CHILD_WAITING };

struct child;

// How a process ended.
struct child_exit {
    int pid;
    int64_t status;
    int signal; // 0: none
    bool asked; // it was told to end
};

// What the owner is asked and told. Every function must be there but the last.
struct child_owner {
    // argv[0], the program's path, is there already. A failure counts as a death.
    enum status (*prepare)(struct child *child, struct launch *launch, struct error *err);
    // The process that counts answers: after a start, or when a successor takes over.
    void (*ready)(struct child *child);
    // The process that counted has died, or could not be started. Another one is started.
    void (*died)(struct child *child);
    // It ended as it was told to and stays so: the struct may be given up.
    void (*ended)(struct child *child);
    // A process has ended, any of the child's; before one is started in its place. May be missing.
    void (*exited)(struct child *child, const struct child_exit *ending);
};

struct child_process;

struct child {
    struct log_source log; // its name, and what it said
    char *path;
    const struct child_owner *owner;
    void *data; // the owner's own
    struct logs *logs;
    char *
        control; // path of its control socket, NULL: none; a process without is ready once it is started
    gid_t control_group;
    struct child_process *process;   // the one that counts
    struct child_process *successor; // shall count once it is ready
    unsigned leaving;                // told to end, or dead and not yet buried
    uv_timer_t timer;                // until the next attempt
    enum child_state state;
    bool again;         // ENDING to start anew
    unsigned failures;  // deaths in a row, none of them after a steady run
    unsigned restarts;  // deaths of the process that counted
    int64_t since;      // Unix seconds: of the start of the process that counts
    char last_exit[80]; // of a process that was not told to: "signal Killed", "status 1"; "": none
    void (*closed)(struct child *child); // child_close's
};

// Name and path are copied. The child is IDLE. It runs in the loop of logs, which take what it writes.
void child_init(struct child *child, struct logs *logs, const char *name, const char *path,
                const struct child_owner *owner, void *data);
// Gives it a control socket (base/control.h) at path, which is copied: --control FD.
void child_set_control(struct child *child, const char *path, gid_t group);
void child_start(struct child *child);
// Replaces the process by one with what `prepare` says now, the new one first. Without a process it is tried at once;
// an IDLE child stays idle.
void child_roll(struct child *child);
// Ends it; `ended` is called when it is gone, before child_end returns when nothing ran.
void child_end(struct child *child);
// Closes the handles of an IDLE child; closed is called when its memory may be released.
void child_close(struct child *child, void (*closed)(struct child *child));

bool child_is_ready(const struct child *child);   // the process that counts answers
bool child_is_rolling(const struct child *child); // a successor runs or is about to be tried again
int child_pid(const struct child *child);         // of the process that counts; 0: none
// Counts the processes: another number, another process.
uint64_t child_generation(const struct child *child);

// How long after the given number of failures in a row the next attempt is made.
uint64_t child_backoff_ms(unsigned failures);
// The number of failures in a row after a death that followed a run of ran_ms.
unsigned child_failures(unsigned before, uint64_t ran_ms);
