// SPDX-License-Identifier: ISC
// Which questions a name server answers from its zones: those of class IN, for types that can be in
// a zone. The rest gets the reply that says why not.
#pragma once

#include "dns/query.h"

// query_parse, with what is no question for a zone turned into QUERY_REPLY.
enum query_verdict question_read(const uint8_t *octets, size_t len, struct query *ret);
