// SPDX-License-Identifier: ISC
// The frame of every program that zoned keeps up: a libuv loop that ends on SIGTERM, SIGINT or at the end of the
// lifeline, and answers on its control socket. zoned passes both as inherited descriptors; a program that runs
// alone has neither.
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/arguments.h"
#include "base/control.h"
#include "base/log.h"
#include "base/status.h"

struct service {
    uv_loop_t *loop;
    uv_signal_t terminate;
    uv_signal_t interrupt;
    uv_poll_t lifeline;
    bool has_lifeline;
    bool ending;
    bool
        orphaned; // ending since the lifeline did: nobody waits, and others may want what is held here
    struct control *control;
    // Called once, after the reason was logged: closes the program's own handles, now or when what was begun is done.
    void (*end)(struct service *service);
    void *data; // the owner's own
};

struct service_descriptors {
    int lifeline; // -1: none
    int control;  // -1: none
};

// The rows of a program's arguments that all of them have. options: has `descriptors`, and a bool `unconfined`.
#define SERVICE_ARGUMENTS(options)                                                                 \
    SERVICE_ROW("lifeline", "FD", argument_descriptor, &(options)->descriptors.lifeline,           \
                "end when this pipe does"),                                                        \
        SERVICE_ROW("control", "FD", argument_descriptor, &(options)->descriptors.control,         \
                    "answer zonebox on this listening Unix socket"),                               \
        SERVICE_ROW("unconfined", NULL, argument_flag, &(options)->unconfined,                     \
                    "keep all rights, for debuggers and profilers")
#define SERVICE_ROW(name, value, read, to, words)                                                  \
    {                                                                                              \
        name, value, read, to, .help = words                                                       \
    }

// `end` and `data` are set by the caller before. commands as in control_open; they get service->data. SIGPIPE is
// ignored from now on. Also after a failure, service_stop is called.
enum status service_start(struct service *service, uv_loop_t *loop,
                          struct service_descriptors descriptors,
                          const struct control_command *commands, struct error *err);
// Ends for a reason of the program's own, as a signal would: logs it and calls `end`, once.
void service_end(struct service *service, enum log_level level, const char *reason);
// For an end that takes some time: answers no more on the control socket, which a successor may serve already. Signals
// and the lifeline are still heard (they change nothing any more), but keep the loop running no longer.
void service_hush(struct service *service);
// Closes the frame's own handles; to be called by the owner when it closes its own (in `end`, or when a start failed).
// A second call does nothing.
void service_stop(struct service *service);
