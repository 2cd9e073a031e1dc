// SPDX-License-Identifier: ISC
// Takes rights away from the process that calls it, for ever: what a program needs is named, the rest is gone, so that
// whoever takes the program over can do little with it.
//
//   no_new_privs, no core dumps, not dumpable (nothing of ours is in a core, no ptrace by its own user)
//   seccomp     system calls: the groups named; execve, ptrace and the like end the process, what is merely not
//               needed fails with EPERM, what the C library only tries fails with ENOSYS
//   Landlock    files: the paths named, where the kernel has it (5.13; CONFIRMED in the log line); TCP connect and bind
//               where it is new enough (6.7)
//
// Called once everything that needs more has been opened. Started by hand, a program confines itself just so; its flag
// --unconfined is for debuggers, profilers and leak checkers.
#pragma once

#include <stddef.h>

#include "base/status.h"

// Besides memory, time, signals, the loop and what is needed to end.
enum confine_group {
    CONFINE_FILES_READ = 1 << 0,  // open and read below the paths named
    CONFINE_FILES_WRITE = 1 << 1, // make, write, rename, remove, sync
    CONFINE_SERVE = 1 << 2,       // accept, receive and send on sockets that are there
    CONFINE_CONNECT = 1 << 3,     // new IP sockets that ask others
    CONFINE_THREADS = 1 << 4,     // libuv's pool
};

enum confine_access { CONFINE_READ, CONFINE_WRITE };

struct confine_path {
    const char *path; // a file, or a directory with all below; one that is not there is left out
    enum confine_access access;
};

struct confine_profile {
    unsigned groups; // of confine_group
    const struct confine_path *paths;
    size_t path_count;
};

// What could be had; for the log.
struct confine_result {
    unsigned landlock; // its ABI version, 0: the kernel has none
};

// On failure the process may be confined in part and should end.
enum status confine(const struct confine_profile *profile, struct confine_result *ret,
                    struct error *err);
