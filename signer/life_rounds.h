// SPDX-License-Identifier: ISC
// What life_ask.c and life_answer.c share. Internal to signer/.
#pragma once

#include "signer/life_ask.h"

// Says when the zone is looked at next.
void life_plan_look(struct publisher *publisher, const struct zone *zone, int64_t now);
// What is not answered stays unknown.
void life_round_end(struct publisher *publisher, struct life_round *round, int64_t now);
