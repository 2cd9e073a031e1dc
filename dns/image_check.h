// SPDX-License-Identifier: ISC
// The part of image_open that looks into RRsets (dns/image_check_rrset.c). The nodes have been checked.
#pragma once

#include <stdbool.h>

#include "dns/image.h"

// Are the wires whole RRs of this owner, type and TTL, with slots exactly where pointers stand, and do all names
// in them come to an end within 255 octets?
bool image_rrset_holds(const struct image *image, const struct image_rrset *rrset);

// Are the RRset's extras the addresses that go with a referral to it? All RRsets and the hash table have been checked.
bool image_extras_hold(const struct image *image, const struct image_rrset *rrset);
