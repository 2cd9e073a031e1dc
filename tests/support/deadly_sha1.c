// SPDX-License-Identifier: ISC
// A fault in a library, for LD_PRELOAD: who hashes with SHA-1, as zone-server does for a proof out of an NSEC3 chain,
// is dead; or hangs, where DEADLY is "hang".
#include <stdlib.h>
#include <string.h>

int SHA1_Init(void *context);

int SHA1_Init(void *context)
{
    const char *how = getenv("DEADLY");
    (void)context;
    for (volatile unsigned long turns = 0; how != NULL && strcmp(how, "hang") == 0;)
        turns = turns + 1;
    abort();
}
