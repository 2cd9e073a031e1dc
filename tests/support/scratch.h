// SPDX-License-Identifier: ISC
// A directory of its own for a test program, and what tests do with it. What goes wrong in there fails the test.
#pragma once

#include <sys/types.h>

extern char *scratch; // its path, between set-up and tear-down

// The set-up and tear-down of a cmocka test or group.
int make_scratch(void **state);
int enter_scratch(
    void *
        *state); // it is the working directory too, and no umask hides which modes files are given
int remove_scratch(void **state); // with all that is in it

// The path of a name in it; a path that begins with / is taken as it is. The caller frees.
char *in_scratch(const char *name);
// Writes a file into it, and makes the directories on the way.
void put_file(const char *name, const char *text);
// A line of shell that runs in it; the second form is as printf's.
void run(const char *command);
void runf(const char *format, ...) __attribute__((format(printf, 1, 2)));
// The permission bits of a file in it.
mode_t mode_of(const char *name);

// A further one. Its path is freed as it is removed.
char *make_directory(void);
void remove_directory(char *path);
