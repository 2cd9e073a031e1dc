// SPDX-License-Identifier: ISC
// The one-shot of `zonebox import`: zone-signer is the program that knows about private keys.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

// Takes the files' keys over into the directory of the keys, as files of the zone (keys/key_import.h), and prints a
// line about each:
//
//     12345 13 257 new used /var/lib/zonebox/keys/Kexample.com.+013+12345.key
//
// tag, algorithm, flags; "there" for one that the directory has already; "over" when its times say that it is out of
// use. Root reads the files, and writes as the directory's owner. With `dry` nothing is written.
enum status import_keys(const char *directory, const char *zone, const char *const *files,
                        size_t count, bool dry, struct error *err);
