// SPDX-License-Identifier: ISC
// Takes rights away from the process that calls it, for ever: what a program needs is named, the rest is gone, so that
// whoever takes the program over can do little with it.
//
//   no_new_privs, no core dumps, not dumpable (nothing of ours is in a core, no ptrace by its own user)
//   Landlock    files: the paths named, where the kernel has it (5.13); TCP connect and bind where it is new enough
//               (6.7), abstract sockets and signals of others too (6.12). It goes by directory and not by name: what is
//               in a directory may be replaced, a directory that is replaced itself is out of reach
//   seccomp     system calls: the groups named; execve, ptrace and the like end the process, what is merely not
//               needed fails with EPERM, what libraries only try first fails with ENOSYS
//
// What libraries read from files when they are first used is to be read before: the time zone is, OpenSSL's
// configuration is the caller's to see to.
//
// Called once, when everything that needs more has been opened and before there are threads. Started by hand, a
// program confines itself just so; its flag --unconfined is for debuggers, profilers and leak checkers.
#pragma once

#include <stddef.h>

#include "base/status.h"

// Besides memory, time, the loop, what is done with descriptors that are open, and what is needed to end.
enum confine_group {
    // Open, read and lock below the paths named; write where they say so.
    CONFINE_FILES_READ = 1 << 0,
    // Make, rename, remove.
    CONFINE_FILES_WRITE = 1 << 1,
    // Accept, receive and send on sockets that are there.
    CONFINE_SERVE = 1 << 2,
    // New IP sockets that ask others.
    CONFINE_CONNECT = 1 << 3,
    // libuv's pool.
    CONFINE_THREADS = 1 << 4,
    // inotify, and the box's own addresses (getifaddrs(3): netlink).
    CONFINE_WATCH = 1 << 5,
    // Is the clock synchronised (adjtimex(2))? Who has no CAP_SYS_TIME cannot set it so.
    CONFINE_CLOCK = 1 << 6,
};

enum confine_access {
    CONFINE_READ,
    CONFINE_UPDATE, // files that are there may also be written and cut: what a reader of LMDB needs for its lock file
    CONFINE_WRITE, // and made, renamed within their directory, removed
};

struct confine_path {
    const char *
        path; // a file, or a directory with all below; one that is not there or is NULL is left out
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

// On failure the process may be confined in part and should end. STATE when it has threads already: they would stay as
// they are.
enum status confine(const struct confine_profile *profile, struct confine_result *ret,
                    struct error *err);

// The least that every program with secrets does, also one that is not confined: no core dumps, and no ptrace and no
// look into /proc/PID/mem by its own user. Part of confine().
enum status confine_memory(struct error *err);
