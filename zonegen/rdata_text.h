// SPDX-License-Identifier: ISC
// Record data as master files have it → wire, for every type that ldns knows and for DSYNC and AMTRELAY, which it
// lacks.
//
// ldns reads text leniently (65536 becomes 0, an odd number of hexadecimal digits loses one), so that a typo would be
// published. Here every word must be right to its end, numbers in range and digests of the length that their type has.
// `\# length hex` (RFC 3597 §5) stands for any type; of a type that ldns knows its fields must be there.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ldns/ldns.h>

#include "base/buf.h"
#include "base/status.h"
#include "dns/name.h"
#include "zonegen/master.h"

// The words of an entry that are the data of one record, and how far reading has come.
struct rdata_words {
    const struct master_entry *entry;
    size_t at;
    size_t end;
    const struct name *origin; // of relative names
};

// "MX", "TYPE65280", "DSYNC"; any case. 0 when there is no such type.
uint16_t rdata_type(const char *text);
// The name of a type, as master files have it: "TYPE65280" where there is none. Room for 16.
const char *rdata_type_name(uint16_t type, char text[16]);

// "300", "1h30m" → seconds, at most 2147483647 (RFC 2181 §8). SYNTAX when it is no duration at all, RANGE when it
// is too long.
enum status rdata_duration(const char *text, uint32_t *ret);
// A name of a master file: "@", relative, or absolute with its last dot. Letters of other scripts become A-labels.
enum status rdata_name(const char *text, const struct name *origin, struct name *ret,
                       struct error *err);

// Appends the data to *ret, which is empty before. SYNTAX or RANGE with words that have no place; words->at is then the
// index of the word that they are about (words->end: something lacks at the end).
enum status rdata_from_text(uint16_t type, struct rdata_words *words, struct buf *ret,
                            struct error *err);

// The same, but what the fields say of each other (the length of a digest) is not looked at. Not for all types:
// signatures, for one, are made and not written.
enum status rdata_read(uint16_t type, struct rdata_words *words, struct buf *ret,
                       struct error *err);
bool rdata_is_readable(uint16_t type);

// Makes the record. SYNTAX when the data is not of the type's form: data from rdata_from_text always is.
enum status rdata_record(const struct name *owner, uint16_t type, uint32_t ttl,
                         const struct buf *data, ldns_rr **ret);

// Are these octets the data of the record?
bool rdata_says(const ldns_rr *rr, const struct buf *data);

// The other way: can every reader of master files (BIND, Knot, ldns) take the data as ldns writes it? Sets the
// type's name, or else TYPEnnn, which goes with rdata_print_generic.
bool rdata_is_plain(const ldns_rr *rr, char type[16]);
// Appends "\\# LENGTH HEX" (RFC 3597 §5).
void rdata_print_generic(const ldns_rr *rr, struct buf *ret);
