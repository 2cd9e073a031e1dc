// SPDX-License-Identifier: ISC
// Macros of SPF domains (RFC 7208 §7): "%{i}.spf.example.com" for one mail.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "base/buf.h"

struct spf_macro {
    const char *local;  // of the sender's address, before "@"
    const char *sender; // the domain behind it
    const char *domain; // that is evaluated
    const char *helo;
    const struct address *address; // of the client
};

// A look-up of a name longer than that makes no sense; RFC 7208 §7.3 cuts from the left.
#define SPF_NAME_MAX 253

// Appends text with its macros expanded; it has passed spf_parse. False: the result is no name.
bool spf_macro_expand(const struct spf_macro *macro, const char *text, size_t len, struct buf *ret);
