// SPDX-License-Identifier: ISC
// zone-resolver, put together: engine, front, own zones, control socket, rights.
//
//     zones.key ── own_zones ──► engine ◄── front ◄── this host's programs
//                                  │
//                                  └──► the world
#pragma once

#include "resolver/options.h"

// Runs until it is told to end. Returns whether it could begin.
bool program_run(const struct options *options);
