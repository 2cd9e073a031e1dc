// SPDX-License-Identifier: ISC
// Which records a zone has already, by owner, type and data: a hash table, since a zone may have 100,000 of them.
// Internal to zonegen/.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <ldns/ldns.h>

struct record_index;

struct record_index *record_index_new(void);
void record_index_free(struct record_index *index); // NULL is fine
// Adds the record, which is borrowed. False: one with the same owner, type and data is there. Octet by octet: the names
// of generated records and the owners of custom ones are lower case.
bool record_index_add(struct record_index *index, const ldns_rr *rr);
