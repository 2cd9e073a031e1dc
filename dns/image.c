// SPDX-License-Identifier: ISC
// Finding things in an image that has been checked (dns/image_check.c).
#include "dns/image.h"

#include <string.h>

#include <xxhash.h>

void image_trust(const void *octets, struct image *ret)
{
    const uint8_t *base = octets;
    const struct image_header *header = octets;
    *ret = (struct image){
        .header = header,
        .nodes = (const void *)(base + header->node_off),
        .rrsets = (const void *)(base + header->rrset_off),
        .hash = (const void *)(base + header->hash_off),
        .nsec3 = (const void *)(base + header->nsec3_off),
        .octets = base + header->octets_off,
    };
}

uint64_t image_key_hash(const uint8_t *key, size_t len)
{
    return XXH3_64bits(key, len);
}

const struct image_node *image_find(const struct image *image, const uint8_t *key, size_t len)
{
    uint64_t mask = image->header->hash_size - 1;
    for (uint64_t cell = image_key_hash(key, len) & mask;; cell = (cell + 1) & mask) {
        if (image->hash[cell] == IMAGE_NONE)
            return NULL;
        const struct image_node *node = &image->nodes[image->hash[cell]];
        if (node->key_len == len && memcmp(image_node_key(image, node), key, len) == 0)
            return node;
    }
}

const struct image_node *image_find_before(const struct image *image, const uint8_t *key,
                                           size_t len)
{
    // The apex' key is empty, so nodes[low] is never greater.
    uint32_t low = 0;
    uint32_t high = image->header->node_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        const struct image_node *node = &image->nodes[middle];
        if (name_key_compare(image_node_key(image, node), node->key_len, key, len) <= 0)
            low = middle;
        else
            high = middle;
    }
    return &image->nodes[low];
}

const struct image_rrset *image_rrset(const struct image *image, const struct image_node *node,
                                      uint16_t type)
{
    const struct image_rrset *at = &image->rrsets[node->rrset_first];
    const struct image_rrset *end = at + node->rrset_count;
    for (; at < end && at->type <= type; at++) {
        if (at->type == type)
            return at;
    }
    return NULL;
}

const struct image_rrset *image_find_nsec3(const struct image *image, const uint8_t hash[20],
                                           bool *ret_matches)
{
    uint32_t count = image->header->nsec3_count;
    if (count == 0)
        return NULL;
    uint32_t low = 0; // how many are not greater
    uint32_t high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(image->nsec3[middle].hash, hash, sizeof(image->nsec3->hash)) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    // What sorts before the first is covered by the last: the chain is a ring (RFC 5155 §3.1.7).
    const struct image_nsec3 *found = &image->nsec3[low > 0 ? low - 1 : count - 1];
    *ret_matches = memcmp(found->hash, hash, sizeof(found->hash)) == 0;
    return &image->rrsets[found->rrset];
}
