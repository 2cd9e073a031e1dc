// SPDX-License-Identifier: ISC
// Which sockets of a SO_REUSEPORT group get what arrives. The kernel spreads it over all that are open; when there are
// to be fewer workers, those that go must first get nothing new, or what waits in their sockets is lost when they
// close.
#pragma once

#include <stddef.h>

// What arrives for the group of this bound socket, UDP or listening TCP, goes to the first `count` of it, in the order
// in which they were bound, at random. 0: to all, by the kernel's hash, as at first. A socket without a group, or a
// kernel that does not know this (before 5.3), stays as it is.
void steer(int fd, size_t count);
