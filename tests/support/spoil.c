// SPDX-License-Identifier: ISC
#include "tests/support/spoil.h"

#include <stddef.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dns/image.h"

void spoil_signature(uint8_t *octets, uint16_t type)
{
    struct image image;
    image_trust(octets, &image);
    const struct image_rrset *rrset = image_rrset(&image, &image.nodes[0], type);
    if (rrset == NULL || rrset->sig_count == 0)
        abort();
    size_t end = (size_t)(image_wire(&image, rrset) - (const uint8_t *)image.header) +
                 rrset->wire_len + rrset->sig_len;
    octets[end - 1] ^= 1;
    struct image_header *header = (void *)octets;
    size_t from = offsetof(struct image_header, checksum) + sizeof(header->checksum);
    header->checksum = XXH3_64bits(octets + from, header->size - from);
}
