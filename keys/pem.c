// SPDX-License-Identifier: ISC
#include "keys/pem.h"

int pem_no_pass_phrase(char *text, int size, int writing, void *user)
{
    (void)text, (void)size, (void)writing, (void)user;
    return -1;
}
