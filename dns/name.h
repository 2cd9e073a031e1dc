// SPDX-License-Identifier: ISC
// Domain names, in three forms.
//
//   wire   length octets and labels, ending with the root's zero octet (RFC 1035 §3.1). Not compressed here.
//   text   "www.example.com." with \DDD and \c escapes (RFC 1035 §5.1).
//   key    the form everything is found by: labels from the root down, letters in lower case, each label closed
//          by an octet 0; inside labels the octets 0 and 1 are written as 1 1 and 1 2. Comparing two keys with
//          memcmp (shorter first when equal so far) gives the canonical order of RFC 4034 §6.1, and the key of
//          an ancestor is a prefix of the key of every name below it. The root's key is empty.
//
//          www.example.com.  →  "com\0example\0www\0"
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define NAME_WIRE_MAX   255
#define NAME_LABEL_MAX  63
#define NAME_LABELS_MAX 127  // without the root
#define NAME_TEXT_MAX   1024 // 255 octets, each as \DDD, with room for dots and NUL
#define NAME_KEY_MAX    508  // LMDB takes keys of up to 511 octets
#define NAME_KEY_ROOM   524  // for making one

struct name {
    uint8_t len;                 // of wire, the root's zero octet included
    uint8_t wire[NAME_WIRE_MAX]; // as given, case kept
};

// The key of a name, with the length of the key of each of its ancestors: end[0] = 0 is the root's, end[labels]
// = len its own. So {octets, end[labels - n]} is the key of the name with its first n labels taken off.
struct name_key {
    uint16_t len;
    uint8_t labels;
    uint16_t end[NAME_LABELS_MAX + 1];
    uint8_t octets[NAME_KEY_ROOM];
};

// Reads a name as master files and people write it. It is taken as absolute, with or without the last dot.
// SYNTAX with words: an empty label, a label over 63 octets, a name over 255, a broken escape, a blank or anything
// outside of printable ASCII that is not escaped.
enum status name_from_text(const char *text, struct name *ret, struct error *err);

// Checks that octets begin with a whole, uncompressed name and copies it. SYNTAX when they do not.
enum status name_from_wire(const uint8_t *octets, size_t len, struct name *ret);

// Writes the text form of a valid wire name, with the last dot, NUL at the end. Returns text.
const char *name_to_text(const uint8_t *wire, char text[NAME_TEXT_MAX]);

// The length of a valid wire name, the root's zero octet included.
size_t name_wire_len(const uint8_t *wire);
// Its number of labels, the root not counted (as the Labels field of RFC 4034 §3.1.3, but for wildcards).
unsigned name_labels(const uint8_t *wire);
// Makes the key of a valid wire name.
void name_key(const uint8_t *wire, struct name_key *ret);
// The same for who knows where in wire each label begins.
void name_key_at(const uint8_t *wire, const uint8_t *starts, unsigned labels, struct name_key *ret);
// A key as people know the name, for a log: octets that are not printed in names stand as "?". Returns ret.
const char *name_key_text(const uint8_t *key, size_t len, char ret[NAME_KEY_MAX + 2]);
// Canonical order (RFC 4034 §6.1) of two valid wire names: < 0, 0, > 0.
int name_compare(const uint8_t *a, const uint8_t *b);
// Equal but for the case of letters?
bool name_equal(const uint8_t *a, const uint8_t *b);
// Is name the ancestor itself or below it?
bool name_is_under(const uint8_t *name, const uint8_t *ancestor);
// Is the first label "*"?
bool name_is_wildcard(const uint8_t *wire);

// Orders two keys: canonical order of their names.
int name_key_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);
// Lower case of an ASCII letter, everything else as it is.
uint8_t name_lower(uint8_t octet);

// One of 16 bits for a label, whatever the case of its letters: two labels with different bits are different.
static inline uint16_t name_label_bit(const uint8_t *label)
{
    unsigned sum = label[0] + (label[1] | 0x20U) + 3 * (label[label[0]] | 0x20U);
    return (uint16_t)(1U << (sum & 15));
}
