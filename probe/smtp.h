// SPDX-License-Identifier: ISC
// Replies of a mail server (RFC 5321 §4.2), read from octets. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMTP_TEXT_MAX 100

enum smtp_reading {
    SMTP_MORE, // not all of it is there
    SMTP_REPLY,
    SMTP_BROKEN, // not SMTP
};

struct smtp_reply {
    unsigned code;            // 220 …
    bool starttls;            // of EHLO's: one of the lines offers it (RFC 3207 §2)
    size_t used;              // octets of the reply
    char text[SMTP_TEXT_MAX]; // "554 no": its last line, cut, nothing but printable ASCII
};

// Reads the reply at the beginning of octets; len has its limit from the caller. Lines may end with LF alone.
enum smtp_reading smtp_read(const uint8_t *octets, size_t len, struct smtp_reply *ret);
