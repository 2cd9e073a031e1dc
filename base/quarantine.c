// SPDX-License-Identifier: ISC
#include "base/quarantine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool quarantine_has(const struct quarantine *quarantine, uint64_t id)
{
    for (size_t i = 0; i < quarantine->count; i++)
        if (quarantine->ids[i] == id)
            return true;
    return false;
}

uint64_t quarantine_add(struct quarantine *quarantine, uint64_t id)
{
    uint64_t forgotten = 0;
    if (quarantine_has(quarantine, id))
        return 0;
    if (quarantine->count == QUARANTINE_MAX) {
        forgotten = quarantine->ids[0];
        quarantine->count--;
        memmove(quarantine->ids, quarantine->ids + 1, quarantine->count * sizeof(uint64_t));
    }
    quarantine->ids[quarantine->count++] = id;
    return forgotten;
}

bool quarantine_read(const char *text, uint64_t *ret)
{
    size_t digits = strspn(text, "0123456789abcdef");
    if (digits != QUARANTINE_TEXT_MAX - 1 || text[digits] != '\0')
        return false;
    *ret = strtoull(text, NULL, 16);
    return *ret != 0;
}

const char *quarantine_text(uint64_t id, char ret[QUARANTINE_TEXT_MAX])
{
    snprintf(ret, QUARANTINE_TEXT_MAX, "%016" PRIx64, id);
    return ret;
}

enum status quarantine_argument(const struct argument *argument, const char *text, void *to,
                                struct error *err)
{
    (void)argument;
    if (quarantine_read(text, to))
        return STATUS_OK;
    return error_set(err, STATUS_SYNTAX, "not an image's id (16 hexadecimal digits): %s", text);
}
