// SPDX-License-Identifier: ISC
#include "base/time_text.h"

#include <string.h>
#include <time.h>

#define DATE "%Y-%m-%dT%H:%M:%SZ"

const char *time_text(int64_t when, char text[TIME_TEXT_MAX])
{
    time_t seconds = (time_t)when;
    struct tm utc;
    if (when == 0 || gmtime_r(&seconds, &utc) == NULL ||
        strftime(text, TIME_TEXT_MAX, DATE, &utc) == 0)
        return strcpy(text, "-");
    return text;
}

bool time_text_read(const char *text, int64_t *ret)
{
    struct tm utc = {0};
    *ret = 0;
    if (strcmp(text, "-") == 0)
        return true;
    const char *end = strptime(text, DATE, &utc);
    if (end == NULL || *end != '\0')
        return false;
    *ret = (int64_t)timegm(&utc);
    return *ret > 0;
}
