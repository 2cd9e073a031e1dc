// SPDX-License-Identifier: ISC
// Names in messages: read with their compression resolved, written with compression (RFC 1035 §4.1.4).
//
// The engine compresses a message as a whole; as soon as a record is left out of it, pointers lead
// elsewhere. So the front reads each name whole and writes it again, against what it wrote before.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

// A place in a message that is read.
struct names_reader {
    const uint8_t *message;
    size_t len;
    size_t at;
};

// Reads the name at `at`, which moves behind it. False, and `at` as it was, when the name is not
// whole: too long, an unknown kind of label, or a pointer that does not lead backwards, so that
// none can lead in a circle.
bool names_read(struct names_reader *reader, struct name *ret);

// Places are found by hash. Half a page of them serves all answers of usual size; names that come
// when it is crowded are written in full, which is right too.
#define NAMES_PLACES 1024

// A message that is written, and where in it suffixes of names stand. Zero-initialise `places`.
struct names_writer {
    uint8_t *message;
    size_t at;
    size_t limit;
    uint16_t places[NAMES_PLACES]; // 0: none; a name never stands in the header
};

// Notes the name that stands uncompressed at `at`, so that later ones can point to it.
void names_note(struct names_writer *writer, const uint8_t *name, size_t at);
// Writes a valid wire name at writer->at, its longest suffix that the message has as a pointer.
// False, and nothing written, when it does not fit.
bool names_put(struct names_writer *writer, const uint8_t *name);
