// SPDX-License-Identifier: ISC
#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *status_text(enum status status)
{
    static const char *const texts[] = {
#define X(name, text) [STATUS_##name] = text,
        STATUS_MAP(X)
#undef X
    };
    size_t index = (size_t)status;
    return index < sizeof(texts) / sizeof(texts[0]) ? texts[index] : "unknown status";
}

// Appends as much of the words as fits: they are for people, and the end of a long line is the least of it.
static void append(struct error *err, const char *words)
{
    size_t len = strlen(err->text);
    size_t more = strnlen(words, sizeof(err->text) - 1 - len);
    memcpy(err->text + len, words, more);
    err->text[len + more] = '\0';
}

enum status error_set(struct error *err, enum status status, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->text, sizeof(err->text), format, args);
        va_end(args);
    }
    return status;
}

static enum status status_of_errno(int errno_value)
{
    switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
        return STATUS_NOT_FOUND;
    case EEXIST:
        return STATUS_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return STATUS_NO_SPACE;
    case EACCES:
    case EPERM:
    case EROFS:
        return STATUS_DENIED;
    default:
        return STATUS_IO;
    }
}

enum status error_set_errno(struct error *err, int errno_value, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->text, sizeof(err->text), format, args);
        va_end(args);
        append(err, ": ");
        append(err, strerror(errno_value));
    }
    return status_of_errno(errno_value);
}

enum status error_prefix(struct error *err, enum status status, const char *format, ...)
{
    if (err != NULL) {
        struct error old = *err;
        va_list args;
        va_start(args, format);
        vsnprintf(err->text, sizeof(err->text), format, args);
        va_end(args);
        append(err, ": ");
        append(err, old.text);
    }
    return status;
}
