// SPDX-License-Identifier: ISC
// DMARC (RFC 9989), and who tells us what became of our mail.
#include "zonegen/maker.h"

#include <stdlib.h>

#include "base/alloc.h"

void make_dmarc(struct zone_maker *maker)
{
    char *owner = xasprintf("_dmarc.%s", maker->name);
    maker_add_text(
        maker, owner,
        "DMARC: quarantine what fails SPF and DKIM, refuse names that do not exist (RFC 9989)",
        "v=DMARC1; p=quarantine; sp=quarantine; np=reject");
    free(owner);
}
