// SPDX-License-Identifier: ISC
// The verdicts of `zonebox check` for people: zone by zone as they come, what is wrong first, and what to do.
//
//     example.com: 1 wrong, 1 unknown, 31 ok
//       ✗ ds           example.com: a.nic.com (192.0.2.2): no DS yet. …
//                      → At the registrar of example.com, not here, enter the DS …
//       ? tcp          ns2.example.net (192.0.2.53): by TCP: no answer
//     example.net: 28 ok
//
// Of zones in which all is ok, twenty are listed, unless --all.
// With --all those that are ok are listed, too; with --quiet only zones in which something is wrong, and of these only
// that. Marks where the terminal shows UTF-8, else words; colours on a terminal only, unless NO_COLOR is set.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "daemon/zonebox.h"

struct verdicts_view { // zero-initialise
    FILE *out;
    bool json, all, quiet;
    bool marks, colours;
    size_t width;    // of the terminal; 0: none
    json_t *pending; // verdicts of the zone that is being read
    size_t zones, zones_wrong, zones_unknown;
    size_t wrong, unknown;
    size_t fine; // zones in which all is ok
};

void verdicts_view_begin(struct verdicts_view *view, FILE *out, const struct zonebox *zonebox);
// One verdict, which stays the caller's. Control characters are taken out of it: it has words of strangers.
void verdicts_view_add(struct verdicts_view *view, json_t *verdict);
// Is something wrong in what was added?
bool verdicts_view_is_wrong(const struct verdicts_view *view);
// whole: all zones were looked at. Returns whether nothing is wrong.
bool verdicts_view_end(struct verdicts_view *view, bool whole);
