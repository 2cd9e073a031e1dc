// SPDX-License-Identifier: ISC
// What keys wait for, and what is wrong with them out there, in words.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "keys/rollover.h"

// "servers", "caches", "ds-in", "ds-out", "parent", "age"; NULL: for nothing.
const char *life_wait_name(enum rollover_wait wait);
// The same as people read it. keys: whose waiting it is; a DS of others is not "its" DS. observed: is there somebody
// to look? here: does the box itself serve the zone above (life_parent_here)?
struct life_view {
    keyset_mask keys;
    bool observed, here;
};
const char *life_wait_words(const struct keyset *set, const struct rollover_waiting *waiting,
                            const struct life_view *view);
// The address of a server (dns/observe.h), NULL: none. The caller frees it.
char *life_server_text(const uint8_t octets[16]);
