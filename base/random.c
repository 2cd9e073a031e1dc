// SPDX-License-Identifier: ISC
#include "base/random.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

void random_octets(void *ret, size_t len)
{
    assert(len <= RANDOM_MAX);
    if (getrandom(ret, len, 0) != (ssize_t)len)
        abort();
}
