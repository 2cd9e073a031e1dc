// SPDX-License-Identifier: ISC
// The part of image_open that looks into RRsets (dns/image_check_rrset.c). The nodes have been checked.
#pragma once

#include <stdbool.h>

#include "dns/image.h"
#include "dns/types.h"

// Where names begin in a wire, as far as pointers reach. Lent by the caller (any content), since a fresh one for each
// RRset costs more than all the rest.
struct image_places {
    // How long the name is from there on, written out; 0: none begins there.
    uint8_t name_len[DNS_POINTER_MAX + 1];
};

// Are the wires whole RRs of this owner, type and TTL, with slots exactly where pointers stand, and do all names
// in them come to an end within 255 octets?
bool image_rrset_holds(const struct image *image, const struct image_rrset *rrset,
                       struct image_places *places);

// Are the RRset's extras the addresses that go with a referral to it? All RRsets and the hash table have been checked.
bool image_extras_hold(const struct image *image, const struct image_rrset *rrset);
