// SPDX-License-Identifier: ISC
// Misspelt keys: what was meant.
#include <stdio.h>
#include <string.h>

#include "config/options.h"

#define KEY_MAX 32 // no key is longer; what is longer is no misspelling of one
static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

// How many letters must be added, left out, changed or swapped with a neighbour (optimal string
// alignment).
static unsigned distance(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    unsigned cells[KEY_MAX + 1][KEY_MAX + 1];
    for (size_t j = 0; j <= b_len; j++)
        cells[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        cells[i][0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned changed = a[i - 1] == b[j - 1] ? 0 : 1;
            cells[i][j] =
                least(cells[i - 1][j] + 1, cells[i][j - 1] + 1, cells[i - 1][j - 1] + changed);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                cells[i - 2][j - 2] + 1 < cells[i][j])
                cells[i][j] = cells[i - 2][j - 2] + 1;
        }
    }
    return cells[a_len][b_len];
}

static const struct option *nearest_of(const struct section *section, const char *name)
{
    size_t len = strlen(name);
    const struct option *nearest = NULL;
    unsigned nearest_distance = len < 4 ? 2 : len < 8 ? 3 : 4; // one more than is taken as a slip
    const struct option *row;
    for (size_t i = 0; (row = options_at(section, i)) != NULL; i++) {
        unsigned here = distance(name, row->name);
        if (here < nearest_distance) {
            nearest = row;
            nearest_distance = here;
        }
    }
    return nearest;
}

// Looks for an option of that name in the section and, if it is not there, below it. Its path is appended to ret, which
// has len octets so far.
static bool find_below(const struct section *section, const char *name, size_t len,
                       char ret[OPTION_PATH_MAX])
{
    const char *dot = len > 0 ? "." : "";
    int found = options_find(section, name);
    if (found >= 0 && options_at(section, (size_t)found)->type != OPTION_LATER) {
        snprintf(ret + len, OPTION_PATH_MAX - len, "%s%s", dot, name);
        return true;
    }
    const struct option *row;
    for (size_t i = 0; (row = options_at(section, i)) != NULL; i++) {
        if (row->section == NULL)
            continue;
        int more = snprintf(ret + len, OPTION_PATH_MAX - len, "%s%s", dot, row->name);
        if (find_below(row->section, name, len + (size_t)more, ret))
            return true;
    }
    return false;
}

// Names that the records themselves have, or that master files and other programs have for the same thing.
static const char *translate(const char *name)
{
    static const char *const pairs[][2] = {
        {"p", "policy"},
        {"sp", "subdomains"},
        {"np", "nonexistent"},
        {"t", "testing"},
        {"adkim", "strict-dkim"},
        {"aspf", "strict-spf"},
        {"rua", "reports"},
        {"ruf", "failures"},
        {"max_age", "max-age"},
        {"value", "data"},
        {"rdata", "data"},
        {"accounturi", "accounts"},
        {"validationmethods", "methods"},
        {"ns", "nameservers"},
        {"ip", "addresses"},
        {"primary_hostname", "hostname"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (strcmp(pairs[i][0], name) == 0)
            return pairs[i][1];
    }
    return NULL;
}

const char *options_suggest(const struct section *section, const char *name,
                            char ret[OPTION_PATH_MAX])
{
    if (strlen(name) > KEY_MAX)
        return NULL;
    const char *ours = translate(name);
    if (ours != NULL && options_find(section, ours) >= 0) {
        snprintf(ret, OPTION_PATH_MAX, "%s", ours);
        return ret;
    }
    const struct option *nearest = nearest_of(section, name);
    if (nearest != NULL) {
        snprintf(ret, OPTION_PATH_MAX, "%s", nearest->name);
        return ret;
    }
    return find_below(&options_top, name, 0, ret) ? ret : NULL;
}
