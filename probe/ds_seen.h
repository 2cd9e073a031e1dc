// SPDX-License-Identifier: ISC
// Which DS RRset of a zone does one of the parent's servers have, in terms of the keys that OBSERVE_DS (dns/observe.h)
// asks about? Pure.
#pragma once

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stdint.h>

#include "dns/observe.h"

// False when the answer is none about DS: without authority, an error, from another side of the cut. No DS is a set
// without members. *ret_ttl is the RRset's, 0: none; ret->servers stays 0.
bool ds_read(const struct observe_question *question, const ldns_pkt *packet,
             struct observe_set *ret, uint32_t *ret_ttl);
bool ds_same(const struct observe_set *a, const struct observe_set *b);
// One more server has this set. False: there is no room for one more set.
bool ds_count(struct observe_answer *answer, const struct observe_set *set);
