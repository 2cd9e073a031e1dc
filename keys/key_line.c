// SPDX-License-Identifier: ISC
// The lines of key files.
#include <string.h>

#include "keys/key_files.h"

const char *key_line_value(const char *line, const char *name)
{
    size_t len = strlen(name);
    if (strncmp(line, name, len) != 0 || line[len] != ':')
        return NULL;
    return line + len + 1 + strspn(line + len + 1, " \t");
}
