// SPDX-License-Identifier: ISC
// A fault in a library, for LD_PRELOAD: a program that hashes with SHA-1 itself, as zone-server does for a proof out
// of an NSEC3 chain, is dead; or hangs, where DEADLY is "hang". Libraries may do so: OpenSSL does when it reads a
// certificate.
#define _GNU_SOURCE

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

int SHA1_Init(void *context);

static bool is_of_program(void *address)
{
    Dl_info caller, program;
    return dladdr(address, &caller) != 0 && dladdr((void *)getauxval(AT_ENTRY), &program) != 0 &&
           caller.dli_fbase == program.dli_fbase;
}

int SHA1_Init(void *context)
{
    const char *how = getenv("DEADLY");
    if (!is_of_program(__builtin_return_address(0))) {
        int (*init)(void *) = (int (*)(void *))(uintptr_t)dlsym(RTLD_NEXT, "SHA1_Init");
        return init(context);
    }
    for (volatile unsigned long turns = 0; how != NULL && strcmp(how, "hang") == 0;)
        turns = turns + 1;
    abort();
}
