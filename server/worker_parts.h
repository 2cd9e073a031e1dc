// SPDX-License-Identifier: ISC
// The worker, for its two parts alone: the loop (server/worker.c), and what it is told and asked
// (server/worker_control.c).
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/control.h"
#include "base/service.h"
#include "server/confined.h"
#include "server/reports.h"
#include "server/respond.h"
#include "server/sockets.h"
#include "server/tls.h"

struct worker {
    uv_loop_t loop;
    struct service service;
    struct responder responder;
    struct limits *limits; // or NULL: none
    struct reports reports;
    struct tls *tls;  // NULL: it serves UDP and TCP
    bool told_expiry; // that its certificate is not valid
    struct connections *streams;
    struct sockets sockets;
    struct confined confined;
    bool failed;
    uv_timer_t attend; // then the limit of the end
};

// For a service whose `data` is the worker.
extern const struct control_command worker_commands[];
