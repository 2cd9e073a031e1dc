// SPDX-License-Identifier: ISC
#include "zonegen/record_index.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct slot {
    uint64_t hash;
    const ldns_rr *rr; // NULL: free
};

struct record_index {
    struct slot *slots;
    size_t size; // a power of two, at least twice the count
    size_t count;
};

#define SIZE_MIN 128 // a mail domain has some 40 records

struct record_index *record_index_new(void)
{
    struct record_index *index = xcalloc(1, sizeof(*index));
    index->size = SIZE_MIN;
    index->slots = xcalloc(index->size, sizeof(*index->slots));
    return index;
}

void record_index_free(struct record_index *index)
{
    if (index == NULL)
        return;
    free(index->slots);
    free(index);
}

// FNV-1a: the admin's own records, nobody picks them to collide.
static uint64_t hash_octets(uint64_t hash, const void *octets, size_t len)
{
    const uint8_t *at = octets;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t hash_record(const ldns_rr *rr)
{
    uint16_t type = (uint16_t)ldns_rr_get_type(rr);
    const ldns_rdf *owner = ldns_rr_owner(rr);
    uint64_t hash = hash_octets(UINT64_C(0xcbf29ce484222325), &type, sizeof(type));
    hash = hash_octets(hash, ldns_rdf_data(owner), ldns_rdf_size(owner));
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
        hash =
            hash_octets(hash, ldns_rdf_data(ldns_rr_rdf(rr, i)), ldns_rdf_size(ldns_rr_rdf(rr, i)));
    return hash ^ hash >> 32;
}

static bool same_field(const ldns_rdf *a, const ldns_rdf *b)
{
    return ldns_rdf_size(a) == ldns_rdf_size(b) &&
           (ldns_rdf_size(a) == 0 || // data NULL, then
            memcmp(ldns_rdf_data(a), ldns_rdf_data(b), ldns_rdf_size(a)) == 0);
}

static bool same_record(const ldns_rr *a, const ldns_rr *b)
{
    if (ldns_rr_get_type(a) != ldns_rr_get_type(b) || ldns_rr_rd_count(a) != ldns_rr_rd_count(b) ||
        !same_field(ldns_rr_owner(a), ldns_rr_owner(b)))
        return false;
    for (size_t i = 0; i < ldns_rr_rd_count(a); i++) {
        if (!same_field(ldns_rr_rdf(a, i), ldns_rr_rdf(b, i)))
            return false;
    }
    return true;
}

// Where the record is, or the free slot where it would be.
static struct slot *find(const struct record_index *index, uint64_t hash, const ldns_rr *rr)
{
    size_t at = hash & (index->size - 1);
    while (index->slots[at].rr != NULL &&
           (index->slots[at].hash != hash || !same_record(index->slots[at].rr, rr)))
        at = (at + 1) & (index->size - 1);
    return &index->slots[at];
}

static void grow(struct record_index *index)
{
    struct slot *old = index->slots;
    size_t size = index->size;
    index->size *= 2;
    index->slots = xcalloc(index->size, sizeof(*index->slots));
    for (size_t i = 0; i < size; i++) {
        if (old[i].rr != NULL)
            *find(index, old[i].hash, old[i].rr) = old[i];
    }
    free(old);
}

bool record_index_add(struct record_index *index, const ldns_rr *rr)
{
    uint64_t hash = hash_record(rr);
    struct slot *slot = find(index, hash, rr);
    if (slot->rr != NULL)
        return false;
    *slot = (struct slot){hash, rr};
    if (++index->count * 2 > index->size)
        grow(index);
    return true;
}
