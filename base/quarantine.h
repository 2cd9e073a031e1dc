// SPDX-License-Identifier: ISC
// Images that are set aside, by their ids (dns/image.h: the checksum). zoned counts who dies from what and keeps the
// list, zone-server answers from none of them, zone-signer tells people of them (decision 037).
//
// An id names octets that were committed once; it never comes back as something else. So a list that is full forgets
// the oldest, which by then is an image that was replaced long ago.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arguments.h"

// More at a time than there are zones that can be wrong before a person looks.
#define QUARANTINE_MAX      64
#define QUARANTINE_TEXT_MAX 17 // an id as 16 hexadecimal digits

struct quarantine { // zero: empty; oldest first
    uint64_t ids[QUARANTINE_MAX];
    size_t count;
};

bool quarantine_has(const struct quarantine *quarantine, uint64_t id);
// Returns the id that was forgotten for it, 0: none. One that is there already stays where it is.
uint64_t quarantine_add(struct quarantine *quarantine, uint64_t id);

// False when it is no such text, or 0, which is no image's.
bool quarantine_read(const char *text, uint64_t *ret);
const char *quarantine_text(uint64_t id, char ret[QUARANTINE_TEXT_MAX]);
// As text that lives as long as the enclosing block.
#define quarantine_words(id) quarantine_text(id, (char[QUARANTINE_TEXT_MAX]){0})

// Of a program that takes some as arguments: to is struct quarantine's ids.
argument_reader quarantine_argument;
