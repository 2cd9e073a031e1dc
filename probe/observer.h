// SPDX-License-Identifier: ISC
// Answers zone-signer's questions (dns/observe.h): each of a zone's servers at each address, or each address of a
// mail server, is asked and counted as ok, wrong or unknown.
//
// A server is asked over UDP and TCP. It is ok when one of them has what was asked for and none has not; wrong when
// an answer from authority has it not; else unknown: also one that answers without authority, since the world then
// asks another. A name of a server without an address counts as one unknown, and so does what the quotas leave out.
#pragma once

#include <stdint.h>
#include <uv.h>

#include "probe/world.h"

// Questions being looked into; others wait in the socket.
#define OBSERVER_QUESTIONS_MAX 16

struct observer_counts {
    uint64_t questions;
    uint64_t answers;
    uint64_t dropped; // questions that are none, answers that nobody took
};

struct observer;

// fd stays the caller's. It is a SOCK_SEQPACKET socket; when its other end is gone nothing more is answered.
struct observer *observer_new(const struct probe_world *world, int fd);
const struct observer_counts *observer_counts(const struct observer *observer);
// Before the asker and the TLS client are closed: their giving up is then no answer. Memory is released when the loop
// has run on and both are closed. NULL is fine.
void observer_close(struct observer *observer);
