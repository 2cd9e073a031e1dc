// SPDX-License-Identifier: ISC
// Certificate and key of the server, on their way from the files that root can read to a program that holds them. They
// go in one piece, in memory that has a descriptor: so the key is in no argument and on no other disk. The kernel
// copies them, so that not even zoned's own memory has it.
#pragma once

#include <stdbool.h>

#include "base/status.h"

// Reads both files (one, when they are the same) into *ret_fd, which nobody can change any more. The error names the
// file that cannot be read, or is larger than anything sensible.
enum status certificate_files_read(const char *certificate, const char *key, int *ret_fd,
                                   struct error *err);
// Do two such descriptors have the same octets?
bool certificate_files_equal(int a, int b);
