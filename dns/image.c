// SPDX-License-Identifier: ISC
// Finding things in an image that has been checked (dns/image_check.c).
#include "dns/image.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#define XXH_INLINE_ALL // a key is shorter than the way into the library
#include <xxhash.h>

static_assert(sizeof(struct image_header) == 112,
              "with LMDB's 16 octets in front, nodes are lines");
static_assert(sizeof(struct image_node) == 64, "a line of the cache");
static_assert(sizeof(struct image_rrset) == 32, "half a line");
static_assert(IMAGE_MAX / sizeof(struct image_node) <= IMAGE_CELL_NODE + 1, "cells hold all nodes");

#define PREFETCH_MAX   512 // octets; behind that the processor has seen where it goes
#define ORDER_PREFETCH 256 // the first octets of 32 keys: a mail domain's, most of them

void image_trust(const void *octets, struct image *ret)
{
    const uint8_t *base = octets;
    const struct image_header *header = octets;
    ret->header = header;
    ret->nodes = (const void *)(header + 1);
    ret->rrsets = (const void *)(ret->nodes + header->node_count + header->nsec3_count);
    ret->hash = (const void *)(ret->rrsets + header->rrset_count);
    ret->order = (const void *)(ret->hash + header->hash_size);
    ret->nsec3 = (const void *)(ret->order + header->node_count);
    ret->octets = base + header->octets_off;
    ret->hash_mask = header->hash_size - 1;
    ret->apex_key_len = header->apex_key_len;
    ret->apex_labels = ret->nodes[0].labels;
    ret->flags = (uint8_t)header->flags;
}

uint64_t image_key_hash(const uint8_t *key, size_t len)
{
    return XXH3_64bits(key, len);
}

uint64_t image_key_head(const uint8_t *key, size_t len)
{
    uint64_t head = 0;
    memcpy(&head, key, len < sizeof(head) ? len : sizeof(head));
    return be64toh(head);
}

// Lines of the cache.
static void prefetch(const void *from, size_t len)
{
    const char *at = from;
    for (const char *end = at + len; at < end; at += 64)
        __builtin_prefetch(at);
    __builtin_prefetch((const char *)from + len - 1);
}

void image_prefetch_wire(const struct image *image, const struct image_rrset *rrset, bool sigs)
{
    size_t len = rrset->wire_len + (sigs ? (size_t)rrset->sig_len : 0);
    prefetch(image_wire(image, rrset), len < PREFETCH_MAX ? len : PREFETCH_MAX);
    if (rrset->slot_count > 0)
        __builtin_prefetch(image_slots(image, rrset));
}

static const struct image_node *find_hashed(const struct image *image, uint64_t hash,
                                            const uint8_t *key, size_t len)
{
    uint64_t place = hash;
    uint32_t wanted = image_cell(hash, 0);
    for (;; place++) {
        uint32_t cell = image->hash[place & image->hash_mask];
        if (cell == IMAGE_NONE)
            return NULL;
        if ((cell & ~IMAGE_CELL_NODE) != wanted)
            continue;
        const struct image_node *node = &image->nodes[cell & IMAGE_CELL_NODE];
        if (node->key_len == len && memcmp(image_node_key(image, node), key, len) == 0)
            return node;
    }
}

const struct image_node *image_find(const struct image *image, const uint8_t *key, size_t len)
{
    return find_hashed(image, image_key_hash(key, len), key, len);
}

const struct image_node *image_find_before(const struct image *image, const uint8_t *key,
                                           size_t len)
{
    uint64_t head = image_key_head(key, len);
    // The apex' key is empty, so nodes[low] is never greater.
    uint32_t low = 0;
    uint32_t high = image->header->node_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        bool greater = image->order[middle] > head;
        if (image->order[middle] == head) {
            const struct image_node *node = &image->nodes[middle];
            greater = name_key_compare(image_node_key(image, node), node->key_len, key, len) > 0;
        }
        if (greater)
            high = middle;
        else
            low = middle;
    }
    return &image->nodes[low];
}

void image_search_begin(const uint8_t *key, size_t len, struct image_search *ret)
{
    *ret = (struct image_search){.key = key, .len = len, .hash = image_key_hash(key, len)};
}

void image_search_cell(const struct image *image, struct image_search *search)
{
    uint32_t cell = image->hash[search->hash & image->hash_mask];
    if (cell != IMAGE_NONE && (cell & ~IMAGE_CELL_NODE) == image_cell(search->hash, 0)) {
        search->likely = &image->nodes[cell & IMAGE_CELL_NODE];
        __builtin_prefetch(search->likely);
        return;
    }
    // Probably there is none: its place in the order will be looked for, and the apex is near.
    __builtin_prefetch(&image->header->node_count);
    __builtin_prefetch(image->nodes);
    prefetch(image->order, ORDER_PREFETCH);
}

void image_search_node(const struct image *image, struct image_search *search)
{
    if (search->likely != NULL) {
        __builtin_prefetch(image_node_key(image, search->likely));
        return;
    }
    search->before = image_find_before(image, search->key, search->len);
    __builtin_prefetch(search->before);
}

// Could the node be above the name that begins with this? The row of first octets tells, which is in the cache where
// the node's own key is not: false is certain.
static bool may_enclose(const struct image *image, const struct image_node *node, uint64_t head)
{
    unsigned octets = node->key_len < sizeof(head) ? node->key_len : sizeof(head);
    uint64_t differ = image->order[node - image->nodes] ^ head;
    return octets == 0 || differ >> (64 - 8 * octets) == 0;
}

// The closest encloser comes before the name in canonical order, and only names below it can stand in between: it is an
// ancestor of the predecessor.
static const struct image_node *find_encloser(const struct image *image,
                                              const struct image_search *search)
{
    const struct image_node *node = search->before;
    uint64_t head = image_key_head(search->key, search->len);
    while (!may_enclose(image, node, head) || node->key_len > search->len ||
           memcmp(image_node_key(image, node), search->key, node->key_len) != 0)
        node = &image->nodes[node->parent];
    return node;
}

void image_search_end(const struct image *image, struct image_search *search)
{
    search->node = find_hashed(image, search->hash, search->key, search->len);
    if (search->node != NULL) {
        search->before = search->node;
        search->encloser = search->node;
        return;
    }
    if (search->before == NULL) // another name had the same place
        search->before = image_find_before(image, search->key, search->len);
    search->encloser = find_encloser(image, search);
}

const struct image_rrset *image_rrset(const struct image *image, const struct image_node *node,
                                      uint16_t type)
{
    unsigned near = node->rrset_count < IMAGE_NODE_TYPES ? node->rrset_count : IMAGE_NODE_TYPES;
    for (unsigned i = 0; i < near; i++) {
        if (node->types[i] >= type)
            return node->types[i] == type ? &image->rrsets[node->rrset_first + i] : NULL;
    }
    for (unsigned i = near; i < node->rrset_count; i++) {
        const struct image_rrset *rrset = &image->rrsets[node->rrset_first + i];
        if (rrset->type >= type)
            return rrset->type == type ? rrset : NULL;
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
