// SPDX-License-Identifier: ISC
// The programs beside the workers: what zone-signer, zone-resolver and zone-probe are started with.
#pragma once

#include <stdbool.h>

#include "daemon/zoned.h"

// The child of that name, which runs the program of libexec and has a control socket of its name; IDLE.
void programs_init_child(struct zoned *zoned, struct child *child, const char *name,
                         const char *program, const struct child_owner *owner, void *data);
// The path of the control socket of that name. The caller frees.
char *programs_control_path(const struct zoned *zoned, const char *name);

void signer_init(struct zoned *zoned);

void resolver_init(struct zoned *zoned);
// Makes it run with what the inputs say now, or not at all when they say so. False when its sockets cannot be had: then
// it goes on as it is, and resolver_error says why.
bool resolver_follow(struct zoned *zoned);

void probe_init(struct zoned *zoned);
// Makes it run with what the inputs say now, or not at all when they say so.
void probe_follow(struct zoned *zoned);
