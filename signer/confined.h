// SPDX-License-Identifier: ISC
// What is left to zone-signer once it knows where its state is (base/confine.h): its own directories, no network, no
// other program.
//
//   under zoned   inputs come through a descriptor: nothing outside of those directories can be read
//   alone         the configuration may name any file, now or later: everything that its user may read can be read,
//                 and is watched
#pragma once

#include <stdbool.h>

#include "base/status.h"

// directory: `state:` of the configuration; keys/, dkim/, public/, state/ and serve/ in it are made where they are
// missing, since only what is there can be kept. To be called before there are threads. ret_landlock: as in
// confine_result.
enum status confined_start(const char *directory, bool alone, unsigned *ret_landlock,
                           struct error *err);
