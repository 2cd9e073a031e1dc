// SPDX-License-Identifier: ISC
// The arguments of zone-probe.
#pragma once

#include <stdbool.h>

#include "base/address.h"
#include "base/service.h"

struct options {
    struct address resolver;
    unsigned timeout_ms;     // of a question
    unsigned tls_timeout_ms; // of a TLS connection
    const char *authorities;
    bool authorities_given;
    bool check;
    int observe; // descriptor, -1: none
    struct service_descriptors descriptors;
    bool unconfined;
};

// Returns whether to go on; if not, *ret_exit is the exit status, and what has to be said was said.
bool options_read(int argc, char **argv, struct options *ret, int *ret_exit);
