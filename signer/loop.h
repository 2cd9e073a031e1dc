// SPDX-License-Identifier: ISC
// The running signer: one libuv loop that turns new inputs, time and signals into the steps of the publisher.
// Signatures are made in libuv's pool (signer/pool.h).
#pragma once

#include <stdbool.h>

#include "base/quarantine.h"
#include "base/service.h"
#include "config/inputs.h"

struct loop_options {
    const char *config_path; // NULL: snapshots from inputs_fd
    int inputs_fd;
    int observe_fd;          // to zone-probe, -1: none
    struct quarantine aside; // images of which zone-server died
    struct service_descriptors descriptors;
    bool once;       // publish what is due, then end
    bool unconfined; // keep all rights
};

// Runs until it is told to end. inputs: the first ones, owned from here on (NULL with inputs_fd). Returns the exit
// status: 0 as told, 1 when something is wrong that was logged.
int loop_run(const struct loop_options *options, struct inputs *inputs);
