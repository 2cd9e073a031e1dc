// SPDX-License-Identifier: ISC
// What goes out instead of a reply that is beyond the rate limit (server/limits.h): its header, its question and its
// OPT. The client, if there is one, asks again: over TCP when TC is set; over UDP when it is BADCOOKIE, with the cookie
// that it finds in the OPT (RFC 7873 §5.2.3, §5.3). No longer than the query, but for what its options asked for.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Shortens a reply of reply_write in place and returns its new length. `cookie`: it has one, for a client that showed
// none or a bad one; then it becomes BADCOOKIE. Else TC is set, and NXDOMAIN becomes NOERROR: what is cut says nothing
// of the name.
size_t slip_make(uint8_t *reply, size_t len, bool cookie);
