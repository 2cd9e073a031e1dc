// SPDX-License-Identifier: ISC
// The arguments of zone-resolver.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "base/service.h"
#include "resolver/engine.h"
#include "resolver/front.h"

#define OPTIONS_LISTEN_MAX  16 // addresses of this host's loopback
#define OPTIONS_ANCHORS_MAX 16 // files
#define OPTIONS_FORWARD_MAX 16 // asked in turn, by who answers fastest
#define OPTIONS_OWN_MAX     16 // addresses of the box's own server; one is enough
#define OPTIONS_SET_MAX     32

struct options {
    struct address listen[OPTIONS_LISTEN_MAX];
    size_t listen_count;
    unsigned sockets; // inherited ones, from descriptor 3 on
    const char *own_zones;
    struct front_settings front;
    struct engine_settings engine; // points into the arrays below
    struct engine_forward forwards[OPTIONS_FORWARD_MAX];
    struct address own_servers[OPTIONS_OWN_MAX];
    const char *anchors[OPTIONS_ANCHORS_MAX];
    const char *set[OPTIONS_SET_MAX];
    struct service_descriptors descriptors;
    bool unconfined;
};

// Fills ret, which must stay where it is. As arguments_read.
int options_read(int argc, char **argv, struct options *ret);
