// SPDX-License-Identifier: ISC
// What is left to zone-server once its sockets are open (base/confine.h): it answers on them and reads one directory.
// A worker that somebody has taken over can open no key and no configuration, ask nobody and run nothing.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/status.h"

// The directory as it was when everything else was given up. Another one under the same name is out of reach.
struct confined {
    const char *directory;
    dev_t device;
    ino_t inode;
};

// Keeps the directory of the store, which is made when it is not there yet (its parent is). ret_landlock: as in
// confine_result.
enum status confined_start(const char *directory, struct confined *ret, unsigned *ret_landlock,
                           struct error *err);
// Has the directory been replaced, and is there a store in the other one? Then only a new start helps. Until there is,
// what is open goes on being served.
bool confined_is_void(const struct confined *confined);
