// SPDX-License-Identifier: ISC
// The way of the inputs from zoned to zone-signer: a pipe that carries whole snapshots, each eight
// octets of length in network order and inputs_encode()'s octets behind them (config/inputs.h).
//
// Nothing waits for the reader. While it is busy at most one snapshot is under way; when that is
// through, the newest inputs of then follow, and whatever lay between is never sent.
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/status.h"
#include "config/inputs.h"

struct snapshot_link;

struct snapshot_sender {
    uv_loop_t *loop;
    const struct inputs *const *newest; // where the newest inputs are found at any time
    struct snapshot_link *link;         // NULL: nobody reads
};

// Makes a new pipe for a reader that is about to be started, in place of the one before, and sends
// it the newest inputs. *ret_fd is the reader's end; the caller hands it on and closes it.
enum status snapshot_open(struct snapshot_sender *sender, int *ret_fd, struct error *err);
// The inputs have changed.
void snapshot_send(struct snapshot_sender *sender);
// Closes the pipe: the reader sees the end of the stream.
void snapshot_close(struct snapshot_sender *sender);
