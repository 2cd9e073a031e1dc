// SPDX-License-Identifier: ISC
// Keys that are brought along: the files of BIND (also with its .state), ldns and Mail-in-a-Box, and private keys in
// PEM, become files of the zone in the directory of the keys.
//
// Mail-in-a-Box has one key for all domains, with the owner "_domain_."; each domain gets it as its own, by the same
// tag, since that does not depend on the owner. A PEM key becomes a KSK or CSK (flags 257). What says no times has none
// here: such a key is taken to be in use.
//
// All of them are read and judged before anything is written; then each file is created and none replaced, and on an
// error those that were created go again. A key that is there already is fine. A crash amid the writing leaves some:
// importing once more completes them.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "keys/dnskey.h"

struct key_import {
    struct dnskey key;  // path: of the .key file in the directory
    bool is_over;       // by its times it is out of use
    bool is_there;      // the directory has it already
    bool is_half_there; // its .private alone: a crash came between the two
};

struct key_imports {
    struct key_import *list; // by tag, then algorithm
    size_t count;
};

// Reads the keys that the files are of. A file is a part of a pair (K….key, .private, .state, .ds, or K… without an
// ending), whose other parts are found beside it, or a PEM private key. Errors name the file: one that cannot be read,
// half a pair, a key of another zone, parts that do not belong together, an algorithm that is not signed with here, a
// key that is in the directory with other content. zone: text with or without last dot.
struct key_import_place {
    const char *directory, *zone;
    int64_t now;
};
enum status key_import_read(const struct key_import_place *place, const char *const *files,
                            size_t count, struct key_imports *ret, struct error *err);
// Writes those that are not there.
enum status key_import_write(const struct key_imports *imports, struct error *err);
void key_imports_done(struct key_imports *imports);
