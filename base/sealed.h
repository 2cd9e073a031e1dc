// SPDX-License-Identifier: ISC
// Memory that has a descriptor, on its way from zoned to the programs that inherit it: made, filled, sealed. It is in
// no file, argument or message.
#pragma once

#include "base/status.h"

// What nobody can change any more, whoever has the descriptor.
enum sealed {
    SEALED_SIZE,   // so that it cannot be cut under who has mapped it
    SEALED_OCTETS, // all of it
};

// Empty memory, to be filled by its descriptor (close-on-exec). The name is shown by /proc.
enum status sealed_make(const char *name, int *ret_fd, struct error *err);
// Seals it, once it is filled; with another status of `filled` than OK that one is returned. On failure the descriptor
// is closed.
enum status sealed_finish(int fd, enum status filled, enum sealed what, int *ret_fd,
                          struct error *err);
