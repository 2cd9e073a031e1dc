// SPDX-License-Identifier: ISC
// How every function of zonebox says that something went wrong.
//
// Callers branch on few codes (`enum status`); people read words. Whoever knows the reason writes it into the
// caller's `struct error` at the deepest place that knows, with file:line:col where there is one. Libraries
// neither log nor exit; the *_main.c files do.
#pragma once

#include <stddef.h>

#define STATUS_MAP(X)                                                                              \
    X(OK, "ok")                                                                                    \
    X(NOT_FOUND, "not found")                                                                      \
    X(EXISTS, "exists already")                                                                    \
    X(SYNTAX, "syntax error")                                                                      \
    X(RANGE, "out of range")                                                                       \
    X(IO, "input/output error")                                                                    \
    X(CRYPTO, "cryptographic failure")                                                             \
    X(NO_SPACE, "no space left")                                                                   \
    X(DENIED, "permission denied")                                                                 \
    X(TIMEOUT, "timed out")                                                                        \
    X(EXPIRED, "expired")                                                                          \
    X(BOGUS, "does not validate")                                                                  \
    X(STATE, "not possible in this state")

enum status {
#define X(name, text) STATUS_##name,
    STATUS_MAP(X)
#undef X
};

#define ERROR_TEXT_MAX 600

// Words for a person. Zero-initialise; text is empty while there is nothing to say.
struct error {
    char text[ERROR_TEXT_MAX];
};

// The code as a word, for logs; never NULL.
const char *status_text(enum status status);

// Writes the words into err (cut at ERROR_TEXT_MAX, err may be NULL) and returns status, so that
// `return error_set(err, STATUS_SYNTAX, …)` is one line.
enum status error_set(struct error *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// As error_set, with the status that errno_value calls for (ENOENT → NOT_FOUND, ENOSPC → NO_SPACE,
// EACCES and EPERM → DENIED, EEXIST → EXISTS, else IO) and its text appended: "words: No such file".
enum status error_set_errno(struct error *err, int errno_value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Puts words in front of what err already says: "words: what was there".
enum status error_prefix(struct error *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
