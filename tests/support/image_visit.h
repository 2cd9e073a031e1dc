// SPDX-License-Identifier: ISC
// Uses an opened image in every way there is, as the server and the tools do: all accessors, all cursors, all slots
// filled in. Aborts when something that image_open promises does not hold; the sanitizers see reads outside.
#pragma once

#include <stddef.h>

#include "dns/image.h"

void image_visit(const struct image *image);

// Writes the right checksum into an image that was changed, so that image_open looks at the rest.
void image_fix_checksum(void *octets, size_t len);
