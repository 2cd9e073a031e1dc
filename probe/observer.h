// SPDX-License-Identifier: ISC
// Answers zone-signer's questions (dns/observe.h): each of a zone's servers at each address, or each address of a
// mail server, is asked and counted as ok, wrong or unknown.
//
// A server is asked over UDP and TCP. It is ok when one of them has what was asked for and none has not; wrong when
// an answer from authority has it not; else unknown: also one that answers without authority, since the world then
// asks another. A name of a server counts as one unknown when it has no address, or when those of one family are not
// known, and so does what the quotas leave out. Where this host has no route to one family of addresses, those of a
// server that was heard at another address do not count.
#pragma once

#include <stdint.h>
#include <uv.h>

#include "dns/observe.h"
#include "probe/world.h"

// Questions being looked into; others wait in the socket.
#define OBSERVER_QUESTIONS_MAX 16
// What has not answered by then is unknown. Strangers can have us ask one silent server behind the other, and who asks
// waits no longer than OBSERVE_PATIENCE_S.
#define OBSERVER_TIME_MS (OBSERVE_PATIENCE_S * 1000U - 10000U)

struct observer_counts {
    uint64_t questions;
    uint64_t answers;
    uint64_t dropped; // questions that are none, answers that nobody took
};

struct observer;

// fd stays the caller's. It is a SOCK_SEQPACKET socket; when its other end is gone nothing more is answered. time_ms is
// for one question.
struct observer *observer_new(const struct probe_world *world, int fd, unsigned time_ms);
const struct observer_counts *observer_counts(const struct observer *observer);
// Before the asker and the TLS client are closed: their giving up is then no answer. Memory is released when the loop
// has run on and both are closed. NULL is fine.
void observer_close(struct observer *observer);
