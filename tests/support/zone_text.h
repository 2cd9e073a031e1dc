// SPDX-License-Identifier: ISC
// Zones for tests, written as master files: read (by ldns), signed when wanted, made into images. Whatever goes wrong
// here is the test's own fault: it is said on stderr and ends the program.
#pragma once

#include "base/buf.h"
#include "dns/image.h"

// One RR as the image builder takes it.
typedef void zone_text_fn(const struct image_rr *rr, void *arg);

// Reads master-file text with the origin apex ("example.com.") and TTL 3600 where none is given, RR by RR.
void zone_text_each(const char *apex, const char *text, zone_text_fn *fn, void *arg);

enum zone_text_denial { ZONE_TEXT_NSEC, ZONE_TEXT_NSEC3, ZONE_TEXT_NSEC3_OPTOUT };

// Signs the zone, unsigned so far, with a fresh ECDSAP256SHA256 key, good from an hour ago for 14 days. The caller
// frees the text.
char *zone_text_sign(const char *apex, const char *text, enum zone_text_denial denial);

// Makes the image of a zone as it stands (sign it first where that is wanted), appended to ret.
void zone_text_image(const char *apex, const char *text, struct buf *ret_image);
// The same from a file.
void zone_file_image(const char *apex, const char *path, struct buf *ret_image);
