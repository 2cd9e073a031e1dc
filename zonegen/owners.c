// SPDX-License-Identifier: ISC
#include "zonegen/owners.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/name.h"
#include "zonegen/zonegen.h"

void owners_done(struct owners *owners)
{
    free(owners->heads);
    free(owners->next);
    *owners = (struct owners){0};
}

// FNV-1a. Names come from the admin, so that nobody makes them collide.
static size_t hash(const ldns_rdf *name)
{
    uint64_t value = 14695981039346656037U;
    const uint8_t *octets = ldns_rdf_data(name);
    for (size_t i = 0, len = ldns_rdf_size(name); i < len; i++)
        value = (value ^ name_lower(octets[i])) * 1099511628211U;
    return (size_t)(value ^ value >> 32);
}

static void link_record(struct owners *owners, const struct zone_record *records, size_t index)
{
    owners->next[index] = 0;
    if (records[index].rr == NULL)
        return;
    size_t *head = &owners->heads[hash(ldns_rr_owner(records[index].rr)) % owners->bucket_count];
    owners->next[index] = *head;
    *head = index + 1;
}

void owners_follow(struct owners *owners, const struct zone_record *records, size_t count)
{
    if (count > owners->bucket_count) {
        size_t wanted = owners->bucket_count > 0 ? owners->bucket_count : 64;
        while (wanted < count)
            wanted *= 2;
        free(owners->heads);
        owners->heads = xcalloc(wanted, sizeof(*owners->heads));
        owners->bucket_count = wanted;
        owners->next = xreallocarray(owners->next, wanted, sizeof(*owners->next));
        owners->count = 0; // all again
    }
    for (; owners->count < count; owners->count++)
        link_record(owners, records, owners->count);
}

static bool same_name(const ldns_rdf *a, const ldns_rdf *b)
{
    return ldns_rdf_size(a) == ldns_rdf_size(b) && name_equal(ldns_rdf_data(a), ldns_rdf_data(b));
}

size_t owners_find(const struct owners *owners, const struct zone_record *records,
                   const ldns_rdf *name, size_t before)
{
    size_t at;
    if (before != OWNERS_NONE)
        at = owners->next[before];
    else
        at = owners->bucket_count > 0 ? owners->heads[hash(name) % owners->bucket_count] : 0;
    while (at != 0 && !same_name(ldns_rr_owner(records[at - 1].rr), name))
        at = owners->next[at - 1];
    return at != 0 ? at - 1 : OWNERS_NONE;
}

size_t owners_list(const struct owners *owners, const struct zone_record *records,
                   const ldns_rdf *name, size_t **ret)
{
    size_t *list = NULL;
    size_t count = 0, cap = 0;
    for (size_t at = OWNERS_NONE; (at = owners_find(owners, records, name, at)) != OWNERS_NONE;) {
        list = array_grow(list, &cap, count, sizeof(*list));
        list[count++] = at;
    }
    for (size_t i = 0; i < count / 2; i++) { // they come newest first
        size_t at = list[i];
        list[i] = list[count - 1 - i];
        list[count - 1 - i] = at;
    }
    *ret = list;
    return count;
}
