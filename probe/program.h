// SPDX-License-Identifier: ISC
// zone-probe, put together: asker, TLS client, and who uses them: the observer, or a check of what was read.
//
//     zone-signer ── observe ──► observer ──┐
//     zonebox ────── control ──► counts     ├──► servers, resolve ──► asker ──► name servers
//     zonegen ────── stdin ────► check ─────┘                └──────► tls ────► mail and web servers
#pragma once

#include "probe/options.h"

// Runs until it is told to end, or until the check is done. Returns the exit status.
int program_run(const struct options *options);
