// SPDX-License-Identifier: ISC
#include "config/shared.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct shared {
    size_t users;
    uint8_t octets[];
};

static struct shared *head_of(uint8_t *octets)
{
    return (struct shared *)(void *)(octets - offsetof(struct shared, octets));
}

uint8_t *shared_make(const void *octets, size_t len)
{
    struct shared *shared = xmalloc(sizeof(*shared) + len + 1);
    shared->users = 1;
    if (len > 0)
        memcpy(shared->octets, octets, len);
    shared->octets[len] = 0;
    return shared->octets;
}

uint8_t *shared_use(uint8_t *octets)
{
    if (octets != NULL)
        head_of(octets)->users++;
    return octets;
}

void shared_free(uint8_t *octets)
{
    if (octets != NULL && --head_of(octets)->users == 0)
        free(head_of(octets));
}
