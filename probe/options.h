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

// As arguments_read.
int options_read(int argc, char **argv, struct options *ret);
