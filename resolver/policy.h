// SPDX-License-Identifier: ISC
// Which questions the resolver looks for answers to. What is not answered is refused as Unbound refuses it, so that
// nobody who comes from there is surprised.
#pragma once

#include "dns/query.h"

// query_parse, with what is no question for a resolver turned into QUERY_REPLY.
enum query_verdict policy_read(const uint8_t *octets, size_t len, struct query *ret);
