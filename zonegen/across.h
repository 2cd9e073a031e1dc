// SPDX-License-Identifier: ISC
// Hosts that a zone of ours sends others to and that lie in another zone of ours: are they aliases there?
//
// Making a zone looks at no other, so this is for who looks at many: it gathers what is written (custom records, zone
// files, `services:`) zone by zone, and then makes once more each zone that such a host lies in. Most name the host of
// the box, which is none, so ten thousand domains need no more than one.
#pragma once

#include "dns/name.h"
#include "zonegen/zonegen.h"

// A host that a record names.
struct across_host {
    const struct zone_target *from;
    const struct zone_target *in;
    struct name name;
    char *title; // of the record
    struct zone_place place;
    size_t index; // the order in which they were found
};

struct across { // zero-initialise
    struct across_host *hosts;
    size_t count;
    size_t cap;
};

// content is target's.
void across_gather(struct across *across, const struct inputs *inputs,
                   const struct zone_target *target, const struct zone_content *content);

// Called for each host that is an alias, with the words; wrong: a record that was written here, which is refused where
// the host lies in its own zone.
typedef void across_tell(void *context, const struct across_host *host, bool wrong,
                         const char *words);
void across_judge(struct across *across, const struct inputs *inputs,
                  const struct zonegen_keys *keys, across_tell *tell, void *context);
void across_done(struct across *across);
