// SPDX-License-Identifier: ISC
// EDNS options of a query: what they change of the verdict on it, and what they are answered with.
#pragma once

#include "server/opt.h"
#include "server/respond.h"

// question_read, with the exceptions that cookies make where they are given (RFC 7873 §5.2.2, §5.4).
enum query_verdict options_read(const struct responder *responder, const uint8_t *octets,
                                size_t len, struct query *ret);
// Answers the options of a query that is not dropped; its rcode may change. Returns what its cookie is worth.
enum outcome_cookie options_answer(const struct responder *responder, enum transport transport,
                                   const struct address *client, struct query *query,
                                   struct opt *ret);
