// SPDX-License-Identifier: ISC
// Notices that addresses of the box come and go (rtnetlink), so that a box whose network comes up after zoned, or whose
// address changes, need not wait for the next patrol. What the addresses are is read elsewhere.
#pragma once

#include <stdbool.h>

// A descriptor to poll for reading, -1 when the kernel gives none.
int network_watch_open(void);
// Takes all waiting messages. False when the descriptor is of no more use.
bool network_watch_drain(int fd);
