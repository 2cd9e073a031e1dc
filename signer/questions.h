// SPDX-License-Identifier: ISC
// What all questions to zone-probe (dns/observe.h) have in common.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/observe.h"

struct publisher;

// Does the configuration want somebody to look? zoned makes the channel in any case.
bool questions_wanted(const struct publisher *publisher);
// And is there a channel to ask on, in this run or in those that follow it?
bool questions_have_eyes(const struct publisher *publisher);
// An id that no question had lately, never 0. They begin anywhere: the channel outlives this process, and an answer to
// the one before must not look like one to us.
uint32_t question_id(struct publisher *publisher);
// How often is looked at what is waited for, seconds.
uint32_t question_interval(const struct publisher *publisher);
// Begins a question of that kind about a zone, with an id of its own; the rest is 0.
void question_begin(struct publisher *publisher, uint16_t kind, const char *zone,
                    struct observe_question *ret);
// Has it been asked so long ago that no answer comes any more? Also by a clock that was set back.
bool question_is_late(int64_t asked_at, int64_t now);
// Can this be the answer to a question that was asked then, whatever it counts?
bool answer_is_ours(const struct observe_answer *answer, int64_t asked_at, int64_t now);
// And does it count anybody?
bool answer_makes_sense(const struct observe_answer *answer, int64_t asked_at, int64_t now);
// Writes a name's wire form, in lower case as the configuration has names.
void question_name(const char *text, uint8_t ret[NAME_WIRE_MAX]);

// All that is to be asked now, about TLSA, DKIM and the keys of zones, and what an answer to any of it changes.
size_t questions_take(struct publisher *publisher, int64_t now, struct observe_question *ret,
                      size_t max);
void questions_answer(struct publisher *publisher, const struct observe_answer *answer,
                      int64_t now);
// When questions_take has something to do that publisher_next does not tell of, INT64_MAX: only when something changes.
int64_t questions_next(const struct publisher *publisher);
