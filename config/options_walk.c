// SPDX-License-Identifier: ISC
// Walking the table of options.
#include <string.h>

#include "config/options.h"

const struct option *options_at(const struct section *section, size_t index)
{
    for (; section != NULL; section = section->also) {
        if (index < section->count)
            return &section->rows[index];
        index -= section->count;
    }
    return NULL;
}

const struct section *options_home(const struct section *section, size_t index)
{
    while (index >= section->count) {
        index -= section->count;
        section = section->also;
    }
    return section;
}

int options_find(const struct section *section, const char *name)
{
    int before = 0;
    for (; section != NULL; section = section->also) {
        for (size_t i = 0; i < section->count; i++)
            if (strcmp(section->rows[i].name, name) == 0)
                return before + (int)i;
        before += (int)section->count;
    }
    return -1;
}

bool option_is_list(const struct option *row)
{
    return row->type >= OPTION_ADDRESSES && row->type <= OPTION_DOMAINS;
}
