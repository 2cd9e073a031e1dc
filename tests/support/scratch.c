// SPDX-License-Identifier: ISC
#include "tests/support/scratch.h"

#include <stdlib.h>

#include "base/alloc.h"

char *scratch;

int make_scratch(void **state)
{
    (void)state;
    scratch = xstrdup("/tmp/zonebox-test-XXXXXX");
    return mkdtemp(scratch) == NULL;
}

int remove_scratch(void **state)
{
    (void)state;
    char *command = xasprintf("rm -rf '%s'", scratch);
    int failed = system(command);
    free(command);
    free(scratch);
    scratch = NULL;
    return failed;
}
